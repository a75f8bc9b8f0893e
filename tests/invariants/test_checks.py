"""The promises as checks over a live shop: green while all fits, red with a case where something does not, green again."""

import pytest
from sqlalchemy import select, text

from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.core import units
from backoffice.core.db import db
from backoffice.invariants import service as invariants
from backoffice.invariants.checks import CHECKS
from backoffice.models import Case, Payment, Task
from tests.support.shop import hidden, paid
from tests.support.staff import logged_in


@pytest.fixture
def sale(shop):
    buyer = shop.buyer()
    buyer.fills_cart(2)
    sale = paid(shop, buyer)
    shop.refunds(sale, 1_000)
    shop.minutes_pass(1)
    return sale


@pytest.fixture
def operator_page(shop):
    """A page of the office as an administrator sees it; ``press``: what a form there posts."""
    client = logged_in(shop)

    def look(address: str, *, press: bool = False) -> str:
        if press:
            return client.post(address, data=hidden(client.get("/admin/promises/").text, "key")).text
        return client.get(address).text

    return look


def spoil(statement: str) -> None:
    with db.engine.begin() as connection:
        assert connection.execute(text(statement)).rowcount


def broken() -> list[str]:
    return [finding.check.key for finding in invariants.check() if not finding.holds]


def test_everything_holds_in_a_shop_that_sold_and_gave_back(shop, sale):
    findings = invariants.check_and_keep()
    assert len(findings) == len(CHECKS) == len({check.key for check in CHECKS})
    assert [finding for finding in findings if not finding.holds] == []
    assert shop.open_cases() == []


SPOILED = {
    "UPDATE stock_items SET on_hand = on_hand + 1 WHERE on_hand = 23": "pieces-that-are-not-the-sum-of-what-moved",
    "UPDATE payments SET refunded_amount = 2000 WHERE refunded_amount = 1000": "payment-whose-refunds-are-not-what-it-says",
    "UPDATE number_counters SET last = 7": "counter-that-is-not-where-its-numbers-end",
    "UPDATE invoices SET paid_amount = 1": "money-that-settles-no-invoice",
    "UPDATE orders SET total_amount = 1": "order-whose-lines-do-not-sum-up",
    "UPDATE payments SET state = 'unknown', unanswered = 9": "unknown-payment-that-no-case-tells-of",
    "UPDATE refunds SET state = 'failed'": "refund-that-failed-and-that-no-case-told-of",
    "UPDATE disputes SET withdrawn_amount = 1": "dispute-that-the-ledger-does-not-hold",
    "UPDATE disputes SET state = 'lost'": "dispute-that-was-lost-and-that-no-case-told-of",
    "UPDATE cases SET kind = 'date_declined' WHERE kind = 'dispute_open'": (
        "dispute-that-waits-for-an-answer-and-that-no-case-told-of"
    ),
    "UPDATE tasks SET state = 'done' WHERE name = 'disputes.ask'": "open-dispute-that-nobody-asks-about",
    "UPDATE webhook_events SET state = 'received' WHERE state = 'handled'": "event-that-no-task-handles",
    "UPDATE webhook_events SET state = 'arrived' WHERE id = 1": "event-that-no-task-handles",
    "UPDATE disputes SET state = 'under_review'": "case-that-should-have-closed",
    "UPDATE cases SET kind = 'hold_prolonged', about_ref = (SELECT MIN(ref) FROM orders)": "case-that-should-have-closed",
    "UPDATE cases SET kind = 'refund_refused', about_ref = (SELECT MIN(ref) FROM refunds)": "case-that-should-have-closed",
    "UPDATE cases SET kind = 'task_gave_up', about_ref = (SELECT MIN(ref) FROM tasks WHERE state = 'done')": (
        "case-that-should-have-closed"
    ),
}
UNTOLD = {
    "invoice.issued": "issued-paper-nobody-wrote-down",
    "credit_note.issued": "credit-note-nobody-wrote-down",
    "refund.prepared": "refund-nobody-wrote-down",
    "refund.accepted": "accepted-refund-nobody-wrote-down",
    "dispute.opened": "dispute-nobody-wrote-down",
    "case.opened": "case-nobody-wrote-down",
}


