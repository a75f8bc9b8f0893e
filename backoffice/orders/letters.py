"""What every mail about an order may name."""

from typing import Any

from backoffice.core import links
from backoffice.entities import service as entities
from backoffice.orders.models import Order


def facts_of(order: Order) -> dict[str, Any]:
    """The order, its seller, and the address of its page."""
    return {"order": order, "entity": entities.get(order.entity_id), "link": links.order_page(order.ref)}
