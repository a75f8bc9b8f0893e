"""No field of ours takes a card number: text that looks like one is refused (PCI DSS keeps us at SAQ A only so)."""

import re
from collections.abc import Iterator

from backoffice.core.errors import CounterfoilError

_RUN = re.compile(
    r"\d+(?:[ \t\u00a0\-._/]{1,3}\d+)*"
)  # numbers beside each other: a card, its month and year, its code
LENGTHS = range(13, 20)
GROUP = 3  # digits of a part of a card number, at least
BEGINS = frozenset("23456")  # as cards do


class CardNumber(CounterfoilError):
    status = 422

    def __init__(self) -> None:
        super().__init__("This looks like a card number. Card numbers never belong in notes; please leave it out.")


def refuse_card_number(text: str) -> None:
    """Raises CardNumber for text that holds one."""
    if has_card_number(text):
        raise CardNumber


def has_card_number(text: str) -> bool:
    """Whether the text holds 13 to 19 digits, grouped or not, that pass the Luhn check (ISO/IEC 7812-1), whatever numbers stand
    beside them."""
    return any(_holds_card(re.findall(r"\d+", run)) for run in _RUN.findall(text))


def _holds_card(groups: list[str]) -> bool:
    """All of it, one number of it, or some that follow each other as the parts of a card number do."""
    return any(
        len(digits) in LENGTHS and _passes_luhn(digits) for digits in ("".join(groups), *groups, *_parts(groups))
    )


def _parts(groups: list[str]) -> Iterator[str]:
    for start, first in enumerate(groups):
        digits = ""
        for group in groups[start:] if first[0] in BEGINS else ():
            digits += group
            if len(group) < GROUP or len(digits) > LENGTHS[-1]:
                break
            yield digits


def _passes_luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0
