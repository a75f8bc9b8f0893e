"""Parcels: whole or in parts, never more than was ordered, and a mail for each."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import cast
from urllib.parse import quote

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.orm import joinedload

from backoffice.audit import service as audit
from backoffice.audit.models import AuditEntry
from backoffice.audit.tags import Tag
from backoffice.core import clock, references
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, FormUsed, NotFound
from backoffice.core.seen import check
from backoffice.fulfilment import methods
from backoffice.fulfilment import service as fulfilment
from backoffice.fulfilment.models import Fulfilment, FulfilmentState, Shipment, ShipmentLine, ShippedPieces
from backoffice.orders.models import Order, OrderLine
from backoffice.tasks import service as tasks


class NothingPacked(CounterfoilError):
    def __init__(self) -> None:
        super().__init__("Choose what is in the parcel: at least one piece.")


class TooMany(CounterfoilError):
    """More pieces than are left to ship; somebody else may have shipped them."""

    status = 409

    def __init__(self, name: str, left: int) -> None:
        super().__init__(f"Only {left} of “{name}” are left to ship. Look at the order again.")


class NotedAlready(CounterfoilError):
    status = 409

    def __init__(self, tracking: str) -> None:
        super().__init__(
            f"A parcel with the number {tracking} is noted already, perhaps by a colleague. Look at the order again."
        )


class InQuestion(CounterfoilError):
    status = 409

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The provider was asked to give money back for “{name}” and has not answered yet: these pieces may have to stay "
            "here. Ask it again, or ship the others."
        )


def ship(
    order: Order,
    pieces: Mapping[int, int],
    *,
    request_key: str,
    tracking: str,
    by: Actor,
    carrier: str = "",
    in_question: Callable[[Order], Mapping[int, int]],
) -> Shipment:
    """Hand a parcel over: order line id → pieces; to the carrier of the way that was chosen, where none is named. The same
    ``request_key`` ships once. ``in_question`` says which pieces may have to stay here, by line.

    Raises NotDeliverable, NothingPacked, NotedAlready, TooMany, InQuestion, FormUsed; then nothing was written."""
    wanted = {line_id: count for line_id, count in pieces.items() if count > 0}
    known = find(request_key)
    if known:
        if not _is_the_same(known, order, wanted, carrier or usual_carrier(order), tracking):
            raise FormUsed
        return known
    delivery = fulfilment.deliverable(order)
    left = {item.line.id: item for item in fulfilment.to_ship(order)}
    if not wanted or not wanted.keys() <= left.keys():
        raise NothingPacked
    if tracking and any(item.tracking == tracking for item in of(order)):
        raise NotedAlready(tracking)
    staying = in_question(order)
    for line_id, count in sorted(wanted.items()):
        if count > left[line_id].left - staying.get(line_id, 0) and count <= left[line_id].left:
            raise InQuestion(left[line_id].line.name)
        _count(line_id, count, left[line_id])
    carrier = carrier or usual_carrier(order)
    shipment = Shipment(
        ref=references.new("shp"),
        order_id=order.id,
        request_key=request_key,
        carrier=carrier,
        tracking=tracking,
        tracking_url=_address(carrier, tracking),
        shipped_at=clock.now(),
        sent_to=asdict(order.destination),
    )
    shipment.lines = [
        ShipmentLine(order_line=left[line_id].line, quantity=count) for line_id, count in sorted(wanted.items())
    ]
    session.add(shipment)
    audit.record(
        Tag.SHIPMENT_SENT, shipment, by=by, order=order.ref, carrier=carrier, tracking=tracking,
        pieces=sum(wanted.values()),
    )  # fmt: skip
    fulfilment.advance(delivery, by=by)
    tasks.schedule("notices.shipped", dedupe=f"notices.shipped:{shipment.ref}", shipment_id=shipment.id)
    return shipment


def find(request_key: str) -> Shipment | None:
    """What a form has noted already."""
    return session.scalars(select(Shipment).where(Shipment.request_key == request_key)).one_or_none()


def _is_the_same(known: Shipment, order: Order, wanted: Mapping[int, int], carrier: str, tracking: str) -> bool:
    """Whether a form says what it said before; its number may have been corrected since."""
    packed = {line.order_line_id: line.quantity for line in known.lines}
    if (known.order_id, packed) != (order.id, wanted):
        return False
    first = select(AuditEntry.changes).where(AuditEntry.subject_ref == known.ref, AuditEntry.tag == Tag.SHIPMENT_SENT)
    said = {name: pair[1] for name, pair in session.scalars(first).one().items()}
    return (said["carrier"], said["tracking"]) == (carrier, tracking)


def correct(shipment: Shipment, carrier: str, tracking: str, *, seen: str, by: Actor, reason: str) -> bool:
    """Another carrier took it, or it has another number: the customer is told again. False where it is known so. ``seen`` is
    the ``mark`` of the carrier and the number that the page showed. Raises ChangedMeanwhile."""
    session.refresh(shipment, with_for_update=True)  # of two at the same moment the second finds what the first wrote
    changes = {
        name: (before, after)
        for name, before, after in (
            ("carrier", shipment.carrier, carrier),
            ("tracking", shipment.tracking, tracking),
        )
        if before != after
    }
    if not changes:
        return False
    check(seen, shipment.carrier, shipment.tracking)
    shipment.carrier, shipment.tracking = carrier, tracking
    shipment.tracking_url = _address(carrier, tracking)
    audit.record(Tag.SHIPMENT_CORRECTED, shipment, by=by, reason=reason, **changes)
    said = references.new("say")
    tasks.schedule("notices.shipped", dedupe=f"notices.shipped:{said}", shipment_id=shipment.id, said=said)
    return True


def by_ref(ref: str) -> Shipment:
    """With its order. Raises NotFound."""
    query = select(Shipment).where(Shipment.ref == ref).options(joinedload(Shipment.order, innerjoin=True))
    parcel = session.scalars(query).one_or_none()
    if parcel is None:
        raise NotFound("parcel")
    return parcel


def still_to_send(variant_id: int) -> int:
    """Pieces of an article that are sold and have not left: no stock any more, and on the shelf all the same."""
    query = (
        select(func.sum(ShippedPieces.ordered - ShippedPieces.shipped))
        .join(OrderLine, OrderLine.id == ShippedPieces.order_line_id)
        .join(Fulfilment, Fulfilment.order_id == OrderLine.order_id)
        .where(OrderLine.variant_id == variant_id, Fulfilment.state.in_((FulfilmentState.OPEN, FulfilmentState.PARTLY)))
    )
    return int(session.scalar(query) or 0)


def usual_carrier(order: Order) -> str:
    """Who carries what is delivered in the way that was chosen; empty where nobody is named."""
    method = methods.by_code(order.delivery_code)
    return method.carrier if method else ""


def of(order: Order) -> list[Shipment]:
    """The parcels of an order, oldest first."""
    return list(session.scalars(select(Shipment).where(Shipment.order_id == order.id).order_by(Shipment.id)))


def _count(line_id: int, count: int, item: fulfilment.ToShip) -> None:
    """Note that pieces leave: a conditional update, so that two operators never ship one piece twice."""
    done = cast(
        "CursorResult[object]",
        session.execute(
            update(ShippedPieces)
            .where(ShippedPieces.order_line_id == line_id, ShippedPieces.shipped + count <= ShippedPieces.ordered)
            .values(shipped=ShippedPieces.shipped + count)
            .execution_options(synchronize_session=False)
        ),
    )
    if not done.rowcount:
        raise TooMany(item.line.name, item.left)


def _address(carrier: str, tracking: str) -> str:
    pattern = methods.page_of(carrier)
    return pattern.replace("{}", quote(tracking, safe="")) if pattern and tracking else ""
