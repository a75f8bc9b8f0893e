"""What every payments adapter must tell of the provider's books. Every adapter passes it."""

from datetime import timedelta

import pytest

from integrations.payments.balance import LineKind, PayoutStatus
from integrations.payments.port import RefundReason, RefundRequest, Refused, Topic


def refund(port, payment: str, amount: int) -> str:
    asked = RefundRequest("rfd_1-refund", payment, amount, "EUR", "rfd_1", RefundReason.REQUESTED_BY_CUSTOMER)
    return port.refund(asked).provider_ref


def test_every_movement_is_a_line_with_its_fee_and_what_it_is_about(port, world, paid, clock):
    begun = clock()
    made = refund(port, paid, 2_900)
    lines = port.balance.lines_between(begun - timedelta(minutes=1), clock())
    assert [(line.kind, line.amount, line.source, line.payment) for line in lines] == [
        (LineKind.CHARGE, 12_900, paid, paid),
        (LineKind.REFUND, -2_900, made, paid),
    ]
    assert (lines[0].fee, lines[0].net, lines[0].currency) == (206, 12_694, "EUR")
    assert (lines[0].charged, lines[0].charged_currency) == (12_900, "EUR")
    assert [(line.category, line.exchange_rate) for line in lines] == [("charge", ""), ("refund", "")]
    assert lines[0].created_at == clock() < lines[0].available_at


def test_a_refund_that_failed_is_in_the_balance_again(port, world, paid, clock):
    begun = clock()
    world.refunds_take("fails_later")
    made = refund(port, paid, 2_900)
    clock.forward(seconds=21)
    world.advance()
    found = [line for line in port.balance.lines_between(begun, clock()) if line.source == made]
    assert [(line.kind, line.amount) for line in found] == [("refund", -2_900), ("refund_returned", 2_900)]


def test_a_dispute_costs_its_amount_and_a_fee_and_a_won_one_gives_the_amount_back(port, world, paid, clock):
    begun = clock()
    dispute = world.dispute(paid)
    world.decide(dispute, "won")
    found = [line for line in port.balance.lines_between(begun, clock()) if line.source == dispute]
    assert [(line.kind, line.amount, line.fee) for line in found] == [
        ("dispute", -12_900, 1_500), ("dispute_returned", 12_900, 0),
    ]  # fmt: skip
    assert {line.payment for line in found} == {paid}


def test_a_payout_is_the_sum_of_its_lines(port, world, paid, clock):
    begun = clock()
    refund(port, paid, 2_900)
    (payout,) = world.pay_out()
    found = port.balance.payout(payout)
    members = port.balance.lines_of(payout)
    assert (found.amount, found.currency, found.is_itemised) == (9_794, "EUR", True)
    assert sum(line.net for line in members) == found.amount
    assert found.arrives_at > clock()
    (own,) = [line for line in port.balance.lines_between(begun, clock()) if line.kind == LineKind.PAYOUT]
    assert (own.source, own.amount, own.payment) == (payout, -9_794, "")
    assert [item.provider_ref for item in port.balance.payouts_since(begun)] == [payout]
    assert world.pay_out() == []


def test_a_payout_that_came_back_says_why(port, world, paid, clock):
    begun = clock()
    (payout,) = world.pay_out()
    world.fail_payout(payout)
    found = port.balance.payout(payout)
    assert (found.status, found.failure) == (PayoutStatus.FAILED, "account_closed")
    (back,) = [line for line in port.balance.lines_between(begun, clock()) if line.kind == LineKind.PAYOUT_RETURNED]
    assert (back.source, back.amount) == (payout, found.amount)
    assert {event.object_id for event in port.events_since(begun) if event.about == Topic.PAYOUT} == {payout}


def test_a_status_we_have_no_word_for_yet_is_no_outcome(port, world, paid):
    (payout,) = world.pay_out()
    world.invent_status("payouts")
    assert port.balance.payout(payout).status == PayoutStatus.PENDING


def test_nothing_is_listed_from_before_and_nothing_from_after(port, paid, clock):
    begun = clock()
    clock.forward(hours=1)
    assert port.balance.lines_between(begun - timedelta(hours=1), begun - timedelta(minutes=1)) == []
    assert len(port.balance.lines_between(begun, clock())) == 1
    assert port.balance.lines_between(clock(), clock()) == []
    assert port.balance.payouts_since(clock()) == []


def test_a_payout_nobody_knows_is_refused(port):
    with pytest.raises(Refused):
        port.balance.payout("po_nobody")
