"""Money: an integer of minor units with its ISO 4217 currency. Never a float.

Exponents follow ISO 4217 table A.1; a currency that is not in the list of exceptions has two decimals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from backoffice.core.errors import CounterfoilError

ZERO_DECIMALS = frozenset(
    (
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    )
)
THREE_DECIMALS = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))

_CODE = re.compile(r"^[A-Z]{3}$")
_PLAIN = re.compile(r"^-?[0-9]{1,15}(\.[0-9]{1,3})?$")  # no exponents, no signs of grouping, no other digits


class CurrencyMismatch(CounterfoilError):
    def __init__(self, left: str, right: str) -> None:
        self.left, self.right = left, right
        super().__init__(
            "%(left)s and %(right)s cannot be added or compared: convert one of them first.", left=left, right=right
        )


class NotAnAmount(CounterfoilError):
    def __init__(self, text: str, currency: str) -> None:
        self.text, self.currency = text, currency
        example = Money(123456, currency).plain()
        super().__init__(
            "“%(text)s” is not an amount in %(currency)s: write it like %(example)s.",
            text=text, currency=currency, example=example,
        )  # fmt: skip


def exponent(currency: str) -> int:
    """How many decimals the currency has: 0, 2 or 3."""
    if currency in ZERO_DECIMALS:
        return 0
    return 3 if currency in THREE_DECIMALS else 2


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units: Money(1234, "EUR") is 12.34 euro, Money(1234, "JPY") is 1,234 yen."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise TypeError(f"Money counts minor units in an int, not {type(self.amount).__name__}")
        if not _CODE.match(self.currency):
            raise ValueError(f"{self.currency!r} is not an ISO 4217 code")

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(0, currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """Read ``12.34``, or ``12,34`` as most of Europe writes it; raises NotAnAmount for what is not exactly an amount of the
        currency. ``1.500`` is none in euros, and ``1,500`` nowhere: they may mean fifteen hundred."""
        plain = text.strip()
        digits = exponent(currency)
        whole, comma, fraction = plain.partition(",")
        if comma and len(fraction) in (1, 2):  # three digits may be thousands
            plain = f"{whole}.{fraction}"
        if not _PLAIN.match(plain) or len(plain.partition(".")[2]) > digits:
            raise NotAnAmount(text, currency)
        return cls(int(Decimal(plain).scaleb(digits)), currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other).amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other).amount, self.currency)

    def __mul__(self, count: int) -> Money:
        if type(count) is not int:
            raise TypeError("Money is multiplied by whole numbers; rates belong to backoffice.tax")
        return Money(self.amount * count, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other).amount

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other).amount

    def __gt__(self, other: Money) -> bool:
        return self.amount > self._same(other).amount

    def __ge__(self, other: Money) -> bool:
        return self.amount >= self._same(other).amount

    def __bool__(self) -> bool:
        return self.amount != 0

    def split(self, weights: Sequence[int]) -> list[Money]:
        """Divide by weights and lose nothing: largest remainder, ties to the earlier part.

        The weights are whole and not negative; with a sum of zero the parts are equal."""
        if not weights or any(weight < 0 for weight in weights):
            raise ValueError("weights are whole numbers, not negative, at least one")
        shares = list(weights) if sum(weights) else [1] * len(weights)
        whole = sum(shares)
        sign = -1 if self.amount < 0 else 1
        parts = [divmod(abs(self.amount) * share, whole) for share in shares]
        floors = [quotient for quotient, _ in parts]
        left = abs(self.amount) - sum(floors)
        for index in sorted(range(len(parts)), key=lambda i: (-parts[i][1], i))[:left]:
            floors[index] += 1
        return [Money(sign * floor, self.currency) for floor in floors]

    def plain(self) -> str:
        """``1234.56``: digits with the decimals of the currency, for machines and tests."""
        digits = exponent(self.currency)
        return f"{Decimal(self.amount).scaleb(-digits):.{digits}f}"

    def __str__(self) -> str:
        return f"{self.currency} {self.plain()}"

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise CurrencyMismatch(self.currency, other.currency)
        return other


def total(parts: Sequence[Money], currency: str) -> Money:
    """The sum; zero of the currency where there are no parts."""
    result = Money.zero(currency)
    for part in parts:
        result = result + part
    return result
