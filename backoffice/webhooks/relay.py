"""The relay: an event waits in the inbox as the row it was stored as; whoever runs tasks next writes the tasks of those that
wait."""

from typing import cast

from sqlalchemy import Table, bindparam, select, update

from backoffice.core import borders, units
from backoffice.core.actor import Origin, coming_from
from backoffice.core.looks import look
from backoffice.core.writes import change
from backoffice.tasks import service as tasks
from backoffice.tasks.feeds import Feed
from backoffice.webhooks.models import EventState, WebhookEvent

NAME = "webhooks"
AT_ONCE = 100

_EVENTS = cast("Table", WebhookEvent.__table__)
_IS_WAITING = _EVENTS.c.state == EventState.ARRIVED
_ANY = select(_EVENTS.c.id).where(_IS_WAITING).limit(1)
_WAITING = (
    select(_EVENTS.c.id, _EVENTS.c.ref, _EVENTS.c.request_id)
    .where(_IS_WAITING)
    .order_by(_EVENTS.c.id)
    .limit(AT_ONCE)
    .with_for_update(skip_locked=True)
)
_TAKING_UP = (
    update(_EVENTS)
    .where(_EVENTS.c.id.in_(bindparam("ids", expanding=True)), _IS_WAITING)
    .values(state=EventState.RECEIVED)
)


def task_key(event_ref: str) -> str:
    """Under which the task of an event is written once."""
    return f"webhooks.handle:{event_ref}"


def is_waiting() -> bool:
    return look(_ANY).first() is not None


def write_tasks() -> None:
    """Write the task of every event that arrived, a hundred in one commit, in the order they were stored. Each is written once,
    whoever else does so at the same time."""
    while _is_any():
        units.write(_take_up)
        borders.cross("webhooks.taken_up")


def _is_any() -> bool:
    with units.read():
        return is_waiting()


def _take_up() -> None:
    waiting = look(_WAITING).all()
    for event_id, ref, request_id in waiting:
        with coming_from(Origin(request_id, "webhook")):
            tasks.schedule("webhooks.handle", dedupe=task_key(ref), event_id=event_id)
    if waiting:
        change(_TAKING_UP, {"ids": [row[0] for row in waiting]})


FEED = Feed(is_waiting, write_tasks)
