"""Carts: filling, changing and emptying them."""

import hashlib
import secrets

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from backoffice.carts.models import Cart, CartLine
from backoffice.catalog.models import Product
from backoffice.core import clock, references
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError
from backoffice.core.money import Money, total

MOST = 99  # pieces of one product in a cart


class QuantityOutOfRange(CounterfoilError):
    def __init__(self) -> None:
        super().__init__(f"Choose a quantity between 1 and {MOST}.")


def new_token() -> str:
    return secrets.token_urlsafe(24)


def find(token: str | None) -> Cart | None:
    """The cart of a cookie; None for a missing or unknown token."""
    if not token:
        return None
    query = select(Cart).where(Cart.token_hash == _hashed(token)).options(selectinload(Cart.lines))
    return session.scalars(query).one_or_none()


def find_or_create(token: str) -> Cart:
    known = find(token)
    if known:
        return known
    now = clock.now()
    cart = Cart(token_hash=_hashed(token), checkout_key=references.new("chk"), created_at=now, updated_at=now)
    session.add(cart)
    session.flush()
    return cart


def add(cart: Cart, product: Product, quantity: int) -> None:
    """Add pieces to what is there already, up to the most a cart holds. Raises QuantityOutOfRange below one."""
    if quantity < 1:
        raise QuantityOutOfRange
    line = next((line for line in cart.lines if line.product_id == product.id), None)
    if line is None:
        line = CartLine(cart_id=cart.id, product_id=product.id, quantity=0)
        line.product = product
        cart.lines.append(line)
    line.quantity = min(line.quantity + quantity, MOST)
    cart.updated_at = clock.now()


def set_quantity(cart: Cart, product_ref: str, quantity: int) -> None:
    """Set the pieces of one product in the cart; zero takes it out, published or not. Raises QuantityOutOfRange."""
    if not 0 <= quantity <= MOST:
        raise QuantityOutOfRange
    for line in list(cart.lines):
        if line.product.ref == product_ref:
            if quantity:
                line.quantity = quantity
            else:
                cart.lines.remove(line)
    cart.updated_at = clock.now()


def empty(cart: Cart) -> None:
    """Take everything out and begin a new filling."""
    cart.lines.clear()
    cart.checkout_key = references.new("chk")
    cart.updated_at = clock.now()


def sum_of(cart: Cart, currency: str) -> Money:
    return total([line.product.price * line.quantity for line in cart.lines], currency)


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
