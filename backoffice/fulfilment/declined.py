"""Dates that a customer declined: a case of the order, open for as long as one of its visits waits for another date."""

from sqlalchemy import exists, select

from backoffice.audit.models import AuditEntry
from backoffice.audit.tags import Tag
from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.core.db import session
from backoffice.fulfilment.models import Appointment, AppointmentState
from backoffice.orders.models import Order


def tell(order: Order, visit: Appointment, wish: str) -> None:
    """Somebody has to find another date."""
    cases.open_case(CaseKind.DATE_DECLINED, order, service=visit.order_line.name, wish=wish)


def close(order: Order, because: str) -> None:
    """Close the case, unless the date of another visit of the order was declined and none proposed since."""
    session.flush()
    declined = exists().where(
        AuditEntry.subject_kind == Appointment.subject_kind,
        AuditEntry.subject_id == Appointment.id,
        AuditEntry.tag == Tag.APPOINTMENT_DECLINED,
    )
    waiting = Appointment.state == AppointmentState.WANTED
    query = select(Appointment.id).where(Appointment.order_id == order.id, waiting, declined)
    if session.scalars(query.limit(1)).first() is None:
        cases.close(CaseKind.DATE_DECLINED, order, because=because)
