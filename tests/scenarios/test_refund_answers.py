"""Money that goes back once, whoever asks twice, whoever tells of it first, and whatever answer is lost on the way."""

import pytest
from sqlalchemy import select

from backoffice.core.actor import SYSTEM
from backoffice.models import Refund, Task
from backoffice.refunds import service as refunds
from backoffice.refunds.beginning import RefundedMeanwhile
from backoffice.refunds.models import RefundReason, RefundState
from backoffice.webhooks import service as webhooks
from integrations.payments.port import OutcomeUnknown
from tests.support.consistency import problems
from tests.support.refunds import bought, given_back, notes


def test_a_double_click_and_a_second_tab_give_back_once(shop, buyer):
    sale = bought(buyer)
    first = shop.refunds(sale, 5_000, request_key="form-1")
    again = shop.refunds(sale, 5_000, request_key="form-1")
    assert first.ref == again.ref
    with pytest.raises(RefundedMeanwhile):  # the other tab showed that nothing was refunded yet
        shop.refunds(sale, 5_000, request_key="form-2", seen=shop.payment(sale).captured - shop.payment(sale).captured)
    assert given_back(shop) == 5_000
    assert shop.count(Refund) == 1


def test_a_lost_answer_is_asked_for_and_nothing_is_given_back_twice(shop, buyer):
    sale = bought(buyer)
    shop.provider.switch(lose_refund=1, webhooks="never")
    refund = shop.refunds(sale, 5_000)
    assert refund.state == RefundState.UNKNOWN
    assert given_back(shop) == 5_000
    assert notes(shop) == []
    shop.minutes_pass(5)
    assert shop.refund(refund.ref).state == RefundState.SUCCEEDED
    assert given_back(shop) == 5_000
    assert len(notes(shop)) == 1
    assert problems() == []


def test_the_webhook_tells_what_the_lost_answer_did_not(shop, buyer):
    sale = bought(buyer)
    shop.provider.switch(lose_refund=1)
    refund = shop.refunds(sale)
    shop.works()
    assert shop.refund(refund.ref).state == RefundState.SUCCEEDED
    assert shop.count(Refund) == 1
    assert shop.open_cases() == []


def test_the_same_event_twice_and_out_of_order_changes_nothing(shop, buyer):
    sale = bought(buyer)
    shop.provider.switch(webhooks="twice", refunds="pending")
    refund = shop.refunds(sale)
    assert refund.state == RefundState.PENDING
    shop.minutes_pass(2)
    assert shop.refund(refund.ref).state == RefundState.SUCCEEDED
    assert shop.tags(refund.ref) == ["refund.prepared", "refund.accepted", "refund.succeeded"]
    assert shop.mails().count("refunded") == 1
    assert len(notes(shop)) == 1


def test_a_silent_provider_opens_a_case_and_its_answer_closes_it(shop, buyer):
    sale = bought(buyer)
    shop.provider.switch(outage=True)
    refund = shop.refunds(sale)
    shop.minutes_pass(60)
    assert shop.open_cases() == ["refund_unknown"]
    assert shop.payment(sale).refundable.amount == 0  # reserved: nobody can give it back a second time meanwhile
    shop.provider.switch(outage=False)
    refunds.learn(refund.id, by=SYSTEM)
    assert shop.refund(refund.ref).state == RefundState.SUCCEEDED
    assert shop.open_cases() == []
    assert given_back(shop) == 12_900


def test_days_later_the_refund_is_found_by_our_reference_and_never_made_with_a_new_key(shop, buyer):
    sale = bought(buyer)
    shop.provider.switch(lose_refund=1, webhooks="never")
    refund = shop.refunds(sale)
    shop.clock.forward(days=3)
    refunds.learn(refund.id, by=SYSTEM)
    assert shop.refund(refund.ref).state == RefundState.SUCCEEDED
    assert given_back(shop) == 12_900