@pytest.mark.parametrize("statement", SPOILED)
def test_what_does_not_fit_is_found(shop, sale, statement):
    shop.is_disputed(sale)
    shop.works()
    spoil(statement)
    assert SPOILED[statement] in broken()


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_what_can_only_be_spoiled_behind_the_guard_of_the_database_is_found_too(shop, sale):
    shop.is_disputed(sale)
    shop.works()
    with db.engine.begin() as connection:
        for (name,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            connection.execute(text(f"DROP TRIGGER {name}"))
    assert broken() == []
    for tag, check in UNTOLD.items():
        spoil(f"UPDATE audit_log SET tag = 'x' WHERE tag = '{tag}'")
        assert broken() == [check]
        spoil(f"UPDATE audit_log SET tag = '{tag}' WHERE tag = 'x'")
    spoil("UPDATE refunds SET reason = 'elsewhere'")
    assert "refund-made-elsewhere-and-that-no-case-told-of" in broken()
    spoil("UPDATE payments SET amount = amount + 1")
    assert "sum-that-differs-and-that-no-case-told-of" in broken()


def test_an_old_case_does_not_excuse_the_next_trouble_of_the_same_kind(shop, sale):
    """A task that gave up was run again, gave up again, and this time nobody is told; an invoice was charged three times, and
    one of the two charges too many is a case."""
    spoil("UPDATE tasks SET state = 'gave_up', finished_at = '2027-01-02 00:00:00' WHERE name = 'notices.confirmed'")
    (task,) = shop.all(select(Task).where(Task.name == "notices.confirmed"))
    about = task.subject()
    units.write(lambda: cases.open_case(CaseKind.TASK_GAVE_UP, about))
    told = "task-that-gave-up-and-that-no-case-tells-of"
    assert told not in broken()
    units.write(lambda: cases.close(CaseKind.TASK_GAVE_UP, about, because="The task was run again and succeeded."))
    assert told in broken(), "that was before it gave up once more"

    rows = Payment.__table__
    with db.engine.begin() as connection:
        known = connection.execute(select(rows)).mappings().first()
        for number in range(2):
            different = {"ref": f"pay_{number}", "idempotency_key": f"k{number}", "provider_ref": f"p{number}"}
            values = {name: value for name, value in known.items() if name != "id"}
            connection.execute(rows.insert().values({**values, **different, "claim": None, "refunded_amount": 0}))
    assert "invoice-charged-twice" in broken()
    first, second = shop.all(select(Payment).where(Payment.ref.in_(("pay_0", "pay_1"))).order_by(Payment.id))
    units.write(lambda: cases.open_case(CaseKind.UNEXPECTED_MONEY, first))
    assert {"invoice-charged-twice", "money-that-settles-no-invoice"} <= set(broken()), "one case excuses one charge"
    units.write(lambda: cases.open_case(CaseKind.UNEXPECTED_MONEY, second))
    assert not {"invoice-charged-twice", "money-that-settles-no-invoice"} & set(broken())


def test_what_is_found_opens_a_case_and_mending_it_closes_it(shop, sale, operator_page):
    spoil("UPDATE stock_items SET on_hand = on_hand + 1 WHERE on_hand = 23")
    invariants.check_and_keep()
    invariants.check_and_keep()
    (case,) = shop.all(select(Case).where(Case.open_key.is_not(None)))
    assert case.kind == "invariant_broken"
    page = operator_page("/admin/promises/")
    assert "Does not hold" in page
    assert case.detail["found"] in page
    spoil("UPDATE stock_items SET on_hand = on_hand - 1 WHERE on_hand = 24")
    invariants.check_and_keep()
    assert shop.open_cases() == []
    assert "All " in operator_page("/admin/promises/")


def test_a_worker_looks_when_asked(shop, operator_page):
    assert "have not looked" in operator_page("/admin/promises/")
    operator_page("/admin/promises/check", press=True)
    shop.works()
    assert "checks hold" in operator_page("/admin/promises/")


def test_the_command_ends_with_one_where_something_does_not_hold(shop, sale):
    runner = shop.app.test_cli_runner()
    done = runner.invoke(args=["invariants", "check"])
    assert (done.exit_code, "checks hold" in done.output) == (0, True)
    spoil("UPDATE number_counters SET last = 7")
    done = runner.invoke(args=["invariants", "check"])
    assert done.exit_code == 1
    assert "FAIL" in done.output
    assert shop.open_cases() == []
