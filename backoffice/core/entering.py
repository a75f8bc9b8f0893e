"""New rows that are wanted at once, id and all: by a statement put together once, without the plan that the mapper makes for
any number of rows that may depend on each other."""

from functools import cache
from typing import Any, TypeVar, cast

from sqlalchemy import Table
from sqlalchemy.orm import class_mapper, make_transient_to_detached
from sqlalchemy.orm.attributes import instance_dict

from backoffice.core.db import Base, session
from backoffice.core.tracking import Part, Tracked
from backoffice.core.units import current
from backoffice.core.writes import insert

R = TypeVar("R", bound=Base)


def enter(row: R) -> R:
    """Write a new row now; afterwards it is as if it had been read: with its id, in the session, changed by setting attributes.

    Every column but the id is set, and no other object hangs on it: what belongs to it is entered after it.
    Raises ReadOnlyUnit, KeyError where a column is not set."""
    new, given = cast("Any", row), instance_dict(row)
    new.id = insert(new.__table__, [{name: given[key] for key, name in _columns(type(row))}])
    make_transient_to_detached(row)
    session.add(row)
    if isinstance(new, (Tracked, Part)):
        current().touch(new.subject())
    return row


@cache
def _columns(model: type[Base]) -> list[tuple[str, str]]:
    """The attributes of a class that are columns, but for the id: attribute, column."""
    mapper = class_mapper(model)
    return [
        (attribute.key, column.name)
        for attribute in mapper.column_attrs
        for column in attribute.columns
        if isinstance(column.table, Table) and column is not mapper.primary_key[0]
    ]
