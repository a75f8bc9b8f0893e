"""Statements by the driver itself, where SQLAlchemy would do again what it did for the same statement before.

Whoever listens to statements hears of these too, and errors are raised as SQLAlchemy would."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Dialect, Engine
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError

from backoffice.core.db import LOST_NODE, error_code


def run(
    engine: Engine,
    open_cursor: Callable[[], DBAPICursor],
    statement: str,
    values: Any,
    lost: Callable[[BaseException], None],
) -> DBAPICursor:
    """The cursor after the statement; the caller closes it. ``lost`` is told when the connection is of no use any more. Raises
    sqlalchemy.exc.DBAPIError and its kinds, without values: they are personal data."""
    try:
        cursor = open_cursor()
        for hear in engine.dispatch.before_cursor_execute:
            hear(None, cursor, statement, values, None, False)
        cursor.execute(statement, values)
    except engine.dialect.loaded_dbapi.Error as error:
        raise as_ever(error, statement, engine.dialect, lost) from error
    return cursor


def as_ever(error: Any, statement: str, dialect: Dialect, lost: Callable[[BaseException], None]) -> BaseException:
    """The driver's error as SQLAlchemy tells it."""
    is_lost = dialect.is_disconnect(error, None, None) or error_code(error) in LOST_NODE
    if is_lost:
        lost(error)
    told: BaseException = DBAPIError.instance(
        statement, None, error, dialect.loaded_dbapi.Error,
        hide_parameters=True, connection_invalidated=is_lost, dialect=dialect,
    )  # fmt: skip
    return told
