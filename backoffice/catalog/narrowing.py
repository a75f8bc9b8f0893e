"""A range of prices as a condition on listings, one for shelves and search: some variant of the product costs so much today."""

from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import aliased

from backoffice.catalog.models import Listing, Price, Variant
from backoffice.core.db import NOW


def cost_within(least: Any, most: Any) -> list[ColumnElement[bool]]:
    """Conditions on listings; a limit is a value or a parameter, in minor units of the listing's price list and included, or
    None. The listing's own range decides, but for products that cost less and more than the limits: of those each price
    is looked at."""
    bounds: list[ColumnElement[bool]] = []
    if least is not None:
        bounds.append(Listing.to_amount >= least)
    if most is not None:
        bounds.append(Listing.from_amount <= most)
    if least is not None and most is not None:
        bounds.append(or_(Listing.from_amount >= least, Listing.to_amount <= most, _some_price(least, most)))
    return bounds


def _some_price(least: Any, most: Any) -> ColumnElement[bool]:
    later = aliased(Price)
    is_over = select(later.id).where(
        later.variant_id == Price.variant_id,
        later.price_list_id == Price.price_list_id,
        later.valid_from > Price.valid_from,
        later.valid_from <= NOW,
    )
    return (
        select(Price.id)
        .join(Variant, Variant.id == Price.variant_id)
        .where(
            Variant.product_id == Listing.product_id,
            Variant.published,
            Price.price_list_id == Listing.price_list_id,
            Price.valid_from <= NOW,
            Price.amount >= least,
            Price.amount <= most,
            ~is_over.correlate(Price).exists(),
        )
        .correlate(Listing)
        .exists()
    )
