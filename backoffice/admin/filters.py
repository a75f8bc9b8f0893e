"""Filters of a list: they live in the address, combine, and say what they could not read."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import Any

from markupsafe import Markup, escape
from sqlalchemy import ColumnElement, Date, Select, false
from sqlalchemy.orm import InstrumentedAttribute
from werkzeug.datastructures import MultiDict

from backoffice.core import clock

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
KEPT = 128  # statements
BACKWARDS = "The last day is before the first, so nothing is found."

Condition = Callable[[Any], ColumnElement[bool]]


@dataclass(frozen=True, eq=False)
class Filter:
    """One filter. ``condition`` makes SQL of what ``read`` made of the text; ``choices`` make it a select; ``kind`` is
    the type of the input otherwise. A condition goes through an index: lists are long. One that ``is_plain`` looks nothing
    up: what it makes of a value is kept, or of what ``looks_up`` finds for that value, each time anew."""

    name: str
    label: str
    condition: Condition
    read: Callable[[str], Any] = str
    choices: Sequence[tuple[str, str]] = ()
    kind: str = "text"
    is_plain: bool = False
    looks_up: Callable[[Any], Any] | None = None
    is_personal: bool = False  # names somebody: what is found says something of them, whatever its rows show
    is_short: bool = False  # what is typed needs little room

    def drawn(self, given: str) -> Markup:
        """Its field, with what the address gives."""
        if self.choices:
            return self._selects.get(given) or self._selects[""]
        short = (
            ' class="short" inputmode="numeric"'
            if self.read is row_number
            else ' class="short"'
            if self.is_short
            else ""
        )
        value = escape(given)
        field = f'{self._label}<input name="{self.name}" type="{self.kind}"{short} value="{value}"></label>'
        return Markup(field)  # noqa: S704 - what was given is escaped

    @cached_property
    def _label(self) -> str:
        return f"<label>{escape(self.label)} "

    @cached_property
    def _selects(self) -> dict[str, Markup]:
        """The select, by what is chosen in it."""
        known = [("", "All"), *self.choices]
        return {chosen: self._select(known, chosen) for chosen, _words in known}

    def _select(self, known: Sequence[tuple[str, str]], chosen: str) -> Markup:
        options = (
            f'<option value="{escape(value)}"{" selected" if value and value == chosen else ""}>{escape(words)}</option>'
            for value, words in known
        )
        field = f'{self._label}<select name="{self.name}">{"".join(options)}</select></label>'
        return Markup(field)  # noqa: S704 - values and words are escaped


def equals(
    name: str,
    label: str,
    column: InstrumentedAttribute[Any],
    choices: Sequence[tuple[str, str]] = (),
    read: Callable[[str], Any] = str,
    *,
    is_personal: bool = False,
    is_short: bool = False,
) -> Filter:
    """The column is exactly this."""
    return Filter(
        name,
        label,
        lambda value: column == value,
        read,
        choices,
        is_plain=True,
        is_personal=is_personal,
        is_short=is_short,
    )


def days(column: InstrumentedAttribute[Any], zone: str, label: str = "") -> tuple[Filter, Filter]:
    """From the beginning of one day of the office to the end of another; of a column of days, those days. ``label`` says of
    what, where it is not when something began."""
    if isinstance(column.type, Date):
        begins, ends = (lambda day: column >= day), (lambda day: column <= day)
    else:
        begins, ends = (
            (lambda day: column >= _begins(day, zone)),
            (lambda day: column < _begins(day + timedelta(days=1), zone)),
        )
    return (
        Filter("from", f"{label} from".strip().capitalize(), begins, read_day, kind="date", is_plain=True),
        Filter("to", f"{label} to".strip().capitalize(), ends, read_day, kind="date", is_plain=True),
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
            value = read[item.name] = item.read(text)
            value = item.looks_up(value) if item.looks_up else value
            query = _with_plain(query, item, value) if item.is_plain else query.where(item.condition(value))
        except (ValueError, OverflowError):
            problems.append(f"“{text[:60]}” cannot be read as “{item.label}”, so nothing is found.")
            query = query.where(false())
    if not problems and {"from", "to"} <= read.keys() and read["from"] > read["to"]:
        problems.append(BACKWARDS)
    return query, problems


@lru_cache(KEPT)
def _with_plain(query: Select[Any], item: Filter, value: Any) -> Select[Any]:
    """The same statement whenever the same is asked for, so that what is made of it is made once."""
    return query.where(item.condition(value))


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
