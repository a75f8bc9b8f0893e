"""What every payments adapter must do when money is given back. Run against the sandbox over HTTP."""

from dataclasses import replace
from datetime import timedelta

import pytest

from integrations.payments.port import (
    OutcomeUnknown,
    PageRequest,
    RefundReason,
    RefundRequest,
    RefundStatus,
    Refused,
    Topic,
)
from integrations.payments.sandbox import SandboxPayments
from tests.support.provider import API_KEY, SECRET


@pytest.fixture
def port(provider):
    return SandboxPayments(provider.url, API_KEY, (SECRET,))


@pytest.fixture
def paid(port, provider, clock) -> str:
    """The provider's reference of a payment of 129.00 that was captured."""
    page = PageRequest(
        key="pay_1-open", amount=12_900, currency="EUR", reference="pay_1", description="Order 10001",
        return_url="http://shop.example/pay/x", expires_at=clock() + timedelta(minutes=30),
    )  # fmt: skip
    opened = port.open_page(page)
    provider.books.pay(opened.provider_ref, "Visa ·· 4242")
    return opened.provider_ref


def wish(payment: str, amount: int = 2_900, ref: str = "rfd_1") -> RefundRequest:
    return RefundRequest(f"{ref}-refund", payment, amount, "EUR", ref, RefundReason.REQUESTED_BY_CUSTOMER)


def test_the_same_key_gives_money_back_once(port, provider, paid):
    first, again = port.refund(wish(paid)), port.refund(wish(paid))
    assert first.provider_ref == again.provider_ref
    assert (first.status, first.amount, first.currency, first.reference) == ("succeeded", 2_900, "EUR", "rfd_1")
    assert provider.payments()[0]["refunded"] == 2_900


def test_a_lost_answer_is_unknown_and_the_same_key_finds_the_refund(port, provider, paid):
    provider.switch(lose_refund=1)
    with pytest.raises(OutcomeUnknown):
        port.refund(wish(paid))
    assert provider.payments()[0]["refunded"] == 2_900
    assert port.refund(wish(paid)).status == RefundStatus.SUCCEEDED
    assert provider.payments()[0]["refunded"] == 2_900


def test_parts_add_up_to_what_was_captured_and_not_a_cent_more(port, provider, paid):
    port.refund(wish(paid, 10_000))
    with pytest.raises(Refused) as refusal:
        port.refund(wish(paid, 2_901, "rfd_2"))
    assert refusal.value.code == "amount_too_large"
    port.refund(wish(paid, 2_900, "rfd_3"))
    with pytest.raises(Refused) as refusal:
        port.refund(wish(paid, 1, "rfd_4"))
    assert refusal.value.code == "charge_already_refunded"
    assert [item.reference for item in port.refunds_of(paid)] == ["rfd_3", "rfd_1"]
    assert provider.payments()[0]["refunded"] == 12_900


def test_the_same_key_with_another_amount_is_refused(port, paid):
    port.refund(wish(paid))
    with pytest.raises(Refused) as refusal:
        port.refund(replace(wish(paid), amount=1))
    assert refusal.value.code == "idempotency_mismatch"


def test_nothing_is_given_back_of_what_was_not_captured(port, provider, clock):
    page = PageRequest("k", 100, "EUR", "pay_2", "Order", "http://shop.example/", clock() + timedelta(minutes=30))
    opened = port.open_page(page)
    with pytest.raises(Refused) as refusal:
        port.refund(wish(opened.provider_ref, 100))
    assert refusal.value.code == "charge_not_captured"


@pytest.mark.parametrize(
    ("course", "first", "last"),
    [("pending", "pending", "succeeded"), ("fails", "pending", "failed"), ("fails_later", "succeeded", "failed")],
)
def test_every_course_of_a_refund_is_read(port, provider, paid, clock, course, first, last):
    provider.switch(refunds=course)
    asked = port.refund(wish(paid))
    assert asked.status == first
    clock.forward(seconds=21)
    found = port.retrieve_refund(asked.provider_ref)
    assert found.status == last
    assert bool(found.failure) == (last == "failed")
    assert provider.payments()[0]["refunded"] == (0 if last == "failed" else 2_900)


def test_a_status_we_have_no_word_for_yet_is_not_taken_for_an_outcome(port, provider, paid):
    asked = port.refund(wish(paid))
    with provider.books.transaction() as db:
        db.execute("UPDATE refunds SET status = 'under_review'")
    assert port.retrieve_refund(asked.provider_ref).status == RefundStatus.PENDING


def test_the_events_say_which_refund_and_which_payment(port, provider, paid, clock):
    begun = clock()
    provider.switch(refunds="fails_later")
    asked = port.refund(wish(paid))
    clock.forward(seconds=21)
    provider.books.advance()
    told = [event for event in port.events_since(begun) if event.about == Topic.REFUND]
    assert [event.type for event in told] == ["refund.created", "refund.failed"]
    assert {(event.object_id, event.payment, event.reference) for event in told} == {
        (asked.provider_ref, paid, "pay_1")
    }


def test_a_refund_that_somebody_made_in_the_dashboard_has_no_reference_of_ours(port, provider, paid):
    provider.books.refunds.create(paid, 100)
    (found,) = port.refunds_of(paid)
    assert (found.reference, found.amount, found.payment) == ("", 100, paid)
