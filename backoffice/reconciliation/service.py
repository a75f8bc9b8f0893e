"""One round: take in what the provider's books say since the last one, compare what was touched, follow what differs.

Safe to run at any time, any number of times, two at once: a line is taken in once, a difference is one break."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from sqlalchemy import or_, select

from backoffice.core import actor, borders, clock, units
from backoffice.core.db import session
from backoffice.core.ports import of_this_account, ports
from backoffice.reconciliation import breaks, comparing, intake, rounds, touched
from backoffice.reconciliation.models import Break, BreakState, Payout
from backoffice.reconciliation.rounds import Outcome
from backoffice.tasks import service as tasks
from integrations.payments.balance import BalanceLine, PayoutStatus
from integrations.payments.port import OutcomeUnknown, Refused

OVERLAP = timedelta(hours=2)  # longer than the grace: what was too young last time is looked at again
WINDOW = timedelta(days=7)  # of lines that are asked for at once
MAY_COME_BACK = timedelta(days=14)  # so long after its arrival a bank may return a payout

T = TypeVar("T")
log = structlog.get_logger(__name__)


def run(*, everything: bool = False) -> Outcome:
    """Take in, compare, follow. ``everything`` reads the provider's books from our first payment on and compares all there is,
    not only what came and was touched since the last round."""
    port = ports().payments
    begun = clock.now()
    with units.read():
        last = rounds.last_complete()
        since = None if everything or last is None else last.began_at - OVERLAP
        taken_until = rounds.first_payment() if everything else rounds.taken_until(OVERLAP)
        payouts_since = rounds.first_payment() if everything else rounds.payouts_since(OVERLAP)
    round_id = units.write(lambda: rounds.begin(begun, taken_until))
    new_lines = 0

    def failed(why: str) -> Outcome:
        outcome = Outcome(new_lines, 0, why[:255])
        units.write(lambda: rounds.end(round_id, outcome))
        return outcome

    try:
        for begin, end in _windows(taken_until, begun):
            units.closed()
            lines = port.balance.lines_between(begin, end)
            borders.cross("reconciliation.listed")
            new_lines += _take_in(round_id, lines, end)
        _take_in_payouts(payouts_since)
        borders.cross("reconciliation.taken_in")
        done = Outcome(new_lines, _compare(since))
        sums = _alone(lambda: rounds.sums(breaks.in_balance()))  # nobody explains a difference between both looks
    except (OutcomeUnknown, Refused) as error:
        log.warning("provider did not show its books", error=str(error))
        return failed(str(error) or type(error).__name__)
    except Exception as error:  # of ours: it is told like a provider's silence, and whoever ran the round hears of it
        failed(f"{type(error).__name__}: {error}")
        raise
    units.write(lambda: rounds.end(round_id, done, sums))
    return done


def ask_for(request_key: str) -> None:
    """Have a worker run a round now."""
    tasks.schedule("reconciliation.run", dedupe=f"reconciliation.run:{request_key}")


def open_breaks(most: int = 200) -> Sequence[Break]:
    """The differences that nobody has explained, the oldest first."""
    query = select(Break).where(Break.state == BreakState.OPEN).order_by(Break.id).limit(most)
    return session.scalars(query).all()


# -- taking in


def _windows(begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    while begin < end:
        until = min(begin + WINDOW, end)
        yield begin, until
        begin = until


def _take_in(round_id: int, lines: Sequence[BalanceLine], until: datetime) -> int:
    new = 0
    for piece in intake.pieces(lines):
        new += _alone(lambda piece=piece: intake.take_in(piece))  # type: ignore[misc]
        borders.cross("reconciliation.piece_taken_in")
    units.write(lambda: rounds.advance(round_id, until))
    return new


def _take_in_payouts(since: datetime) -> None:
    """New payouts, what became of those that may still move, and the lines of those whose lines can be told."""
    port = ports().payments
    units.closed()
    told = {snapshot.provider_ref: snapshot for snapshot in port.balance.payouts_since(since)}
    with units.read():
        moving = [ref for ref in _may_move() if ref not in told]
    for ref in moving:
        told[ref] = port.balance.payout(ref)
    with units.read():
        known = intake.known_payouts(list(told))
    by = actor.provider(port.name)
    for snapshot in told.values():
        state, is_itemised = known.get(snapshot.provider_ref, ("", False))
        if state == snapshot.status and is_itemised:
            continue  # most of them, most of the time
        units.closed()
        wants_lines = snapshot.is_itemised and not is_itemised
        lines = port.balance.lines_of(snapshot.provider_ref) if wants_lines else None
        borders.cross("reconciliation.payout_asked")
        _alone(lambda snapshot=snapshot, lines=lines: intake.take_in_payout(snapshot, lines, by=by))  # type: ignore[misc]


def _may_move() -> list[str]:
    query = select(Payout.provider_ref).where(
        *of_this_account(Payout),
        Payout.state.not_in((PayoutStatus.FAILED, PayoutStatus.CANCELLED)),
        or_(
            Payout.arrives_at >= clock.now() - MAY_COME_BACK,
            Payout.state.in_((PayoutStatus.PENDING, PayoutStatus.IN_TRANSIT)),
        ),
    )  # fmt: skip
    return list(session.scalars(query.order_by(Payout.id)))


# -- comparing


def _compare(since: datetime | None) -> int:
    """Compare what was touched since a moment, or everything; returns how many things were compared."""
    touched.find_payments_of_lines()
    compared = 0
    for piece in touched.lines(since):  # before payments: a line whose payment became known is theirs from then on
        compared += _compare_piece(comparing.of_lines, "lines", piece)
    for piece in touched.payments(since):
        compared += _compare_piece(comparing.of_payments, "payments", piece)
    for piece in touched.payouts(since):
        compared += _compare_piece(comparing.of_payouts, "payouts", piece)
    return compared


def _compare_piece(look: comparing.Look, what: str, ids: Sequence[int]) -> int:
    """Most pieces are well: a unit that writes is opened only where something differs, or did."""

    def follow() -> None:
        breaks.follow(look(ids), breaks.unfinished(**{what: ids}))

    with units.read():
        is_well = not any(breaks.is_old_enough(item) for item in look(ids)) and not breaks.unfinished(**{what: ids})
    if not is_well:
        _alone(follow)
        borders.cross("reconciliation.followed")
    return len(ids)


def _alone(work: Callable[[], T]) -> T:
    """A unit beside which no other round writes: both would take the same lines in, and open the same differences."""

    def act() -> T:
        rounds.one_at_a_time()
        return work()

    return units.write(act)
