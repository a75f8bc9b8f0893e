"""Writing many rows of many tables at once, each batch in one transaction: LOAD DATA on MariaDB and MySQL where the server
takes it, else many rows per INSERT; prepared statements on SQLite."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import pymysql
from pymysql.constants import CLIENT
from sqlalchemy import Engine, make_url

from backoffice.core.errors import CounterfoilError

Row = Sequence[Any]
NULL = "\0"  # stands for nothing until a line is put together: no text of ours has it
REFUSED = frozenset({1148, 3948, 3950})  # the server, or its settings, take no local file


class AnotherBatch(CounterfoilError):
    def __init__(self) -> None:
        super().__init__(
            "Somebody else writes to this shop just now. Stop its workers and customers, then start again."
        )


@dataclass(frozen=True)
class Typeset:
    """Rows as the database takes them; ``text`` is what it loads as a file, where it loads files."""

    rows: Sequence[Row]
    text: bytes = b""


class Writer(Protocol):
    def typeset(self, rows: Sequence[Row]) -> Typeset:
        """What ``enter`` takes. Nothing is asked for it, so it can be done while something else is entered."""
        ...

    def enter(self, table: str, columns: Sequence[str], rows: Typeset) -> None: ...

    def write(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None: ...

    def change(self, table: str, columns: Sequence[str], values: Row, key: str, keys: Sequence[Any]) -> None:
        """Let all rows with one of these keys say the same."""

    def shift(self, table: str, columns: Sequence[str], by: Row, ids: Sequence[int]) -> None:
        """Add to columns of these rows."""

    def ask(self, query: str) -> list[tuple[Any, ...]]: ...

    @contextmanager
    def batch(self) -> Iterator[None]: ...


def writer(engine: Engine) -> Writer:
    """A connection of its own to the database of an engine."""
    if engine.dialect.name == "sqlite":
        return _Sqlite(str(engine.url.database))
    return _Mysql(engine.url.render_as_string(hide_password=False))


class _Sqlite:
    def __init__(self, path: str) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=OFF", "foreign_keys=ON", "cache_size=-200000"):
            self.connection.execute(f"PRAGMA {pragma}")

    def typeset(self, rows: Sequence[Row]) -> Typeset:
        return Typeset([_plain(row) for row in rows])

    def enter(self, table: str, columns: Sequence[str], rows: Typeset) -> None:
        marks = ", ".join("?" * len(columns))
        names = ", ".join(f'"{name}"' for name in columns)
        statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - names of our own tables
        self.connection.executemany(statement, rows.rows)

    def write(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        self.enter(table, columns, self.typeset(rows))

    def change(self, table: str, columns: Sequence[str], values: Row, key: str, keys: Sequence[Any]) -> None:
        self.connection.execute(_update(table, columns, key, len(keys), "?"), [*_plain(values), *keys])

    def shift(self, table: str, columns: Sequence[str], by: Row, ids: Sequence[int]) -> None:
        self.connection.execute(_shift(table, columns, len(ids), "?"), [*by, *ids])

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query).fetchall()

    @contextmanager
    def batch(self) -> Iterator[None]:
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.execute("PRAGMA defer_foreign_keys=ON")  # lines come before what they belong to
        try:
            yield
            self.connection.execute("COMMIT")
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise


class _Mysql:
    def __init__(self, address: str) -> None:
        url = make_url(address)
        self.connection = pymysql.connect(
            host=url.host, port=url.port or 3306, user=url.username, password=str(url.password or ""), database=url.database,
            charset="utf8mb4", autocommit=False, local_infile=True, client_flag=CLIENT.LOCAL_FILES,
            init_command="SET time_zone = '+00:00', foreign_key_checks = 0, unique_checks = 0",
        )  # fmt: skip
        self.takes_files = True

    def typeset(self, rows: Sequence[Row]) -> Typeset:
        return Typeset(rows, "".join(map(_line, rows)).encode() if self.takes_files else b"")

    def write(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        self.enter(table, columns, self.typeset(rows))

    def enter(self, table: str, columns: Sequence[str], rows: Typeset) -> None:
        names = ", ".join(f"`{name}`" for name in columns)
        with self.connection.cursor() as cursor:
            if self.takes_files and rows.text:
                try:
                    self._load(cursor, table, names, rows)
                    return
                except pymysql.err.MySQLError as error:
                    if error.args[0] not in REFUSED:
                        raise
                    self.takes_files = False
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows.rows)  # noqa: S608

    def _load(self, cursor: Any, table: str, names: str, rows: Typeset) -> None:
        with tempfile.NamedTemporaryFile("wb", suffix=".tsv", delete=False) as file:
            file.write(rows.text)
        try:
            cursor.execute(
                f"LOAD DATA LOCAL INFILE %s INTO TABLE {table} CHARACTER SET utf8mb4 ({names})", (file.name,)
            )
        finally:
            os.unlink(file.name)
        if cursor.rowcount != len(rows.rows):  # LOCAL passes over rows that do not fit instead of refusing them
            raise AnotherBatch

    def change(self, table: str, columns: Sequence[str], values: Row, key: str, keys: Sequence[Any]) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(_update(table, columns, key, len(keys), "%s"), [*values, *keys])

    def shift(self, table: str, columns: Sequence[str], by: Row, ids: Sequence[int]) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(_shift(table, columns, len(ids), "%s"), [*by, *ids])

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    @contextmanager
    def batch(self) -> Iterator[None]:
        try:
            yield
            self.connection.commit()
        except BaseException:
            self.connection.rollback()
            raise


def _line(row: Row) -> str:
    """A row as the server reads it. Most have nothing to escape, which is found out once for all of their cells."""
    line = "\t".join([NULL if value is None else value if type(value) is str else str(value) for value in row])
    if "\\" in line or "\n" in line or line.count("\t") != len(row) - 1:
        return "\t".join(map(_cell, row)) + "\n"
    return line.replace(NULL, "\\N") + "\n"


_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n"})


def _update(table: str, columns: Sequence[str], key: str, count: int, mark: str) -> str:
    moved = ", ".join(f"`{name}` = {mark}" for name in columns)
    return f"UPDATE {table} SET {moved} WHERE `{key}` IN ({', '.join([mark] * count)})"  # noqa: S608 - names of our own


def _shift(table: str, columns: Sequence[str], count: int, mark: str) -> str:
    moved = ", ".join(f"{name} = {name} + {mark}" for name in columns)
    return f"UPDATE {table} SET {moved} WHERE id IN ({', '.join([mark] * count)})"  # noqa: S608


def _plain(row: Row) -> list[Any]:
    return [value.isoformat() if isinstance(value, date) else value for value in row]


def _cell(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return value.translate(_ESCAPED) if ("\\" in value or "\t" in value or "\n" in value) else value
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)
