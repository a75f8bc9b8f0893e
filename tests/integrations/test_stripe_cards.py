"""Each of Stripe's test cards does what its name says, through our adapter: charged without its owner, and on the page."""

import pytest

from integrations.payments.port import (
    ChargeRequest,
    OutcomeUnknown,
    PaymentStatus,
    RefundReason,
    RefundRequest,
    RefundStatus,
)
from tests.support import stripe_cards as cards
from tests.support.stripe_cards import NAMED
from tests.support.worlds import StripeWorld

REFUSED = {
    "pm_card_authenticationRequired": ("authentication_not_handled", "action"),
    "pm_card_visa_chargeDeclined": ("generic_decline", "soft"),
    "pm_card_visa_chargeDeclinedInsufficientFunds": ("insufficient_funds", "soft"),
    "pm_card_visa_chargeDeclinedLostCard": ("lost_card", "hard"),
    "pm_card_visa_chargeDeclinedStolenCard": ("stolen_card", "hard"),
    "pm_card_chargeDeclinedExpiredCard": ("expired_card", "data"),
    "pm_card_chargeDeclinedProcessingError": ("processing_error", "soft"),
    "pm_card_chargeCustomerFail": ("generic_decline", "soft"),
}
REFUSED_ON_THE_PAGE = {
    **{name: said for name, said in REFUSED.items() if said[1] != "action"},
    "0127": ("incorrect_cvc", "data"),
    "6975": ("card_velocity_exceeded", "soft"),
}
FOLLOWED = {
    "pm_card_createDispute": "charge.dispute.created",
    "1976": "charge.dispute.created",
    "5423": "radar.early_fraud_warning.created",
}


@pytest.fixture
def world(tmp_path, clock):
    made = StripeWorld(tmp_path, clock)
    yield made
    made.stop()


@pytest.fixture
def port(world):
    return world.port


def charged(port, card: str):
    asked = ChargeRequest(
        key="pay_9-charge", amount=2_000, currency="EUR", reference="pay_9", description="order 10009", customer="cus_1",
        method=card,
    )  # fmt: skip
    return port.charge(asked)


@pytest.mark.parametrize("card", sorted(NAMED))
def test_a_card_is_charged_or_refused_without_its_owner_as_it_is_named(port, card):
    found = charged(port, card)
    if card in REFUSED:
        assert (found.status, found.captured) == (PaymentStatus.DECLINED, 0)
        assert (found.decline.code, found.decline.family) == REFUSED[card]
    else:
        assert (found.status, found.captured) == (PaymentStatus.PAID, 2_000)
        brand = "Mastercard" if "mastercard" in card else "Visa"
        assert found.method == f"{brand} ·· {NAMED[card].last4}"
    assert port.retrieve(found.provider_ref).status == found.status


@pytest.mark.parametrize("card", sorted(REFUSED_ON_THE_PAGE))
def test_a_card_that_is_refused_on_the_page_leaves_it_open_for_another(world, port, page, card):
    opened = port.open_page(page)
    world.server.pay(opened.provider_ref, card)
    found = port.retrieve(opened.provider_ref)
    assert (found.status, found.captured) == (PaymentStatus.OPEN, 0)
    assert (found.decline.code, found.decline.family) == REFUSED_ON_THE_PAGE[card]
    world.server.pay(opened.provider_ref, "pm_card_authenticationRequired")  # here its owner can be asked
    assert port.retrieve(opened.provider_ref).status == PaymentStatus.PAID


@pytest.mark.parametrize("card", sorted(FOLLOWED))
def test_what_a_bank_says_afterwards_follows_the_payment(world, port, page, clock, card):
    before = clock()
    opened = port.open_page(page)
    world.server.pay(opened.provider_ref, card)
    assert port.retrieve(opened.provider_ref).status == PaymentStatus.PAID
    assert FOLLOWED[card] in [event.type for event in port.events_since(before)]


@pytest.mark.parametrize(
    ("card", "begins", "ends"),
    [
        ("pm_card_visa", RefundStatus.SUCCEEDED, RefundStatus.SUCCEEDED),
        ("pm_card_pendingRefund", RefundStatus.PENDING, RefundStatus.SUCCEEDED),
        ("pm_card_refundFail", RefundStatus.SUCCEEDED, RefundStatus.FAILED),
    ],
)
def test_money_goes_back_to_a_card_as_it_is_named(world, port, page, clock, card, begins, ends):
    opened = port.open_page(page)
    world.server.pay(opened.provider_ref, card)
    paid = port.retrieve(opened.provider_ref).provider_ref
    asked = RefundRequest("rfd_1-refund", paid, 500, "EUR", "rfd_1", RefundReason.REQUESTED_BY_CUSTOMER)
    refund = port.refund(asked)
    assert refund.status == begins
    clock.forward(minutes=1)
    assert port.retrieve_refund(refund.provider_ref).status == ends


@pytest.mark.parametrize("card", sorted(REFUSED))
def test_a_charge_that_was_refused_can_be_confirmed_by_nobody_any_more(world, port, card):
    """Else a payment page that is opened for the same debt would stand beside it."""
    found = charged(port, card)
    intent = world.server.intents[found.provider_ref]
    assert (intent["status"], intent["cancellation_reason"]) == ("canceled", "abandoned")
    again = charged(port, card)
    assert (again.provider_ref, again.status) == (found.provider_ref, PaymentStatus.DECLINED)
    assert again.decline.code == REFUSED[card][0]
    assert port.find("pay_9").status == PaymentStatus.DECLINED


def test_a_refused_charge_whose_closing_is_not_answered_is_asked_for_with_the_same_key(world, port):
    world.server.faults["lose_cancel"] = 3
    with pytest.raises(OutcomeUnknown):
        charged(port, "pm_card_visa_chargeDeclined")
    world.server.faults["lose_cancel"] = 0
    assert charged(port, "pm_card_visa_chargeDeclined").status == PaymentStatus.DECLINED
    assert [row["status"] for row in world.server.intents.values()] == ["canceled"]


def test_a_refused_charge_that_was_paid_in_the_dashboard_before_it_was_closed_is_paid(world, port, monkeypatch):
    close = world.server.keeping._cancel

    def late(ref, params):
        intent = world.server.intents[ref]
        charge = world.server.attempt(intent, cards.details(cards.known("4242")))
        intent |= {"status": "succeeded", "amount_received": intent["amount"], "latest_charge": charge}
        return close(ref, params)

    monkeypatch.setattr(world.server.keeping, "_cancel", late)
    found = charged(port, "pm_card_visa_chargeDeclined")
    assert (found.status, found.captured) == (PaymentStatus.PAID, 2_000)
