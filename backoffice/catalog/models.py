from datetime import datetime
from enum import StrEnum

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.columns import (
    BigInt,
    Choice,
    Currency,
    Exact,
    Id,
    Json,
    Line,
    LongText,
    Ref,
    Timestamp,
    UTCDateTime,
    exact,
)
from backoffice.core.db import Base, table
from backoffice.core.tracking import Part, Subject, Tracked
from backoffice.files.models import StoredFile


class ProductKind(StrEnum):
    """How it reaches the customer."""

    PHYSICAL = "physical"  # shipped, from stock
    DIGITAL = "digital"  # downloaded
    SERVICE = "service"  # done at an appointment


class Category(Tracked, Base):
    """A shelf of the shop."""

    __tablename__ = "categories"
    subject_kind = "category"

    id: Mapped[Id]
    ref: Mapped[Ref]
    slug: Mapped[str] = mapped_column(exact(120), unique=True)
    name: Mapped[Line]
    lead: Mapped[LongText]
    position: Mapped[int] = mapped_column(Integer)


class Product(Tracked, Base):
    """Something for sale, in one or more variants."""

    __tablename__ = "products"
    __table_args__ = table(
        Index("ix_products_category", "category_id", "id"),
        Index("ix_products_published", "published", "id"),
        Index("ix_products_day", "created_at", "id"),
    )
    subject_kind = "product"

    id: Mapped[Id]
    ref: Mapped[Ref]
    slug: Mapped[str] = mapped_column(exact(120), unique=True)
    name: Mapped[Line]
    summary: Mapped[LongText]
    story: Mapped[LongText]  # HTML that richtext.clean has cleaned
    facts: Mapped[Json]  # {"rows": [[name, value], …]}, in the order they are shown
    options: Mapped[Json]  # {"names": ["Length", …]}: what the variants differ in; empty for a single variant
    kind: Mapped[ProductKind] = mapped_column(Choice(ProductKind))
    vat_class: Mapped[str] = mapped_column(String(20))
    sold_in: Mapped[str] = mapped_column(exact(400))  # "AT DE DK": codes of countries; empty where it is sold to all
    category_id: Mapped[BigInt] = mapped_column(ForeignKey("categories.id"))
    published: Mapped[bool] = mapped_column(Boolean)
    listed_at: Mapped[Timestamp]  # "newest first" goes by it
    created_at: Mapped[Timestamp]
    category: Mapped[Category] = relationship()
    variants: Mapped[list["Variant"]] = relationship(order_by="Variant.position", back_populates="product")
    images: Mapped[list["ProductImage"]] = relationship(order_by="ProductImage.position", back_populates="product")


class Variant(Tracked, Base):
    """What is really bought: one row of the price list and of the stock."""

    __tablename__ = "variants"
    __table_args__ = table(UniqueConstraint("product_id", "label"))
    subject_kind = "variant"

    id: Mapped[Id]
    ref: Mapped[Ref]
    product_id: Mapped[BigInt] = mapped_column(ForeignKey("products.id"))
    sku: Mapped[str] = mapped_column(exact(60), unique=True)
    label: Mapped[Line]  # "60 cm, oak"; empty for the only variant
    choices: Mapped[Json]  # {"values": ["60 cm", "oak"]}, in the order of the product's options
    position: Mapped[int] = mapped_column(Integer)
    published: Mapped[bool] = mapped_column(Boolean)
    product: Mapped[Product] = relationship(back_populates="variants")

    @property
    def full_name(self) -> str:
        return f"{self.product.name}, {self.label}" if self.label else self.product.name

    @property
    def is_sold(self) -> bool:
        return self.published and self.product.published


class PriceList(Tracked, Base):
    """Prices in one currency, VAT included. The first one is the shop's own; customers choose among the active."""

    __tablename__ = "price_lists"
    subject_kind = "price_list"

    id: Mapped[Id]
    ref: Mapped[Ref]
    code: Mapped[str] = mapped_column(exact(20), unique=True)
    currency: Mapped[Currency] = mapped_column(unique=True)
    position: Mapped[int] = mapped_column(Integer)
    active: Mapped[bool] = mapped_column(Boolean)


class Price(Part, Base):
    """The price of a variant in one list from a moment on. Frozen whole: a new price is a new row."""

    __tablename__ = "prices"
    __table_args__ = table(
        UniqueConstraint("variant_id", "price_list_id", "valid_from"),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
    )

    id: Mapped[Id]
    variant_id: Mapped[BigInt] = mapped_column(ForeignKey("variants.id"))
    price_list_id: Mapped[BigInt] = mapped_column(ForeignKey("price_lists.id"))
    amount: Mapped[BigInt]
    valid_from: Mapped[Timestamp]
    created_at: Mapped[Timestamp]
    variant: Mapped[Variant] = relationship()

    def subject(self) -> Subject:
        return self.variant.subject()


