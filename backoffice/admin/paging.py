"""Pages by key, both ways: each costs the same, however deep it lies, and nothing is counted."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Date, Select, and_, bindparam, or_
from sqlalchemy.orm import InstrumentedAttribute

from backoffice.core import clock
from backoffice.core.db import session

Side = Callable[[Any, Any], Any]

ROWS = 20
STEPS = ("after", "before", "end")  # what an address says about the page

_built: WeakKeyDictionary[Select[Any], dict[tuple[Any, ...], Select[Any]]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Page:
    """Rows newest first, and what leads to the pages around them: address parameters, None where there is no page."""

    rows: Sequence[Any]
    older: Mapping[str, str] | None
    newer: Mapping[str, str] | None


class Keyset:
    """The order of a list: by row id, or by a moment and the row id where a list is narrowed to days."""

    def __init__(self, model: Any, moment: InstrumentedAttribute[Any] | None = None) -> None:
        self.columns = (moment, model.id) if moment is not None else (model.id,)

    def page(self, query: Select[Any], step: Mapping[str, str]) -> Page:
        """One page: behind ``after``, in front of ``before``, at the ``end``, else the newest. A key that cannot be read
        leads to the newest."""
        after, before = self._read(step.get("after")), self._read(step.get("before"))
        upwards = bool(before or step.get("end"))
        side = operator.lt if after else operator.gt if before else None
        key = {f"paged_from_{place}": value for place, value in enumerate(after or before or ())}
        found = list(session.scalars(self._built(query, upwards, side), key))
        more, rows = len(found) > ROWS, found[:ROWS]
        if upwards:
            rows.reverse()
        has_newer, has_older = (more, bool(before)) if upwards else (bool(after), more)
        return Page(
            rows,
            older={"after": self._key(rows[-1])} if rows and has_older else None,
            newer={"before": self._key(rows[0])} if rows and has_newer else None,
        )

    def behind(self, query: Select[Any], last: Any, size: int) -> list[Any]:
        """The next rows of a whole list read from its oldest on, behind ``last`` (None at first)."""
        if last is not None:
            query = query.where(self._beyond(self.values(last), operator.gt))
        return list(session.scalars(query.order_by(*self.columns).limit(size)))

    def _built(self, query: Select[Any], upwards: bool, side: Side | None) -> Select[Any]:
        """The statement of a page, built once for a query that lives on: lists that nobody narrowed come again and again."""
        known = _built.setdefault(query, {})
        shape = (*(column.key for column in self.columns), upwards, side)
        if shape not in known:
            order = [column.asc() if upwards else column.desc() for column in self.columns]
            if side is not None:
                mark = tuple(
                    bindparam(f"paged_from_{place}", type_=column.type) for place, column in enumerate(self.columns)
                )
                query = query.where(self._beyond(mark, side))
            known[shape] = query.order_by(*order).limit(ROWS + 1)
        return known[shape]

    def _beyond(self, values: tuple[Any, ...], side: Side) -> ColumnElement[bool]:
        """Written out: MariaDB and MySQL find no range in an index for ``(a, b) < (x, y)``."""
        *moment, number = values
        beyond: ColumnElement[bool] = side(self.columns[-1], number)
        if not moment:
            return beyond
        nearer = operator.le if side is operator.lt else operator.ge
        column = self.columns[0]
        return and_(nearer(column, moment[0]), or_(side(column, moment[0]), beyond))

    def values(self, row: Any) -> tuple[Any, ...]:
        return tuple(getattr(row, column.key) for column in self.columns)

    def _key(self, row: Any) -> str:
        return "~".join(value.isoformat() if isinstance(value, date) else str(value) for value in self.values(row))

    def _read(self, text: str | None) -> tuple[Any, ...] | None:
        parts = (text or "").split("~")
        try:
            number = int(parts[-1])
            read = date.fromisoformat if isinstance(self.columns[0].type, Date) else clock.read
            moment = [read(part) for part in parts[:-1]]
        except ValueError:
            return None
        fits = len(parts) == len(self.columns) and 0 <= number < 2**63
        return (*moment, number) if fits else None
