"""Stripe's test cards, by the payment method that its documentation names for programs, and by the last four of the number
that it names for people."""

from typing import Any, NamedTuple

Row = dict[str, Any]


class Card(NamedTuple):
    """What a bank does with a card: with everything else it is an ordinary one."""

    last4: str
    code: str = ""  # of the error that a charge of it gives
    decline: str | None = None  # its decline code, where there is one
    brand: str = "visa"
    asks: bool = False  # for its owner, each time: a page can do that, a charge without them cannot
    refunds: str = ""  # a course of refunds, as the server's COURSES
    follows: str = ""  # what the bank says of a payment afterwards

    @property
    def refusal(self) -> Row | None:
        if not self.code:
            return None
        words = "Your card was declined."
        return {"type": "card_error", "code": self.code, "decline_code": self.decline, "message": words}


NAMED = {
    "pm_card_visa": Card("4242"),
    "pm_card_mastercard": Card("4444", brand="mastercard"),
    "pm_card_authenticationRequired": Card("3184", "authentication_required", "authentication_not_handled", asks=True),
    "pm_card_authenticationRequiredOnSetup": Card("3155"),
    "pm_card_visa_chargeDeclined": Card("0002", "card_declined", "generic_decline"),
    "pm_card_visa_chargeDeclinedInsufficientFunds": Card("9995", "card_declined", "insufficient_funds"),
    "pm_card_visa_chargeDeclinedLostCard": Card("9987", "card_declined", "lost_card"),
    "pm_card_visa_chargeDeclinedStolenCard": Card("9979", "card_declined", "stolen_card"),
    "pm_card_chargeDeclinedExpiredCard": Card("0069", "expired_card"),
    "pm_card_chargeDeclinedProcessingError": Card("0119", "processing_error"),
    "pm_card_chargeCustomerFail": Card("0341", "card_declined", "generic_decline"),
    "pm_card_createDispute": Card("0259", follows="dispute"),
    "pm_card_refundFail": Card("5126", refunds="fails_later"),
    "pm_card_pendingRefund": Card("7726", refunds="pending"),
}
NUMBERED = (
    Card("0127", "incorrect_cvc"),
    Card("6975", "card_declined", "card_velocity_exceeded"),
    Card("1976", follows="inquiry"),
    Card("5423", follows="warning"),
)
_BY_LAST4 = {card.last4: card for card in (*NAMED.values(), *NUMBERED)}


def details(card: Card) -> Row:
    """As charges and kept cards show it. The same card has the same fingerprint everywhere."""
    return {
        "brand": card.brand,
        "last4": card.last4,
        "exp_month": 11,
        "exp_year": 2029,
        "fingerprint": f"fp{card.last4}",
    }


def known(card: str) -> Card:
    """By its name or its last four; any other four are an ordinary card's."""
    return NAMED.get(card) or _BY_LAST4.get(card) or Card(card)
