"""Posting facts, and reading the books. Nothing is ever changed: what was wrong is posted back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, false, func, insert, select, true

from backoffice.core import clock, units
from backoffice.core.db import session
from backoffice.core.errors import NotFound, ProgrammingError
from backoffice.core.money import Money, total
from backoffice.core.tracking import Subject, Tracked
from backoffice.ledger.entries import Sides, reversal
from backoffice.ledger.models import Account, EntryKind, LedgerEntry, LedgerPosting

LEFT = "ledger"  # what units leave to their end


class Unbalanced(ProgrammingError):
    """The sides of an entry do not sum to zero."""

    def __init__(self, key: str, difference: Money) -> None:
        self.key, self.difference = key, difference
        super().__init__(f"the entry {key} is out of balance by {difference}")


@dataclass(frozen=True)
class Balance:
    """An account in one currency: where it stood when a time began, what was put in debit and in credit meanwhile, and where it
    stood in the end. Debit is above zero."""

    account: Account
    opening: Money
    debit: Money
    credit: Money

    @property
    def balance(self) -> Money:
        return self.opening + self.debit - self.credit


def post(kind: EntryKind, about: Tracked | Subject, sides: Sides, *, part: str = "") -> None:
    """Post a fact in its own unit, once: a second time the unique key refuses it. Sides of zero are left out, and an entry of
    none is not written. ``part`` tells facts of one kind about one thing apart. Raises Unbalanced."""
    subject = about.subject() if isinstance(about, Tracked) else about
    _write(kind, subject, [(account, money) for account, money in sides if money], part)


def write_out(left: list[tuple[dict[str, Any], Sides]]) -> None:
    """Write the entries of a unit together, then their postings. Registered with ``units.finish_with``."""
    session.execute(insert(LedgerEntry), [entry for entry, _sides in left])
    keys = [entry["key"] for entry, _sides in left]
    rows = session.execute(select(LedgerEntry.key, LedgerEntry.id).where(LedgerEntry.key.in_(keys)))
    ids: dict[str, int] = {row[0]: row[1] for row in rows}
    session.execute(
        insert(LedgerPosting),
        [
            {
                "entry_id": ids[entry["key"]],
                "position": place,
                "account": account,
                "currency": entry["currency"],
                "amount": money.amount,
                "posted_at": entry["posted_at"],
            }
            for entry, sides in left
            for place, (account, money) in enumerate(sides, start=1)
        ],
    )


def take_back(kind: EntryKind, about: Tracked, of: EntryKind, *, part: str = "") -> None:
    """Post the reversal of what was posted about the same thing before, where it was, and was not taken back yet."""
    entry = _find(of, about, part)
    if entry is not None and _find(kind, about, part) is None:
        _write(kind, about.subject(), reversal(_sides(entry)), part)


def repeat(kind: EntryKind, about: Tracked, of: Tracked) -> None:
    """Post about one thing what was posted of this kind about another."""
    entry = _find(kind, of)
    if entry is not None:
        _write(kind, about.subject(), _sides(entry), "")


def moved(kind: EntryKind, about: Tracked, account: Account, *, part: str = "") -> Money | None:
    """What the entry of this kind about a thing moved on one account; None where there is no such entry."""
    entry = _find(kind, about, part)
    if entry is None:
        return None
    return total([item.money for item in entry.postings if item.account == account], entry.currency)


def balance_about(account: Account, refs: Sequence[str], currency: str) -> Money:
    """What stands on an account from entries about these things."""
    _write_left()
    query = (
        select(func.coalesce(func.sum(LedgerPosting.amount), 0))
        .join(LedgerEntry, LedgerEntry.id == LedgerPosting.entry_id)
        .where(
            LedgerEntry.about_ref.in_(list(refs)), LedgerPosting.account == account, LedgerPosting.currency == currency
        )
    )
    return Money(int(session.scalar(query) or 0), currency)


def trial_balance(since: datetime | None = None, until: datetime | None = None) -> dict[str, list[Balance]]:
    """Every account with something in it, by currency, from the moment ``since`` to just before ``until``; without them, of all
    time. All balances of a currency sum to zero, and so do all openings."""
    before = LedgerPosting.posted_at < since if since else false()
    amount = LedgerPosting.amount
    query = (
        select(
            LedgerPosting.currency,
            LedgerPosting.account,
            func.sum(case((before, amount), else_=0)),
            func.sum(case((before, 0), else_=amount)),
            func.sum(case((before, 0), else_=func.abs(amount))),
        )
        .where(LedgerPosting.posted_at < until if until else true())
        .group_by(LedgerPosting.currency, LedgerPosting.account)
    )
    found: dict[str, list[Balance]] = {}
    for currency, account, stood, net, moved in session.execute(query):
        debit, credit = (int(moved) + int(net)) // 2, (int(moved) - int(net)) // 2
        found.setdefault(currency, []).append(
            Balance(account, Money(int(stood), currency), Money(debit, currency), Money(credit, currency))
        )
    order = list(Account)
    return {currency: sorted(found[currency], key=lambda item: order.index(item.account)) for currency in sorted(found)}


def balances_of(account: Account) -> list[Money]:
    """What stands on one account, by currency."""
    query = (
        select(LedgerPosting.currency, func.sum(LedgerPosting.amount))
        .where(LedgerPosting.account == account)
        .group_by(LedgerPosting.currency)
        .order_by(LedgerPosting.currency)
    )
    return [Money(int(amount), currency) for currency, amount in session.execute(query)]


def by_key(key: str) -> LedgerEntry:
    """Raises NotFound."""
    entry = session.scalars(select(LedgerEntry).where(LedgerEntry.key == key)).one_or_none()
    if entry is None:
        raise NotFound("entry")
    return entry


def about(refs: Sequence[str]) -> list[LedgerEntry]:
    """What was posted about these things, oldest first."""
    if not refs:
        return []
    return list(session.scalars(select(LedgerEntry).where(LedgerEntry.about_ref.in_(refs)).order_by(LedgerEntry.id)))


def _find(kind: EntryKind, about: Tracked, part: str = "") -> LedgerEntry | None:
    _write_left()
    return session.scalars(
        select(LedgerEntry).where(LedgerEntry.key == _key(kind, about.subject(), part))
    ).one_or_none()


def _sides(entry: LedgerEntry) -> Sides:
    return [(posting.account, posting.money) for posting in entry.postings]


def _write(kind: EntryKind, subject: Subject, sides: Sides, part: str) -> None:
    if not sides:
        return
    currency = sides[0][1].currency
    key, now = _key(kind, subject, part), clock.now()
    difference = total([money for _account, money in sides], currency)
    if difference:
        raise Unbalanced(key, difference)
    entry = {
        "key": key,
        "kind": kind,
        "about_kind": subject.kind,
        "about_id": subject.id,
        "about_ref": subject.ref,
        "currency": currency,
        "posting_count": len(sides),
        "posted_at": now,
    }
    units.leave_to_the_end(LEFT, (entry, sides))


def _write_left() -> None:
    """Write what this unit has posted so far: it is read now."""
    unit = units.current()
    if unit.left.get(LEFT):
        write_out(unit.left.pop(LEFT))


def _key(kind: EntryKind, subject: Subject, part: str) -> str:
    return f"{kind}:{subject.ref}" + (f":{part}" if part else "")
