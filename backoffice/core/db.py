"""The database: one declarative base, one engine per process, sessions that exist inside a unit of work only.

Flask-SQLAlchemy is known here and nowhere else."""

import os
import sqlite3
import time
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from typing import Any, Protocol

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import Connection, MetaData, Select, Table, bindparam, event, select
from sqlalchemy.engine import Engine, ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Mapper, class_mapper
from sqlalchemy.pool import ConnectionPoolEntry

from backoffice.core import clock, driver, wire
from backoffice.core.columns import UTCDateTime
from backoffice.core.errors import ProgrammingError
from backoffice.core.tracking import Part, Subject, Tracked

MYSQL = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_520_ci"}
MARIADB = {key.replace("mysql_", "mariadb_"): value for key, value in MYSQL.items()}

NOW = bindparam("now", callable_=clock.now, type_=UTCDateTime())  # when a statement is sent, however early it was built

REST = 1.0  # seconds after which a connection is asked whether it is still there


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    __table_args__: Any = {**MYSQL, **MARIADB}


def table(*items: Any) -> tuple[Any, ...]:
    """``__table_args__`` with constraints and indexes: engine, character set and collation are always named."""
    return (*items, {**MYSQL, **MARIADB})


class OutsideUnit(ProgrammingError):
    def __init__(self) -> None:
        super().__init__("The database was touched outside a unit of work: open units.read() or units.write().")


class ReadOnlyUnit(ProgrammingError):
    def __init__(self) -> None:
        super().__init__("A read unit was about to write: use units.write().")


class UnmovedWrite(ProgrammingError):
    def __init__(self, table: str) -> None:
        super().__init__(f"{table} is tracked: change it through the mover (core.states), which tells the audit.")


class OpenUnit(Protocol):
    """What a transaction is begun for (``core.units.Unit``)."""

    writes: bool
    connection: Connection | None
    looks: Connection | None

    def touch(self, subject: Subject) -> None: ...


class Whole(Protocol):
    """What parts belong to: a tracked row, or what was read of it."""

    def subject(self) -> Subject: ...


unit_key: ContextVar[OpenUnit | None] = ContextVar("unit_key", default=None)


def current_unit() -> OpenUnit:
    key = unit_key.get()
    if key is None:
        raise OutsideUnit
    return key


class OneDatabase(FlaskSession):
    """A session that need not look which of several databases a statement is for, and shares its unit's connection."""

    def get_bind(self, *_args: Any, bind: Engine | Connection | None = None, **_kwargs: Any) -> Engine | Connection:
        return bind or current_unit().connection or self._db.engine

    def get_one(self, entity: Any, ident: Any, **options: Any) -> Any:
        """The row with this key, as ever; where it is not known yet, by a statement that is built once for its class."""
        mapper, statement = _by_key(entity)
        if not any(options.values()) and mapper.identity_key_from_primary_key((ident,)) not in self.identity_map:
            found = self.scalars(statement, {"key": ident}).unique().one_or_none()
            if found is not None:
                return found
        return super().get_one(entity, ident, **options)


@cache
def _by_key(entity: Any) -> tuple[Mapper[Any], Select[Any]]:
    mapper = class_mapper(entity)
    (key,) = mapper.primary_key  # a row of two keys is not looked up so
    return mapper, select(entity).where(key == bindparam("key"))


class Database(SQLAlchemy):
    """Flask-SQLAlchemy with sessions that belong to units of work instead of application contexts."""

    def _teardown_session(self, exc: BaseException | None) -> None:
        """Nothing to remove: a unit closes its own session."""


db = Database(model_class=Base, session_options={"scopefunc": current_unit, "class_": OneDatabase, "autoflush": True})
session = db.session


def connect(app: Flask, url: str) -> None:
    """Bind the application to its database with the settings that hold on every engine; applications may share one."""
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = _options(url)
    db.init_app(app)
    with app.app_context():
        for name, handler in (_ON_SQLITE if db.engine.dialect.name == "sqlite" else _ON_A_SERVER).items():
            if not event.contains(db.engine, name, handler):
                event.listen(db.engine, name, handler)


