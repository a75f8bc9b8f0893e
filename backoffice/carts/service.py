"""Carts: filling, changing, pricing, merging and emptying them."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload
from sqlalchemy.sql.base import ExecutableOption

from backoffice.carts.models import Cart, CartLine
from backoffice.catalog import pricing
from backoffice.catalog.models import ProductKind, Variant
from backoffice.core import clock, references
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError
from backoffice.core.money import Money, total
from backoffice.customers.models import Person

MOST = 99  # pieces of one variant in a cart
MOST_LINES = 50


class QuantityOutOfRange(CounterfoilError):
    def __init__(self) -> None:
        super().__init__(f"Choose a quantity between 1 and {MOST}.")


class CartFull(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__(
            f"A cart holds at most {MOST_LINES} different things. Order these first, or take something out."
        )


@dataclass(frozen=True)
class PricedLine:
    """A line with what it costs now; ``unit`` is None where it cannot be bought in this currency any more."""

    variant: Variant
    quantity: int
    unit: Money | None

    @property
    def total(self) -> Money | None:
        return self.unit * self.quantity if self.unit else None


@dataclass(frozen=True)
class PricedCart:
    """A filling of the cart in one price list, VAT included."""

    lines: Sequence[PricedLine]
    goods: Money  # of the lines that can be bought
    shipped: Money  # of these, what a parcel holds

    @property
    def needs_delivery(self) -> bool:
        return any(line.variant.product.kind == ProductKind.PHYSICAL for line in self.lines)

    @property
    def is_for_sale(self) -> bool:
        return bool(self.lines) and all(line.unit is not None for line in self.lines)

    @property
    def pieces(self) -> dict[int, int]:
        """What stock must give: variant id → quantity, for what is shipped."""
        return {
            line.variant.id: line.quantity for line in self.lines if line.variant.product.kind == ProductKind.PHYSICAL
        }


def new_token() -> str:
    return secrets.token_urlsafe(24)


def find(token: str | None, person_id: int | None = None) -> Cart | None:
    """The cart of a cookie, else of the customer who is logged in; None where there is neither."""
    query = select(Cart).options(_with_lines())
    if token:
        known = session.scalars(query.where(Cart.token_hash == _hashed(token))).unique().one_or_none()
        if known:
            return known
    if person_id is None:
        return None
    return session.scalars(query.where(Cart.person_id == person_id)).unique().one_or_none()


def create(token: str) -> Cart:
    """A new cart for a new token."""
    now = clock.now()
    cart = Cart(
        token_hash=_hashed(token), checkout_key=references.new("chk"), person_id=None, created_at=now, updated_at=now
    )
    cart.lines = []
    session.add(cart)
    session.flush()
    return cart


def add(cart: Cart, variant: Variant, quantity: int) -> None:
    """Add pieces to what is there already, up to the most a cart holds. Raises QuantityOutOfRange below one, CartFull."""
    if quantity < 1:
        raise QuantityOutOfRange
    line = next((line for line in cart.lines if line.variant_id == variant.id), None)
    if line is None:
        if len(cart.lines) >= MOST_LINES:
            raise CartFull
        line = CartLine(cart_id=cart.id, variant_id=variant.id, quantity=0)
        line.variant = variant
        cart.lines.append(line)
    line.quantity = min(line.quantity + quantity, MOST)
    cart.updated_at = clock.now()


def set_quantity(cart: Cart, variant_ref: str, quantity: int) -> None:
    """Set the pieces of one variant in the cart; zero takes it out, published or not. Raises QuantityOutOfRange."""
    if not 0 <= quantity <= MOST:
        raise QuantityOutOfRange
    for line in list(cart.lines):
        if line.variant.ref == variant_ref:
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


def adopt(token: str | None, person: Person) -> str:
    """The customer logged in: their own cart and the visitor's become one. Returns the token of what they have now.

    Of what lies in both, the larger quantity stays: logging in twice buys nothing twice."""
    visitor = find(token)
    own = session.scalars(select(Cart).where(Cart.person_id == person.id).options(_with_lines())).unique().one_or_none()
    fresh = new_token()  # a token from before the login is not the key to a customer's cart
    if own is None:
        own = visitor if visitor and visitor.person_id is None else create(fresh)
        own.person_id = person.id
    elif visitor is not None and visitor.id != own.id and visitor.person_id is None:
        there = {line.variant_id: line.quantity for line in own.lines}
        for line in visitor.lines:
            missing = line.quantity - there.get(line.variant_id, 0)
            if missing > 0:
                add(own, line.variant, missing)
        session.delete(visitor)
    own.token_hash = _hashed(fresh)
    return fresh


def priced(cart: Cart | None, currency: str) -> PricedCart:
    """What the cart costs now in a currency."""
    rows = list(cart.lines) if cart else []
    amounts = pricing.current([line.variant_id for line in rows], currency) if rows else {}
    lines = [
        PricedLine(
            line.variant,
            line.quantity,
            Money(amounts[line.variant_id], currency) if line.variant.is_sold and line.variant_id in amounts else None,
        )
        for line in rows
    ]
    physical = [line for line in lines if line.variant.product.kind == ProductKind.PHYSICAL]
    return PricedCart(lines, _sum(lines, currency), _sum(physical, currency))


def pieces(token: str | None) -> int:
    """How many pieces are in the cart of a cookie, in one look."""
    if not token:
        return 0
    rows = session.scalars(
        select(CartLine.quantity).join(Cart, Cart.id == CartLine.cart_id).where(Cart.token_hash == _hashed(token))
    )
    return sum(rows)


def _sum(lines: Sequence[PricedLine], currency: str) -> Money:
    return total([line.total for line in lines if line.total is not None], currency)


def _with_lines() -> ExecutableOption:
    return (
        joinedload(Cart.lines).joinedload(CartLine.variant, innerjoin=True).joinedload(Variant.product, innerjoin=True)
    )


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
