"""State tables and the one mover.

A move is a conditional UPDATE: of two units that try the same move, one gets True and the other False (it is already
there); a move that the table does not allow raises IllegalMove. Conditional updates that are not state moves (stock)
use ``change_where``, which tells the audit guard in the same way."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar, cast

from sqlalchemy import ColumnElement, Table, Update, bindparam, update
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.orm.attributes import set_committed_value

from backoffice.core import units
from backoffice.core.db import session
from backoffice.core.errors import ProgrammingError
from backoffice.core.tracking import Part, Tracked
from backoffice.core.writes import change, writing

S = TypeVar("S", bound=StrEnum)


class IllegalMove(ProgrammingError):
    """The state table does not allow this move. ``row`` keeps its state."""

    def __init__(self, what: str, here: str, there: str) -> None:
        self.what, self.here, self.there = what, here, there
        super().__init__(f"{what} cannot go from {here} to {there}.")


def change_where(row: Any, *conditions: ColumnElement[bool], **values: Any) -> bool:
    """``UPDATE … SET values WHERE id = row.id AND conditions``; False when no row fitted. Refreshes ``row``."""
    model = type(row)
    statement = update(model.__table__).where(model.id == row.id, *conditions).values(**values)
    return _changed(row, writing().execute(statement).rowcount, values)


def _changed(row: Any, count: int, values: Mapping[str, Any]) -> bool:
    if count == 0:
        session.refresh(row)
        return False
    if any(hasattr(value, "__clause_element__") or isinstance(value, ColumnElement) for value in values.values()):
        session.refresh(row)
    else:  # what was written is known: no need to ask for it
        for name, value in values.items():
            set_committed_value(row, name, value)
    if isinstance(row, (Tracked, Part)):
        units.current().touch(row.subject())
    return True


class StateTable(Generic[S]):
    """Which state may follow which. ``moves`` maps a state to the states that may come next."""

    known: ClassVar[list["StateTable[Any]"]] = []  # every table of the program, in the order in which they were made

    def __init__(self, column: InstrumentedAttribute[S], moves: Mapping[S, frozenset[S]]) -> None:
        self.column = column
        self.moves = moves
        self._statements: dict[tuple[str, ...], Update] = {}
        states = set(type(next(iter(moves))))
        missing = states - set(moves)
        if missing:
            raise ProgrammingError(f"{column} has states without a line in the table: {sorted(missing)}")
        StateTable.known.append(self)

    def allows(self, here: S, there: S) -> bool:
        return there in self.moves[here]

    def sources(self, there: S) -> list[S]:
        return [here for here, following in self.moves.items() if there in following]

    def move(self, row: Any, to: S, **values: Any) -> bool:
        """Move ``row`` to state ``to`` together with ``values``, which are plain.

        True when this unit moved it, False when it was there already. Raises IllegalMove."""
        written = {self.column.key: to, **values}
        parameters = {"row_id": row.id, **{f"new_{name}": value for name, value in written.items()}}
        count = change(self._statement(to, tuple(written)), parameters, moved=True)
        if _changed(row, count, written):
            return True
        here: S = getattr(row, self.column.key)
        if here == to:
            return False
        raise IllegalMove(f"{type(row).__name__} {row.id}", here, to)

    def _statement(self, to: S, names: Sequence[str]) -> Update:
        """The UPDATE of such a move, built once: its values come as ``new_…``."""
        known = self._statements.get((to, *names))
        if known is None:
            model = self.column.class_
            known = self._statements[to, *names] = (
                update(cast("Table", model.__table__))
                .where(model.id == bindparam("row_id"), self.column.in_(self.sources(to)))
                .values({name: bindparam(f"new_{name}") for name in names})
            )
        return known
