"""What a round has to compare: what moved in either book since a moment, and what did not agree before. In pieces of a size
that fits one unit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, exists, or_, select, update

from backoffice.core import units
from backoffice.core.db import session
from backoffice.core.ports import of_this_account
from backoffice.disputes.models import Dispute
from backoffice.ledger.models import LedgerEntry
from backoffice.payments.models import Payment
from backoffice.reconciliation import intake
from backoffice.reconciliation.models import Break, Payout, ProviderLine
from backoffice.reconciliation.postings import FACTS
from backoffice.refunds.models import Refund
from integrations.payments.balance import LineKind

Pieces = Iterator[Sequence[int]]


def payments(since: datetime | None) -> Pieces:
    """All that hold money here or at the provider, where ``since`` is None."""
    if since is None:
        yield from _all_of(
            Payment,
            or_(Payment.captured_amount > 0, exists().where(ProviderLine.payment_id == Payment.id)),
            *of_this_account(Payment),
        )
        return
    with units.read():
        found = _moved_here(since)
        found |= _ids(select(Refund.payment_id).where(Refund.ended_at >= since))  # what ends may post nothing
        found |= _ids(select(ProviderLine.payment_id).where(ProviderLine.taken_in_at >= since))
        found |= _ids(select(Break.payment_id).where(Break.open_key.is_not(None)))
    yield from _pieces(found)


def lines(since: datetime | None) -> Pieces:
    """Those that no book of ours may know a reason for."""
    with units.read():
        other = select(ProviderLine.id).where(ProviderLine.kind == LineKind.OTHER)
        found = _ids(other if since is None else other.where(ProviderLine.taken_in_at >= since))
        found |= _ids(select(ProviderLine.id).where(*_without_payment()))
        found |= _ids(select(Break.line_id).where(Break.open_key.is_not(None), Break.payment_id.is_(None)))
    yield from _pieces(found)


def payouts(since: datetime | None) -> Pieces:
    """Those whose lines have become known."""
    known = select(Payout.id).where(Payout.itemised_at.is_not(None))
    with units.read():
        found = _ids(known if since is None else known.where(Payout.itemised_at >= since))
        found |= _ids(select(Break.payout_id).where(Break.open_key.is_not(None)))
    yield from _pieces(found)


def find_payments_of_lines() -> None:
    """A payment may become ours after its line came: look again for those that belonged to none. Units of its own."""
    with units.read():
        waiting = _ids(select(ProviderLine.id).where(*_without_payment()))
    for piece in _pieces(waiting):
        with units.read():
            found = _found_payments(piece)
        if found:
            units.write(lambda piece=piece: _belong(_found_payments(piece)))  # type: ignore[misc]


def _found_payments(line_ids: Sequence[int]) -> dict[int, int]:
    query = select(ProviderLine.id, ProviderLine.payment_ref).where(ProviderLine.id.in_(line_ids))
    rows = session.execute(query).all()
    ours = intake.payments_by_provider_ref({row.payment_ref for row in rows if row.payment_ref})
    return {row.id: ours[row.payment_ref] for row in rows if row.payment_ref in ours}


def _belong(found: Mapping[int, int]) -> None:
    for line_id, payment_id in found.items():
        session.execute(
            update(ProviderLine)
            .where(ProviderLine.id == line_id)
            .values(payment_id=payment_id)
            .execution_options(synchronize_session=False)
        )


def _moved_here(since: datetime) -> set[int]:
    """Payments about which something was posted."""
    entries = select(LedgerEntry.about_kind, LedgerEntry.about_id).where(LedgerEntry.posted_at >= since).distinct()
    about: dict[str, list[int]] = {}
    for kind, row_id in session.execute(entries):
        about.setdefault(kind, []).append(row_id)
    found = set(about.get("payment", ()))
    for model, kind, column in (
        (Refund, "refund", Refund.payment_id),
        (Dispute, "dispute", Dispute.payment_id),
    ):
        for piece in _pieces(about.get(kind, ())):
            found |= _ids(select(column).where(model.id.in_(piece)))
    for piece in _pieces(about.get("invoice", ())):
        found |= _ids(select(Payment.id).where(Payment.invoice_id.in_(piece), Payment.captured_amount > 0))
    return found


def _without_payment() -> tuple[ColumnElement[bool], ...]:
    return ProviderLine.payment_id.is_(None), ProviderLine.kind.in_(FACTS)


def _all_of(model: type[Payment], *conditions: ColumnElement[bool]) -> Pieces:
    last = 0
    while True:
        with units.read():
            query = select(model.id).where(model.id > last, *conditions).order_by(model.id).limit(intake.PIECE)
            piece = list(session.scalars(query))
        if not piece:
            return
        yield piece
        last = piece[-1]


def _ids(query: object) -> set[int]:
    return {int(row) for row in session.scalars(query) if row is not None}  # type: ignore[call-overload]


def _pieces(ids: Iterable[int]) -> Pieces:
    yield from intake.pieces(sorted(ids))
