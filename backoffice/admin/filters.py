"""Filters of a list: they live in the address, combine, and say what they could not read."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, false
from sqlalchemy.orm import InstrumentedAttribute
from werkzeug.datastructures import MultiDict

from backoffice.core import clock

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
BACKWARDS = "The last day is before the first, so nothing is found."

Condition = Callable[[Any], ColumnElement[bool]]


@dataclass(frozen=True)
class Filter:
    """One filter. ``condition`` makes SQL of what ``read`` made of the text; ``choices`` make it a select; ``kind`` is
    the type of the input otherwise. A condition goes through an index: lists are long."""

    name: str
    label: str
    condition: Condition
    read: Callable[[str], Any] = str
    choices: Sequence[tuple[str, str]] = ()
    kind: str = "text"

    @property
    def is_short(self) -> bool:
        """Whether what is typed are a few digits."""
        return self.read is row_number


def equals(
    name: str,
    label: str,
    column: InstrumentedAttribute[Any],
    choices: Sequence[tuple[str, str]] = (),
    read: Callable[[str], Any] = str,
) -> Filter:
    """The column is exactly this."""
    return Filter(name, label, lambda value: column == value, read, choices)


def days(column: InstrumentedAttribute[Any], zone: str) -> tuple[Filter, Filter]:
    """From the beginning of one day of the office to the end of another."""
    return (
        Filter("from", "From", lambda day: column >= _begins(day, zone), read_day, kind="date"),
        Filter("to", "To", lambda day: column < _begins(day + timedelta(days=1), zone), read_day, kind="date"),
    )


def narrowed(
    query: Select[Any], filters: Sequence[Filter], given: MultiDict[str, str]
) -> tuple[Select[Any], list[str]]:
    """The query with every filter applied that ``given`` names, and a sentence for each that could not be read: such a
    filter finds nothing rather than everything."""
    problems = []
    read: dict[str, Any] = {}
    for item in filters:
        text = given.get(item.name, "").strip()
        if not text:
            continue
        try:
            read[item.name] = item.read(text)
            query = query.where(item.condition(read[item.name]))
        except (ValueError, OverflowError):
            problems.append(f"“{text[:60]}” cannot be read as {item.label.lower()}, so nothing is found.")
            query = query.where(false())
    if not problems and {"from", "to"} <= read.keys() and read["from"] > read["to"]:
        problems.append(BACKWARDS)
    return query, problems


def read_day(text: str) -> date:
    """A day as an input sends it, and nothing beside it: Python reads other forms too, some with anything behind them. Raises
    ValueError."""
    if not DAY.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)


def days_in(given: Mapping[str, str]) -> dict[str, date]:
    """The days in an address, under "from" and "to". Raises ValueError where one cannot be read."""
    typed = {name: given.get(name, "").strip() for name in ("from", "to")}
    return {name: read_day(text) for name, text in typed.items() if text}


def span(days: Mapping[str, date], zone: str) -> tuple[datetime | None, datetime | None]:
    """The moments from which and before which these days lie. Raises OverflowError beyond the last day there is."""
    first, last = days.get("from"), days.get("to")
    return _begins(first, zone) if first else None, _begins(last + timedelta(days=1), zone) if last else None


def row_number(text: str) -> int:
    """A number that fits a column. Raises ValueError."""
    number = int(text) if len(text) < 19 else -1
    if number < 0:
        raise ValueError(text)
    return number


def _begins(day: date, zone: str) -> datetime:
    return clock.at_place(datetime.combine(day, time()), zone)
