"""Products: creating and finding them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.catalog.models import Product
from backoffice.core import clock, references
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import NotFound
from backoffice.core.money import Money


@dataclass(frozen=True)
class ProductData:
    slug: str
    sku: str
    name: str
    summary: str
    facts: Sequence[tuple[str, str]]
    drawing: str
    price: Money
    vat_class: str


def create(data: ProductData, *, by: Actor) -> Product:
    product = Product(
        ref=references.new("prd"),
        slug=data.slug,
        sku=data.sku,
        name=data.name,
        summary=data.summary,
        facts={"rows": [list(row) for row in data.facts]},
        drawing=data.drawing,
        price_amount=data.price.amount,
        currency=data.price.currency,
        vat_class=data.vat_class,
        published=True,
        created_at=clock.now(),
    )
    session.add(product)
    audit.record(Tag.PRODUCT_CREATED, product, by=by, sku=data.sku, name=data.name, price=data.price)
    return product


def front_product() -> Product:
    """The product on the shop's one page. Raises NotFound when nothing is published."""
    query = select(Product).where(Product.published.is_(True)).order_by(Product.id).limit(1)
    product = session.scalars(query).one_or_none()
    if product is None:
        raise NotFound("product")
    return product


def by_ref(ref: str) -> Product:
    """A published product. Raises NotFound."""
    query = select(Product).where(Product.ref == ref, Product.published.is_(True))
    product = session.scalars(query).one_or_none()
    if product is None:
        raise NotFound("product")
    return product
