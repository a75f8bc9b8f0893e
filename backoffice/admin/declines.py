"""What a bank's no means, in words for a colleague who has the customer on the phone."""

from types import MappingProxyType

# Code → what to tell the customer. Of others the bank says no more than their name.
TOLD = MappingProxyType(
    {
        "generic_decline": "the bank did not say why; the customer may ask it, or use another card",
        "do_not_honor": "the bank did not say why; the customer may ask it, or use another card",
        "insufficient_funds": "the account does not hold enough",
        "expired_card": "the card has expired",
        "incorrect_cvc": "the number on the back was mistyped",
        "incorrect_number": "the number of the card was mistyped",
        "processing_error": "something failed on the way; it may work in a while",
        "authentication_required": "the bank wants the holder to approve it",
        "authentication_failed": "the holder did not approve it, or that failed",
        "lost_card": "the card was reported lost: tell the customer no more than that another card is needed",
        "stolen_card": "the card was reported stolen: tell the customer no more than that another card is needed",
        "fraudulent": "taken for fraud: tell the customer no more than that another card is needed",
        "card_velocity_exceeded": "the card was used too often or for too much today",
        "currency_not_supported": "the card does not pay in this currency",
    }
)


def told(code: str) -> str:
    """A code, with what it means where that is known."""
    name = code.replace("_", " ")
    return f"{name}: {TOLD[code]}" if code in TOLD else name
