"""Where two books do not agree. Everything here only looks."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from backoffice.core.db import session
from backoffice.core.money import Money
from backoffice.core.tracking import Subject
from backoffice.disputes.models import Dispute
from backoffice.invoices.models import Invoice
from backoffice.ledger.models import Account, LedgerEntry, LedgerPosting
from backoffice.payments.models import Payment
from backoffice.reconciliation.models import BreakKind, Payout, ProviderLine
from backoffice.reconciliation.postings import FACTS
from backoffice.refunds.models import LOST, OPEN, Refund
from integrations.payments.balance import LineKind, PayoutStatus

_REFUNDS = frozenset({LineKind.REFUND, LineKind.REFUND_RETURNED})
_DISPUTES = frozenset({LineKind.DISPUTE, LineKind.DISPUTE_RETURNED})


@dataclass(frozen=True, slots=True)
class Difference:
    """What one book says of a thing, and what the other. ``since`` is the fact that came last: books that were written a
    moment apart differ for that moment."""

    kind: BreakKind
    about: Subject
    theirs: Money
    ours: Money
    since: datetime
    payment_id: int | None = None
    line_id: int | None = None
    payout_id: int | None = None

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.about.kind}:{self.about.id}"


Look = Callable[[Sequence[int]], list[Difference]]


@dataclass(slots=True)
class _Sum:
    """Lines about one thing: what the customer gave (below zero: was given), when last, and the first of them."""

    charged: int = 0
    last: datetime | None = None
    line: Subject | None = None

    def add(self, row: Any) -> None:
        self.charged += row.charged_amount
        self.last = max(self.last, row.moved_at) if self.last else row.moved_at
        self.line = self.line or Subject("provider_line", row.id, row.ref)


@dataclass(slots=True)
class _Theirs:
    """What the provider's lines say of one payment."""

    charges: _Sum = field(default_factory=_Sum)
    refunds: dict[str, _Sum] = field(default_factory=lambda: defaultdict(_Sum))
    disputes: dict[str, _Sum] = field(default_factory=lambda: defaultdict(_Sum))
    in_other_money: list[Any] = field(default_factory=list)


def of_payments(ids: Sequence[int]) -> list[Difference]:
    """Provider ↔ payments, refunds and disputes ↔ invoices, for these payments."""
    if not ids:
        return []
    columns = (
        Payment.id, Payment.ref, Payment.currency, Payment.captured_amount, Payment.settled_at, Payment.created_at,
        Payment.invoice_id,
    )  # fmt: skip
    payments = session.execute(select(*columns).where(Payment.id.in_(ids))).all()
    theirs = _theirs({row.id: row.currency for row in payments})
    refunds, disputes = _refunds(ids), _disputes(ids)
    found: list[Difference] = []
    for payment in payments:
        lines = theirs[payment.id]
        found += _captures(payment, lines)
        found += _given_back(payment, lines, refunds[payment.id])
        found += _taken_back(payment, lines, disputes[payment.id])
        for row in lines.in_other_money:
            found.append(_unknown(row, payment.id))
    return found + list(_invoices(sorted({row.invoice_id for row in payments})))


def of_lines(ids: Sequence[int]) -> list[Difference]:
    """Lines of the provider that no book of ours knows a reason for: of a payment that is not ours, or of a kind that we do
    not book by ourselves."""
    query = select(ProviderLine).where(ProviderLine.id.in_(list(ids)))
    return [
        _unknown(row, None, BreakKind.OTHER_LINE if row.kind == LineKind.OTHER else BreakKind.UNKNOWN_LINE)
        for row in session.scalars(query)
        if row.kind == LineKind.OTHER or (row.payment_id is None and row.kind in FACTS)
    ]


