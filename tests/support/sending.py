"""A parcel that leaves, as the desk hands it over: what may have to stay here is asked for."""

from collections.abc import Mapping

from backoffice.core.actor import SYSTEM, Actor
from backoffice.fulfilment import parcels
from backoffice.fulfilment.models import Shipment
from backoffice.orders.models import Order
from backoffice.refunds import wishes


def send(
    order: Order, pieces: Mapping[int, int], key: str = "k", tracking: str = "", *, by: Actor = SYSTEM
) -> Shipment:
    """Inside a unit: pieces by order line."""
    return parcels.ship(order, pieces, request_key=key, tracking=tracking, by=by, in_question=wishes.in_question)
