"""Money that a customer's bank takes back: the deadline, the answer, what is frozen meanwhile, and how it ends."""

import pytest
from sqlalchemy import select

from backoffice.cases import service as cases
from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import session
from backoffice.core.errors import FormUsed
from backoffice.disputes import answering, evidence
from backoffice.disputes import service as disputes
from backoffice.disputes.models import AnswerState, DisputeAnswer
from backoffice.disputes.service import Disputed
from backoffice.invoices import service as invoices
from backoffice.ledger import service as ledger
from backoffice.ledger.models import Account
from backoffice.models import CardBar, Case, WebhookEvent
from backoffice.orders import service as orders
from backoffice.payment_methods import bars
from backoffice.payments import service as payments
from backoffice.webhooks import handling
from backoffice.webhooks import service as webhooks
from integrations.payments.disputes import EvidenceField
from tests.support.consistency import problems
from tests.support.sending import send
from tests.support.shop import Shop

# What says nothing that differs between engines: the run stays within its quarter of an hour.
on_one_engine = pytest.mark.parametrize("engine_name", ["sqlite"])


def balance(account: Account) -> int:
    with units.read():
        rows = ledger.trial_balance()["EUR"]
        return sum(row.balance.amount for row in rows if row.account == account)


def answers(
    shop: Shop, text: str = "It was sent and signed for.", key: str = "form-1", *, receipt: bool = False
) -> DisputeAnswer:
    return answering.answer(
        shop.dispute().ref, {EvidenceField.TEXT: text}, with_receipt=receipt, request_key=key, by=SYSTEM
    )


def test_a_dispute_takes_the_money_and_tells_a_person_until_when_to_answer(shop, sale):
    shop.is_disputed(sale)
    shop.works()
    dispute = shop.dispute()
    assert (dispute.state, dispute.amount, dispute.withdrawn_amount) == ("needs_response", 12_900, 12_900)
    assert shop.open_cases() == ["dispute_open"]
    assert (balance(Account.DISPUTES), balance(Account.CLEARING)) == (12_900, 0)
    assert shop.tags(dispute.ref) == ["dispute.opened", "case.opened", "dispute.withdrawn"]
    assert problems() == []


def test_it_is_learned_of_without_its_webhook_and_told_twice_it_is_one(shop, sale):
    shop.provider.switch(webhooks="never")
    shop.is_disputed(sale)
    shop.clock.forward(minutes=2)
    webhooks.poll()
    shop.works()
    shop.provider.switch(webhooks="twice")
    for event in shop.provider.books.events():
        shop.provider.books.deliver(event["id"], shop.clock())
    shop.works()
    assert balance(Account.DISPUTES) == shop.dispute().withdrawn_amount == 12_900
    assert problems() == []


def test_an_inquiry_takes_nothing_and_lets_a_refund_pass(shop, sale):
    asked = shop.is_disputed(sale, inquiry=True)
    shop.works()
    assert (shop.dispute().is_inquiry, shop.dispute().withdrawn_amount) == (True, 0)
    assert balance(Account.DISPUTES) == 0
    shop.refunds(sale, 1_000)
    shop.provider.books.disputes.escalate(asked)
    shop.works()
    assert (shop.dispute().is_inquiry, shop.dispute().withdrawn_amount) == (False, 12_900)
    assert shop.open_cases() == ["dispute_open"]
    assert problems() == []


def test_a_disputed_payment_is_not_refunded_and_a_won_one_is_again(shop, sale):
    taken = shop.is_disputed(sale)
    shop.works()
    with pytest.raises(Disputed):
        shop.refunds(sale, 1_000)
    assert shop.payment(sale).refunded_amount == 0
    shop.clock.forward(days=3)  # and then, in one moment, the bank gives the money back and so do we
    shop.provider.books.disputes.close(taken, "won")
    shop.works()
    assert (shop.dispute().state, shop.dispute().withdrawn_amount) == ("won", 0)
    assert shop.open_cases() == []
    assert (balance(Account.DISPUTES), balance(Account.CLEARING)) == (0, 12_900)
    shop.refunds(sale, 1_000)
    assert problems() == []


@on_one_engine
def test_what_we_hold_is_filled_in(shop, sale):
    (line,) = shop.line_ids(sale)
    units.write(lambda: send(orders.by_ref(sale.order_ref), {line: 1}, key="p", tracking="JJD0001").order_id)
    shop.is_disputed(sale)
    shop.works()
    with units.read():
        order = orders.by_ref(sale.order_ref)
        held = evidence.held(order, invoices.for_order(order.id), payments.by_ref(sale.payment_ref))
    assert held[EvidenceField.NAME] == "Ada Lovelace"
    assert held[EvidenceField.TRACKING] == "JJD0001"
    assert held[EvidenceField.SHIPPING] == "Ada Lovelace\nAnalytical Way 1\n10115 Berlin\nGermany"
    assert "SL-60-OAK" in held[EvidenceField.PRODUCT]
    assert f"order {order.number} over €\xa0129.00 placed" in held[EvidenceField.TEXT]
    assert "parcel sent" in held[EvidenceField.TEXT]
    assert EvidenceField.ACCESS not in held  # nothing was to be downloaded


