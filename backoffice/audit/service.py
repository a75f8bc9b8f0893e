"""Writing and reading the audit log, and the guard that no tracked change goes without it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import inspect

from backoffice.audit.models import AuditEntry
from backoffice.audit.tags import Tag
from backoffice.core import clock, units
from backoffice.core.actor import Actor, origin
from backoffice.core.alone import write_row
from backoffice.core.db import session
from backoffice.core.errors import ProgrammingError
from backoffice.core.money import Money
from backoffice.core.sealing import Sealed
from backoffice.core.tracking import Subject, Tracked
from backoffice.core.writes import put

LEFT = "audit"  # what units leave to their end


class UnauditedChange(ProgrammingError):
    """A unit changed a tracked row and told nobody; it is rolled back."""

    def __init__(self, subjects: Sequence[Subject]) -> None:
        self.subjects = subjects
        super().__init__(f"changed without an audit row: {', '.join(f'{s.kind} {s.ref}' for s in subjects)}")


def record(tag: Tag, about: Tracked | Subject, /, *, by: Actor, reason: str = "", **changes: Any) -> None:
    """Write the counterfoil of one change, in the unit of the change.

    ``changes`` holds field = after, or field = (before, after). Personal values come as Sealed."""
    if isinstance(about, Tracked):
        about = _subject(about)
    units.leave_to_the_end(LEFT, _entry(tag, about, by, reason, changes))
    units.current().witness(about)


def record_alone(tag: Tag, about: Subject, /, *, by: Actor, **facts: Any) -> None:
    """Write down what changed nothing: somebody looked. Outside units; it is committed when this returns. Where the answer to
    its commit is lost, it may stand in the log twice, never not at all."""
    write_row(AuditEntry, _entry(tag, about, by, "", facts))


def write_out(entries: list[dict[str, Any]]) -> None:
    """Write the entries of a unit together. Registered with ``units.finish_with``."""
    put(AuditEntry, entries)


def guard(unit: units.Unit) -> None:
    """Refuse a unit that changed a tracked row without recording it. Registered with ``units.before_commit``."""
    missing = [subject for key, subject in unit.changed.items() if key not in unit.witnessed]
    if missing:
        raise UnauditedChange(missing)


def _entry(tag: Tag, about: Subject, by: Actor, reason: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    where = origin()
    return {
        "at": clock.now(),
        "tag": str(tag),
        "subject_kind": about.kind,
        "subject_id": about.id,
        "subject_ref": about.ref,
        "actor_kind": str(by.kind),
        "actor_ref": by.ref,
        "reason": reason[:255],
        "request_id": where.request_id,
        "via": where.via,
        "network": where.network,
        "changes": {name: _pair(value) for name, value in changes.items()},
    }


def _subject(row: Tracked) -> Subject:
    if inspect(row).pending:
        session.flush()  # a new row gets its id
    return row.subject()


def _pair(value: Any) -> list[Any]:
    before, after = value if isinstance(value, tuple) else (None, value)
    return [_plain(before), _plain(after)]


def _plain(value: Any) -> Any:
    match value:
        case Sealed():
            return value.as_json()
        case Money():
            return {"amount": value.amount, "currency": value.currency}
        case Enum():
            return value.value
        case datetime():
            return value.isoformat()
        case None | bool() | int() | str():
            return value
        case _:
            return str(value)
