"""Numbers without gaps: the counter moves in the unit that issues, so a rolled-back issue takes no number."""

from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from sqlalchemy import CursorResult, func, select, update

from backoffice.core import clock
from backoffice.core.db import session
from backoffice.entities.models import Entity
from backoffice.invoices.models import Invoice, NumberCounter, NumberFate


@dataclass(frozen=True)
class Taken:
    """One number: position in its series and year, and the date that rises with it."""

    series: str
    year: int
    position: int
    number: str
    issued_on: date


def take(entity: Entity, series: str, invoice: Invoice) -> Taken:
    """Take the next number of (entity, series, year) and enter its fate in the register.

    The counter row is locked from here to the commit. The date comes from under the same lock and never falls behind
    the date of the number before."""
    today = clock.today(entity.zone)
    last_date = session.scalar(
        select(func.max(NumberFate.issued_on)).where(NumberFate.entity_id == entity.id, NumberFate.series == series)
    )
    year = max(today, last_date).year if last_date else today.year
    position = _advance(entity.id, series, year)
    latest = session.scalar(
        select(func.max(NumberFate.issued_on)).where(
            NumberFate.entity_id == entity.id, NumberFate.series == series, NumberFate.year == year
        )
    )
    issued_on = max(today, latest) if latest else max(today, date(year, 1, 1))
    taken = Taken(series, year, position, f"{series}-{year}-{position:06d}", issued_on)
    session.add(
        NumberFate(
            entity_id=entity.id,
            series=series,
            year=year,
            position=position,
            number=taken.number,
            invoice_id=invoice.id,
            issued_on=issued_on,
            taken_at=clock.now(),
        )
    )
    session.flush()
    return taken


def _advance(entity_id: int, series: str, year: int) -> int:
    """Count the row up and read it back under its own lock. The first number of a year makes the row: a duplicate key
    between two firsts replays one of them."""
    which = (NumberCounter.entity_id == entity_id, NumberCounter.series == series, NumberCounter.year == year)
    moved = cast(
        "CursorResult[Any]",
        session.execute(
            update(NumberCounter)
            .where(*which)
            .values(last=NumberCounter.last + 1)
            .execution_options(synchronize_session=False)
        ),
    )
    if moved.rowcount == 0:
        session.add(NumberCounter(entity_id=entity_id, series=series, year=year, last=1))
        session.flush()
        return 1
    return session.scalars(select(NumberCounter.last).where(*which)).one()