def test_an_answer_is_submitted_once_with_its_receipt_and_closes_the_case(shop, sale):
    taken = shop.is_disputed(sale)
    shop.minutes_pass(1)
    made = answers(shop, receipt=True)
    assert made.state == AnswerState.ACCEPTED
    assert answers(shop, receipt=True).ref == made.ref  # the same form, pressed again
    with pytest.raises(FormUsed):
        answers(shop, "something else", receipt=True)
    given = shop.provider.books.disputes.get(taken)
    assert given["evidence"]["texts"] == {"uncategorized_text": "It was sent and signed for."}
    assert given["evidence"]["receipt"] == "S-2026-000001.pdf"
    assert (shop.dispute().state, shop.dispute().answered_at) == ("under_review", shop.clock())
    assert shop.open_cases() == []
    with pytest.raises(answering.NoAnswerTaken):
        answers(shop, key="form-2")
    assert shop.count(DisputeAnswer) == 1
    assert problems() == []


def test_a_lost_answer_is_unknown_and_the_same_key_finds_it(shop, sale):
    taken = shop.is_disputed(sale)
    shop.works()
    shop.provider.switch(lose_evidence=1, webhooks="never")
    assert answers(shop).state == AnswerState.UNKNOWN
    with pytest.raises(answering.OnItsWay):
        answers(shop, key="form-2")
    shop.minutes_pass(3)
    assert [row.state for row in shop.all(select(DisputeAnswer))] == [AnswerState.ACCEPTED]
    assert shop.provider.books.disputes.get(taken)["status"] == shop.dispute().state == "under_review"
    assert problems() == []


@on_one_engine
def test_an_answer_that_never_arrived_is_told_after_the_life_of_its_key(shop, sale):
    taken = shop.is_disputed(sale)
    shop.works()
    shop.provider.switch(outage=True)
    assert answers(shop).state == AnswerState.UNKNOWN
    shop.clock.forward(hours=23, minutes=30)
    shop.provider.switch(outage=False)
    shop.works()
    (row,) = shop.all(select(DisputeAnswer))
    assert (row.state, row.failure_code, row.claim) == (AnswerState.REFUSED, "never_arrived", None)
    assert shop.provider.books.disputes.get(taken)["evidence"] is None
    assert "dispute_refused" in shop.open_cases()
    assert answers(shop, key="form-2").state == AnswerState.ACCEPTED
    assert shop.open_cases() == []


@on_one_engine
def test_an_answer_that_the_provider_refuses_says_why_and_leaves_the_case_open(shop, sale):
    taken = shop.is_disputed(sale)
    shop.works()
    shop.provider.switch(webhooks="never")
    shop.provider.books.disputes.answer(taken, {"texts": {}})  # somebody was faster, in the provider's dashboard
    made = answers(shop)
    assert (made.state, made.failure_code) == (AnswerState.REFUSED, "dispute_not_answerable")
    assert set(shop.open_cases()) == {"dispute_open", "dispute_refused"}
    disputes.learn(shop.dispute().id, by=SYSTEM)
    assert shop.dispute().answered_at is not None
    assert shop.open_cases() == []


@on_one_engine
def test_an_answer_must_say_something(shop, sale):
    shop.is_disputed(sale)
    shop.works()
    with pytest.raises(answering.SaysNothing):
        answers(shop, "   ")
    assert shop.count(DisputeAnswer) == 0


def test_the_deadline_is_a_case_and_nobody_who_answers_is_lost(shop, sale):
    shop.is_disputed(sale)
    shop.works()
    shop.clock.forward(days=5, hours=1)
    shop.works()
    assert set(shop.open_cases()) == {"dispute_open", "dispute_due"}
    shop.clock.forward(days=2)
    shop.works()
    dispute = shop.dispute()
    assert (dispute.state, dispute.withdrawn_amount) == ("lost", 12_900)
    assert shop.open_cases() == ["dispute_lost"]
    with pytest.raises(Disputed):
        shop.refunds(sale, 1_000)
    assert shop.waiting_tasks().count("disputes.ask") == 0
    assert problems() == []


