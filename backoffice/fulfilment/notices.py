"""The mails about delivery. Each is one task, plain: it writes the mail, another task sends it."""

from backoffice.core.actor import SYSTEM, Actor
from backoffice.core.db import session
from backoffice.fulfilment import service as fulfilment
from backoffice.fulfilment.models import Appointment, AppointmentState, Shipment
from backoffice.mail import service as mail
from backoffice.orders import service as orders
from backoffice.orders.letters import facts_of


def shipped(shipment_id: int, said: str = "") -> None:
    """Tell the customer what is in a parcel, and what is still to come; once more (``said``) where its number was wrong."""
    _about_parcel(session.get_one(Shipment, shipment_id), said, SYSTEM, is_corrected=bool(said))


def tell_again(shipment: Shipment, *, by: Actor, request_key: str) -> None:
    """Send the mail about a parcel once more to the order's address, as its order stands now; the same ``request_key`` sends
    one."""
    _about_parcel(shipment, request_key, by, is_corrected=False)


def _about_parcel(shipment: Shipment, said: str, by: Actor, *, is_corrected: bool) -> None:
    order = orders.get(shipment.order_id)
    mail.queue(
        "parcel_sent",
        to=order.email,
        about=order,
        key=f"parcel_sent:{shipment.ref}:{said}" if said else f"parcel_sent:{shipment.ref}",
        by=by,
        is_corrected=is_corrected,
        shipment=shipment,
        left=sum(item.left for item in fulfilment.to_ship(order)),
        **facts_of(order),
    )


def proposed(appointment_id: int, starts_at: str, said: str) -> None:
    """Tell the customer the date we propose, unless it was answered or replaced meanwhile."""
    _about_date("date_proposed", AppointmentState.PROPOSED, appointment_id, starts_at, said)


def agreed(appointment_id: int, starts_at: str, said: str) -> None:
    """Confirm the date that the customer agreed to, unless we proposed another meanwhile."""
    _about_date("date_agreed", AppointmentState.AGREED, appointment_id, starts_at, said)


def called_off(appointment_id: int) -> None:
    """Tell the customer that nobody comes on the date that was proposed or agreed."""
    visit = session.get_one(Appointment, appointment_id)
    if visit.state == AppointmentState.CANCELLED:
        _queue_about_date("date_called_off", visit, visit.ref)


def _about_date(template: str, state: AppointmentState, appointment_id: int, starts_at: str, said: str) -> None:
    appointment = session.get_one(Appointment, appointment_id)
    stands = appointment.starts_at.isoformat() if appointment.starts_at else ""
    if appointment.state != state or stands != starts_at:
        return
    _queue_about_date(template, appointment, f"{appointment.ref}:{said}")


def _queue_about_date(template: str, appointment: Appointment, key: str) -> None:
    order = orders.get(appointment.order_id)
    mail.queue(
        template,
        to=order.email,
        about=order,
        key=f"{template}:{key}",
        appointment=appointment,
        **facts_of(order),
    )
