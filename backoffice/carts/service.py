"""Carts: filling, changing, merging and emptying them."""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple, cast

from sqlalchemy import Table, bindparam, delete, select, update
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from backoffice.carts.filling import PricedCart, hashed
from backoffice.carts.models import Cart, CartLine
from backoffice.catalog.models import Variant
from backoffice.core import clock, references
from backoffice.core.db import NOW, session
from backoffice.core.entering import enter
from backoffice.core.errors import CounterfoilError
from backoffice.core.looks import look
from backoffice.core.writes import change
from backoffice.customers.models import Person

MOST = 99  # pieces of one variant in a cart
MOST_LINES = 50
SAME_PRESS = timedelta(seconds=2)  # a button pressed twice in that time was meant once
NEWS = timedelta(minutes=1)  # a cart that was filled a moment ago need not be told that it is in use

_WITH_LINES = select(Cart).options(
    joinedload(Cart.lines).joinedload(CartLine.variant, innerjoin=True).joinedload(Variant.product, innerjoin=True)
)
_BY_TOKEN = _WITH_LINES.where(Cart.token_hash == bindparam("token_hash"))
_BY_PERSON = _WITH_LINES.where(Cart.person_id == bindparam("person_id"))
_QUANTITIES = select(CartLine.quantity).select_from(Cart).outerjoin(CartLine, CartLine.cart_id == Cart.id)
_PIECES = _QUANTITIES.where(Cart.token_hash == bindparam("token_hash"))
_PIECES_OF = _QUANTITIES.where(Cart.person_id == bindparam("person_id"))
_GONE = delete(cast("Table", CartLine.__table__)).where(
    CartLine.cart_id == bindparam("cart_id"), CartLine.variant_id.in_(bindparam("variant_ids", expanding=True))
)
_BEGUN_ANEW = (
    update(cast("Table", Cart.__table__))
    .where(Cart.id == bindparam("cart_id"))
    .values(checkout_key=bindparam("new_key"), updated_at=NOW)
)


class QuantityOutOfRange(CounterfoilError):
    def __init__(self) -> None:
        super().__init__("Choose a quantity between 1 and %(most)s.", most=MOST)


class CartFull(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__(
            "A cart holds at most %(most)s different things. Order these first, or take something out.", most=MOST_LINES
        )


def new_token() -> str:
    return secrets.token_urlsafe(24)


def find(token: str | None, person_id: int | None = None) -> Cart | None:
    """The cart of a cookie, else of the customer who is logged in; None where there is neither."""
    if token:
        known = session.scalars(_BY_TOKEN, {"token_hash": hashed(token)}).unique().one_or_none()
        if known:
            return known
    return None if person_id is None else _of(person_id)


def create(token: str) -> Cart:
    """A new, empty cart for a new token."""
    now = clock.now()
    cart = Cart(
        token_hash=hashed(token), checkout_key=references.new("chk"), person_id=None, created_at=now, updated_at=now
    )
    enter(cart)
    set_committed_value(cart, "lines", [])
    return cart


def add(cart: Cart, variant_id: int, quantity: int) -> None:
    """Add pieces to what is there already, up to the most a cart holds; once, where a button was pressed twice.

    Raises QuantityOutOfRange below one, CartFull."""
    if quantity < 1:
        raise QuantityOutOfRange
    now = clock.now()
    line = next((line for line in cart.lines if line.variant_id == variant_id), None)
    if line is None:
        if len(cart.lines) >= MOST_LINES:
            raise CartFull
        line = enter(
            CartLine(cart_id=cart.id, variant_id=variant_id, quantity=min(quantity, MOST), added=quantity, added_at=now)
        )
        set_committed_value(cart, "lines", [*cart.lines, line])
    elif line.added_at is None or line.added != quantity or not timedelta(0) <= now - line.added_at < SAME_PRESS:
        line.quantity = min(line.quantity + quantity, MOST)
        line.added, line.added_at = quantity, now
    if now - cart.updated_at > NEWS:
        cart.updated_at = now


def raise_to(cart: Cart, variant_id: int, quantity: int) -> None:
    """Let at least so many pieces be in the cart: a second time adds nothing. Raises CartFull."""
    line = next((line for line in cart.lines if line.variant_id == variant_id), None)
    if line is None:
        add(cart, variant_id, quantity)
    else:
        line.quantity = max(line.quantity, min(quantity, MOST))


def set_quantities(cart: Cart, wanted: Mapping[str, int]) -> None:
    """Set the pieces of variants in the cart, by reference; zero takes one out, published or not. Raises
    QuantityOutOfRange."""
    if not all(0 <= quantity <= MOST for quantity in wanted.values()):
        raise QuantityOutOfRange
    for line in list(cart.lines):
        quantity = wanted.get(line.variant.ref, line.quantity)
        if quantity:
            line.quantity = quantity
        else:
            cart.lines.remove(line)
    cart.updated_at = clock.now()


def empty(filling: PricedCart) -> None:
    """Take this filling out and begin a new one; what another tab put in meanwhile stays for it."""
    change(_GONE, {"cart_id": filling.id, "variant_ids": [line.ware.id for line in filling.lines]})
    change(_BEGUN_ANEW, {"cart_id": filling.id, "new_key": references.new("chk")})


class Adopted(NamedTuple):
    """What a customer has after logging in: the token of their cart, whether all of the visitor's cart fitted in, and whether
    something else lay in it before."""

    token: str
    is_whole: bool
    had_more: bool


def adopt(token: str | None, person: Person) -> Adopted:
    """The customer logged in: their own cart and the visitor's become one.

    Of what lies in both, the larger quantity stays: logging in twice buys nothing twice. A cart that is full takes no more,
    and lets its customer in all the same."""
    visitor = find(token)
    own, is_whole, had_more = _of(person.id), True, False
    fresh = new_token()  # a token from before the login is not the key to a customer's cart
    if own is None:
        own = visitor if visitor and visitor.person_id is None else create(fresh)
        own.person_id = person.id
    elif visitor is not None and visitor.id != own.id and visitor.person_id is None:
        had_more = bool(visitor.lines) and bool(
            {line.variant_id for line in own.lines} - {line.variant_id for line in visitor.lines}
        )
        for line in visitor.lines:
            try:
                raise_to(own, line.variant_id, line.quantity)
            except CartFull:
                is_whole = False
        session.delete(visitor)
    own.token_hash = hashed(fresh)
    return Adopted(fresh, is_whole, had_more)


def pieces(token: str | None, person_id: int | None = None) -> int:
    """How many pieces are in the cart of a cookie, else of the customer who is logged in."""
    rows = look(_PIECES, token_hash=hashed(token)).all() if token else []
    if not rows and person_id is not None:
        rows = look(_PIECES_OF, person_id=person_id).all()
    return sum(row[0] or 0 for row in rows)


def _of(person_id: int) -> Cart | None:
    return session.scalars(_BY_PERSON, {"person_id": person_id}).unique().one_or_none()
