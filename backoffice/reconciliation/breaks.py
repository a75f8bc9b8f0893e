"""Differences as rows that people work on: opened once, followed while the sums change, closed when both books agree."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, case, func, or_, select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.core import clock, references
from backoffice.core.actor import SYSTEM, Actor
from backoffice.core.db import session
from backoffice.core.errors import Conflict, CounterfoilError, NotFound
from backoffice.core.money import Money
from backoffice.core.seen import ChangedMeanwhile
from backoffice.core.states import StateTable, change_where
from backoffice.ledger import entries
from backoffice.ledger import service as ledger
from backoffice.ledger.models import Account, EntryKind
from backoffice.reconciliation import rounds
from backoffice.reconciliation.comparing import Difference
from backoffice.reconciliation.models import Break, BreakKind, BreakState, Payout, ProviderLine

GRACE = timedelta(hours=1)  # books that are written one after the other differ for a while
# Differences between the provider's balance and our clearing account. Money that went out counts against the balance; what was
# posted from its line (a payout, suspense) moved both, and an invoice or a payout differs from something else.
MOVED = {BreakKind.CAPTURE: 1, BreakKind.REFUND: -1, BreakKind.DISPUTE: -1, BreakKind.UNKNOWN_LINE: 1}

MOVES = StateTable(
    Break.state,
    {
        BreakState.OPEN: frozenset({BreakState.EXPLAINED, BreakState.CLOSED}),
        BreakState.EXPLAINED: frozenset({BreakState.OPEN, BreakState.CLOSED}),
        BreakState.CLOSED: frozenset[BreakState](),
    },
)


class NotOpen(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__("This difference is not open any more; there is nothing to explain.")


class SumsChanged(ChangedMeanwhile):
    def __init__(self) -> None:
        super().__init__("Both books differ by another sum now. Look at it again before you explain it.")


class ExplanationMissing(CounterfoilError):
    status = 422

    def __init__(self) -> None:
        super().__init__("Write in one sentence what explains the difference; it stays with both books.")


def follow(differences: Sequence[Difference], known: Sequence[Break]) -> None:
    """Make the breaks of what was looked at say what was found: ``known`` are those that were not closed. A difference may
    also have been found from another of its ends (an invoice from its other payment)."""
    by_key = {item.open_key: item for item in known}
    elsewhere = [item.key for item in differences if item.key not in by_key]
    for item in session.scalars(select(Break).where(Break.open_key.in_(elsewhere))) if elsewhere else ():
        by_key[item.open_key] = item
    for difference in differences:
        found = by_key.pop(difference.key, None)
        if found is not None:
            _follow(found, difference)
        elif is_old_enough(difference):
            _open(difference)
    for item in by_key.values():
        _close(item)


def explain(item: Break, explanation: str, *, seen: str, by: Actor) -> None:
    """Say why both books may differ, and book the difference to suspense, so that the clearing account is what the provider
    holds. It opens again when its sums change. ``seen`` is what ``sums_of`` said when somebody decided. Raises NotOpen,
    SumsChanged, ExplanationMissing."""
    words = explanation.strip()[:255]
    if not words:
        raise ExplanationMissing
    rounds.one_at_a_time()  # what is listed and what is booked are read together
    if item.state != BreakState.OPEN:
        raise NotOpen
    as_seen = (Break.provider_amount == item.provider_amount, Break.our_amount == item.our_amount)
    if seen != sums_of(item) or not change_where(
        item,
        Break.state == BreakState.OPEN,
        *as_seen,
        state=BreakState.EXPLAINED,
        explanation=words,
        explained_by=by.ref,
    ):
        raise SumsChanged
    audit.record(
        Tag.BREAK_EXPLAINED, item, by=by, reason=words, difference=item.difference,
        state=(BreakState.OPEN, BreakState.EXPLAINED),
    )  # fmt: skip
    _book(item)
    cases.close(CaseKind.RECONCILIATION_BREAK, item, because=f"Explained: {words}")


def sums_of(item: Break) -> str:
    """Both sums, as a form carries them."""
    return f"{item.provider_amount}:{item.our_amount}"


def unfinished(payments: Sequence[int] = (), lines: Sequence[int] = (), payouts: Sequence[int] = ()) -> list[Break]:
    """The breaks about these that are not closed."""
    about = or_(Break.payment_id.in_(payments), Break.line_id.in_(lines), Break.payout_id.in_(payouts))
    return list(session.scalars(select(Break).where(Break.open_key.is_not(None), about)))


def within(payout: Payout) -> ColumnElement[bool]:
    """Condition: open, and about something that went out with this payout."""
    lines = ProviderLine.payout_id == payout.id
    return (Break.state == BreakState.OPEN) & or_(
        Break.payout_id == payout.id,
        Break.line_id.in_(select(ProviderLine.id).where(lines)),
        Break.payment_id.in_(select(ProviderLine.payment_id).where(lines, ProviderLine.payment_id.is_not(None))),
    )


def open_within(payout: Payout) -> Sequence[Break]:
    """The open differences that go with a payout."""
    return session.scalars(select(Break).where(within(payout)).order_by(Break.id)).all()


def in_balance() -> dict[str, Money]:
    """By how much the provider's balance is above our clearing account because of what nobody has explained, by currency."""
    sign = case(MOVED, value=Break.kind)
    query = (
        select(Break.currency, func.sum(sign * (Break.provider_amount - Break.our_amount)))
        .where(Break.state == BreakState.OPEN, Break.kind.in_(MOVED))
        .group_by(Break.currency)
    )
    return {currency: Money(int(amount), currency) for currency, amount in session.execute(query)}


