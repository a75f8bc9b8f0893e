"""Taking the provider's books in: lines and payouts as it tells them, each once, with what only it knows posted."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sqlalchemy import select, update

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.core import clock, references
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.ports import of_this_account, ports
from backoffice.core.states import change_where
from backoffice.ledger import entries
from backoffice.ledger import service as ledger
from backoffice.ledger.models import EntryKind
from backoffice.payments.models import Payment
from backoffice.reconciliation import postings
from backoffice.reconciliation.models import Payout, ProviderLine
from integrations.payments.balance import BalanceLine, PayoutSnapshot, PayoutStatus

PIECE = 500  # rows in one unit
T = TypeVar("T")


def take_in(lines: Sequence[BalanceLine]) -> int:
    """Write down the lines that are new, and post what only the provider knows of them; returns how many were new."""
    told = {line.line_ref: line for line in lines}
    seen = select(ProviderLine.line_ref).where(*of_this_account(ProviderLine), ProviderLine.line_ref.in_(list(told)))
    known = set(session.scalars(seen))
    fresh = [line for ref, line in told.items() if ref not in known]
    ours = payments_by_provider_ref({line.payment for line in fresh if line.payment})
    rows = [_row(line, ours.get(line.payment)) for line in fresh]
    session.add_all(rows)
    session.flush()
    for row in rows:
        for kind, part, sides in postings.of_line(row.kind, row.moved, row.kept, row.charged):
            ledger.post(kind, row.subject(), sides, part=part)
    return len(rows)


def payments_by_provider_ref(refs: set[str]) -> dict[str, int]:
    """The provider's reference of a payment → our row, where the payment is ours."""
    if not refs:
        return {}
    query = select(Payment.provider_ref, Payment.id).where(
        *of_this_account(Payment), Payment.provider_ref.in_(sorted(refs))
    )
    return {str(row[0]): int(row[1]) for row in session.execute(query)}


def known_payouts(refs: Sequence[str]) -> dict[str, tuple[PayoutStatus, bool]]:
    """What we know of these payouts: how they stand, and whether their lines are known."""
    found: dict[str, tuple[PayoutStatus, bool]] = {}
    for piece in pieces(refs):
        query = select(Payout.provider_ref, Payout.state, Payout.itemised_at).where(
            *of_this_account(Payout), Payout.provider_ref.in_(piece)
        )
        found |= {ref: (state, itemised_at is not None) for ref, state, itemised_at in session.execute(query)}
    return found


def take_in_payout(snapshot: PayoutSnapshot, lines: Sequence[BalanceLine] | None, *, by: Actor) -> Payout:
    """Write down what the provider says of a payout, new or known, and all its lines where it tells them. One that came back
    opens a case."""
    query = select(Payout).where(*of_this_account(Payout), Payout.provider_ref == snapshot.provider_ref)
    payout = session.scalars(query).one_or_none()
    if payout is None:
        payout = _payout(snapshot)
        session.add(payout)
        session.flush()
        audit.record(Tag.PAYOUT_MADE, payout, by=by, amount=payout.money, arrives=payout.arrives_at)
        _book(payout, was=None)
    elif (payout.state, payout.arrives_at) != (snapshot.status, snapshot.arrives_at) and not _is_older(
        payout, snapshot
    ):
        before = (payout.state, payout.arrives_at)
        change_where(payout, state=snapshot.status, arrives_at=snapshot.arrives_at, failure_code=snapshot.failure)
        is_lost = payout.state in (PayoutStatus.FAILED, PayoutStatus.CANCELLED)
        audit.record(
            Tag.PAYOUT_FAILED if is_lost else Tag.PAYOUT_CHANGED, payout, by=by, reason=snapshot.failure,
            state=(before[0], payout.state), arrives=(before[1], payout.arrives_at),
        )  # fmt: skip
        _book(payout, was=before[0])
    if lines is not None and payout.itemised_at is None:
        _itemise(payout, lines, by=by)
    if payout.state == PayoutStatus.FAILED:
        cases.open_case(CaseKind.PAYOUT_FAILED, payout, at_risk=payout.money, reason=payout.failure_code)
    return payout


def _book(payout: Payout, *, was: PayoutStatus | None) -> None:
    """At our bank it is when the provider says so; a bank may send it back after that. Its line, which takes it out of what
    the provider holds or puts it back, is posted by itself."""
    if payout.state == was:
        return
    if payout.state == PayoutStatus.PAID:
        ledger.post(EntryKind.PAYOUT_ARRIVED, payout, entries.arrival(payout.money))
    elif was == PayoutStatus.PAID:
        ledger.post(EntryKind.PAYOUT_ARRIVED, payout, entries.arrival(-payout.money), part="back")


def _is_older(payout: Payout, snapshot: PayoutSnapshot) -> bool:
    """Of two rounds at once the slower one tells how it was before."""
    moving = (PayoutStatus.PENDING, PayoutStatus.IN_TRANSIT)
    return payout.state not in moving and snapshot.status in moving


def _itemise(payout: Payout, lines: Sequence[BalanceLine], *, by: Actor) -> None:
    """Write down which lines a payout is made of."""
    for piece in pieces(lines):
        take_in(piece)
        session.execute(
            update(ProviderLine)
            .where(
                *of_this_account(ProviderLine), ProviderLine.payout_id.is_(None),
                ProviderLine.line_ref.in_([line.line_ref for line in piece]),
            )
            .values(payout_id=payout.id)
            .execution_options(synchronize_session=False)
        )  # fmt: skip
    change_where(payout, Payout.itemised_at.is_(None), itemised_at=clock.now())
    audit.record(Tag.PAYOUT_ITEMISED, payout, by=by)


def pieces(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """In sizes that fit one statement and one unit."""
    for start in range(0, len(items), PIECE):
        yield items[start : start + PIECE]


def _row(line: BalanceLine, payment_id: int | None) -> ProviderLine:
    port = ports().payments
    return ProviderLine(
        ref=references.new("pln"),
        provider=port.name,
        account=port.account,
        mode=port.mode,
        line_ref=line.line_ref,
        kind=line.kind,
        source_ref=line.source[:255],
        payment_ref=line.payment[:255],
        payment_id=payment_id,
        payout_id=None,
        currency=line.currency,
        amount=line.amount,
        fee=line.fee,
        charged_currency=line.charged_currency,
        charged_amount=line.charged,
        description=line.description[:255],
        category=line.category,
        exchange_rate=line.exchange_rate,
        moved_at=line.created_at,
        available_at=line.available_at,
        taken_in_at=clock.now(),
    )


def _payout(snapshot: PayoutSnapshot) -> Payout:
    port = ports().payments
    return Payout(
        ref=references.new("pyt"),
        provider=port.name,
        account=port.account,
        mode=port.mode,
        provider_ref=snapshot.provider_ref,
        state=snapshot.status,
        currency=snapshot.currency,
        amount=snapshot.amount,
        is_manual=snapshot.is_manual,
        itemised_at=None,
        failure_code=snapshot.failure,
        made_at=snapshot.created_at,
        arrives_at=snapshot.arrives_at,
        signed_at=None,
        signed_by="",
        signed_note="",
    )
