"""Rows that stand alone: each is its own unit, committed by a statement, without a session and without a transaction.

Threads of a program that want to commit such rows at the same moment share one statement: who comes first writes its own at
once, and those that arrive meanwhile are written together by the next. Nobody waits for company."""

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, Table
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import PoolProxiedConnection

from backoffice.core import driver, inserts, units
from backoffice.core.db import Base, UnmovedWrite, db, is_tracked
from backoffice.core.inserts import Insert
from backoffice.core.units import NestedUnit, NotReplayable

TOGETHER = 16  # rows in one statement
HEAVY = 16 * 1024  # bytes: rows with more in one value are written apart, so that a statement stays one packet


@dataclass(eq=False)
class _Row:
    values: Mapping[str, Any]
    is_written: bool | None = None  # None: not tried yet
    error: BaseException | None = None

    @property
    def is_open(self) -> bool:
        return self.is_written is None and self.error is None


@dataclass(eq=False)
class _Desk:
    """Where the rows of one table wait; whoever holds ``turn`` writes them."""

    insert: Insert
    turn: threading.Lock = field(default_factory=threading.Lock)
    waiting: deque[_Row] = field(default_factory=deque)


_desks: WeakKeyDictionary[Engine, dict[Table, _Desk]] = WeakKeyDictionary()


def write_row(model: type[Base], values: Mapping[str, Any]) -> bool:
    """Commit one row of a table that needs no counterfoil; every column but the id is named. False when a unique key refused
    it; so is a row whose commit happened although its answer was lost. Replayed as ``units.write`` is.

    Raises NestedUnit inside a unit, UnmovedWrite, and what the database raises."""
    if units.is_open():
        raise NestedUnit
    desk = _desk_of(model)
    row = _Row(values)
    desk.waiting.append(row)
    while row.is_open:
        with desk.turn:
            if row.is_open:
                _write(desk, _next(desk))
    if row.error is not None:
        raise row.error
    return bool(row.is_written)


def _desk_of(model: type[Base]) -> _Desk:
    rows = cast("Table", model.__table__)
    desks = _desks.setdefault(db.engine, {})
    if rows not in desks:
        if is_tracked(rows):
            raise UnmovedWrite(rows.name)
        desks.setdefault(rows, _Desk(inserts.into(rows, db.engine.dialect)))
    return desks[rows]


def _next(desk: _Desk) -> Sequence[_Row]:
    """The rows that are written now, in the order they came."""
    taken = [desk.waiting.popleft()]
    while desk.waiting and len(taken) < TOGETHER and not _is_heavy(taken[-1]) and not _is_heavy(desk.waiting[0]):
        taken.append(desk.waiting.popleft())
    return taken


def _is_heavy(row: _Row) -> bool:
    return any(isinstance(value, (bytes, str)) and len(value) > HEAVY for value in row.values.values())


def _write(desk: _Desk, rows: Sequence[_Row]) -> None:
    try:
        units.replayed(lambda: _insert(desk.insert, [row.values for row in rows]))
    except Exception as error:
        if len(rows) == 1 and isinstance(error, IntegrityError) and units.is_duplicate(error):
            rows[0].is_written = False
        elif len(rows) == 1 or isinstance(error, NotReplayable):
            _tell(rows, error)
        else:  # one of them was refused, and none was written
            for row in rows:
                _write(desk, [row])
    except BaseException as error:
        _tell(rows, error)
    else:
        for row in rows:
            row.is_written = True


def _tell(rows: Sequence[_Row], error: BaseException) -> None:
    for row in rows:
        row.error = error


def _insert(insert: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    """By the driver itself, on a connection of the pool, which commits each statement that stands alone."""
    statement, values = insert.of(rows)
    connection: PoolProxiedConnection | None = None

    def cursor() -> DBAPICursor:
        nonlocal connection
        connection = db.engine.raw_connection()
        return connection.cursor()

    def lost(error: BaseException) -> None:
        if connection is not None:
            connection.invalidate(error)

    try:
        driver.run(db.engine, cursor, statement, values, read=driver.nothing, lost=lost)
    finally:
        if connection is not None:
            connection.close()
