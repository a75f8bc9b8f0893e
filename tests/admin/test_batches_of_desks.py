"""What is done to many rows of money, mails and the stockroom: asked about, signed off, handed over, written off."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import session
from backoffice.core.errors import NotFound
from backoffice.core.ports import EXTENSION
from backoffice.disputes import answering
from backoffice.entities import service as entities
from backoffice.mail import service as mail
from backoffice.models import DisputeAnswer, Mail, Payout, Refund, StaffMember, StockItem, StockMovement, Task
from backoffice.reconciliation import signing
from backoffice.staff.roles import Role
from backoffice.stock import service as stock
from integrations.payments.disputes import EvidenceField
from jobs.tasks import batches as actions
from tests.support.batches import results, start
from tests.support.consistency import problems
from tests.support.shop import hidden, paid
from tests.support.staff import colleague

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"])


@pytest.fixture
def sale(shop):
    buyer = shop.buyer()
    buyer.fills_cart(3)
    return paid(shop, buyer)


def test_refunds_whose_answers_were_lost_are_asked_about_together(shop, fiona, sale):
    shop.provider.switch(lose_refund=2)
    refs = [shop.refunds(sale, amount).ref for amount in (1_000, 2_000)]
    assert {row.state for row in shop.all(select(Refund))} == {"unknown"}
    page = start(fiona, "/admin/refunds/", action="refunds.ask", ref=refs)
    assert "Refunds: ask the provider, 2 rows" in page
    shop.works()
    assert [state for _ref, state, _words in results(shop)] == ["done", "done"]
    assert {row.state for row in shop.all(select(Refund))} == {"succeeded"}


def test_a_refund_about_which_the_provider_is_silent_says_so(shop, fiona, sale):
    ref = shop.refunds(sale, 1_000).ref
    shop.provider.switch(outage=True)
    start(fiona, "/admin/refunds/", action="refunds.ask", ref=[ref])
    shop.works()
    ((_ref, state, words),) = results(shop)
    assert state == "refused"
    assert words.startswith("The provider did not answer")


def test_a_dispute_is_asked_about_with_the_answer_that_is_on_its_way(shop, fiona, sale):
    shop.is_disputed(sale)
    shop.works()
    ref = shop.dispute().ref
    shop.provider.switch(lose_evidence=1, webhooks="never")
    lost = answering.answer(ref, {EvidenceField.TEXT: "It was sent."}, with_receipt=False, request_key="k", by=SYSTEM)
    assert lost.state == "unknown"
    actions.ask_dispute(ref, SYSTEM, "", "")  # before its own task does
    assert [row.state for row in shop.all(select(DisputeAnswer))] == ["accepted"]
    assert shop.dispute().state == "under_review"
    start(fiona, "/admin/disputes/", action="disputes.ask", ref=[ref])
    shop.works()
    assert results(shop) == [(ref, "done", "")]


def test_payouts_are_signed_off_together_and_one_that_cannot_be_says_why(shop, sale):
    shop.clock.forward(days=3)
    shop.works()
    shop.reconciles()
    shop.clock.forward(days=3)
    shop.works()
    shop.reconciles()
    arrived = shop.all(select(Payout))[0]
    fiona = colleague(shop, Role.FINANCE)
    start(fiona, "/admin/payouts/", action="payouts.sign", ref=[arrived.ref, "pyt_nobody"], reason="against the bank")
    shop.works()
    assert [(ref, state) for ref, state, _words in results(shop)] == [
        (arrived.ref, "done"),
        ("pyt_nobody", "refused"),
    ]
    signed = shop.all(select(Payout))[0]
    assert (signed.is_signed, signed.signed_note) == (True, "against the bank")
    assert shop.tags(arrived.ref).count("payout.signed_off") == 1


def test_a_payout_that_a_person_compares_is_not_signed_off_with_others(shop, sale):
    shop.clock.forward(days=6)
    shop.works()
    shop.reconciles()
    ref = shop.all(select(Payout.ref))[0]
    units.write(lambda: session.execute(update(Payout.__table__).values(itemised_at=None)) and None)
    with pytest.raises(signing.NoteMissing):
        actions.sign_payout(ref, SYSTEM, "all of them", "")
    assert not shop.all(select(Payout))[0].is_signed


@pytest.fixture
def undelivered(shop, monkeypatch, tmp_path) -> list[Mail]:
    """Mails that nobody took for a day, so that their tasks gave up; the server is there again."""
    port = shop.app.extensions[EXTENSION].ports.mail
    (tmp_path / "wall").write_text("")
    with monkeypatch.context() as outage:
        outage.setattr(port, "folder", tmp_path / "wall" / "mail")
        buyer = shop.buyer()
        buyer.fills_cart()
        paid(shop, buyer)
        for _ in range(30):
            shop.clock.forward(hours=1)
            shop.works()
    waiting = shop.all(select(Mail).where(Mail.state == "waiting"))
    assert waiting
    assert {task.state for task in shop.all(select(Task).where(Task.name == "mail.send"))} >= {"gave_up"}
    return waiting


def test_mails_that_nobody_took_leave_together_once_the_server_is_there(shop, undelivered):
    otto = colleague(shop, Role.OPERATIONS)
    refs = [row.ref for row in undelivered]
    start(otto, "/admin/mails/", action="mails.send", ref=refs)
    shop.works()
    assert [state for _ref, state, _words in results(shop)] == ["done"] * len(refs)
    assert shop.all(select(Mail.ref).where(Mail.state == "waiting")) == []
    assert "task_gave_up" not in shop.open_cases()
    start(otto, "/admin/mails/", action="mails.send", ref=refs[:1])
    shop.works()
    assert results(shop)[-1][1:] == ("refused", str(mail.HasLeft()))


def test_the_page_of_a_mail_says_why_it_did_not_leave_and_sends_it_now(shop, undelivered):
    otto = colleague(shop, Role.OPERATIONS)
    place = f"/admin/mails/{undelivered[0].ref}"
    page = otto.get(place).text
    assert "Tries that came to nothing" in page
    assert "NotADirectoryError" in page
    done = otto.post(f"{place}/send", data=hidden(page), follow_redirects=True).text
    assert "The mail leaves as soon as a worker is free." in done
    shop.works()
    assert "it was sent" in otto.get(place).text


def written() -> Mail:
    """A mail to a colleague, inside a unit."""
    owner = session.scalars(select(StaffMember).limit(1)).one()
    facts = {"member": owner, "entity": entities.seller(), "link": "https://shop.example/invited"}
    return mail.queue("staff_link", to=owner.email, about=owner, key="invited", by=SYSTEM, **facts)


def test_a_mail_that_is_being_handed_over_is_not_handed_over_twice(shop, otto):
    ref = units.write(lambda: written().ref)

    def is_run(until: datetime) -> None:
        task = mail.task_of(mail.by_ref(ref))
        task.lease_token, task.due_at, task.attempts = "of a worker", until, 1

    def asked() -> str | None:
        units.write(lambda: mail.send_now(mail.by_ref(ref), by=SYSTEM))
        return shop.all(select(Task.lease_token).where(Task.name == "mail.send"))[0]

    units.write(lambda: is_run(shop.clock() + timedelta(minutes=5)))
    assert asked() == "of a worker"
    units.write(lambda: is_run(shop.clock() - timedelta(seconds=1)))  # it never came back
    assert asked() is None


def test_a_mail_to_a_colleague_is_sent_by_nobody_who_may_not_see_it(shop, otto, sale):
    ref = units.write(lambda: written().ref)
    start(otto, "/admin/mails/", action="mails.send", ref=[ref])
    shop.works()
    ((_ref, state, words),) = results(shop)
    assert (state, words) == ("refused", str(NotFound("mail")))
    assert otto.post(f"/admin/mails/{ref}/send", data={}).status_code in (400, 404)


def test_what_is_free_of_many_articles_is_written_off_and_what_is_held_stays(shop):
    sale = shop.buyer().orders()  # holds one level
    otto = colleague(shop, Role.OPERATIONS)
    before = {row.ref: (row.on_hand, row.held) for row in shop.all(select(StockItem))}
    held, other = (next(ref for ref, (_there, kept) in before.items() if bool(kept) is wish) for wish in (True, False))
    start(
        otto, "/admin/stock/", action="stock.write_off", ref=[held, other, "stk_nobody"], reason="water in the cellar"
    )
    shop.works()
    assert [state for _ref, state, _words in results(shop)] == ["done", "done", "refused"]
    after = {row.ref: (row.on_hand, row.held) for row in shop.all(select(StockItem))}
    assert (after[held], after[other]) == ((1, 1), (0, 0))
    assert {ref: pieces for ref, pieces in after.items() if ref not in (held, other)} == {
        ref: pieces for ref, pieces in before.items() if ref not in (held, other)
    }
    moved = shop.all(select(StockMovement).order_by(StockMovement.id.desc()).limit(2))
    assert {(row.kind, row.reason) for row in moved} == {("corrected", "water in the cellar")}
    shop.pays(sale)
    shop.works()
    assert shop.order(sale).state == "paid", "what was held could still be sold"
    assert problems() == []


def test_a_row_that_is_done_again_after_a_crash_writes_off_nothing_that_came_since(shop):
    item = shop.all(select(StockItem))[0]

    def write_off() -> bool:
        return units.write(lambda: stock.write_off(item.ref, by=SYSTEM, reason="water", request_key="bat_1:1"))

    assert write_off()
    units.write(lambda: stock.receive(item.variant_id, 25, by=SYSTEM, reason="from the workshop"))
    assert not write_off()
    assert shop.all(select(StockItem.on_hand).where(StockItem.id == item.id)) == [25]
