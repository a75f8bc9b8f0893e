from sqlalchemy import ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.core.columns import BigInt, Currency, Exact, Id, Line, LongText, Ref, Timestamp
from backoffice.core.db import Base, table
from backoffice.core.tracking import Tracked


class Entity(Tracked, Base):
    """A legal person that sells: owns number series, prints its name and VAT id on papers."""

    __tablename__ = "entities"
    subject_kind = "entity"

    id: Mapped[Id]
    ref: Mapped[Ref]
    code: Mapped[str] = mapped_column(String(20), unique=True)
    shop_name: Mapped[Line]
    legal_name: Mapped[Line]
    street: Mapped[Line]
    postcode: Mapped[Line]
    city: Mapped[Line]
    country: Mapped[str] = mapped_column(String(2))  # ISO 3166-1 alpha-2
    vat_id: Mapped[Line]
    register_entry: Mapped[Line]
    email: Mapped[Line]
    phone: Mapped[Line]
    currency: Mapped[Currency]
    zone: Mapped[Exact]  # IANA time zone: decides the date on papers
    created_at: Mapped[Timestamp]


class Terms(Base):
    """One published version of the terms of sale. Frozen: an order points at the version its customer accepted."""

    __tablename__ = "terms"
    __table_args__ = table(UniqueConstraint("entity_id", "version"))

    id: Mapped[Id]
    entity_id: Mapped[BigInt] = mapped_column(ForeignKey("entities.id"))
    version: Mapped[int] = mapped_column(Integer)
    text: Mapped[LongText]
    published_at: Mapped[Timestamp]
