"""Test cards: what the pages show, and how the bank behind each behaves."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """``behaviour`` is what it does on the payment page, ``later`` when it was kept and is charged without the customer;
    ``decline`` is the bank's code for both."""

    key: str
    label: str
    last4: str
    behaviour: str
    later: str
    decline: str = ""

    @property
    def method(self) -> str:
        return f"{self.label} ·· {self.last4}"

    @property
    def expires(self) -> bool:
        return self.label != "Bank debit"


CARDS = (
    Card("good", "Visa", "4242", "pays at once", "pays"),
    Card("declined", "Visa", "0002", "is declined", "is declined later", "generic_decline"),
    Card("poor", "Mastercard", "9995", "is declined: insufficient funds", "is declined later: insufficient funds",
         "insufficient_funds"),
    Card("lost", "Visa", "9987", "is declined: reported lost", "is declined later: reported lost", "lost_card"),
    Card("secure", "Visa", "3184", "asks its bank for approval", "needs the customer's approval each time"),
    Card("slow", "Bank debit", "0123", "pays after 20 seconds", "pays after 20 seconds"),
)  # fmt: skip
BY_KEY = {card.key: card for card in CARDS}
BY_LAST4 = {card.last4: card for card in CARDS}
