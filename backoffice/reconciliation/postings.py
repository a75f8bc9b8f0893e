"""Which accounts a line of the provider's balance moves: pure arithmetic.

What a line is about (a charge, a refund, a dispute) was posted with its own fact. A line adds what only the provider knows:
its fee, a payout, an exchange of currencies, and what it moved for reasons of its own. So the clearing account of a currency
ends where the provider's balance does."""

from collections.abc import Sequence

from backoffice.core.money import Money
from backoffice.ledger import entries
from backoffice.ledger.entries import Sides
from backoffice.ledger.models import EntryKind
from integrations.payments.balance import LineKind

FACTS = frozenset(
    {LineKind.CHARGE, LineKind.REFUND, LineKind.REFUND_RETURNED, LineKind.DISPUTE, LineKind.DISPUTE_RETURNED}
)
PAID_OUT = frozenset({LineKind.PAYOUT, LineKind.PAYOUT_RETURNED})

Posting = tuple[EntryKind, str, Sides]  # ``part`` between kind and sides


def of_line(kind: LineKind, moved: Money, fee: Money, charged: Money) -> Sequence[Posting]:
    """What to post for a line: ``moved`` came in (below zero: went out), ``fee`` was kept of it, ``charged`` is ``moved`` in
    the customer's currency."""
    found: list[Posting] = []
    cost = fee
    if kind == LineKind.FEE:
        cost = fee - moved
    elif kind in PAID_OUT:
        found.append((EntryKind.PAYOUT, "", entries.payout(-moved)))
    elif kind == LineKind.OTHER:
        found.append((EntryKind.PROVIDER_OTHER, "", entries.unexplained(moved)))
    elif charged.currency != moved.currency:
        found.append((EntryKind.EXCHANGE, "from", entries.exchange(-charged)))
        found.append((EntryKind.EXCHANGE, "to", entries.exchange(moved)))
    if cost:
        found.append((EntryKind.FEE, "", entries.fee(cost)))
    return found
