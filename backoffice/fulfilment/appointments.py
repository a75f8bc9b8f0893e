"""Services at the customer's place: a date is proposed, agreed, and kept."""

from datetime import UTC, datetime

from sqlalchemy import select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import clock, references
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.fulfilment import declined
from backoffice.fulfilment import service as fulfilment
from backoffice.fulfilment.models import Appointment, AppointmentState
from backoffice.fulfilment.states import APPOINTMENT_MOVES
from backoffice.orders.models import Order
from backoffice.tasks import service as tasks

A = AppointmentState


class DateInThePast(CounterfoilError):
    def __init__(self) -> None:
        super().__init__("Name a date that is still to come.")


class NotNow(CounterfoilError):
    """The appointment is not where this step begins; somebody else may have moved it."""

    status = 409

    def __init__(self, state: AppointmentState) -> None:
        super().__init__("This appointment is %(state)s by now. Look at it again.", state=state.value)


def propose(order: Order, ref: str, starts_at: datetime, *, by: Actor) -> Appointment:
    """Name a date to the customer, by mail; a new proposal replaces the old one, and the same date once more tells nobody.
    Raises DateInThePast, NotNow, NotFound for an appointment of another order."""
    appointment = _lock(order, ref)
    if starts_at <= clock.now():
        raise DateInThePast
    before, was = appointment.state, appointment.starts_at
    fulfilment.deliverable(order)
    if before == A.PROPOSED and was == starts_at:  # a second press: the customer was told
        return appointment
    if before == A.PROPOSED:
        appointment.starts_at = starts_at
    elif before not in (A.WANTED, A.AGREED) or not APPOINTMENT_MOVES.move(appointment, A.PROPOSED, starts_at=starts_at):
        raise NotNow(appointment.state)
    audit.record(Tag.APPOINTMENT_PROPOSED, appointment, by=by, state=(before, A.PROPOSED), starts_at=(was, starts_at))
    declined.close(order, "Another date was proposed.")
    _tell("notices.proposed", appointment, starts_at)
    return appointment


def agree(order: Order, ref: str, starts_at: datetime, *, by: Actor) -> bool:
    """The customer says yes to the date they were shown; False if they said so before. Raises NotNow for another date."""
    appointment = _lock(order, ref)
    if appointment.starts_at != starts_at or appointment.state not in (A.PROPOSED, A.AGREED):
        raise NotNow(appointment.state)
    if not APPOINTMENT_MOVES.move(appointment, A.AGREED):
        return False
    audit.record(Tag.APPOINTMENT_AGREED, appointment, by=by, state=(A.PROPOSED, A.AGREED), starts_at=starts_at)
    _tell("notices.agreed", appointment, starts_at)
    return True


def decline(order: Order, ref: str, starts_at: datetime, *, by: Actor, wish: str) -> Appointment | None:
    """The customer cannot that day and says what would suit, which is a case; None if that was said before. Raises NotNow."""
    appointment = _lock(order, ref)
    if appointment.state == A.WANTED:
        return None
    if appointment.state != A.PROPOSED or appointment.starts_at != starts_at:
        raise NotNow(appointment.state)
    if not APPOINTMENT_MOVES.move(appointment, A.WANTED, starts_at=None):
        return None
    audit.record(Tag.APPOINTMENT_DECLINED, appointment, by=by, reason=wish, state=(A.PROPOSED, A.WANTED))
    declined.tell(order, appointment, wish)
    return appointment


def finish(order: Order, ref: str, *, by: Actor) -> bool:
    """The service was done; False if that was known. Raises NotNow unless a date was agreed."""
    appointment = _lock(order, ref)
    if appointment.state not in (A.AGREED, A.DONE):
        raise NotNow(appointment.state)
    if not APPOINTMENT_MOVES.move(appointment, A.DONE):
        return False
    audit.record(Tag.APPOINTMENT_DONE, appointment, by=by, state=(A.AGREED, A.DONE))
    fulfilment.advance(fulfilment.deliverable(order), by=by)
    return True


def of(order: Order) -> list[Appointment]:
    return list(session.scalars(select(Appointment).where(Appointment.order_id == order.id).order_by(Appointment.id)))


def _lock(order: Order, ref: str) -> Appointment:
    """The order's appointment, locked until the unit ends: an answer is an answer to the date that stands there."""
    query = select(Appointment).where(Appointment.ref == ref, Appointment.order_id == order.id).with_for_update()
    appointment = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if appointment is None:
        raise NotFound("appointment")
    return appointment


def _tell(notice: str, appointment: Appointment, starts_at: datetime) -> None:
    said = references.new("say")  # the same date proposed again is said again
    tasks.schedule(
        notice,
        dedupe=f"{notice}:{appointment.ref}:{said}",
        appointment_id=appointment.id,
        starts_at=starts_at.astimezone(UTC).isoformat(),
        said=said,
    )
