"""What was ordered and not bought goes back into a cart."""

from sqlalchemy import select

from backoffice.carts import service as carts
from backoffice.carts.models import Cart
from backoffice.catalog.models import Variant
from backoffice.core.db import session
from backoffice.orders.models import Order


def put_back(order: Order, cart: Cart) -> bool:
    """Put the lines of an order into a cart; False where not all of them could be: what is not sold any more, or does not fit
    in, is left out."""
    wanted = {line.variant_id: line.quantity for line in order.lines if line.variant_id}
    there = {item.variant_id for item in cart.lines}
    room = carts.MOST_LINES - len(there)
    is_whole = True
    for variant in session.scalars(select(Variant).where(Variant.id.in_(list(wanted))).order_by(Variant.id)):
        if variant.is_sold and (variant.id in there or room > 0):
            room -= variant.id not in there
            carts.add(cart, variant, wanted[variant.id])
        else:
            is_whole = False
    return is_whole