def test_a_refund_that_never_arrived_is_given_up_after_the_life_of_its_key(shop, buyer):
    sale = bought(buyer)
    shop.provider.switch(fail=1)
    refund = shop.refunds(sale)
    assert refund.state == RefundState.UNKNOWN
    shop.clock.forward(days=3)
    refunds.learn(refund.id, by=SYSTEM)
    assert shop.refund(refund.ref).failure_code == "never_arrived"
    assert shop.payment(sale).refundable.amount == 12_900
    assert shop.open_cases() == ["refund_refused"]
    assert given_back(shop) == 0
    shop.refunds(sale)
    assert shop.open_cases() == []
    assert problems() == []


def test_money_given_back_in_the_providers_dashboard_appears_as_a_fact_with_a_case(shop, buyer):
    sale = bought(buyer)
    page = shop.provider.payments(sale.payment_ref)[0]
    shop.provider.books.refunds.create(page["id"], 2_900)
    shop.works()
    (refund,) = shop.all(select(Refund))
    assert (refund.reason, refund.state, refund.amount) == (RefundReason.ELSEWHERE, RefundState.SUCCEEDED, 2_900)
    assert shop.open_cases() == ["refund_elsewhere"]
    assert [gross for _number, gross, _vat in notes(shop)] == [2_900]
    assert shop.payment(sale).refunded_amount == 2_900
    shop.refunds(sale)
    assert given_back(shop) == 12_900
    assert problems() == []


def test_the_poller_finds_a_refund_nobody_told_us_of(shop, buyer):
    sale = bought(buyer)
    shop.provider.switch(webhooks="never")
    shop.provider.books.refunds.create(shop.provider.payments(sale.payment_ref)[0]["id"], 2_900)
    assert webhooks.poll() > 0
    shop.works()
    assert shop.payment(sale).refunded_amount == 2_900


def test_a_refund_of_the_dashboard_that_had_failed_before_we_heard_of_it_is_told_too(shop, buyer):
    sale = bought(buyer)
    shop.provider.switch(webhooks="never", refunds="fails")
    shop.provider.books.refunds.create(shop.provider.payments(sale.payment_ref)[0]["id"], 2_900)
    shop.clock.forward(days=3)
    shop.provider.books.advance()
    assert webhooks.poll() > 0
    shop.works()
    (refund,) = shop.all(select(Refund))
    assert (refund.reason, refund.state, refund.amount) == (RefundReason.ELSEWHERE, RefundState.FAILED, 2_900)
    assert "refund_elsewhere" in shop.open_cases()
    assert "refund_refused" not in shop.open_cases()
    assert (shop.payment(sale).refunded_amount, notes(shop)) == (0, [])
    assert problems() == []
    webhooks.poll()
    shop.works()
    assert shop.count(Refund) == 1


def test_ours_and_one_from_the_dashboard_never_give_back_more_than_was_captured(shop, buyer):
    sale = bought(buyer)
    shop.provider.switch(outage=True)
    ours = shop.refunds(sale)  # reserved here, unknown there
    shop.provider.switch(outage=False)
    shop.provider.books.refunds.create(shop.provider.payments(sale.payment_ref)[0]["id"], 2_900)
    shop.works()  # it waits for ours to end
    assert {row.last_error for row in shop.all(select(Task))} == {""}
    shop.minutes_pass(10)
    assert shop.refund(ours.ref).state == RefundState.FAILED  # too much was left to ask for
    assert given_back(shop) == 2_900
    assert shop.payment(sale).refunded_amount == 2_900
    assert set(shop.open_cases()) == {"refund_elsewhere", "refund_refused"} or shop.open_cases() == ["refund_elsewhere"]
    assert problems() == []


def test_a_provider_that_crashes_us_between_asking_and_writing_gives_back_once(shop, buyer, monkeypatch):
    sale = bought(buyer)
    with monkeypatch.context() as patch:
        patch.setattr(
            "backoffice.refunds.recording.record", lambda *_args, **_kwargs: (_ for _ in ()).throw(OutcomeUnknown)
        )
        with pytest.raises(OutcomeUnknown):
            shop.refunds(sale)
    assert given_back(shop) == 12_900
    (refund,) = shop.all(select(Refund))
    assert refund.state == RefundState.CREATED
    shop.minutes_pass(5)
    assert shop.refund(refund.ref).state == RefundState.SUCCEEDED
    assert given_back(shop) == 12_900
    assert problems() == []