@on_one_engine
def test_a_provider_that_does_not_say_is_a_case_that_closes_itself(shop, sale):
    shop.is_disputed(sale)
    shop.works()
    shop.provider.switch(lose_read=10)
    for _ in range(5):
        disputes.learn(shop.dispute().id, by=SYSTEM)
    assert "dispute_unknown" in shop.open_cases()
    shop.provider.switch(lose_read=0)
    disputes.learn(shop.dispute().id, by=SYSTEM)
    assert shop.open_cases() == ["dispute_open"]


@on_one_engine
def test_the_bank_may_think_again(shop, sale):
    taken = shop.is_disputed(sale)
    shop.works()
    shop.provider.books.disputes.close(taken, "lost")
    shop.works()
    assert shop.open_cases() == ["dispute_lost"]
    with shop.provider.books.transaction() as db:  # an appeal
        db.execute("UPDATE disputes SET status = 'under_review'")
    disputes.learn(shop.dispute().id, by=SYSTEM)
    assert (shop.dispute().state, shop.dispute().ended_at) == ("under_review", None)
    assert shop.open_cases() == []
    shop.provider.books.disputes.close(taken, "won")
    shop.works()
    assert balance(Account.DISPUTES) == 0
    assert problems() == []


def warned(shop: Shop, sale) -> None:
    page = shop.payment(sale).provider_ref
    shop.provider.books.disputes.warn(page)
    shop.works()


def test_a_bank_warns_and_a_person_decides_before_the_money_is_taken(shop, sale):
    warned(shop, sale)
    (case,) = shop.all(select(Case).where(Case.state == "open"))
    assert (case.kind, case.at_risk_amount, case.detail["reason"]) == ("fraud_warned", 12_900, "card_never_received")
    (bar,) = shop.all(select(CardBar))
    assert (bar.card, bar.lifted_at) == (shop.payment(sale).method_fingerprint, None)
    for event in shop.provider.books.events():
        shop.provider.books.deliver(event["id"], shop.clock())
    shop.works()
    assert shop.open_cases() == ["fraud_warned"], "told twice is told once"
    shop.refunds(sale, 1_000)
    assert shop.open_cases() == ["fraud_warned"]
    shop.refunds(sale)
    assert shop.open_cases() == []
    assert problems() == []


def test_the_dispute_that_was_expected_takes_the_place_of_its_warning(shop, sale):
    warned(shop, sale)
    shop.is_disputed(sale)
    shop.works()
    assert shop.open_cases() == ["dispute_open"]
    assert problems() == []


@on_one_engine
def test_a_warning_that_comes_too_late_bothers_nobody(shop, sale):
    shop.provider.switch(webhooks="never")
    shop.provider.books.disputes.warn(shop.payment(sale).provider_ref)
    shop.refunds(sale)
    shop.clock.forward(minutes=2)
    assert webhooks.poll()
    shop.works()
    assert shop.open_cases() == []
    assert shop.count(CardBar) == 0
    (event,) = shop.all(select(WebhookEvent).where(WebhookEvent.type == "warning.created"))
    assert event.state == "handled"


@on_one_engine
def test_what_was_decided_about_a_warning_stands_when_it_is_told_again(shop, sale):
    warned(shop, sale)
    with units.read():
        (case,) = session.scalars(select(Case).where(Case.state == "open"))
        (bar,) = session.scalars(select(CardBar))
    units.write(lambda: cases.resolve(session.get_one(Case, case.id), "It was a present.", by=SYSTEM))
    units.write(lambda: bars.lift(bar.card, bar.source, by=SYSTEM, words="It was a present."))
    (event,) = shop.all(select(WebhookEvent).where(WebhookEvent.type == "warning.created"))
    handling.handle(event.id, again=True)
    assert shop.open_cases() == []
    assert shop.all(select(CardBar))[0].lifted_at is not None


@on_one_engine
def test_an_inquiry_leaves_its_warning_until_the_money_is_taken(shop, sale):
    warned(shop, sale)
    asked = shop.is_disputed(sale, inquiry=True)
    shop.works()
    assert sorted(shop.open_cases()) == ["dispute_open", "fraud_warned"]
    shop.provider.books.disputes.escalate(asked)
    shop.works()
    assert shop.open_cases() == ["dispute_open"]


@on_one_engine
def test_a_warning_waits_for_a_refund_that_may_fail(shop, sale):
    shop.provider.switch(refunds="fails")
    page = shop.payment(sale).provider_ref
    shop.refunds(sale, 5_000)
    shop.provider.books.disputes.warn(page)
    shop.works()
    assert shop.open_cases() == []
    shop.minutes_pass(90)
    assert sorted(shop.open_cases()) == ["fraud_warned", "refund_failed"]
    assert problems() == []
