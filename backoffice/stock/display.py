"""A product's page: its variants, what they cost and what is left, and what stands beside it. Each one look, plain rows."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, func, select

from backoffice.catalog import shelves
from backoffice.catalog.models import Listing, Price, Variant
from backoffice.catalog.shelves import Listed
from backoffice.core.db import NOW
from backoffice.core.looks import look
from backoffice.stock.models import StockItem


class ShownVariant(NamedTuple):
    """A variant that is sold."""

    id: int
    ref: str
    sku: str
    label: str
    choices: dict[str, Any]  # {"values": […]}, in the order of the product's options
    amount: int | None  # its price in minor units; None where the price list has none
    left: int  # pieces that can be sold now; none of what was never received


class Beside(NamedTuple):
    """What is shown beside a product, and how many pieces of each are left."""

    rows: Sequence[Listed]
    left: dict[int, int]  # by product


_VARIANTS = (
    select(
        *[getattr(Variant, name) for name in ShownVariant._fields[:-2]], Price.amount, StockItem.on_hand, StockItem.held
    )
    .outerjoin(
        Price,
        and_(
            Price.variant_id == Variant.id,
            Price.price_list_id == bindparam("price_list_id"),
            Price.valid_from <= NOW,
        ),
    )
    .outerjoin(StockItem, StockItem.variant_id == Variant.id)
    .where(Variant.product_id == bindparam("product_id"), Variant.published)
    .order_by(Variant.position, Variant.id, Price.valid_from)
)
_BESIDE = shelves.RELATED.add_columns(
    select(func.coalesce(func.sum(StockItem.on_hand - StockItem.held), 0))
    .join(Variant, Variant.id == StockItem.variant_id)
    .where(Variant.product_id == Listing.product_id, Variant.published)
    .correlate(Listing)
    .scalar_subquery()
)


def variants(product_id: int, price_list_id: int) -> list[ShownVariant]:
    """The variants that are sold, in their order, with the price that counts now."""
    rows = look(_VARIANTS, product_id=product_id, price_list_id=price_list_id)
    shown = {
        row[0]: ShownVariant._make((*row[:-2], (row[-2] or 0) - (row[-1] or 0))) for row in rows
    }  # the latest price wins
    return list(shown.values())


def related(product_id: int, price_list_id: int) -> Beside:
    """What the office chose to stand beside a product, as far as it is on a shelf, in its order."""
    rows = look(_BESIDE, product_id=product_id, price_list_id=price_list_id).all()
    listed = [Listed._make(row[:-1]) for row in rows]
    return Beside(listed, {item.product_id: int(row[-1]) for item, row in zip(listed, rows, strict=True)})
