"""A list as a file: streamed in batches, so that memory stays flat, with nothing in it that a spreadsheet would run."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, get_type_hints
from zoneinfo import ZoneInfo

from sqlalchemy import Select

from backoffice.admin.badges import words
from backoffice.admin.cells import ZONE
from backoffice.admin.paging import Keyset
from backoffice.core import units
from backoffice.core.db import session
from backoffice.core.money import Money

Words = Callable[[Any], str]  # of a row

BATCH = 1_000
_OFFICE = ZoneInfo(ZONE)
# What makes a cell a formula (OWASP, CSV injection), at its start or behind a sign that another program cuts the line at.
_FORMULA = re.compile(r"(^|[;,|\t\r\n])( *)(?=[=+\-@＝＋－＠\t\r\n])")
MARK = "\ufeff"  # spreadsheets read the file as UTF-8 then


@dataclass(frozen=True)
class Column:
    """One attribute of the rows, or what ``words`` make of a row. An amount takes two cells: plain decimal and currency."""

    name: str
    label: str
    is_amount: bool
    words: Words | None = None

    def heads(self) -> list[str]:
        return [self.label, f"{self.label}, currency"] if self.is_amount else [self.label]

    def cells(self, row: Any) -> list[str]:
        if self.words is not None:
            return [_cell(self.words(row))]
        value = getattr(row, self.name)
        if self.is_amount:
            return [value.plain(), value.currency] if value is not None else ["", ""]
        return [_cell(value)]


def columns_of(model: Any, labels: Sequence[tuple[str, str]], words: Mapping[str, Words]) -> list[Column]:
    return [Column(name, label, is_amount(model, name), words.get(name)) for name, label in labels]


def is_amount(model: Any, name: str) -> bool:
    """Whether an attribute is a property that returns Money, or none."""
    found = getattr(model, name, None)  # a column may be made up by its desk
    return isinstance(found, property) and get_type_hints(found.fget).get("return") in (Money, Money | None)


def stream(query: Select[Any], keyset: Keyset, columns: Sequence[Column]) -> Iterator[str]:
    """The rows of ``query`` as CSV, oldest first, one unit per batch: nothing is held while the network is slow."""
    yield MARK + _lines([[head for column in columns for head in column.heads()]])
    last: Any = None
    while True:
        with units.read():
            rows = keyset.behind(query, last, BATCH)
            text = _lines([cell for column in columns for cell in column.cells(row)] for row in rows)
            last = rows[-1] if rows else None
            session.expunge_all()
        yield text
        if len(rows) < BATCH:
            return


def safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula, whatever sign it cuts lines at."""
    return _FORMULA.sub(r"\1\2'", text)


def table(rows: Iterable[Sequence[Any]]) -> str:
    """A small table whole, its first row the heads; money as plain decimals."""
    return MARK + _lines([value.plain() if isinstance(value, Money) else _cell(value) for value in row] for row in rows)


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.astimezone(_OFFICE).isoformat(timespec="seconds")  # of the day that the lists show
        case Enum():
            return words(value)  # as the list says it
        case int():
            return str(value)
        case dict():
            return safe(json.dumps(value, ensure_ascii=False))
        case _:
            return safe(str(value))


def _lines(rows: Iterable[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
