"""No field of ours takes a card number: text that looks like one is refused (PCI DSS keeps us at SAQ A only so)."""

import re

from backoffice.core.errors import CounterfoilError

_RUN = re.compile(r"\d(?:[ \-.]?\d){12,18}")


class CardNumber(CounterfoilError):
    status = 422

    def __init__(self) -> None:
        super().__init__("This looks like a card number. Card numbers never belong in notes; please leave it out.")


def refuse_card_number(text: str) -> None:
    """Raises CardNumber for text that holds one."""
    if has_card_number(text):
        raise CardNumber


def has_card_number(text: str) -> bool:
    """Whether the text holds 13 to 19 digits, grouped or not, that pass the Luhn check (ISO/IEC 7812-1)."""
    return any(_passes_luhn(re.sub(r"\D", "", run)) for run in _RUN.findall(text))


def _passes_luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0
