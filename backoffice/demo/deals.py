"""What a history knows of its shop and of each order while its story is told."""

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from backoffice.core.money import Money
from backoffice.demo.books import CUSTOMER, Who, amount, base32

OPENS, CLOSES = 8, 16  # when parcels are packed and colleagues answer, by the shop's own clock
STEPS = 16  # references for each order of a kind that may come several times


class Refs:
    """References of one history: unlike any that chance makes, and in the order of what they name."""

    def __init__(self, seed: int) -> None:
        self.mark = base32(seed % 1024, 2)

    def __call__(self, prefix: str, index: int) -> str:
        return f"{prefix}_{self.bare(index)}"

    def within(self, prefix: str) -> tuple[str, str]:
        """All references of a kind lie from the first of these on and below the second."""
        return f"{prefix}_h{self.mark}", f"{prefix}_h{self.mark}~"

    def bare(self, index: int) -> str:
        return f"h{self.mark}{base32(index, 17)}"


@dataclass(frozen=True)
class Shop:
    """What all orders have in common. ``seller`` is JSON, as invoices hold it; colleagues stand for what they do."""

    entity_id: int
    terms_id: int
    zone: str
    seller: str
    packer: Who
    bookkeeper: Who
    workshop: Who

    def at_work(self, at: datetime, draw: random.Random) -> datetime:
        """The same moment, or the next at which somebody is at work."""
        local = at.astimezone(ZoneInfo(self.zone))
        if not OPENS <= local.hour < CLOSES:
            day = local.date() + timedelta(days=local.hour >= CLOSES)
            local = datetime.combine(day, time(OPENS), local.tzinfo) + timedelta(minutes=draw.randrange(480))
        while local.weekday() > 4:
            local += timedelta(days=1)
        return local.astimezone(at.tzinfo)


@dataclass(frozen=True)
class Line:
    """A line of order and invoice; ``variant_id`` and what follows are None or empty for delivery. Amounts in minor units, VAT
    included."""

    id: int
    variant_id: int | None
    item_id: int
    item_ref: str
    sku: str
    name: str
    count: int
    unit: int

    @property
    def total(self) -> int:
        return self.count * self.unit


@dataclass
class Deal:
    """One order while its story is told."""

    index: int
    id: int
    ref: str
    person: str  # who bought, by reference
    party: str  # the same as an invoice names them: JSON
    currency: str
    lines: Sequence[Line]
    invoice_id: int
    invoice_ref: str
    net: int
    vat: int
    placed: datetime
    method: str
    card: str  # its fingerprint
    number: str = ""  # of its invoice, once issued
    payment_id: int = 0
    payment_ref: str = ""
    provider_ref: str = ""
    ids: dict[str, int] = field(default_factory=dict)  # of its delivery, its dispute and its cases

    @property
    def by(self) -> Who:
        return (CUSTOMER, self.person)

    @property
    def goods(self) -> list[Line]:
        return [line for line in self.lines if line.variant_id]

    @property
    def total(self) -> int:
        return sum(line.total for line in self.lines)

    @property
    def pieces(self) -> int:
        return sum(line.count for line in self.goods)

    def money(self, minor: int | None = None) -> str:
        """An amount as the audit writes it; the total by default."""
        return amount(self.total if minor is None else minor, self.currency)

    def worth(self, minor: int) -> Money:
        return Money(minor, self.currency)

    def dump(self) -> dict[str, Any]:
        """As JSON can keep it."""
        return {**asdict(self), "placed": self.placed.isoformat()}

    @classmethod
    def load(cls, kept: dict[str, Any]) -> "Deal":
        lines = [Line(**line) for line in kept["lines"]]
        return cls(**{**kept, "placed": datetime.fromisoformat(kept["placed"]), "lines": lines})
