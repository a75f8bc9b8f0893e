"""Numbers without gaps: the counter moves in the unit that issues, so a rolled-back issue takes no number."""

from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from sqlalchemy import CursorResult, case, func, select, update

from backoffice.core import clock
from backoffice.core.db import session
from backoffice.entities.models import Entity
from backoffice.invoices.credit_note_models import CreditNote
from backoffice.invoices.models import Invoice, NumberCounter, NumberFate


@dataclass(frozen=True)
class Taken:
    """One number: position in its series and year, and the date that rises with it."""

    series: str
    year: int
    position: int
    number: str
    issued_on: date


def take(entity: Entity, series: str) -> Taken:
    """Take the next number of (entity, series, year); what becomes of it is entered with ``enter``, in the same unit.

    The counter row is locked from here to the commit. The date comes from under the same lock and never falls behind
    the date of the number before, so a clock that goes back into the last year goes on in this one."""
    today = clock.today(entity.zone)
    newest = session.scalar(
        select(func.max(NumberCounter.year)).where(NumberCounter.entity_id == entity.id, NumberCounter.series == series)
    )
    year = max(today.year, newest or 0)
    counter = _advance(entity.id, series, year, max(today, date(year, 1, 1)))
    return Taken(series, year, counter.last, f"{series}-{year}-{counter.last:06d}", counter.last_issued_on)


def enter(taken: Taken, entity: Entity, document: Invoice | CreditNote) -> None:
    """Enter in the register which document has a number."""
    session.add(
        NumberFate(
            entity_id=entity.id,
            series=taken.series,
            year=taken.year,
            position=taken.position,
            number=taken.number,
            invoice_id=document.id if isinstance(document, Invoice) else None,
            credit_note_id=document.id if isinstance(document, CreditNote) else None,
            issued_on=taken.issued_on,
            taken_at=clock.now(),
        )
    )
    session.flush()


def _advance(entity_id: int, series: str, year: int, today: date) -> NumberCounter:
    """Count the row up and read it back under its own lock. The first number of a year makes the row: a duplicate key
    between two firsts replays one of them."""
    which = (NumberCounter.entity_id == entity_id, NumberCounter.series == series, NumberCounter.year == year)
    later = case((NumberCounter.last_issued_on > today, NumberCounter.last_issued_on), else_=today)
    moved = cast(
        "CursorResult[Any]",
        session.execute(
            update(NumberCounter)
            .where(*which)
            .values(last=NumberCounter.last + 1, last_issued_on=later)
            .execution_options(synchronize_session=False)
        ),
    )
    if moved.rowcount == 0:
        counter = NumberCounter(entity_id=entity_id, series=series, year=year, last=1, last_issued_on=today)
        session.add(counter)
        session.flush()
        return counter
    query = select(NumberCounter).where(*which).execution_options(populate_existing=True)
    return session.scalars(query).one()
