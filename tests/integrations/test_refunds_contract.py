"""What every payments adapter must do when money is given back. Every adapter passes it."""

from dataclasses import replace

import pytest

from integrations.payments.port import (
    OutcomeUnknown,
    RefundReason,
    RefundRequest,
    RefundStatus,
    Refused,
    Topic,
)


def wish(payment: str, amount: int = 2_900, ref: str = "rfd_1") -> RefundRequest:
    return RefundRequest(f"{ref}-refund", payment, amount, "EUR", ref, RefundReason.REQUESTED_BY_CUSTOMER)


def test_the_same_key_gives_money_back_once(port, world, paid):
    first, again = port.refund(wish(paid)), port.refund(wish(paid))
    assert first.provider_ref == again.provider_ref
    assert (first.status, first.amount, first.currency, first.reference) == ("succeeded", 2_900, "EUR", "rfd_1")
    assert world.given_back() == 2_900


def test_a_lost_answer_is_unknown_and_the_same_key_finds_the_refund(port, world, paid):
    world.trouble(refund=3)
    with pytest.raises(OutcomeUnknown):
        port.refund(wish(paid))
    assert world.given_back() == 2_900
    assert port.refund(wish(paid)).status == RefundStatus.SUCCEEDED
    assert world.given_back() == 2_900


def test_parts_add_up_to_what_was_captured_and_not_a_cent_more(port, world, paid):
    port.refund(wish(paid, 10_000))
    with pytest.raises(Refused) as refusal:
        port.refund(wish(paid, 2_901, "rfd_2"))
    assert refusal.value.code == "amount_too_large"
    port.refund(wish(paid, 2_900, "rfd_3"))
    with pytest.raises(Refused) as refusal:
        port.refund(wish(paid, 1, "rfd_4"))
    assert refusal.value.code == "charge_already_refunded"
    assert [item.reference for item in port.refunds_of(paid)] == ["rfd_3", "rfd_1"]
    assert world.given_back() == 12_900


def test_the_same_key_with_another_amount_is_refused(port, paid):
    port.refund(wish(paid))
    with pytest.raises(Refused) as refusal:
        port.refund(replace(wish(paid), amount=1))
    assert refusal.value.code == "idempotency_mismatch"


def test_nothing_is_given_back_of_what_was_not_captured(port, world, page):
    opened = port.open_page(page)
    with pytest.raises(Refused):
        port.refund(wish(opened.provider_ref, 100))
    assert world.given_back() == 0


@pytest.mark.parametrize(
    ("course", "first", "last"),
    [("pending", "pending", "succeeded"), ("fails", "pending", "failed"), ("fails_later", "succeeded", "failed")],
)
def test_every_course_of_a_refund_is_read(port, world, paid, clock, course, first, last):
    world.refunds_take(course)
    asked = port.refund(wish(paid))
    assert asked.status == first
    clock.forward(seconds=21)
    found = port.retrieve_refund(asked.provider_ref)
    assert found.status == last
    assert bool(found.failure) == (last == "failed")
    assert world.given_back() == (0 if last == "failed" else 2_900)


def test_a_status_we_have_no_word_for_yet_is_not_taken_for_an_outcome(port, world, paid):
    asked = port.refund(wish(paid))
    world.invent_status("refunds")
    assert port.retrieve_refund(asked.provider_ref).status == RefundStatus.PENDING


def test_the_events_say_which_refund_and_which_payment(port, world, paid, clock):
    begun = clock()
    world.refunds_take("fails_later")
    asked = port.refund(wish(paid))
    clock.forward(seconds=21)
    world.advance()
    told = [event for event in port.events_since(begun) if event.about == Topic.REFUND]
    assert [event.type for event in told] == ["refund.created", "refund.failed"]
    assert {(event.object_id, event.payment, event.reference) for event in told} == {
        (asked.provider_ref, paid, told[0].reference)
    }
    assert told[0].reference in ("pay_1", "")  # Stripe names the payment by its own id alone


def test_a_refund_that_somebody_made_in_the_dashboard_has_no_reference_of_ours(port, world, paid):
    world.refund_elsewhere(paid, 100)
    (found,) = port.refunds_of(paid)
    assert (found.reference, found.amount, found.payment) == ("", 100, paid)
