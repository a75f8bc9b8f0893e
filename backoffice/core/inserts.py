"""INSERT statements, put together once for a table: building and compiling one anew costs as much as writing the row."""

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect, Table, bindparam


class Insert:
    """The INSERT of a table as the driver takes it. Every column is named but the id, which the database gives."""

    def __init__(self, rows: Table, dialect: Dialect) -> None:
        columns = [column for column in rows.columns if column is not rows.autoincrement_column]
        values = {column.name: bindparam(column.name, type_=column.type) for column in columns}
        self.text = str(rows.insert().values(values).inline().compile(dialect=dialect))
        self.is_positional = dialect.positional
        self.columns = [
            (column.name, column.type.dialect_impl(dialect).bind_processor(dialect) or _as_it_is) for column in columns
        ]

    def written(self, row: Mapping[str, Any]) -> Any:
        """The values of a row as the driver takes them. Raises KeyError where a column is not named."""
        values = {name: write(row[name]) for name, write in self.columns}
        return tuple(values.values()) if self.is_positional else values


_known: WeakKeyDictionary[Dialect, dict[Table, Insert]] = WeakKeyDictionary()


def of(rows: Table, dialect: Dialect) -> Insert:
    """The INSERT of this table."""
    tables = _known.setdefault(dialect, {})
    if rows not in tables:
        tables[rows] = Insert(rows, dialect)
    return tables[rows]


def _as_it_is(value: Any) -> Any:
    return value
