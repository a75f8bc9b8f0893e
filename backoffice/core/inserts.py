"""INSERT statements, put together once for a table: building and compiling one anew costs as much as writing the row."""

from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect, Table

MOST = 500  # rows in one statement


class Insert:
    """The INSERT of a table as the driver takes it. Every column is named but the id, which the database gives."""

    def __init__(self, rows: Table, dialect: Dialect) -> None:
        columns = [column for column in rows.columns if column is not rows.autoincrement_column]
        quoted = dialect.identifier_preparer.quote
        self._names = [column.name for column in columns]
        self._changes = [
            (place, change)
            for place, column in enumerate(columns)
            if (change := column.type.dialect_impl(dialect).bind_processor(dialect))
        ]
        names = ", ".join(quoted(column.name) for column in columns)
        self._begins = " ".join(("INSERT INTO", quoted(rows.name), f"({names})", "VALUES "))
        self._row = f"({', '.join(['?' if dialect.name == 'sqlite' else '%s'] * len(columns))})"

    def of(self, rows: Sequence[Mapping[str, Any]]) -> tuple[str, tuple[Any, ...]]:
        """One statement for these rows, and its values. Raises KeyError where a column is not named."""
        values: list[Any] = []
        for row in rows:
            written = [row[name] for name in self._names]
            for place, change in self._changes:
                written[place] = change(written[place])
            values += written
        return self._begins + ", ".join([self._row] * len(rows)), tuple(values)


_known: WeakKeyDictionary[Dialect, dict[Table, Insert]] = WeakKeyDictionary()


def into(rows: Table, dialect: Dialect) -> Insert:
    """The INSERT of this table."""
    tables = _known.setdefault(dialect, {})
    if rows not in tables:
        tables[rows] = Insert(rows, dialect)
    return tables[rows]