def by_ref(ref: str) -> Break:
    """Raises NotFound."""
    item = session.scalars(select(Break).where(Break.ref == ref)).one_or_none()
    if item is None:
        raise NotFound("break")
    return item


def is_old_enough(difference: Difference) -> bool:
    return clock.now() >= difference.since + GRACE


def _open(difference: Difference) -> None:
    item = Break(
        ref=references.new("brk"),
        kind=difference.kind,
        open_key=difference.key,
        about_kind=difference.about.kind,
        about_id=difference.about.id,
        about_ref=difference.about.ref,
        payment_id=difference.payment_id,
        line_id=difference.line_id,
        payout_id=difference.payout_id,
        state=BreakState.OPEN,
        currency=difference.theirs.currency,
        provider_amount=difference.theirs.amount,
        our_amount=difference.ours.amount,
        since=difference.since,
        found_at=clock.now(),
        closed_at=None,
        explanation="",
        explained_by="",
    )
    session.add(item)
    session.flush()
    audit.record(
        Tag.BREAK_FOUND, item, by=SYSTEM, kind=item.kind, about=item.about_ref, provider=item.theirs, ours=item.ours
    )
    _tell(item)


def _follow(item: Break, difference: Difference) -> None:
    """The same difference is told once; another one between the same books opens again what was explained."""
    before, state = (item.theirs, item.ours), item.state
    if before == (difference.theirs, difference.ours):
        return
    as_read = (Break.state == state, Break.provider_amount == item.provider_amount, Break.our_amount == item.our_amount)
    if not change_where(
        item,
        *as_read,
        state=BreakState.OPEN,
        provider_amount=difference.theirs.amount,
        our_amount=difference.ours.amount,
        since=difference.since,
    ):
        raise Conflict  # somebody explained it, or another round followed it, since it was read
    audit.record(
        Tag.BREAK_CHANGED, item, by=SYSTEM, provider=(before[0], item.theirs), ours=(before[1], item.ours),
        state=(state, item.state),
    )  # fmt: skip
    _book(item)
    _tell(item)


def _close(item: Break) -> None:
    before = item.state
    if not MOVES.move(item, BreakState.CLOSED, open_key=None, closed_at=clock.now()):
        return
    audit.record(Tag.BREAK_CLOSED, item, by=SYSTEM, state=(before, BreakState.CLOSED), difference=item.difference)
    _book(item)
    cases.close(CaseKind.RECONCILIATION_BREAK, item, because="Both books agree.")


def _book(item: Break) -> None:
    """Suspense holds what a difference of the provider's balance makes while it is explained, and nothing of it before and
    after: then its fact is known, or looked for again."""
    if item.kind not in MOVED:
        return
    booked = -ledger.balance_about(Account.SUSPENSE, [item.ref], item.currency)
    is_explained = item.state == BreakState.EXPLAINED
    wanted = item.difference * MOVED[item.kind] if is_explained else Money.zero(item.currency)
    if wanted == booked:
        return
    before = len(ledger.about([item.ref]))
    ledger.post(EntryKind.DIFFERENCE_EXPLAINED, item, entries.unexplained(wanted - booked), part=str(before + 1))


def _tell(item: Break) -> None:
    size = item.difference if item.difference.amount > 0 else -item.difference
    cases.open_case(
        CaseKind.RECONCILIATION_BREAK, item, at_risk=size, what=item.kind, on=item.about_ref,
        provider=str(item.theirs), ours=str(item.ours),
    )  # fmt: skip
