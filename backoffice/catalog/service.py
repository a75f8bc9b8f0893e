"""Products: created, changed, published, withdrawn and found."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import false, or_, select
from sqlalchemy.orm import joinedload

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.catalog import listings, richtext, version
from backoffice.catalog.models import (
    Category,
    DigitalAsset,
    Product,
    ProductKind,
    ProductTrait,
    RelatedProduct,
    Variant,
)
from backoffice.core import clock, references
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import NotFound
from backoffice.files.models import StoredFile


@dataclass(frozen=True)
class VariantData:
    """``choices`` are the values of the product's options, in their order; empty for the only variant."""

    sku: str
    choices: Sequence[str] = ()


@dataclass(frozen=True)
class ProductData:
    slug: str
    name: str
    summary: str
    vat_class: str
    variants: Sequence[VariantData]
    kind: ProductKind = ProductKind.PHYSICAL
    story: str = ""  # HTML; cleaned when it is stored
    facts: Sequence[tuple[str, str]] = ()
    options: Sequence[str] = ()
    traits: Sequence[tuple[str, str]] = field(default_factory=tuple)
    sold_in: Sequence[str] = ()  # codes of countries; empty where it is sold to all


def create_category(slug: str, name: str, lead: str, position: int, *, by: Actor) -> Category:
    category = Category(ref=references.new("cat"), slug=slug, name=name, lead=lead, position=position)
    session.add(category)
    audit.record(Tag.CATEGORY_CREATED, category, by=by, name=name)
    version.bump()
    return category


def create(category: Category, data: ProductData, *, by: Actor) -> Product:
    """Write a product with its variants, not published yet: prices, stock and pictures come first."""
    now = clock.now()
    product = Product(
        ref=references.new("prd"),
        slug=data.slug,
        name=data.name,
        summary=data.summary,
        story=richtext.clean(data.story),
        facts={"rows": [list(row) for row in data.facts]},
        options={"names": list(data.options)},
        kind=data.kind,
        vat_class=data.vat_class,
        sold_in=" ".join(sorted(data.sold_in)),
        category_id=category.id,
        published=False,
        listed_at=now,
        created_at=now,
    )
    product.variants = [
        Variant(
            ref=references.new("var"),
            sku=item.sku,
            label=", ".join(item.choices),
            choices={"values": list(item.choices)},
            position=position,
            published=True,
        )
        for position, item in enumerate(data.variants, start=1)
    ]
    session.add(product)
    session.flush()
    session.add_all(ProductTrait(product=product, trait=trait, value=value) for trait, value in data.traits)
    audit.record(Tag.PRODUCT_CREATED, product, by=by, name=data.name, kind=data.kind)
    for variant in product.variants:
        audit.record(Tag.VARIANT_CREATED, variant, by=by, sku=variant.sku, product=product.ref)
    return product


def by_ref(ref: str) -> Product:
    """With its category and its pictures. Raises NotFound."""
    beside = (joinedload(Product.category, innerjoin=True), joinedload(Product.images))
    product = session.scalars(select(Product).where(Product.ref == ref).options(*beside)).unique().one_or_none()
    if product is None:
        raise NotFound("product")
    return product


def publish(product: Product, *, by: Actor) -> bool:
    """Put a product on its shelf; False if it stands there already."""
    if product.published:
        return False
    product.published = True
    product.listed_at = clock.now()
    audit.record(Tag.PRODUCT_PUBLISHED, product, by=by, published=(False, True))
    listings.refresh(product)
    return True


def withdraw(product: Product, *, by: Actor, reason: str) -> bool:
    """Take a product off its shelf: its page is gone, carts that hold it say so; False if it was off already."""
    if not product.published:
        return False
    product.published = False
    audit.record(Tag.PRODUCT_WITHDRAWN, product, by=by, reason=reason, published=(True, False))
    listings.refresh(product)
    return True


def beside(product: Product) -> list[Product]:
    """What is shown beside a product, in its order, published or not."""
    query = select(Product).join(RelatedProduct, RelatedProduct.related_id == Product.id)
    return list(session.scalars(query.where(RelatedProduct.product_id == product.id).order_by(RelatedProduct.position)))


def relate(product: Product, others: Sequence[Product], *, by: Actor) -> bool:
    """Show ``others`` beside a product, in this order; False where it is so."""
    before = beside(product)
    if before == list(others):
        return False
    known = {
        row.related_id: row
        for row in session.scalars(select(RelatedProduct).where(RelatedProduct.product_id == product.id))
    }
    for row in known.values():
        session.delete(row)
    session.flush()
    session.add_all(
        RelatedProduct(product=product, related_id=other.id, position=place) for place, other in enumerate(others)
    )
    told = tuple(", ".join(other.slug for other in shown) for shown in (before, others))
    audit.record(Tag.PRODUCT_CHANGED, product, by=by, related=told)
    version.bump()
    return True


def attach(
    variant: Variant, file: StoredFile, name: str, most_downloads: int, *, by: Actor, media_type: str = ""
) -> DigitalAsset:
    """Let buyers of a variant download a file, each purchase at most so many times."""
    asset = DigitalAsset(
        variant=variant, file_id=file.id, name=name, media_type=media_type or file.media_type,
        most_downloads=most_downloads, taken_away_at=None,
    )  # fmt: skip
    session.add(asset)
    audit.record(Tag.VARIANT_CHANGED, variant, by=by, file=name, most_downloads=most_downloads)
    return asset


def assets_of(variant_ids: Sequence[int], ordered_at: datetime | None = None) -> list[DigitalAsset]:
    """The files that whoever ordered these then (now) may download."""
    there = or_(
        DigitalAsset.taken_away_at.is_(None), false() if ordered_at is None else DigitalAsset.taken_away_at > ordered_at
    )
    query = select(DigitalAsset).where(DigitalAsset.variant_id.in_(variant_ids), there)
    return list(session.scalars(query.order_by(DigitalAsset.id)))


def category(slug: str) -> Category:
    """Raises NotFound."""
    row = session.scalars(select(Category).where(Category.slug == slug)).one_or_none()
    if row is None:
        raise NotFound("category")
    return row


def find(slug: str) -> Product | None:
    """A product by its address, published or not."""
    return session.scalars(select(Product).where(Product.slug == slug)).one_or_none()


def by_slug(slug: str) -> Product:
    """A product, published or not. Raises NotFound."""
    product = find(slug)
    if product is None:
        raise NotFound("product")
    return product


def variant(sku: str) -> Variant:
    """Raises NotFound."""
    row = session.scalars(select(Variant).where(Variant.sku == sku)).one_or_none()
    if row is None:
        raise NotFound("product")
    return row
