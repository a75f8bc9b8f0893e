"""Writes of rows that nobody made objects of, by statements that are put together once and go to the driver itself."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Delete, Table, Update
from sqlalchemy.engine.interfaces import DBAPICursor

from backoffice.core import driver, inserts
from backoffice.core.db import Base, ReadOnlyUnit, UnmovedWrite, Whole, connection, current_unit, is_tracked, session
from backoffice.core.ready import Ready, ready

T = TypeVar("T")


def put(model: type[Base], rows: Sequence[Mapping[str, Any]], *, of: Whole | None = None) -> None:
    """Write new rows without objects: every column but the id is named. Parts of a tracked whole say ``of`` which.

    Raises ReadOnlyUnit, UnmovedWrite for tracked rows of nothing."""
    place = cast("Table", model.__table__)
    if of is None and is_tracked(place):
        raise UnmovedWrite(place.name)
    for start in range(0, len(rows), inserts.MOST):
        insert(place, rows[start : start + inserts.MOST])
    if of is not None:
        current_unit().touch(of.subject())


def insert(place: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Write new rows in one statement; the id where it is one. The caller tells the audit guard. Raises ReadOnlyUnit."""
    mine = writing()
    return _said(mine, *inserts.into(place, mine.dialect).of(rows), lambda cursor: cursor.lastrowid)


def change(statement: Update | Delete, values: Mapping[str, Any], *, moved: bool = False) -> int:
    """How many rows a statement changed that was built once, of tables, with ``bindparam``: the mapper has no part in it.
    ``moved`` is for the mover, which tells the audit guard itself. Raises ReadOnlyUnit, UnmovedWrite, KeyError where a value is
    missing."""
    if not moved and is_tracked(cast("Table", statement.table)):
        raise UnmovedWrite(cast("Table", statement.table).name)
    mine = writing()
    return _said(mine, *ready(mine, statement, Ready).of(values), lambda cursor: cursor.rowcount)


def writing() -> Connection:
    """The connection of the unit that is open, for a statement that writes: what was written before it is there. Raises
    ReadOnlyUnit."""
    if not current_unit().writes:
        raise ReadOnlyUnit
    session.flush()  # in the order in which it was written
    return connection()


def _said(mine: Connection, statement: str, values: Any, read: Callable[[DBAPICursor], T]) -> T:
    return driver.run(mine.engine, mine.connection.cursor, statement, values, read=read, lost=mine.invalidate)
