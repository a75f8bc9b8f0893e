"""Who looked at personal data: a page or a list that shows some leaves an audit row, and so does every export.

A look is noted by the view and written once the page is drawn; a look that cannot be written is not given."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import g

from backoffice.admin import access
from backoffice.admin.filters import DAY, Filter
from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core.once import once
from backoffice.core.tracking import Subject, Tracked

Look = tuple[Tag, Subject, dict[str, Any]]


def at(person: Tracked, page: Tracked) -> None:
    """Note that the page of something shows a person's data."""
    _noted().append((Tag.PERSON_VIEWED, person.subject(), {"page": f"{page.subject_kind} {page.subject().ref}"}))


def at_page(person: Tracked | None, page: Subject) -> None:
    """Note that a page shows somebody's data; under the colleague who looks where nobody knows whose."""
    about = person.subject() if person else access.me()
    _noted().append((Tag.PERSON_VIEWED, about, {"page": f"{page.kind} {page.ref}"}))


def at_list(desk: str, narrowed_by: str, rows: int, *, asked_for: bool = False) -> None:
    """Note that a list of people was shown, with what it was narrowed by; also that it was empty, where somebody was
    ``asked_for``."""
    if rows or asked_for:
        _noted().append((Tag.LIST_VIEWED, access.me(), {"desk": desk, "narrowed_by": narrowed_by, "rows": rows}))


def write_down() -> None:
    """Write what was noted in this request."""
    noted, g.looks = _noted(), []
    for tag, about, facts in noted:
        audit.record_alone(tag, about, by=access.by(), **facts)


def told(filters: Sequence[Filter], given: Mapping[str, str]) -> str:
    """What a list was narrowed by. Of what somebody typed only that they did: a name has no place in a log that never
    forgets."""
    parts = [f"{item.name} is {_told(item, given[item.name])}" for item in filters if item.name in given]
    return ", ".join(parts) or "nothing"


def _told(item: Filter, text: str) -> str:
    known = text in dict(item.choices) or (item.kind == "date" and DAY.fullmatch(text))
    return text if known else "…"


def _noted() -> list[Look]:
    return once("looks", list[Look])
