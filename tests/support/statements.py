"""Counting what a page costs."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from backoffice.core.db import db


@contextmanager
def statements() -> Iterator[list[str]]:
    """What was asked of the database meanwhile; BEGIN and COMMIT are not counted."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_more):
        if not statement.startswith(("BEGIN", "SAVEPOINT")):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)