def _options(url: str) -> dict[str, Any]:
    if url.startswith("sqlite:"):
        return {"connect_args": {"timeout": 10, "check_same_thread": False}, "hide_parameters": True}
    return {
        "hide_parameters": True,  # values are personal data; they must not reach logs through an error's text
        "pool_reset_on_return": None,  # a session has ended its transaction by then: a second ROLLBACK is a way for nothing
        "pool_recycle": 300,
        "pool_size": 10,
        "max_overflow": 20,
        "connect_args": {
            "charset": "utf8mb4",
            "autocommit": True,
            "init_command": "SET time_zone = '+00:00'",
            "connect_timeout": 2,
            "read_timeout": int(os.environ.get("DATABASE_READ_TIMEOUT", "10")),
            "write_timeout": 10,
        },
    }


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    assert isinstance(connection, sqlite3.Connection)
    connection.isolation_level = None  # we say BEGIN ourselves, see _begin_sqlite
    for pragma in (
        "journal_mode=WAL",
        "busy_timeout=10000",
        "foreign_keys=ON",
        "synchronous=NORMAL",
        "recursive_triggers=ON",  # else INSERT OR REPLACE passes a DELETE trigger
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:
    """A write takes its lock at once, so that it waits instead of failing half-way; a read never waits."""
    unit = unit_key.get()
    mode = "IMMEDIATE" if unit and unit.writes else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {mode}")


def _to_server(_dialect: Any, _entry: Any, _args: Any, parameters: dict[str, Any]) -> wire.OneWay:
    return wire.connected(parameters)


def _prepare_server(connection: Any, _entry: ConnectionPoolEntry) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")


def _begin_server(connection: Connection) -> None:
    """A unit that reads needs no transaction: at this level every statement sees what was committed when it began."""
    unit = unit_key.get()
    if unit is None or unit.writes:
        opened = connection.connection.cursor
        driver.run(connection.engine, opened, "BEGIN", None, read=driver.nothing, lost=connection.invalidate)


def _note_use(_connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
    entry.info["used"] = time.monotonic()


def _ask_after_rest(connection: Any, entry: ConnectionPoolEntry, _proxy: Any) -> None:
    """Ask a connection that rested whether it is still there, before a unit relies on it; one that was used a moment ago
    is believed, which spares every page a way to the server."""
    used = entry.info.get("used")
    if used is None or time.monotonic() - used < REST:
        return
    try:
        connection.ping(reconnect=False)
    except Exception as error:
        raise InvalidatePoolError from error  # the others rested as long: all are opened anew


def _drop_lost_node(context: ExceptionContext) -> None:
    if driver.is_lost_node(context.original_exception):
        context.is_disconnect = True


_ON_SQLITE: dict[str, Callable[..., Any]] = {"connect": _prepare_sqlite, "begin": _begin_sqlite}
_ON_A_SERVER: dict[str, Callable[..., Any]] = {
    "do_connect": _to_server,
    "connect": _prepare_server,
    "begin": _begin_server,
    "handle_error": _drop_lost_node,
    "checkin": _note_use,
    "checkout": _ask_after_rest,
}


def engine() -> Engine:
    return db.engine


def connection() -> Connection:
    """The connection of the unit that is open. On a server, one that only looks needs no session for it: nothing is begun."""
    unit = current_unit()
    if unit.connection is None:
        if unit.writes or has_session() or db.engine.dialect.name == "sqlite":
            unit.connection = session.connection()
        else:
            unit.connection = unit.looks = db.engine.connect()
    return unit.connection


def has_session() -> bool:
    """Whether somebody has asked for the session of the unit that is open."""
    return bool(session.registry.has())


def leave(unit: OpenUnit) -> None:
    """Give back what a unit took of the database."""
    try:
        session.remove()
    finally:
        if unit.looks is not None:
            unit.looks.close()


@cache
def is_tracked(table: Table) -> bool:
    """Whether the rows of a table need a counterfoil, by themselves or as parts of a whole."""
    return any(
        mapper.local_table is table and issubclass(mapper.class_, (Tracked, Part)) for mapper in Base.registry.mappers
    )
