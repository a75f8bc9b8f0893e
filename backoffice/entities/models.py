from enum import StrEnum

from sqlalchemy import ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.core.columns import BigInt, Choice, Currency, Exact, Id, Line, LongText, Ref, Timestamp
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


class LegalKind(StrEnum):
    TERMS = "terms"  # of sale; an order points at the version its customer accepted
    PRIVACY = "privacy"
    WITHDRAWAL = "withdrawal"  # the instructions on the right to change one's mind
    IMPRINT = "imprint"  # what the law wants said of the company beside its name, address and numbers


TITLES = {
    LegalKind.TERMS: "Terms of sale",
    LegalKind.PRIVACY: "Privacy",
    LegalKind.WITHDRAWAL: "Right of withdrawal",
    LegalKind.IMPRINT: "Imprint",
}


class LegalText(Base):
    """One published version of a legal text. Frozen: earlier versions stay readable for ever."""

    __tablename__ = "legal_texts"
    __table_args__ = table(UniqueConstraint("entity_id", "kind", "version"))

    id: Mapped[Id]
    entity_id: Mapped[BigInt] = mapped_column(ForeignKey("entities.id"))
    kind: Mapped[LegalKind] = mapped_column(Choice(LegalKind))
    version: Mapped[int] = mapped_column(Integer)
    text: Mapped[LongText]
    published_at: Mapped[Timestamp]