def of_payouts(ids: Sequence[int]) -> list[Difference]:
    """Payouts that are not the sum of their lines. What came back is compared no more: its money is in the balance again."""
    sums = net_of(ids)
    query = select(Payout).where(Payout.id.in_(ids), Payout.itemised_at.is_not(None))
    return [
        Difference(
            BreakKind.PAYOUT, row.subject(), sums.get(row.id, Money.zero(row.currency)), row.money,
            row.itemised_at or row.made_at, payout_id=row.id,
        )
        for row in session.scalars(query)
        if row.state not in (PayoutStatus.FAILED, PayoutStatus.CANCELLED)
        and sums.get(row.id, Money.zero(row.currency)) != row.money
    ]  # fmt: skip


def net_of(ids: Sequence[int]) -> dict[int, Money]:
    """What the lines of each payout sum to, after fees."""
    query = (
        select(ProviderLine.payout_id, ProviderLine.currency, func.sum(ProviderLine.amount - ProviderLine.fee))
        .where(ProviderLine.payout_id.in_(ids))
        .group_by(ProviderLine.payout_id, ProviderLine.currency)
    )
    return {row[0]: Money(int(row[2]), row[1]) for row in session.execute(query) if row[0] is not None}


def _theirs(currencies: Mapping[int, str]) -> dict[int, _Theirs]:
    found: dict[int, _Theirs] = {payment_id: _Theirs() for payment_id in currencies}
    columns = (
        ProviderLine.id, ProviderLine.ref, ProviderLine.payment_id, ProviderLine.kind, ProviderLine.source_ref,
        ProviderLine.charged_amount, ProviderLine.charged_currency, ProviderLine.moved_at,
    )  # fmt: skip
    query = select(*columns).where(ProviderLine.payment_id.in_(list(currencies))).order_by(ProviderLine.id)
    for row in session.execute(query):
        lines = found[row.payment_id]
        if row.kind not in FACTS:
            continue
        if row.charged_currency != currencies[row.payment_id]:
            lines.in_other_money.append(row)
        elif row.kind == LineKind.CHARGE:
            lines.charges.add(row)
        else:
            (lines.refunds if row.kind in _REFUNDS else lines.disputes)[row.source_ref].add(row)
    return found


def _captures(payment: Any, lines: _Theirs) -> Iterator[Difference]:
    if lines.charges.charged != payment.captured_amount:
        yield Difference(
            BreakKind.CAPTURE, Subject("payment", payment.id, payment.ref),
            Money(lines.charges.charged, payment.currency), Money(payment.captured_amount, payment.currency),
            _latest(lines.charges.last, payment.settled_at, payment.created_at), payment_id=payment.id,
        )  # fmt: skip


def _given_back(payment: Any, lines: _Theirs, refunds: Sequence[Any]) -> Iterator[Difference]:
    for refund in refunds:
        theirs = lines.refunds.pop(refund.provider_ref or "", _Sum())
        ours = refund.amount if refund.accepted_at and refund.state not in LOST else 0
        if -theirs.charged == ours or (not theirs.charged and refund.state in OPEN):  # on its way: its line comes
            continue
        yield Difference(
            BreakKind.REFUND, Subject("refund", refund.id, refund.ref), Money(-theirs.charged, payment.currency),
            Money(ours, payment.currency), _latest(theirs.last, refund.accepted_at, refund.ended_at, refund.created_at),
            payment_id=payment.id,
        )  # fmt: skip
    yield from _left_over(payment, lines.refunds)


def _taken_back(payment: Any, lines: _Theirs, disputes: Sequence[Any]) -> Iterator[Difference]:
    for dispute in disputes:
        theirs = lines.disputes.pop(dispute.provider_ref, _Sum())
        if -theirs.charged == dispute.withdrawn_amount:
            continue
        yield Difference(
            BreakKind.DISPUTE, Subject("dispute", dispute.id, dispute.ref), Money(-theirs.charged, payment.currency),
            Money(dispute.withdrawn_amount, payment.currency), _latest(theirs.last, dispute.asked_at, dispute.opened_at),
            payment_id=payment.id,
        )  # fmt: skip
    yield from _left_over(payment, lines.disputes)


