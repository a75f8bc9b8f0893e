"""Opening delivery once an order is paid."""

from sqlalchemy import select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import clock, references
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.fulfilment.models import Fulfilment, FulfilmentState
from backoffice.orders.models import Order


def open_for(order: Order, *, by: Actor) -> Fulfilment:
    """Let the order be delivered; opening twice is opening once."""
    known = find(order.id)
    if known:
        return known
    fulfilment = Fulfilment(
        ref=references.new("ful"), order_id=order.id, state=FulfilmentState.OPEN, opened_at=clock.now()
    )
    session.add(fulfilment)
    audit.record(Tag.FULFILMENT_OPENED, fulfilment, by=by, order=order.ref)
    return fulfilment


def find(order_id: int) -> Fulfilment | None:
    return session.scalars(select(Fulfilment).where(Fulfilment.order_id == order_id)).one_or_none()
