"""Looks: plain rows of statements that were built once, for what is read on every page.

Making objects of rows costs more than the database does. A look goes to the driver itself; its answers are results as ever."""

from collections.abc import Mapping
from typing import Any, TypeVarTuple

from sqlalchemy import Connection, Dialect, Result, Select
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData

from backoffice.core import driver
from backoffice.core.db import connection, has_session, session
from backoffice.core.ready import Change, Ready, changed, ready

Ts = TypeVarTuple("Ts")


class _Question(Ready):
    """A statement that is asked, with what becomes of its answers."""

    def __init__(self, statement: Select[*tuple[Any, ...]], dialect: Dialect) -> None:
        super().__init__(statement, dialect)
        columns = statement.selected_columns
        self._types = [column.type.dialect_impl(dialect) for column in columns]
        self._changes: list[Change] | None = None  # known with the first answer
        self._columns = SimpleResultMetaData(columns.keys())

    def ask(self, connection: Connection, given: Mapping[str, Any]) -> Result[Any]:
        rows, description = driver.run(
            connection.engine,
            connection.connection.cursor,
            *self.of(given),
            read=lambda cursor: (cursor.fetchall(), cursor.description),
            lost=connection.invalidate,
        )
        changes = self._changes
        if changes is None:
            kinds = [column[1] for column in description]
            changes = [kind.result_processor(self.dialect, code) for kind, code in zip(self._types, kinds, strict=True)]
            self._changes = changes = changes if any(changes) else []
        if changes:
            rows = [tuple(map(changed, changes, row)) for row in rows]
        return IteratorResult(self._columns, iter(rows))


def look(statement: Select[*Ts], **values: Any) -> Result[*Ts]:
    """Rows of a statement of columns that was built once, with ``bindparam`` for what differs. Inside a unit; what the unit
    wrote before is there. Raises KeyError where a value is missing, and what the database raises."""
    if has_session():
        session.flush()  # as a query would
    mine = connection()
    return ready(mine, statement, _Question).ask(mine, values)
