"""Running tasks: claim a batch in one commit, run each in its own units, give up loudly."""

import random
import secrets
import time
import traceback
from datetime import datetime, timedelta
from typing import cast

import structlog
from prometheus_client import Counter
from sqlalchemy import Table, bindparam, select, update

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.core import borders, clock, units
from backoffice.core.actor import SYSTEM, Origin, coming_from
from backoffice.core.db import session
from backoffice.core.looks import look
from backoffice.core.writes import change
from backoffice.tasks import feeds, registry
from backoffice.tasks.models import Task, TaskFailure, TaskState
from backoffice.tasks.service import Lease, LeaseLost, finish_running, running

BATCH = 20
LEASE = timedelta(seconds=180)
MARGIN = timedelta(seconds=60)  # what must be left of the lease to start another task
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)
LONGEST_RUN = 300.0  # seconds
MOST_LOST = 100  # tries whose workers were lost: some hours. A slow one may be called lost, so that this is no few
LOST = "The worker that ran it was lost: its lease ended."

_TASKS = cast("Table", Task.__table__)
_IS_DUE = (_TASKS.c.state == TaskState.WAITING, _TASKS.c.due_at <= bindparam("now"))
_DUE = (
    select(_TASKS.c.id, _TASKS.c.lease_token, _TASKS.c.attempts, _TASKS.c.due_at)
    .where(*_IS_DUE)
    .order_by(_TASKS.c.due_at, _TASKS.c.id)
    .limit(BATCH)
    .with_for_update(skip_locked=True)
)
_CLAIMING = (
    update(_TASKS)
    .where(
        _TASKS.c.id.in_(bindparam("ids", expanding=True)), *_IS_DUE
    )  # the lock holds on one node only, this everywhere
    .values(lease_token=bindparam("token"), due_at=bindparam("until"), attempts=_TASKS.c.attempts + 1)
)
_CLAIMED = (
    select(Task.id, Task.name, Task.arguments, Task.request_id)
    .where(Task.lease_token == bindparam("token"))
    .order_by(Task.id)
)
_LEASED = select(Task.lease_token, Task.state).where(Task.id == bindparam("id"))

RAN = Counter("counterfoil_tasks_total", "Tasks run, by name and outcome.", ["name", "outcome"])
log = structlog.get_logger(__name__)


def run_due(batches: int = 50) -> int:
    """Claim and run due tasks until none is left, ``batches`` were run or five minutes are over (a wake-up's job has ten);
    returns how many tasks were run."""
    count = 0
    until = time.monotonic() + LONGEST_RUN
    for _ in range(batches):
        ran = _run_batch()
        count += ran
        if ran < BATCH or time.monotonic() > until:
            break
    return count


def _run_batch() -> int:
    feeds.write_tasks()
    token = secrets.token_hex(16)
    claimed, ends = units.write(lambda: _claim(token))
    borders.cross("tasks.claimed")
    for done, (task_id, name, arguments, request_id) in enumerate(claimed):
        if clock.now() > ends - MARGIN:
            units.write(lambda: _release(token))
            return done
        with coming_from(Origin(request_id, "worker")):
            _run(Lease(task_id, token), name, arguments)
    return len(claimed)


def _claim(token: str) -> tuple[list[tuple[int, str, dict[str, object], str]], datetime]:
    now = clock.now()
    due = look(_DUE, now=now).all()
    if not due:
        return [], now + LEASE
    lost = [row for row in due if row.lease_token]  # somebody ran it, and neither finished nor failed
    for row in lost:
        _note_failure(row.id, row.attempts, row.due_at, LOST)
        if row.attempts >= MOST_LOST:  # it takes its workers with it
            _give_up(session.get_one(Task, row.id), LOST)
    ids = [row.id for row in due if not (row.lease_token and row.attempts >= MOST_LOST)]
    if not ids:
        return [], now + LEASE
    change(_CLAIMING, {"ids": ids, "now": now, "token": token, "until": now + LEASE})
    return [(row[0], row[1], row[2], row[3]) for row in look(_CLAIMED, token=token)], now + LEASE


def _release(token: str) -> None:
    session.execute(
        update(Task)
        .where(Task.lease_token == token, Task.state == TaskState.WAITING)
        .values(lease_token=None, due_at=clock.now(), attempts=Task.attempts - 1)
        .execution_options(synchronize_session=False)
    )


def _run(lease: Lease, name: str, arguments: dict[str, object]) -> None:
    mark = running.set(lease)
    try:
        handler = registry.handler(name)
        if handler.plain:
            units.write(lambda: _run_plain(handler, lease, arguments))
        else:
            with units.read():
                if not _still_ours(lease):
                    raise LeaseLost
            handler.run(**arguments)
            borders.cross("tasks.handled")
            units.write(lambda: _finish_if_running(lease))
        RAN.labels(name, "done").inc()
    except LeaseLost:
        log.warning("lease lost", task=name)
        RAN.labels(name, "lease_lost").inc()
    except Exception as error:
        log.exception("task failed", task=name)
        RAN.labels(name, "failed").inc()
        text = "".join(traceback.format_exception_only(error)).strip()
        units.write(lambda: _fail(lease, text))
    finally:
        running.reset(mark)


def _still_ours(lease: Lease) -> bool:
    """Whether nobody cancelled the task or took it over, and nobody put the done mark."""
    return look(_LEASED, id=lease.task_id).one() == (lease.token, TaskState.WAITING)


def _run_plain(handler: registry.Handler, lease: Lease, arguments: dict[str, object]) -> None:
    if not _still_ours(lease):
        raise LeaseLost
    handler.run(**arguments)
    _finish_if_running(lease)


def _finish_if_running(lease: Lease) -> None:
    """The handler may have put the mark into its own unit, or asked to come back later."""
    if _still_ours(lease):
        finish_running()


def _fail(lease: Lease, error: str) -> None:
    task = session.get_one(
        Task, lease.task_id, with_for_update=True
    )  # who takes it over or cancels it waits, or was first
    if task.lease_token != lease.token:
        return
    task.last_error, task.lease_token = error[:4000], None
    _note_failure(task.id, task.attempts, clock.now(), task.last_error)
    if task.attempts < task.max_attempts:
        task.due_at = clock.now() + pause(task.attempts)
        return
    _give_up(task, error)


def _give_up(task: Task, error: str) -> None:
    task.state, task.finished_at, task.lease_token, task.last_error = TaskState.GAVE_UP, clock.now(), None, error[:4000]
    audit.record(Tag.TASK_GAVE_UP, task.subject(), by=SYSTEM, reason=error[:255], name=task.name)
    cases.open_case(CaseKind.TASK_GAVE_UP, task.subject(), task=task.name, error=error[:500])


def _note_failure(task_id: int, attempt: int, at: datetime, error: str) -> None:
    session.add(TaskFailure(task_id=task_id, attempt=attempt, failed_at=at, error=error))


def pause(attempts: int) -> timedelta:
    """How long to wait after the n-th failure: doubled each time up to an hour, the last half of it drawn by lot."""
    longest: timedelta = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempts - 1, 20))
    return longest * random.uniform(0.5, 1)  # noqa: S311
