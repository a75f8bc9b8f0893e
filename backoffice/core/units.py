"""Units of work: the only places where a transaction begins and ends.

``read()`` never writes. ``write(work)`` runs ``work`` in one transaction and runs it again as a whole when another
unit was faster or the connection was lost. Business code never commits. A commit may have happened although the
caller saw an error, so ``work`` inserts a unique business key together with its effect."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, event, inspect
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction
from sqlalchemy.orm.exc import StaleDataError

from backoffice.core.db import ReadOnlyUnit, UnmovedWrite, connection, db, has_session, leave, unit_key
from backoffice.core.driver import error_code
from backoffice.core.errors import Conflict, ProgrammingError
from backoffice.core.tracking import Part, Subject, Tracked

T = TypeVar("T")
log = structlog.get_logger(__name__)

ATTEMPTS = 12
DUPLICATE_ATTEMPTS = 3
LONGEST_PAUSE = 0.5  # seconds

CONFLICTS = frozenset({1020, 1180, 1205, 1213, 3101})
CONNECTION_LOST = frozenset({1047, 1927, 2003, 2006, 2013, 2014, 2055, 4031})


@dataclass(eq=False)
class Unit:
    """One transaction: what it changed, what the audit saw of it, and what waits for its commit."""

    writes: bool
    connection: Connection | None = None  # once it was asked for
    looks: Connection | None = None  # the same, where there was no session to give it
    changed: dict[tuple[str, int], Subject] = field(default_factory=dict)
    witnessed: set[tuple[str, int]] = field(default_factory=set)
    after_commit: list[Callable[[], object]] = field(default_factory=list)
    left: dict[str, list[Any]] = field(default_factory=dict)  # what is written together, at the end

    def touch(self, subject: Subject) -> None:
        self.changed[subject.key] = subject

    def witness(self, subject: Subject) -> None:
        self.witnessed.add(subject.key)


class NestedUnit(ProgrammingError):
    def __init__(self) -> None:
        super().__init__("A unit of work was opened inside another: call the inner operation directly.")


class NotReplayable(Exception):
    """The unit lost every race it entered; the last conflict is the cause."""


_rehearsed: ContextVar[list[Unit] | None] = ContextVar("rehearsed", default=None)
_checks: list[Callable[[Unit], None]] = []
_finishers: dict[str, Callable[[list[Any]], None]] = {}


def before_commit(check: Callable[[Unit], None]) -> None:
    """Register a check that every write unit must pass before it commits (the audit guard)."""
    if check not in _checks:
        _checks.append(check)


def finish_with(kind: str, write: Callable[[list[Any]], None]) -> None:
    """Register how a unit writes what was left to its end under ``kind``: many rows together."""
    _finishers[kind] = write


def leave_to_the_end(kind: str, item: Any) -> None:
    """Let ``item`` be written with all others of its kind, in this unit, just before it commits."""
    unit = current()
    if not unit.writes:
        raise ReadOnlyUnit
    unit.left.setdefault(kind, []).append(item)


def current() -> Unit:
    unit = unit_key.get()
    if not isinstance(unit, Unit):
        raise ProgrammingError("No unit of work is open.")
    return unit


def is_open() -> bool:
    return unit_key.get() is not None


def after_commit(action: Callable[[], object]) -> None:
    """Run ``action`` once the current write unit is safely committed; an error in it is logged, not raised."""
    current().after_commit.append(action)


@contextmanager
def read() -> Iterator[None]:
    """A unit that only looks. Inside a unit that is open already it joins in."""
    if is_open():
        yield
        return
    with _opened(Unit(writes=False)):
        yield


def write(work: Callable[[], T], *, attempts: int = ATTEMPTS) -> T:
    """Run ``work`` in one transaction; replayed whole on conflict or lost connection, up to 12 times, or ``attempts``.

    A duplicate key is replayed too, three times at the most: ``work`` begins by looking for its business key, so the
    replay finds what the other unit inserted. Any other exception rolls back and is raised. Raises NestedUnit inside
    another unit."""
    if is_open():
        raise NestedUnit
    unit, result = replayed(lambda: _in_one_transaction(work), duplicates=DUPLICATE_ATTEMPTS, attempts=attempts)
    if unit is not None:
        _run(unit.after_commit)
    return result


def replayed(attempt: Callable[[], T], *, duplicates: int = 1, attempts: int = ATTEMPTS) -> T:
    """What ``attempt`` returns once nobody was faster and no connection was lost; after a duplicate key it is called
    ``duplicates`` times at the most. ``attempt`` opens a unit of its own and leaves nothing behind when it raises.

    Raises NotReplayable, and whatever running again would not help."""
    for number in range(1, attempts + 1):
        try:
            return attempt()
        except (Conflict, StaleDataError, DBAPIError) as error:
            if not is_transient(error) and not (is_duplicate(error) and number < duplicates):
                raise
            if number == attempts:
                raise NotReplayable(f"gave up after {attempts} attempts") from error
            log.debug("unit replayed", attempt=number, error=str(error)[:200])
            time.sleep(random.uniform(0.2, 1) * min(LONGEST_PAUSE, 0.01 * 2 ** (number - 1)))  # noqa: S311
    raise AssertionError("unreachable")


def _in_one_transaction(work: Callable[[], T]) -> tuple[Unit | None, T]:
    """The result of ``work`` and, unless it was rehearsed, the unit that is committed."""
    with _opened(Unit(writes=True)) as unit:
        session = db.session()
        result = work()
        session.flush()
        for kind, items in unit.left.items():
            _finishers[kind](items)
        session.flush()
        _check(unit)
        rehearsed = _rehearsed.get()
        if rehearsed is not None:
            session.rollback()
            rehearsed.append(unit)
            return None, result
        session.commit()
        return unit, result


@contextmanager
def rehearsing() -> Iterator[list[Unit]]:
    """Run write units as always and commit none of them; the list has each, with what it would have left behind."""
    units: list[Unit] = []
    token = _rehearsed.set(units)
    try:
        yield units
    finally:
        _rehearsed.reset(token)


def closed() -> None:
    """Assert that no unit is open: nothing may wait for a network while it holds a transaction."""
    if is_open():
        raise ProgrammingError("A provider was about to be asked inside a unit of work.")


def is_transient(error: BaseException) -> bool:
    """Whether running the whole unit again can help."""
    if isinstance(error, (Conflict, StaleDataError)):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    if isinstance(error, OperationalError) and "database is locked" in str(error.orig):
        return True
    return error_code(error.orig) in CONFLICTS | CONNECTION_LOST


def is_duplicate(error: BaseException) -> bool:
    """Whether a unique key refused a row."""
    if not isinstance(error, IntegrityError):
        return False
    return error_code(error.orig) == 1062 or "UNIQUE constraint failed" in str(error.orig)


@contextmanager
def _opened(unit: Unit) -> Iterator[Unit]:
    token = unit_key.set(unit)
    try:
        if unit.writes and db.engine.dialect.name == "sqlite":
            connection()  # a lock that must be waited for is waited for here
        yield unit
    except BaseException:
        if has_session():
            db.session.rollback()
        raise
    finally:
        try:
            leave(unit)
        finally:
            unit_key.reset(token)


def _check(unit: Unit) -> None:
    for check in _checks:
        check(unit)


def _run(actions: list[Callable[[], object]]) -> None:
    for action in actions:
        try:
            action()
        except Exception:
            log.exception("after-commit action failed")


@event.listens_for(Session, "before_flush")
def _refuse_flush_in_read(session: Session, _context: UOWTransaction, _instances: Any) -> None:
    unit = unit_key.get()
    if unit is not None and not unit.writes and (session.new or session.dirty or session.deleted):
        raise ReadOnlyUnit


@event.listens_for(Session, "after_flush")
def _note_changes(session: Session, _context: UOWTransaction) -> None:
    unit = unit_key.get()
    if unit is None:
        return
    for row in (*session.new, *session.deleted, *(row for row in session.dirty if _facts_changed(row))):
        if isinstance(row, (Tracked, Part)):
            unit.touch(row.subject())


def _facts_changed(row: Any) -> bool:
    notes = row.unaudited if isinstance(row, Tracked) else frozenset()
    return any(attribute.history.has_changes() for attribute in inspect(row).attrs if attribute.key not in notes)


@event.listens_for(Session, "do_orm_execute")
def _refuse_unmoved_writes(state: ORMExecuteState) -> None:
    unit = unit_key.get()
    if unit is None:
        return
    if not (state.is_update or state.is_delete or state.is_insert):
        if not unit.writes and getattr(state.statement, "_for_update_arg", None) is not None:
            raise ReadOnlyUnit  # without a transaction nothing stays locked
        return
    if not unit.writes:
        raise ReadOnlyUnit
    mapper = state.bind_mapper
    if mapper is not None and issubclass(mapper.class_, (Tracked, Part)) and not state.execution_options.get("moved"):
        raise UnmovedWrite(mapper.class_.__name__)
