"""Saved views: what a colleague looks at again and again, under a name."""

from typing import NamedTuple

from sqlalchemy import select

from backoffice.core import clock, references
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.staff.models import SavedView

LONGEST_NAME = 60
LONGEST_QUERY = 1_000
MOST = 30  # of one colleague at one desk


class View(NamedTuple):
    """A saved view as its desk shows it."""

    ref: str
    owner_id: int
    name: str
    query: str


class NoName(CounterfoilError):
    status = 422

    def __init__(self) -> None:
        super().__init__(f"Give the view a name of at most {LONGEST_NAME} characters.")


class TooMuch(CounterfoilError):
    status = 422

    def __init__(self) -> None:
        super().__init__(
            f"That is too much to keep: at most {MOST} views at a desk, each with fewer filters than these."
        )


class NameTaken(CounterfoilError):
    status = 409

    def __init__(self, name: str, *, shared: bool) -> None:
        super().__init__(
            f"You keep another view as “{name}”{', and share it' if shared else ''}. Say that this one replaces it, or "
            "give this one another name."
        )


def keep(
    owner_id: int, desk: str, name: str, query: str, *, shared: bool, opens: bool, replace: bool = False
) -> SavedView:
    """Keep a view; another of the same name only gives way where that is said. Raises NoName, TooMuch, NameTaken."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise NoName
    mine = session.scalars(select(SavedView).where(SavedView.owner_id == owner_id, SavedView.desk == desk)).all()
    view = next((view for view in mine if view.name == name), None)
    if len(query) > LONGEST_QUERY or (view is None and len(mine) >= MOST):
        raise TooMuch
    if view is None:
        view = SavedView(ref=references.new("viw"), owner_id=owner_id, desk=desk, name=name, created_at=clock.now())
        session.add(view)
    elif not replace and (view.query, view.shared, view.opens) != (query, shared, opens):
        raise NameTaken(name, shared=view.shared)
    view.query, view.shared, view.opens = query, shared, opens
    for other in mine:
        if opens and other is not view:
            other.opens = False
    return view


def remove(ref: str, owner_id: int) -> None:
    """Forget a view of one's own. Raises NotFound for anybody else's."""
    view = session.scalars(select(SavedView).where(SavedView.ref == ref, SavedView.owner_id == owner_id)).one_or_none()
    if view is None:
        raise NotFound("view of yours")
    session.delete(view)