class ProductImage(Part, Base):
    """A picture in several widths. ``line_art`` is ink on a transparent ground: the shop inverts it in the dark."""

    __tablename__ = "product_images"
    __table_args__ = table(Index("ix_product_images_product", "product_id", "position"))

    id: Mapped[Id]
    product_id: Mapped[BigInt] = mapped_column(ForeignKey("products.id"))
    variant_id: Mapped[BigInt | None] = mapped_column(ForeignKey("variants.id"))  # shown for this variant first
    position: Mapped[int] = mapped_column(Integer)
    alt: Mapped[Line]
    line_art: Mapped[bool] = mapped_column(Boolean)
    width: Mapped[int] = mapped_column(Integer)  # of the widest rendition, in pixels
    height: Mapped[int] = mapped_column(Integer)
    renditions: Mapped[Json]  # {"400": sha256, "800": …}: width in pixels → file
    product: Mapped[Product] = relationship(back_populates="images")

    def subject(self) -> Subject:
        return self.product.subject()


class ProductTrait(Part, Base):
    """A property that customers filter by: Material is oak."""

    __tablename__ = "product_traits"
    __table_args__ = table(
        UniqueConstraint("product_id", "trait", "value"),
        Index("ix_product_traits_value", "trait", "value", "product_id"),
    )

    id: Mapped[Id]
    product_id: Mapped[BigInt] = mapped_column(ForeignKey("products.id"))
    trait: Mapped[str] = mapped_column(exact(40))
    value: Mapped[str] = mapped_column(exact(80))
    product: Mapped[Product] = relationship()

    def subject(self) -> Subject:
        return self.product.subject()


class RelatedProduct(Part, Base):
    """Often bought together, in the order they are shown."""

    __tablename__ = "related_products"
    __table_args__ = table(UniqueConstraint("product_id", "related_id"))

    id: Mapped[Id]
    product_id: Mapped[BigInt] = mapped_column(ForeignKey("products.id"))
    related_id: Mapped[BigInt] = mapped_column(ForeignKey("products.id"))
    position: Mapped[int] = mapped_column(Integer)
    product: Mapped[Product] = relationship(foreign_keys=product_id)

    def subject(self) -> Subject:
        return self.product.subject()


class DigitalAsset(Part, Base):
    """A file that buyers of a variant may download."""

    __tablename__ = "digital_assets"
    __table_args__ = table(UniqueConstraint("variant_id", "name"))

    id: Mapped[Id]
    variant_id: Mapped[BigInt] = mapped_column(ForeignKey("variants.id"))
    file_id: Mapped[BigInt] = mapped_column(ForeignKey("files.id"))
    name: Mapped[Line]
    media_type: Mapped[Exact]  # one content may be known under several
    most_downloads: Mapped[int] = mapped_column(Integer)  # of one purchase
    taken_away_at: Mapped[datetime | None] = mapped_column(UTCDateTime())  # who ordered before keeps it
    variant: Mapped[Variant] = relationship()
    file: Mapped[StoredFile] = relationship(lazy="joined", innerjoin=True)

    def subject(self) -> Subject:
        return self.variant.subject()


class Listing(Base):
    """How a product stands on its shelf in one price list: what it is sorted by, and its card. Derived, see shelves."""

    __tablename__ = "listings"
    __table_args__ = table(
        UniqueConstraint("price_list_id", "product_id"),
        Index("ix_listings_price", "price_list_id", "category_id", "from_amount", "product_id"),
        Index("ix_listings_name", "price_list_id", "category_id", "name_key", "product_id"),
        Index("ix_listings_newest", "price_list_id", "category_id", "listed_at", "product_id"),
        Index("ix_listings_product", "product_id"),
    )

    id: Mapped[Id]
    price_list_id: Mapped[BigInt] = mapped_column(ForeignKey("price_lists.id"))
    category_id: Mapped[BigInt] = mapped_column(ForeignKey("categories.id"))
    product_id: Mapped[BigInt] = mapped_column(ForeignKey("products.id"))
    from_amount: Mapped[BigInt]  # the cheapest variant
    to_amount: Mapped[BigInt]
    currency: Mapped[Currency]
    name_key: Mapped[str] = mapped_column(exact(120))  # folded, for sorting
    listed_at: Mapped[Timestamp]
    card: Mapped[Json]  # slug, name, summary, image, kind: everything a card shows but the stock


class ProductTerm(Base):
    """A word by which a published product is found: folded, and how much it counts. Derived, see search."""

    __tablename__ = "product_terms"
    __table_args__ = table(Index("ix_product_terms_product", "product_id"))

    term: Mapped[str] = mapped_column(exact(40), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), primary_key=True)
    weight: Mapped[int] = mapped_column(SmallInteger)


class CatalogueState(Base):
    """One row: the version that every public fragment is cached under. It rises with every change customers can see."""

    __tablename__ = "catalogue_state"

    id: Mapped[Id]
    version: Mapped[BigInt]
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime())
