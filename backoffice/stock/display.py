"""The variants of a product as its page shows them: what they cost and what is left, read in one look and plain rows."""

from typing import NamedTuple

from sqlalchemy import and_, bindparam, select

from backoffice.catalog.models import Price, Variant
from backoffice.core.db import NOW
from backoffice.core.looks import look
from backoffice.stock.models import StockItem


class ShownVariant(NamedTuple):
    """A variant that is sold."""

    id: int
    ref: str
    sku: str
    label: str
    amount: int | None  # its price in minor units; None where the price list has none
    left: int  # pieces that can be sold now; none of what was never received


_VARIANTS = (
    select(Variant.id, Variant.ref, Variant.sku, Variant.label, Price.amount, StockItem.on_hand, StockItem.held)
    .outerjoin(
        Price,
        and_(
            Price.variant_id == Variant.id,
            Price.price_list_id == bindparam("price_list_id"),
            Price.valid_from <= NOW,
        ),
    )
    .outerjoin(StockItem, StockItem.variant_id == Variant.id)
    .where(Variant.product_id == bindparam("product_id"), Variant.published.is_(True))
    .order_by(Variant.position, Variant.id, Price.valid_from)
)


def variants(product_id: int, price_list_id: int) -> list[ShownVariant]:
    """The variants that are sold, in their order, with the price that counts now."""
    rows = look(_VARIANTS, product_id=product_id, price_list_id=price_list_id)
    shown = {
        row[0]: ShownVariant._make((*row[:5], (row[5] or 0) - (row[6] or 0))) for row in rows
    }  # the latest price wins
    return list(shown.values())
