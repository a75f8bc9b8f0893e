"""What lies in a cart and what it costs now: read in one look, in plain rows, for nobody changes it there."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, select

from backoffice.carts.models import Cart, CartLine
from backoffice.catalog.models import Price, PriceList, Product, ProductKind, Variant
from backoffice.core import clock
from backoffice.core.looks import look
from backoffice.core.money import Money, total


class Ware(NamedTuple):
    """A variant as a cart knows it."""

    id: int
    ref: str
    sku: str
    label: str
    is_there: bool  # published, whatever becomes of its product
    product_id: int
    slug: str
    name: str
    kind: ProductKind
    vat_class: str
    product_is_there: bool
    sold_in: str  # codes of countries; empty where it is sold to all

    @property
    def full_name(self) -> str:
        return f"{self.name}, {self.label}" if self.label else self.name

    @property
    def is_sold(self) -> bool:
        return self.is_there and self.product_is_there

    def goes_to(self, country: str) -> bool:
        return not self.sold_in or country in self.sold_in.split()


@dataclass(frozen=True)
class PricedLine:
    """A line with what it costs now; ``unit`` is None where it cannot be bought in this currency any more."""

    ware: Ware
    quantity: int
    unit: Money | None

    @property
    def total(self) -> Money | None:
        return self.unit * self.quantity if self.unit is not None else None


@dataclass(frozen=True)
class PricedCart:
    """A filling of a cart in one price list, VAT included. ``id`` is None where there is no cart."""

    id: int | None
    checkout_key: str
    lines: Sequence[PricedLine]
    currency: str

    @property
    def goods(self) -> Money:
        """Of the lines that can be bought."""
        return self._sum(self.lines)

    @property
    def shipped(self) -> Money:
        """Of these, what a parcel holds."""
        return self._sum(line for line in self.lines if line.ware.kind == ProductKind.PHYSICAL)

    @property
    def needs_delivery(self) -> bool:
        return any(line.ware.kind == ProductKind.PHYSICAL for line in self.lines)

    @property
    def has_visit(self) -> bool:
        return any(line.ware.kind == ProductKind.SERVICE for line in self.lines)

    @property
    def is_for_sale(self) -> bool:
        return bool(self.lines) and all(line.unit is not None for line in self.lines)

    @property
    def pieces(self) -> dict[int, int]:
        """What stock must give: variant id → quantity, for what is shipped."""
        return {line.ware.id: line.quantity for line in self.lines if line.ware.kind == ProductKind.PHYSICAL}

    @property
    def count(self) -> int:
        """How many pieces, shipped or not."""
        return sum(line.quantity for line in self.lines)

    def _sum(self, lines: Iterable[PricedLine]) -> Money:
        return total([line.total for line in lines if line.total is not None], self.currency)


_SORTED_BY = (CartLine.id, Price.valid_from)  # here: a database writes what it joined down to sort it


def _filling(whose: ColumnElement[bool]) -> Select[*tuple[object, ...]]:
    in_list = select(PriceList.id).where(PriceList.currency == bindparam("currency"), PriceList.active)
    price = and_(
        Price.variant_id == Variant.id,
        Price.price_list_id.in_(in_list),
        Price.valid_from <= bindparam("now"),
    )
    return (
        select(
            Cart.id, Cart.checkout_key, CartLine.quantity, Price.amount,
            Variant.id, Variant.ref, Variant.sku, Variant.label, Variant.published,
            Product.id, Product.slug, Product.name, Product.kind, Product.vat_class, Product.published,
            Product.sold_in, *_SORTED_BY,
        )
        .select_from(Cart)
        .outerjoin(CartLine, CartLine.cart_id == Cart.id)
        .outerjoin(Variant, Variant.id == CartLine.variant_id)
        .outerjoin(Product, Product.id == Variant.product_id)
        .outerjoin(Price, price)
        .where(whose)
    )  # fmt: skip


_BY_TOKEN = _filling(Cart.token_hash == bindparam("token_hash"))
_BY_PERSON = _filling(Cart.person_id == bindparam("person_id"))


def of(token: str | None, person_id: int | None, currency: str) -> PricedCart:
    """The cart of a cookie, else of the customer who is logged in, as it stands and costs now in a currency."""
    rows: Sequence[Any] = []
    if token:
        rows = look(_BY_TOKEN, token_hash=hashed(token), currency=currency, now=clock.now()).all()
    if not rows and person_id is not None:
        rows = look(_BY_PERSON, person_id=person_id, currency=currency, now=clock.now()).all()
    lines = {}
    for _, _, quantity, amount, *ware, _line, _since in sorted(rows, key=_place):  # of several prices the latest wins
        if quantity is not None:
            thing = Ware(*ware)
            unit = Money(amount, currency) if amount is not None and thing.is_sold else None
            lines[thing.id] = PricedLine(thing, quantity, unit)
    return PricedCart(rows[0][0] if rows else None, rows[0][1] if rows else "", list(lines.values()), currency)


def hashed(token: str) -> str:
    """How a cart's token is kept: whoever reads the table opens no cart."""
    return hashlib.sha256(token.encode()).hexdigest()


def _place(row: Any) -> tuple[int, bool, Any]:
    """Lines as they were put in, and prices by age; what has none is alone."""
    line, since = row[-len(_SORTED_BY) :]
    return line or 0, since is not None, since
