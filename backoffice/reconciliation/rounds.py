"""The rounds of reconciliation: how far the provider's lines are ours, and what both books summed to at the end of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.core import clock
from backoffice.core.db import session
from backoffice.core.money import Money
from backoffice.core.ports import of_this_account, ports
from backoffice.core.tracking import Subject
from backoffice.ledger import service as ledger
from backoffice.ledger.models import Account
from backoffice.payments.models import Payment
from backoffice.reconciliation.models import ProviderLine, ReconciliationRound

BEFORE_THE_FIRST = timedelta(days=1)
SILENT = timedelta(days=1)


@dataclass(frozen=True)
class Outcome:
    """What a round did. ``failure``: why it did not come to its end, by the provider or by us; the next round goes on."""

    new_lines: int
    compared: int
    failure: str = ""


@dataclass(frozen=True)
class Balance:
    """One currency: what the provider's lines sum to, what our clearing account says, and how much of the difference is listed
    and not explained."""

    theirs: Money
    ours: Money
    listed: Money

    @property
    def difference(self) -> Money:
        return self.theirs - self.ours


def begin(now: datetime, taken_until: datetime) -> int:
    port = ports().payments
    row = ReconciliationRound(
        provider=port.name, account=port.account, mode=port.mode, began_at=now, complete_until=taken_until, ended_at=None,
        new_lines=0, compared=0, failure="", balances={},
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def one_at_a_time() -> None:
    """Wait until no other round writes, and let none until the unit ends."""
    session.execute(select(ReconciliationRound.id).order_by(ReconciliationRound.id).limit(1).with_for_update())


def advance(round_id: int, until: datetime) -> None:
    """The provider's lines up to here are ours."""
    session.get_one(ReconciliationRound, round_id).complete_until = until


def end(round_id: int, outcome: Outcome, both: Sequence[Balance] = ()) -> None:
    """Keep what a round did. A provider that shows no books for a day opens a case; one that does again closes it."""
    row = session.get_one(ReconciliationRound, round_id)
    row.ended_at, row.failure = clock.now(), outcome.failure
    row.new_lines, row.compared = outcome.new_lines, outcome.compared
    row.balances = {item.theirs.currency: [item.theirs.amount, item.ours.amount, item.listed.amount] for item in both}
    provider = Subject("provider", 1, row.provider)
    if not outcome.failure:
        cases.close(CaseKind.BOOKS_SILENT, provider, because="The provider showed its books again.")
        return
    complete = last_complete()
    silent_since = complete.began_at if complete else _first_began()
    if silent_since < clock.now() - SILENT:
        cases.open_case(CaseKind.BOOKS_SILENT, provider, answer=outcome.failure, since=silent_since.isoformat())


def last() -> ReconciliationRound | None:
    """The last one that ended, however."""
    query = select(ReconciliationRound).where(
        *of_this_account(ReconciliationRound), ReconciliationRound.ended_at.is_not(None)
    )
    return session.scalars(query.order_by(ReconciliationRound.id.desc()).limit(1)).one_or_none()


def last_complete() -> ReconciliationRound | None:
    query = select(ReconciliationRound).where(
        *of_this_account(ReconciliationRound),
        ReconciliationRound.ended_at.is_not(None),
        ReconciliationRound.failure == "",
    )
    return session.scalars(query.order_by(ReconciliationRound.id.desc()).limit(1)).one_or_none()


def taken_until(overlap: timedelta) -> datetime:
    """Up to where the provider's lines are ours already, less the overlap; before our first payment where none are."""
    until = session.scalar(
        select(func.max(ReconciliationRound.complete_until)).where(*of_this_account(ReconciliationRound))
    )
    if until is not None:
        return until - overlap
    return first_payment()


def payouts_since(overlap: timedelta) -> datetime:
    """From when on payouts are asked for: a round that took lines in may have failed before it came to them."""
    complete = last_complete()
    return (complete.began_at if complete else first_payment()) - overlap


def balances(row: ReconciliationRound) -> list[Balance]:
    """Both books' sums when a round ended, by currency."""
    known = {
        name: [*both, 0][:3] for name, both in row.balances.items()
    }  # the earliest rounds did not keep what was listed
    return [Balance(*(Money(amount, name) for amount in known[name])) for name in sorted(known)]


def sums(listed: Mapping[str, Money]) -> list[Balance]:
    """What the provider's lines sum to beside our clearing account, by currency. ``listed`` is what unexplained differences
    make of it."""
    net = func.sum(ProviderLine.amount - ProviderLine.fee)
    query = select(ProviderLine.currency, net).where(*of_this_account(ProviderLine))
    theirs = {currency: int(total) for currency, total in session.execute(query.group_by(ProviderLine.currency))}
    ours = {money.currency: money.amount for money in ledger.balances_of(Account.CLEARING)}
    return [
        Balance(
            Money(theirs.get(currency, 0), currency),
            Money(ours.get(currency, 0), currency),
            listed.get(currency, Money.zero(currency)),
        )
        for currency in sorted({*theirs, *ours})
    ]


def first_payment() -> datetime:
    """A day before our first payment: nothing of ours is older."""
    first = session.scalar(
        select(Payment.created_at).where(*of_this_account(Payment)).order_by(Payment.created_at, Payment.id).limit(1)
    )
    return (first or clock.now()) - BEFORE_THE_FIRST


def _first_began() -> datetime:
    first = (
        select(ReconciliationRound.began_at)
        .where(*of_this_account(ReconciliationRound))
        .order_by(ReconciliationRound.id)
        .limit(1)
    )
    return session.scalars(first).one()
