"""A page of the books: all that one batch of a history leaves, as it goes into the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from backoffice.demo.books import COLUMNS, KEYS
from backoffice.demo.bulk import Typeset, Writer

AT_ONCE = 500  # rows that change alike in one statement


@dataclass(frozen=True)
class Page:
    """Nobody writes on it any more. ``numbers`` are the last of each series and year, ``latest`` the day of the last."""

    rows: Mapping[str, Typeset]
    changes: Mapping[tuple[str, Any], Mapping[str, Any]]
    moved: Mapping[int, tuple[int, int]]
    numbers: Mapping[tuple[str, int], int]
    latest: date

    def write(self, writer: Writer, entity_id: int) -> None:
        """Table by table, what changes before what is new: two rows never hold one claim."""
        alike: dict[str, dict[tuple[tuple[str, Any], ...], list[Any]]] = {}
        for (table, key), values in self.changes.items():
            alike.setdefault(table, {}).setdefault(tuple(values.items()), []).append(key)
        for table, columns in COLUMNS.items():
            for said, keys in alike.get(table, {}).items():
                names, row = [name for name, _value in said], [value for _name, value in said]
                for start in range(0, len(keys), AT_ONCE):
                    writer.change(table, names, row, KEYS.get(table, "id"), keys[start : start + AT_ONCE])
            rows = self.rows.get(table)
            if rows:
                writer.enter(table, columns.split(), rows)
        shifts = sorted(self.moved.items(), key=lambda item: item[1])
        for shift, moved in groupby(shifts, key=lambda item: item[1]):
            writer.shift("stock_items", ("on_hand", "held"), shift, [item_id for item_id, _shift in moved])
        self._count(writer, entity_id)

    def _count(self, writer: Writer, entity_id: int) -> None:
        """Where the numbers of papers go on."""
        rows = writer.ask(f"SELECT series, year FROM number_counters WHERE entity_id = {entity_id}")  # noqa: S608
        known = {(row[0], row[1]) for row in rows}
        for (series, year), last in self.numbers.items():
            day = self.latest if year == self.latest.year else date(year, 12, 31)
            if (series, year) in known:
                writer.ask(
                    f"UPDATE number_counters SET last = {last}, last_issued_on = '{day}' WHERE entity_id = {entity_id} "  # noqa: S608
                    f"AND series = '{series}' AND year = {year}"
                )
            else:
                names = ("entity_id", "series", "year", "last", "last_issued_on")
                writer.write("number_counters", names, [(entity_id, series, year, last, day)])
