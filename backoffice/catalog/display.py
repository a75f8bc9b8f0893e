"""A product as its page shows it: read in plain rows, for nobody changes it there."""

from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, select

from backoffice.catalog.models import Category, Price, Product, ProductImage, ProductKind, Variant
from backoffice.core import clock
from backoffice.core.db import look
from backoffice.core.errors import NotFound


class ShownVariant(NamedTuple):
    """A variant that is sold; ``amount`` is its price in minor units, None where the price list has none."""

    id: int
    ref: str
    sku: str
    label: str
    amount: int | None


class Facts(NamedTuple):
    """What is said of a published product."""

    id: int
    slug: str
    name: str
    summary: str
    story: str  # HTML, cleaned when it was stored
    facts: dict[str, Any]
    options: dict[str, Any]
    kind: ProductKind
    vat_class: str
    category_slug: str
    category_name: str


_PRODUCT = (
    select(*[getattr(Product, name) for name in Facts._fields[:-2]], Category.slug, Category.name)
    .join(Category, Category.id == Product.category_id)
    .where(Product.slug == bindparam("slug"), Product.published.is_(True))
)
_VARIANTS = (
    select(Variant.id, Variant.ref, Variant.sku, Variant.label, Price.amount)
    .outerjoin(
        Price,
        and_(
            Price.variant_id == Variant.id,
            Price.price_list_id == bindparam("price_list_id"),
            Price.valid_from <= bindparam("now"),
        ),
    )
    .where(Variant.product_id == bindparam("product_id"), Variant.published.is_(True))
    .order_by(Variant.position, Variant.id, Price.valid_from)
)
_PICTURE = ("alt", "line_art", "width", "height", "renditions", "variant_id")
_PICTURES = (
    select(*[getattr(ProductImage, name) for name in _PICTURE])
    .where(ProductImage.product_id == bindparam("product_id"))
    .order_by(ProductImage.position)
)


def product(slug: str) -> Facts:
    """Raises NotFound, for a product that is not published too."""
    row = look(_PRODUCT, slug=slug).one_or_none()
    if row is None:
        raise NotFound("product")
    return Facts._make(row)


def variants(product_id: int, price_list_id: int) -> list[ShownVariant]:
    """The variants that are sold, in their order, with the price that counts now."""
    rows = look(_VARIANTS, product_id=product_id, price_list_id=price_list_id, now=clock.now())
    return list({row[0]: ShownVariant._make(row) for row in rows}.values())  # the latest price wins


def pictures(product_id: int) -> list[dict[str, Any]]:
    return [dict(row) for row in look(_PICTURES, product_id=product_id).mappings()]


def picture(image: ProductImage) -> dict[str, Any]:
    """An image as templates take it."""
    return {name: getattr(image, name) for name in _PICTURE}
