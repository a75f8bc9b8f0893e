"""Delivery of paid orders: what is still to do, and whether all of it is done. Parcels, downloads and appointments have
a file each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.catalog import service as catalog
from backoffice.core import clock, references
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError
from backoffice.fulfilment.calling_off import call_off
from backoffice.fulfilment.models import (
    Appointment,
    AppointmentState,
    DownloadGrant,
    Fulfilment,
    FulfilmentState,
    ShippedPieces,
)
from backoffice.fulfilment.states import DELIVERY_MOVES, STILL_TO_COME
from backoffice.orders.models import LineKind, Order, OrderLine

F = FulfilmentState


class NotDeliverable(CounterfoilError):
    """The order is not open for delivery: not paid, delivered already, or withdrawn."""

    status = 409

    def __init__(self, why: str) -> None:
        super().__init__(f"This order cannot be delivered now: {why}.")


@dataclass(frozen=True)
class ToShip:
    """An order line with the pieces that have not left yet; what was paid back is not to leave any more."""

    line: OrderLine
    shipped: int
    ordered: int

    @property
    def left(self) -> int:
        return self.ordered - self.shipped

    @property
    def stays(self) -> int:
        """Pieces that were paid back before they left."""
        return self.line.quantity - self.ordered


def open_for(order: Order, *, by: Actor) -> Fulfilment:
    """Let the order be delivered: parcels may be packed, downloads open, services get a date. Twice is once."""
    known = find(order.id)
    if known:
        return known
    now = clock.now()
    fulfilment = Fulfilment(ref=references.new("ful"), order=order, state=F.OPEN, opened_at=now)
    session.add(fulfilment)
    lines = list(order.lines)
    session.add_all(
        ShippedPieces(order_line_id=line.id, ordered=line.quantity, shipped=0)
        for line in lines
        if line.kind == LineKind.PHYSICAL
    )
    audit.record(Tag.FULFILMENT_OPENED, fulfilment, by=by, order=order.ref)
    _grant(order, [line for line in lines if line.kind == LineKind.DIGITAL], by=by)
    for line in lines:
        if line.kind == LineKind.SERVICE:
            _want(order, line, by=by)
    advance(fulfilment, by=by)
    return fulfilment


def withdraw(order: Order, *, by: Actor, reason: str) -> bool:
    """Let nothing more be delivered: downloads close, open appointments are cancelled. What was shipped stays shipped.

    False if it was withdrawn already. Raises NotDeliverable for an order that was never open."""
    fulfilment = lock(order.id)
    if fulfilment is None:
        raise NotDeliverable("it was never opened for delivery")
    before = fulfilment.state
    if not DELIVERY_MOVES.move(fulfilment, F.WITHDRAWN):
        return False
    audit.record(Tag.FULFILMENT_WITHDRAWN, fulfilment, by=by, reason=reason, state=(before, F.WITHDRAWN))
    for grant in session.scalars(select(DownloadGrant).where(DownloadGrant.order_id == order.id)):
        if grant.withdrawn_at is None:
            grant.withdrawn_at = clock.now()
            audit.record(Tag.DOWNLOAD_WITHDRAWN, grant, by=by, reason=reason, order=order.ref)
    call_off(order, session.scalars(select(Appointment).where(Appointment.order_id == order.id)), by=by, reason=reason)
    return True


def is_withdrawable(delivery: Fulfilment, grants: Iterable[DownloadGrant]) -> bool:
    """Whether withdrawing would keep anything back: what was handed over stays handed over."""
    return delivery.state in (F.OPEN, F.PARTLY) or (
        delivery.state == F.DONE and any(grant.withdrawn_at is None for grant in grants)
    )


def find(order_id: int) -> Fulfilment | None:
    return session.scalars(select(Fulfilment).where(Fulfilment.order_id == order_id)).one_or_none()


def states_of(order_ids: Sequence[int]) -> dict[int, FulfilmentState]:
    """How far the deliveries of these orders are, by order; one that has none is left out."""
    query = select(Fulfilment.order_id, Fulfilment.state).where(Fulfilment.order_id.in_(list(order_ids)))
    return {row[0]: row[1] for row in session.execute(query)} if order_ids else {}


def lock(order_id: int) -> Fulfilment | None:
    """The delivery of an order, locked until the unit ends."""
    query = select(Fulfilment).where(Fulfilment.order_id == order_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def to_ship(order: Order) -> list[ToShip]:
    """The lines that go into parcels, with what has left of each."""
    lines = [line for line in order.lines if line.kind == LineKind.PHYSICAL]
    rows = session.execute(
        select(ShippedPieces.order_line_id, ShippedPieces.shipped, ShippedPieces.ordered).where(
            ShippedPieces.order_line_id.in_([line.id for line in lines])
        )
    )
    known = {row[0]: (row[1], row[2]) for row in rows}
    return [ToShip(line, *known.get(line.id, (0, line.quantity))) for line in lines]


def deliverable(order: Order) -> Fulfilment:
    """The open delivery of an order, locked: parcels, visits and a withdrawal follow each other. Raises NotDeliverable."""
    fulfilment = lock(order.id)
    if fulfilment is None:
        raise NotDeliverable("it is not paid")
    if fulfilment.state == F.WITHDRAWN:
        raise NotDeliverable("its delivery was withdrawn")
    return fulfilment


def advance(fulfilment: Fulfilment, *, by: Actor) -> None:
    """Move the delivery on to partly or done, as far as its parts are."""
    order = fulfilment.order
    parcels = to_ship(order)
    appointments = list(session.scalars(select(Appointment).where(Appointment.order_id == order.id)))
    open_ends = [item.left for item in parcels if item.left]
    open_dates = [item for item in appointments if item.state in STILL_TO_COME]
    if not open_ends and not open_dates:
        to = F.DONE
    elif any(item.shipped for item in parcels) or any(item.state == AppointmentState.DONE for item in appointments):
        to = F.PARTLY
    else:
        return
    before = fulfilment.state
    if before != to and DELIVERY_MOVES.move(fulfilment, to):
        audit.record(Tag.FULFILMENT_ADVANCED, fulfilment, by=by, state=(before, to))


def _grant(order: Order, lines: Sequence[OrderLine], *, by: Actor) -> None:
    """Open the downloads of digital lines: a file bought twice may be fetched twice as often."""
    by_variant = {line.variant_id: line for line in lines if line.variant_id}
    for asset in catalog.assets_of(list(by_variant), order.placed_at) if by_variant else []:
        line = by_variant[asset.variant_id]
        grant = DownloadGrant(
            counted_at=None,
            begun_anew=0,
            ref=references.new("dlg"),
            order_id=order.id,
            order_line_id=line.id,
            asset=asset,
            most=asset.most_downloads * line.quantity,
            used=0,
            granted_at=clock.now(),
            withdrawn_at=None,
        )
        session.add(grant)
        audit.record(Tag.DOWNLOAD_GRANTED, grant, by=by, order=order.ref, file=asset.name, most=grant.most)


def _want(order: Order, line: OrderLine, *, by: Actor) -> None:
    appointment = Appointment(
        ref=references.new("apt"),
        order_id=order.id,
        order_line=line,
        state=AppointmentState.WANTED,
        starts_at=None,
    )
    session.add(appointment)
    audit.record(Tag.APPOINTMENT_WANTED, appointment, by=by, order=order.ref, service=line.name)
