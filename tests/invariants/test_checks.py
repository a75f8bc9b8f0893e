"""The promises as checks over a live shop: green while all fits, red with a case where something does not, green again."""

import pytest
from sqlalchemy import select, text

from backoffice.core.db import db
from backoffice.invariants import service as invariants
from backoffice.invariants.checks import CHECKS
from backoffice.models import Case
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
}


@pytest.mark.parametrize("statement", SPOILED)
def test_what_does_not_fit_is_found(shop, sale, statement):
    shop.is_disputed(sale)
    shop.works()
    spoil(statement)
    assert SPOILED[statement] in broken()


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
