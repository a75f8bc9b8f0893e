"""What was ordered and not bought goes back into a cart."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from backoffice.carts import service as carts
from backoffice.carts.models import Cart
from backoffice.catalog.models import Variant
from backoffice.core.db import session
from backoffice.orders.models import Order


def put_back(order: Order, cart: Cart) -> bool:
    """Let a cart hold what an order has, once however often it is asked for; False where not all of it could be: what is not
    sold any more, or does not fit in, is left out."""
    wanted = {line.variant_id: line.quantity for line in order.lines if line.variant_id}
    query = select(Variant).where(Variant.id.in_(list(wanted))).options(joinedload(Variant.product, innerjoin=True))
    is_whole = True
    for variant in session.scalars(query.order_by(Variant.id)):
        try:
            if not variant.is_sold:
                is_whole = False
            else:
                carts.raise_to(cart, variant.id, wanted[variant.id])
        except carts.CartFull:
            is_whole = False
    return is_whole
