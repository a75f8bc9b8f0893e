"""A product as its page shows it: read in plain rows, for nobody changes it there. What is left of its variants, and
what they cost, is shown by stock."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from backoffice.catalog.models import Category, Product, ProductImage, ProductKind, Variant
from backoffice.core.errors import NotFound
from backoffice.core.looks import look


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
    sold_in: str
    category_slug: str
    category_name: str
    pictures: list[dict[str, Any]]


class ForSale(NamedTuple):
    """A variant as somebody presses its button."""

    id: int
    sku: str
    slug: str


_PICTURE = ("alt", "line_art", "width", "height", "renditions", "variant_id")
_SAID = Facts._fields[:-3]
_PRODUCT = (  # sorted here: a database sorts rows with such texts in them on its disk
    select(
        *[getattr(Product, name) for name in _SAID], Category.slug, Category.name,
        *[getattr(ProductImage, name) for name in _PICTURE], ProductImage.position,
    )
    .join(Category, Category.id == Product.category_id)
    .outerjoin(ProductImage, ProductImage.product_id == Product.id)
    .where(Product.slug == bindparam("slug"), Product.published)
)  # fmt: skip
_FOR_SALE = (
    select(Variant.id, Variant.sku, Product.slug)
    .join(Product, Product.id == Variant.product_id)
    .where(Variant.ref == bindparam("ref"), Variant.published, Product.published)
)
_COVERS = (  # the first of each comes last
    select(*[getattr(ProductImage, name) for name in _PICTURE], ProductImage.product_id)
    .where(ProductImage.product_id.in_(bindparam("product_ids", expanding=True)))
    .order_by(ProductImage.position.desc())
)


def product(slug: str) -> Facts:
    """Raises NotFound, for a product that is not published too."""
    rows = look(_PRODUCT, slug=slug).all()
    if not rows:
        raise NotFound("product")
    said = len(_SAID) + 2
    pictured = sorted((row for row in rows if row[-1] is not None), key=itemgetter(-1))
    pictures = [dict(zip(_PICTURE, row[said:], strict=False)) for row in pictured]
    return Facts._make((*rows[0][:said], pictures))


def for_sale(ref: str) -> ForSale:
    """A variant that can be bought now. Raises NotFound."""
    row = look(_FOR_SALE, ref=ref).first()
    if row is None:
        raise NotFound("product")
    return ForSale._make(row)


def covers(wares: Sequence[tuple[int, int]]) -> dict[int, dict[str, Any]]:
    """A picture for each variant, given as product and variant: its own, else the first of its product, where there is one."""
    if not wares:
        return {}
    found: dict[tuple[int, int | None], dict[str, Any]] = {}
    for row in look(_COVERS, product_ids=sorted({product_id for product_id, _ in wares})):
        image = dict(zip(_PICTURE, row, strict=False))
        found[row[-1], image["variant_id"]] = found[row[-1], None] = image
    pictures = {variant: found.get((product, variant), found.get((product, None))) for product, variant in wares}
    return {variant: image for variant, image in pictures.items() if image}


def picture(image: ProductImage) -> dict[str, Any]:
    """An image as templates take it."""
    return {name: getattr(image, name) for name in _PICTURE}
