"""Visits that do not take place: cancelled with their delivery or their line, and told to whoever waits for one."""

from collections.abc import Iterable

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core.actor import Actor
from backoffice.fulfilment import declined
from backoffice.fulfilment.models import Appointment, AppointmentState
from backoffice.fulfilment.states import APPOINTMENT_MOVES, STILL_TO_COME
from backoffice.orders.models import Order
from backoffice.tasks import service as tasks


def call_off(order: Order, visits: Iterable[Appointment], *, by: Actor, reason: str) -> None:
    """Cancel those visits of an order that are still to come. Who was told a date is told that it does not stand any more."""
    for visit in visits:
        was = visit.state
        if was in STILL_TO_COME and APPOINTMENT_MOVES.move(visit, AppointmentState.CANCELLED):
            audit.record(Tag.APPOINTMENT_CANCELLED, visit, by=by, reason=reason, state=(was, visit.state))
            if visit.starts_at is not None:
                tasks.schedule("notices.called_off", dedupe=f"notices.called_off:{visit.ref}", appointment_id=visit.id)
    declined.close(order, "The visit was called off.")
