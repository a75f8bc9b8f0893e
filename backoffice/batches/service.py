"""Batches: written in the office with their rows, run one row after the other, each in units of its own."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

import structlog
from sqlalchemy import Table, bindparam, case, func, insert, select, update
from sqlalchemy.exc import DBAPIError

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.batches.models import Batch, BatchItem, BatchState, ItemState
from backoffice.core import actor, borders, clock, references, units
from backoffice.core.actor import Actor
from backoffice.core.db import NOW, session
from backoffice.core.errors import CounterfoilError, FormUsed, NotFound, ProgrammingError
from backoffice.core.states import StateTable, change_where
from backoffice.core.writes import change
from backoffice.staff.models import StaffMember
from backoffice.staff.roles import Right, may
from backoffice.tasks import service as tasks

log = structlog.get_logger(__name__)

MOST = 1_000  # rows of one batch
FAILED = "An error of ours ({}), which the log tells of. Look at its page before you do it again."
SLICE = 45.0  # seconds after which a runner lets others in; well within its lease

MOVES = StateTable(
    Batch.state, {BatchState.RUNNING: frozenset({BatchState.DONE}), BatchState.DONE: frozenset[BatchState]()}
)

Act = Callable[[str, Actor, str, str], object]  # reference, who, why, key of this row


class _Known(NamedTuple):
    act: Act
    right: Right  # to do it to one row


_actions: dict[str, _Known] = {}


class NothingChosen(CounterfoilError):
    status = 422

    def __init__(self) -> None:
        super().__init__(f"Choose what it is to be done to: from one row to {MOST:,}.")


def register(name: str, act: Act, right: Right) -> None:
    """Let batches run ``act`` for whoever has the ``right``: safe to run twice for one row with the same key. It opens its own
    units, and looks whether its actor may see the row."""
    if _actions.setdefault(name, _Known(act, right)).act is not act:
        raise ProgrammingError(f"two actions for batches are called {name!r}")


def names() -> frozenset[str]:
    return frozenset(_actions)


def right_for(name: str) -> Right:
    """What an action asks of whoever has it done."""
    return _actions[name].right


def start(action: str, refs: Sequence[str], *, desk: str, owner: StaffMember, reason: str, request_key: str) -> Batch:
    """Write a batch with its rows, and the task that runs it. The same ``request_key`` starts one. Raises NothingChosen."""
    known = session.scalars(select(Batch).where(Batch.request_key == request_key)).one_or_none()
    chosen = list(dict.fromkeys(refs))
    if known:
        if (known.action, known.desk, known.reason) != (action, desk, reason):  # what fits a filter changes meanwhile
            raise FormUsed
        return known
    if not 0 < len(chosen) <= MOST:
        raise NothingChosen
    if action not in _actions:
        raise NotFound("action")
    batch = Batch(
        ref=references.new("bat"),
        request_key=request_key,
        action=action,
        desk=desk,
        owner=owner,
        reason=reason,
        state=BatchState.RUNNING,
        total=len(chosen),
        created_at=clock.now(),
        finished_at=None,
    )
    session.add(batch)
    session.flush()
    rows = [{"batch_id": batch.id, "about_ref": ref, "state": ItemState.WAITING, "message": ""} for ref in chosen]
    session.execute(insert(BatchItem), rows)
    audit.record(Tag.BATCH_STARTED, batch, by=actor.staff(owner.ref), reason=reason, action=action, rows=len(chosen))
    tasks.schedule("batches.run", dedupe=f"batches.run:{batch.ref}", is_new=True, batch_id=batch.id)
    return batch


def run(batch_id: int) -> None:
    """The task: one row after the other. What a service refuses, and what goes wrong with one, is the result of its row, and
    the others go on; a database that is away is nobody's result, and the task is tried again."""
    until = time.monotonic() + SLICE
    with units.read():
        batch = session.get_one(Batch, batch_id)
        (act, right), owner = _actions[batch.action], batch.owner
        ref, by, reason = batch.ref, actor.staff(owner.ref), batch.reason
        refusal = "" if owner.active else "Whoever started this has no account any more."
        if not refusal and not may(owner.role, right):
            refusal = f"Whoever started this may not {right} any more."
    if refusal:
        units.write(lambda: _refuse_rest(batch_id, refusal))
    while row := _next(batch_id):
        item_id, about = row
        try:
            with tasks.apart():  # what an action does with the task that runs is not meant for this one
                act(about, by, reason, f"{ref}:{item_id}"[:40])
            state, message = ItemState.DONE, ""
        except CounterfoilError as error:
            state, message = ItemState.REFUSED, str(error)
        except DBAPIError:
            raise
        except Exception as error:
            log.exception("a row of a batch failed", batch=ref, about=about)
            state, message = ItemState.REFUSED, FAILED.format(type(error).__name__)
        borders.cross("batches.acted")
        _note(item_id, state, message)
        if time.monotonic() > until:
            units.write(lambda: tasks.postpone_running(clock.now()))
            return
    units.write(lambda: _finish(batch_id))


def items(batch: Batch) -> Sequence[BatchItem]:
    """What was refused first, then what waits, then what was done."""
    place = case({ItemState.REFUSED.value: 0, ItemState.WAITING.value: 1}, value=BatchItem.state, else_=2)
    query = select(BatchItem).where(BatchItem.batch_id == batch.id)
    return session.scalars(query.order_by(place, BatchItem.id)).all()


def progress(batch: Batch) -> dict[ItemState, int]:
    query = select(BatchItem.state, func.count()).where(BatchItem.batch_id == batch.id).group_by(BatchItem.state)
    found = {row[0]: row[1] for row in session.execute(query)}
    return {state: found.get(state, 0) for state in ItemState}


def _next(batch_id: int) -> tuple[int, str] | None:
    with units.read():
        query = select(BatchItem.id, BatchItem.about_ref).where(
            BatchItem.batch_id == batch_id, BatchItem.state == ItemState.WAITING
        )
        row = session.execute(query.order_by(BatchItem.id).limit(1)).first()
        return (row[0], row[1]) if row else None


def _note(item_id: int, state: ItemState, message: str) -> None:
    def note() -> None:
        item = session.get_one(BatchItem, item_id)
        change_where(
            item, BatchItem.state == ItemState.WAITING, state=state, message=message[:255], done_at=clock.now()
        )

    units.write(note)


_ITEMS = cast("Table", BatchItem.__table__)
_REFUSING_REST = (
    update(_ITEMS)
    .where(_ITEMS.c.batch_id == bindparam("batch"), _ITEMS.c.state == ItemState.WAITING)
    .values(state=ItemState.REFUSED, message=bindparam("why"), done_at=NOW)
)


def _refuse_rest(batch_id: int, message: str) -> None:
    change(_REFUSING_REST, {"batch": batch_id, "why": message})


def _finish(batch_id: int) -> None:
    batch = session.get_one(Batch, batch_id)
    counts = progress(batch)
    if MOVES.move(batch, BatchState.DONE, finished_at=clock.now()):
        audit.record(
            Tag.BATCH_DONE, batch, by=actor.staff(batch.owner.ref), done=counts[ItemState.DONE],
            refused=counts[ItemState.REFUSED],
        )  # fmt: skip
    tasks.finish_running()
