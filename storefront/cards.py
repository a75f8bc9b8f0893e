"""Products among others: their cards, which of them are sold out, and parts of pages rendered for themselves."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from flask import current_app, url_for
from markupsafe import Markup

from backoffice.catalog.models import ProductKind
from backoffice.catalog.shelves import Listed
from backoffice.core import units
from backoffice.core.money import Money
from backoffice.stock import service as stock
from storefront.pictures import Picture, pictured


class Card(NamedTuple):
    """A product among others."""

    product_id: int
    address: str  # of its page
    name: str
    summary: str
    price: Money
    has_range: bool
    is_shipped: bool
    image: Picture | None


def cards_of(rows: Sequence[Listed]) -> tuple[Card, ...]:
    pattern = url_for("storefront.product", slug="SLUG")
    return tuple(
        Card(
            product_id=row.product_id,
            address=pattern.replace("SLUG", row.card["slug"]),
            name=row.card["name"],
            summary=row.card["summary"],
            price=row.from_price,
            has_range=row.has_range,
            is_shipped=row.card["kind"] == ProductKind.PHYSICAL,
            image=pictured(row.card["image"]) if row.card["image"] else None,
        )
        for row in rows
    )


def sold_out_of(cards: Sequence[Card]) -> frozenset[int]:
    """Which of these have nothing left, in one look."""
    shipped = [card.product_id for card in cards if card.is_shipped]
    if not shipped:
        return frozenset()
    with units.read():
        left = stock.left_of(shipped)
    return frozenset(product_id for product_id in shipped if left.get(product_id, 0) < 1)


def part(template: str, **facts: Any) -> Markup:
    """A rendered part of a page, escaped by its template. It is kept for everybody, so it is told nothing of the visitor."""
    return Markup(current_app.jinja_env.get_template(template).render(facts))  # noqa: S704
