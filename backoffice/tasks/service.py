"""Writing tasks, and changing what is written. Running them is the runner's."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import Table, Update, bindparam, or_, select, update

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.core import clock, references, units
from backoffice.core.actor import Actor, origin
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.core.states import change_where
from backoffice.core.tracking import Subject
from backoffice.core.writes import change, put
from backoffice.tasks import bell, feeds, registry
from backoffice.tasks.models import Task, TaskFailure, TaskState

MAX_ATTEMPTS = 12
MOST_SHOWN = 100  # failures of a task
LEFT = "tasks"  # what units leave to their end


@dataclass(frozen=True)
class Lease:
    """The right to run one task until its time is up, proved by a token."""

    task_id: int
    token: str


running: ContextVar[Lease | None] = ContextVar("running", default=None)


class LeaseLost(Exception):
    """Another runner holds the task now: the unit of the former one must not commit."""


class NotWaiting(CounterfoilError):
    def __init__(self, task: Task) -> None:
        super().__init__(f"The task is {task.state.replace('_', ' ')}; there is nothing to do with it.")


class MustRun(CounterfoilError):
    """A promise hangs on the task: money, stock or a document would be forgotten with it."""

    status = 409

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} cannot be cancelled: money, stock or a document would be forgotten with it.")


def schedule(
    name: str,
    *,
    due: datetime | None = None,
    dedupe: str | None = None,
    is_new: bool = False,
    max_attempts: int = MAX_ATTEMPTS,
    **arguments: Any,
) -> None:
    """Write a task in the current unit, at its end. With ``dedupe``, a task under this key is written once, ever.

    ``is_new``: the key holds a reference that this unit made, so nobody looks whether it was used; the unique index would
    replay the unit if it was."""
    now = clock.now()
    row = {
        "ref": references.new("tsk"),
        "name": name,
        "arguments": arguments,
        "dedupe_key": dedupe,
        "state": TaskState.WAITING,
        "due_at": due or now,
        "attempts": 0,
        "max_attempts": max_attempts,
        "lease_token": None,
        "last_error": "",
        "request_id": origin().request_id,
        "created_at": now,
        "finished_at": None,
    }
    units.leave_to_the_end(LEFT, (row, is_new))


def is_known(dedupe: str) -> bool:
    """Whether a task under this key was ever written."""
    return session.scalars(select(Task.id).where(Task.dedupe_key == dedupe)).first() is not None


def find(dedupe: str) -> Task | None:
    """The task that was written under this key."""
    return session.scalars(select(Task).where(Task.dedupe_key == dedupe)).one_or_none()


def under(key: str, beginning: str) -> Sequence[Task]:
    """The tasks that were written under a key, or under one with this beginning, oldest first."""
    keys = or_(Task.dedupe_key == key, Task.dedupe_key.startswith(beginning, autoescape=True))
    return session.scalars(select(Task).where(keys).order_by(Task.id)).all()


def write_out(left: list[tuple[dict[str, Any], bool]]) -> None:
    """Write the tasks of a unit together, those whose key was never used. Registered with ``units.finish_with``."""
    keys = [row["dedupe_key"] for row, is_new in left if row["dedupe_key"] is not None and not is_new]
    used = set(session.scalars(select(Task.dedupe_key).where(Task.dedupe_key.in_(keys)))) if keys else set()
    rows = []
    for row, _is_new in left:
        if row["dedupe_key"] is None or row["dedupe_key"] not in used:
            used.add(row["dedupe_key"])
            rows.append(row)
    if rows:
        put(Task, rows)
        if min(row["due_at"] for row in rows) <= clock.now():
            bell.ring_after_commit()


@contextmanager
def apart() -> Iterator[None]:
    """Do something in a task that is not the task itself: what it puts marks on, or postpones, is not the task."""
    mark = running.set(None)
    try:
        yield
    finally:
        running.reset(mark)


def finish_running() -> None:
    """Put the done mark of the task that runs now into the current unit; nothing when no task runs.

    Raises LeaseLost when another runner took over, so that an effect is never committed twice."""
    lease = running.get()
    if lease:
        _settle(lease, state=TaskState.DONE, finished_at=clock.now(), lease_token=None, last_error="")


def postpone_running(due: datetime) -> None:
    """Let the task that runs now come back at ``due``, with fresh attempts: waiting is not failing."""
    lease = running.get()
    if lease:
        _settle(lease, due_at=due, lease_token=None, attempts=0)


def retry(task: Task, *, by: Actor, reason: str) -> None:
    """Run a task that gave up again, now. Raises NotWaiting for one that is done."""
    if task.state not in (TaskState.GAVE_UP, TaskState.WAITING):
        raise NotWaiting(task)
    if task.state == TaskState.WAITING and task.attempts == 0 and task.due_at <= clock.now():
        return  # it is about to run: pressed twice, or by two
    before = task.state
    task.state, task.due_at, task.attempts = TaskState.WAITING, clock.now(), 0
    task.lease_token = None  # whoever runs it just now may not put the mark any more, and is not lost
    task.finished_at = None
    audit.record(Tag.TASK_RETRIED, task.subject(), by=by, reason=reason, state=(before, TaskState.WAITING))
    bell.ring_after_commit()


def cancel(task: Task, *, by: Actor, reason: str) -> None:
    """Let a task never run again. A runner that has begun with it cannot put its mark any more: what it does in the unit
    of that mark is undone, what it asked somebody outside is not. Raises NotWaiting, MustRun."""
    if task.state not in (TaskState.GAVE_UP, TaskState.WAITING):
        raise NotWaiting(task)
    if registry.must_run(task.name):
        raise MustRun(task.name)
    before = task.state
    values = {"state": TaskState.CANCELLED, "finished_at": clock.now(), "lease_token": None}
    if not change_where(task, Task.state == before, **values):
        raise NotWaiting(task)
    audit.record(Tag.TASK_CANCELLED, task.subject(), by=by, reason=reason, state=(before, TaskState.CANCELLED))
    cases.close(CaseKind.TASK_GAVE_UP, task.subject(), because=f"The task was cancelled: {reason}")


@cache
def _settling(*names: str) -> Update:
    """The UPDATE of the task that runs, which its lease guards; built once, its values come as ``new_…``."""
    rows = cast("Table", Task.__table__)
    mine = (rows.c.id == bindparam("task"), rows.c.lease_token == bindparam("token"))
    return update(rows).where(*mine).values({name: bindparam(f"new_{name}") for name in names})


def get(ref: str) -> Task:
    task = session.scalars(select(Task).where(Task.ref == ref)).one_or_none()
    if task is None:
        raise NotFound("task")
    return task


def failures(*of: Task) -> Sequence[TaskFailure]:
    """Their tries that came to nothing, the newest first."""
    query = select(TaskFailure).where(TaskFailure.task_id.in_([task.id for task in of]))
    return session.scalars(query.order_by(TaskFailure.id.desc()).limit(MOST_SHOWN)).all()


def is_any_due() -> bool:
    """Whether something is to be done now, be it a task already or not yet."""
    query = select(Task.id).where(Task.state == TaskState.WAITING, Task.due_at <= clock.now()).limit(1)
    return session.execute(query).first() is not None or feeds.is_any_waiting()


def _settle(lease: Lease, **values: Any) -> None:
    written = {f"new_{name}": value for name, value in values.items()}
    if change(_settling(*values), {"task": lease.task_id, "token": lease.token, **written}) != 1:
        raise LeaseLost
    if values.get("state") == TaskState.DONE:
        about = Subject("task", lease.task_id, "")  # its open case is filed under the number
        cases.close(CaseKind.TASK_GAVE_UP, about, because="The task was run again and succeeded.")