def _left_over(payment: Any, sums: Mapping[str, _Sum]) -> Iterator[Difference]:
    """Money that went back for a refund or a dispute of a known payment that we do not know."""
    for item in sums.values():
        if item.charged and item.line and item.last:
            yield Difference(
                BreakKind.UNKNOWN_LINE, item.line, Money(item.charged, payment.currency), Money.zero(payment.currency),
                item.last, payment_id=payment.id, line_id=item.line.id,
            )  # fmt: skip


def _invoices(ids: Sequence[int]) -> Iterator[Difference]:
    """What all payments of an invoice brought, less what it and its refunds used: nothing may be left."""
    invoices = session.execute(select(Invoice.id, Invoice.ref, Invoice.currency).where(Invoice.id.in_(ids))).all()
    payments = _by("invoice_id", session.execute(
        select(Payment.id, Payment.ref, Payment.invoice_id, Payment.captured_amount, Payment.settled_at)
        .where(Payment.invoice_id.in_(ids), Payment.captured_amount > 0)
        .order_by(Payment.id)
    ))  # fmt: skip
    refunds = _refunds([row.id for rows in payments.values() for row in rows])
    about = {
        invoice.id: [invoice.ref, *(row.ref for row in paid), *(item.ref for row in paid for item in refunds[row.id])]
        for invoice in invoices
        if (paid := payments[invoice.id])
    }
    unused = _customers_money([ref for refs in about.values() for ref in refs])
    for invoice in invoices:
        left = sum(unused.get(ref, 0) for ref in about.get(invoice.id, ()))
        if left:
            paid = payments[invoice.id]
            captured = sum(row.captured_amount for row in paid)
            moments = [
                moment for row in paid for item in refunds[row.id] for moment in (item.accepted_at, item.ended_at)
            ]
            yield Difference(
                BreakKind.INVOICE, Subject("invoice", invoice.id, invoice.ref), Money(captured, invoice.currency),
                Money(captured - left, invoice.currency), _latest(*(row.settled_at for row in paid), *moments),
                payment_id=paid[0].id,
            )  # fmt: skip


def _customers_money(refs: Sequence[str]) -> dict[str, int]:
    """What entries about these things left with the customers."""
    query = (
        select(LedgerEntry.about_ref, func.sum(LedgerPosting.amount))
        .join(LedgerPosting, LedgerPosting.entry_id == LedgerEntry.id)
        .where(LedgerEntry.about_ref.in_(refs), LedgerPosting.account == Account.CUSTOMER_MONEY)
        .group_by(LedgerEntry.about_ref)
    )
    return {ref: -int(amount) for ref, amount in session.execute(query)}


def _unknown(row: Any, payment_id: int | None, kind: BreakKind = BreakKind.UNKNOWN_LINE) -> Difference:
    money = Money(row.charged_amount, row.charged_currency)
    return Difference(
        kind, Subject("provider_line", row.id, row.ref), money, Money.zero(money.currency), row.moved_at,
        payment_id=payment_id, line_id=row.id,
    )  # fmt: skip


def _refunds(ids: Sequence[int]) -> Mapping[int, list[Any]]:
    columns = (
        Refund.id, Refund.ref, Refund.payment_id, Refund.provider_ref, Refund.amount, Refund.state, Refund.created_at,
        Refund.accepted_at, Refund.ended_at,
    )  # fmt: skip
    return _by("payment_id", session.execute(select(*columns).where(Refund.payment_id.in_(ids))))


def _disputes(ids: Sequence[int]) -> Mapping[int, list[Any]]:
    columns = (
        Dispute.id, Dispute.ref, Dispute.payment_id, Dispute.provider_ref, Dispute.withdrawn_amount, Dispute.asked_at,
        Dispute.opened_at,
    )  # fmt: skip
    return _by("payment_id", session.execute(select(*columns).where(Dispute.payment_id.in_(ids))))


def _by(name: str, rows: Iterable[Any]) -> Mapping[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[getattr(row, name)].append(row)
    return found


def _latest(*moments: datetime | None) -> datetime:
    return max(moment for moment in moments if moment is not None)
