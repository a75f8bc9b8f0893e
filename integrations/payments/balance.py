"""The part of the payments port about the provider's books: every movement of what it holds for us, and what it pays out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class LineKind(StrEnum):
    """Why the balance moved."""

    CHARGE = "charge"
    REFUND = "refund"
    REFUND_RETURNED = "refund_returned"  # a refund failed: its money is in the balance again
    DISPUTE = "dispute"
    DISPUTE_RETURNED = "dispute_returned"
    FEE = "fee"  # charged by itself; what a charge costs is part of its own line
    PAYOUT = "payout"
    PAYOUT_RETURNED = "payout_returned"
    OTHER = "other"  # for a person to explain


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """One movement of the balance: ``amount`` came in (below zero: went out), ``fee`` was kept of it.

    ``charged`` is the same sum in the currency of the customer, where that is another one, and ``exchange_rate`` what the
    provider made of one unit of it. ``category`` is the provider's own word for the kind."""

    line_ref: str
    kind: LineKind
    source: str  # the provider's reference of the refund, dispute or payout it is about; of the payment otherwise
    payment: str  # the provider's reference of the payment it belongs to; empty where it belongs to none
    amount: int
    fee: int
    currency: str
    charged: int
    charged_currency: str
    created_at: datetime
    available_at: datetime
    description: str = ""
    category: str = ""
    exchange_rate: str = ""

    @property
    def net(self) -> int:
        return self.amount - self.fee


class PayoutStatus(StrEnum):
    PENDING = "pending"
    IN_TRANSIT = "in_transit"
    PAID = "paid"  # may still fail days later
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class PayoutSnapshot:
    """What the provider sends to our bank. ``is_itemised``: the provider can say which lines it is made of;
    ``is_manual``: it never will, because somebody made it by hand."""

    provider_ref: str
    status: PayoutStatus
    amount: int
    currency: str
    created_at: datetime
    arrives_at: datetime
    is_itemised: bool
    is_manual: bool = False
    failure: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)


class BalancePort(Protocol):
    """Every method may raise OutcomeUnknown, Throttled or Refused."""

    def lines_between(self, begin: datetime, end: datetime) -> list[BalanceLine]:
        """Movements created from ``begin`` on and up to ``end``, both included, oldest first, all pages. A provider that
        counts in whole seconds may list a few of the second after."""
        ...

    def payouts_since(self, moment: datetime) -> list[PayoutSnapshot]:
        """Payouts created at or after ``moment``, oldest first, all pages."""
        ...

    def payout(self, provider_ref: str) -> PayoutSnapshot: ...

    def lines_of(self, payout: str) -> list[BalanceLine]:
        """What a payout is made of, its own line left out."""
        ...
