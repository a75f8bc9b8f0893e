"""Looks: plain rows of statements that were built once, for what is read on every page.

Building a statement anew, compiling it and making objects of its rows cost more than the database does; so does what
SQLAlchemy prepares anew for each execution. A statement is made ready for the driver once; its answers are results as ever."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVarTuple
from weakref import WeakKeyDictionary

from sqlalchemy import BindParameter, Connection, Dialect, Engine, Result, Select
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData

from backoffice.core import driver
from backoffice.core.db import connection, session
from backoffice.core.errors import ProgrammingError

Ts = TypeVarTuple("Ts")
Change = Callable[[Any], Any] | None  # of a value on its way to the driver, or from it; None: as it is

MOST_STATEMENTS = 1_000  # kept for an engine; ours are some fifty
MOST_FORMS = 200  # of one statement: lists of so many lengths are asked for


class _Value(NamedTuple):
    """What a statement is asked with."""

    name: str  # in the statement
    bind: BindParameter[Any]
    change: Change


class _Form(NamedTuple):
    """A statement with lists of certain lengths."""

    statement: str
    order: Sequence[str] | None  # of the values, where the driver counts instead of naming them
    lists: Mapping[str, Sequence[str]]  # the names of a list's values


class _Ready:
    """A statement as the driver of one dialect takes it."""

    def __init__(self, statement: Select[*tuple[Any, ...]], dialect: Dialect) -> None:
        self._dialect = dialect
        self._compiled = statement.compile(dialect=dialect)
        if any(bind.literal_execute for bind in self._compiled.bind_names):
            raise ProgrammingError("A value that is part of the statement's text cannot be asked with.")
        values = [
            _Value(name, bind, bind.type.dialect_impl(dialect).bind_processor(dialect))
            for bind, name in self._compiled.bind_names.items()
        ]
        self._values = [value for value in values if not value.bind.expanding]
        self._lists = [value for value in values if value.bind.expanding]
        self._forms: dict[tuple[int, ...], _Form] = {}
        columns = statement.selected_columns
        self._types = [column.type.dialect_impl(dialect) for column in columns]
        self._changes: list[Change] | None = None  # known with the first answer
        self._columns = SimpleResultMetaData(columns.keys())

    def ask(self, connection: Connection, given: Mapping[str, Any]) -> Result[Any]:
        lists = [list(_given(value.bind, given)) for value in self._lists]
        form = self._form(tuple(map(len, lists)))
        values = {name: _changed(change, _given(bind, given)) for name, bind, change in self._values}
        for value, items in zip(self._lists, lists, strict=True):
            for name, item in zip(form.lists[value.name], items, strict=True):
                values[name] = _changed(value.change, item)
        rows, description = driver.run(
            connection.engine,
            connection.connection.cursor,
            form.statement,
            values if form.order is None else tuple(values[name] for name in form.order),
            read=lambda cursor: (cursor.fetchall(), cursor.description),
            lost=connection.invalidate,
        )
        changes = self._changes
        if changes is None:
            kinds = [column[1] for column in description]
            changes = [
                kind.result_processor(self._dialect, code) for kind, code in zip(self._types, kinds, strict=True)
            ]
            self._changes = changes = changes if any(changes) else []
        if changes:
            rows = [tuple(map(_changed, changes, row)) for row in rows]
        return IteratorResult(self._columns, iter(rows))

    def _form(self, lengths: tuple[int, ...]) -> _Form:
        form = self._forms.get(lengths)
        if form is None:
            sample: dict[str, Any] = {value.bind.key: None for value in self._values}
            sample |= {value.bind.key: [None] * length for value, length in zip(self._lists, lengths, strict=True)}
            state = self._compiled.construct_expanded_state(sample, escape_names=False)
            if len(self._forms) >= MOST_FORMS:
                self._forms.clear()
            form = self._forms[lengths] = _Form(state.statement, state.positiontup, state.parameter_expansion)
        return form


_known: WeakKeyDictionary[Engine, dict[Select[*tuple[Any, ...]], _Ready]] = WeakKeyDictionary()


def look(statement: Select[*Ts], **values: Any) -> Result[*Ts]:
    """Rows of a statement of columns that was built once, with ``bindparam`` for what differs. Inside a unit; what the unit
    wrote before is there. Raises KeyError where a value is missing, and what the database raises."""
    session.flush()  # as a query would
    mine = connection()
    known = _known.get(mine.engine)
    if known is None:
        known = _known.setdefault(mine.engine, {})
    ready = known.get(statement)
    if ready is None:
        if len(known) >= MOST_STATEMENTS:  # somebody builds them anew
            known.clear()
        ready = known[statement] = _Ready(statement, mine.dialect)
    return ready.ask(mine, values)


def _given(bind: BindParameter[Any], given: Mapping[str, Any]) -> Any:
    if bind.key in given:
        return given[bind.key]
    if bind.required:
        raise KeyError(bind.key)
    return bind.effective_value


def _changed(change: Change, value: Any) -> Any:
    return value if change is None else change(value)
