"""What stands on the shelves: one listing per product and price list, rebuilt with every change that customers can see."""

from functools import partial
from typing import Any

from sqlalchemy import delete, select

from backoffice.catalog import display, version
from backoffice.catalog.models import Listing, Price, PriceList, Product
from backoffice.catalog.search import index
from backoffice.core import clock, units
from backoffice.core.db import session
from backoffice.core.folding import fold


def refresh(product: Product) -> None:
    """Rebuild what the shelves and the search know of a product; a withdrawn one leaves both."""
    session.flush()
    session.execute(  # whether it is published now, whoever changed it meanwhile
        select(Product).where(Product.id == product.id).with_for_update().execution_options(populate_existing=True)
    )
    session.execute(delete(Listing).where(Listing.product_id == product.id))
    session.expire(product, ["variants", "images"])
    if product.published:
        session.add_all(_listings(product))
    index(product)
    version.bump()


def rebuild() -> int:
    """Derive everything anew, product by product in units of their own (after an upgrade, or a restored backup); the
    number of products."""
    with units.read():
        ids = list(session.scalars(select(Product.id).order_by(Product.id)))
    for product_id in ids:
        units.write(partial(_refresh_one, product_id))
    return len(ids)


def is_built() -> bool:
    """Whether published products stand on shelves."""
    return (
        session.scalar(select(Product.id).where(Product.published).limit(1)) is None
        or session.scalar(select(Listing.id).limit(1)) is not None
    )


def _refresh_one(product_id: int) -> None:
    refresh(session.get_one(Product, product_id))


def _listings(product: Product) -> list[Listing]:
    sold = [variant.id for variant in product.variants if variant.published]
    amounts: dict[int, dict[int, int]] = {}
    rows = session.execute(
        select(Price.price_list_id, Price.variant_id, Price.amount)
        .where(Price.variant_id.in_(sold), Price.valid_from <= clock.now())
        .order_by(Price.valid_from)
    )
    for price_list_id, variant_id, amount in rows:
        amounts.setdefault(price_list_id, {})[variant_id] = amount
    lists = {row.id: row.currency for row in session.scalars(select(PriceList))}
    return [
        Listing(
            price_list_id=price_list_id,
            category_id=product.category_id,
            product_id=product.id,
            from_amount=min(prices.values()),
            to_amount=max(prices.values()),
            currency=lists[price_list_id],
            name_key=fold(product.name)[:120],
            listed_at=product.listed_at,
            card=_card(product),
        )
        for price_list_id, prices in amounts.items()
    ]


def _card(product: Product) -> dict[str, Any]:
    image = product.images[0] if product.images else None
    return {
        "slug": product.slug,
        "name": product.name,
        "summary": product.summary,
        "kind": product.kind.value,
        "variants": sum(variant.published for variant in product.variants),
        "image": display.picture(image) if image else None,
    }
