"""What a program said to its database: recorded, and said again by a floor that does nothing else."""

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pymysql
from pymysql.constants import ER
from sqlalchemy import event

from backoffice.core.db import db

Said = tuple[str, Any, bool]  # text, values, whether the values are those of many


@dataclass
class Tape:
    """Statements in their order; a COMMIT stands where ours ended a transaction."""

    statements: list[Said] = field(default_factory=list)

    @contextmanager
    def recording(self) -> Iterator[None]:
        is_open = False

        def said(_connection: Any, _cursor: Any, text: str, values: Any, _context: Any, many: bool) -> None:
            nonlocal is_open
            is_open = is_open or text.startswith("BEGIN")
            self.statements.append((text, values, many))

        def ended(_connection: Any) -> None:
            nonlocal is_open
            if is_open:
                self.statements.append(("COMMIT", (), False))
            is_open = False

        event.listen(db.engine, "before_cursor_execute", said)
        event.listen(db.engine, "commit", ended)
        try:
            yield
        finally:
            event.remove(db.engine, "before_cursor_execute", said)
            event.remove(db.engine, "commit", ended)

    def units(self) -> list[list[Said]]:
        """The statements by transaction; one that stands alone is a transaction of its own."""
        found: list[list[Said]] = []
        is_open = False
        for one in self.statements:
            if is_open:
                found[-1].append(one)
            else:
                found.append([one])
            is_open = one[0] != "COMMIT" and (is_open or one[0].startswith("BEGIN"))
        return found


def replay(units: Sequence[Sequence[Said]], connection: pymysql.Connection) -> float:
    """Seconds that the statements take on a connection that commits what stands alone. A transaction that the server
    chose to end, because of another one, is said again."""
    began = time.perf_counter()
    with connection.cursor() as cursor:
        for unit in units:
            while not _say(unit, cursor):
                cursor.execute("ROLLBACK")
    return time.perf_counter() - began


def _say(unit: Sequence[Said], cursor: Any) -> bool:
    try:
        for text, values, many in unit:
            if many and isinstance(values, list):
                cursor.executemany(text, values)
            else:
                cursor.execute(text, values)
            cursor.fetchall()
    except pymysql.err.OperationalError as error:
        if error.args[0] != ER.LOCK_DEADLOCK:
            raise
        return False
    return True


def copy(source: str, target: str) -> None:
    """Fill an empty database with all of another on the same server; both by their addresses."""
    name, into = urlsplit(source).path.strip("/"), urlsplit(target).path.strip("/")
    where = urlsplit(source)
    reach = ["-h", str(where.hostname), "-P", str(where.port), "-u", str(where.username)]
    dump = subprocess.Popen(["mariadb-dump", *reach, "--single-transaction", name], stdout=subprocess.PIPE)
    subprocess.run(["mariadb", *reach, into], stdin=dump.stdout, check=True)


def connect(url: str) -> pymysql.Connection:
    """A connection that commits what stands alone, at the level at which ours work."""
    where = urlsplit(url)
    connection = pymysql.connect(
        host=where.hostname, port=where.port or 3306, user=where.username, database=where.path.strip("/"),
        charset="utf8mb4", autocommit=True,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
    return connection
