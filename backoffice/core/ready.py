"""Statements made ready for the driver once, for what is said again and again.

Building a statement anew and compiling it cost more than the database does; so does what SQLAlchemy prepares anew for each
execution. What is kept here belongs to an engine and ends with it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import BindParameter, Connection, Delete, Dialect, Engine, Select, Update

from backoffice.core.errors import ProgrammingError

Statement = Select[*tuple[Any, ...]] | Update | Delete
Change = Callable[[Any], Any] | None  # of a value on its way to the driver, or from it; None: as it is

MOST_STATEMENTS = 1_000  # kept for an engine; ours are some fifty
MOST_FORMS = 200  # of one statement: lists of so many lengths are asked for


class _Value(NamedTuple):
    """What a statement is said with."""

    name: str  # in the statement
    bind: BindParameter[Any]
    change: Change


class _Form(NamedTuple):
    """A statement with lists of certain lengths."""

    statement: str
    order: Sequence[str] | None  # of the values, where the driver counts instead of naming them
    lists: Mapping[str, Sequence[str]]  # the names of a list's values


class Ready:
    """A statement as the driver of one dialect takes it."""

    def __init__(self, statement: Statement, dialect: Dialect) -> None:
        self.dialect = dialect
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

    def of(self, given: Mapping[str, Any]) -> tuple[str, Any]:
        """The statement's text and its values. Raises KeyError where a value is missing."""
        lists = [list(_given(value.bind, given)) for value in self._lists]
        form = self._form(tuple(map(len, lists)))
        values = {}
        for name, bind, change in self._values:
            value = given[bind.key] if bind.key in given else _given(bind, given)
            values[name] = value if change is None else change(value)
        for place, items in zip(self._lists, lists, strict=True):
            for name, item in zip(form.lists[place.name], items, strict=True):
                values[name] = changed(place.change, item)
        return form.statement, values if form.order is None else tuple(values[name] for name in form.order)

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


R = TypeVar("R", bound=Ready)
_known: WeakKeyDictionary[Engine, dict[Statement, Any]] = WeakKeyDictionary()


def ready(connection: Connection, statement: Statement, kind: Callable[[Any, Dialect], R]) -> R:
    """The statement as this connection's engine takes it, made so by ``kind`` when it was not known yet."""
    known = _known.get(connection.engine)
    if known is None:
        known = _known.setdefault(connection.engine, {})
    found: R | None = known.get(statement)
    if found is None:
        if len(known) >= MOST_STATEMENTS:  # somebody builds them anew
            known.clear()
        found = known[statement] = kind(statement, connection.dialect)
    return found


def changed(change: Change, value: Any) -> Any:
    """A value as the other side takes it."""
    return value if change is None else change(value)


def _given(bind: BindParameter[Any], given: Mapping[str, Any]) -> Any:
    if bind.key in given:
        return given[bind.key]
    if bind.required:
        raise KeyError(bind.key)
    return bind.effective_value
