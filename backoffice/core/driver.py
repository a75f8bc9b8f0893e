"""Statements by the driver itself, where SQLAlchemy would do again what it did for the same statement before.

Whoever listens to statements hears of these too, and errors are raised as SQLAlchemy would."""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError

T = TypeVar("T")

# The connection is useless although the driver thinks otherwise: a Galera node outside its primary component.
LOST_NODE = frozenset({1047, 1180})


def run(
    engine: Engine,
    open_cursor: Callable[[], DBAPICursor],
    statement: str,
    values: Any,
    *,
    read: Callable[[DBAPICursor], T],
    lost: Callable[[BaseException], None],
) -> T:
    """What ``read`` takes from the cursor after the statement. ``lost`` is told when the connection is of no use any more;
    others of its pool are as old, and opened anew. Raises sqlalchemy.exc.DBAPIError and its kinds, without values: they are
    personal data."""
    cursor: DBAPICursor | None = None
    try:
        cursor = open_cursor()
        for hear in engine.dispatch.before_cursor_execute:
            hear(None, cursor, statement, values, None, False)
        cursor.execute(statement, values)
        return read(cursor)
    except engine.dialect.loaded_dbapi.Error as error:
        raise _as_ever(error, statement, engine, lost) from error
    except BaseException as error:  # cut off before the answer was read: what the connection says next is not known
        lost(error)
        raise
    finally:
        if cursor is not None:
            cursor.close()


def nothing(_cursor: DBAPICursor) -> None:
    """For statements that are only said."""


def error_code(error: BaseException | None) -> int | None:
    """The server's error number of a PyMySQL error, else None."""
    args = getattr(error, "args", ())
    return args[0] if args and isinstance(args[0], int) else None


def is_lost_node(error: BaseException | None) -> bool:
    """Whether the server answered, but is no longer one of its cluster."""
    return error_code(error) in LOST_NODE


def _as_ever(error: Any, statement: str, engine: Engine, lost: Callable[[BaseException], None]) -> BaseException:
    """The driver's error as SQLAlchemy tells it."""
    dialect = engine.dialect
    is_lost = dialect.is_disconnect(error, None, None) or is_lost_node(error)
    if is_lost:
        lost(error)
        engine.dispose()
    told: BaseException = DBAPIError.instance(
        statement, None, error, dialect.loaded_dbapi.Error,
        hide_parameters=True, connection_invalidated=is_lost, dialect=dialect,
    )  # fmt: skip
    return told
