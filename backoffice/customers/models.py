from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, query_expression, relationship

from backoffice.core.columns import BigInt, Id, Line, LongText, Ref, Timestamp, UTCDateTime, exact
from backoffice.core.db import Base, table
from backoffice.core.tracking import Part, Subject, Tracked


@dataclass(frozen=True)
class Address:
    """Where something goes; ``country`` is ISO 3166-1 alpha-2."""

    name: str
    street: str
    postcode: str
    city: str
    country: str

    def __str__(self) -> str:
        return f"{self.name}, {self.street}, {self.postcode} {self.city}, {self.country}"


class Person(Tracked, Base):
    """A customer, guest or not. ``wrapped_key`` seals their data in the audit log; destroying it unseals nothing more.

    Without a password they are a guest; ``verified_at`` is when a link sent to their address was used."""

    __tablename__ = "people"
    __table_args__ = table(Index("ix_people_day", "created_at", "id"), Index("ix_people_barred", "barred_at", "id"))
    subject_kind = "person"
    unaudited = frozenset({"password_hash"})  # changes silently only when argon2's cost is raised at a login

    id: Mapped[Id]
    ref: Mapped[Ref]
    email: Mapped[str] = mapped_column(exact(254), unique=True)  # normalised: trimmed, lower case
    name: Mapped[Line]
    wrapped_key: Mapped[LongText]
    password_hash: Mapped[Line | None]
    verified_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    created_at: Mapped[Timestamp]
    barred_at: Mapped[datetime | None] = mapped_column(UTCDateTime())  # nothing is sold to them online any more
    barred_because: Mapped[Line]
    flags: Mapped[str | None] = query_expression()  # what to look out for, where a list is asked for it

    @property
    def has_account(self) -> bool:
        return self.password_hash is not None

    @property
    def standing(self) -> str:
        """``account`` or ``guest``."""
        return "account" if self.has_account else "guest"


class PersonTerm(Base):
    """A folded word of a name, or a phone number backwards, by which staff find a customer. Derived, see finding."""

    __tablename__ = "person_terms"
    __table_args__ = table(Index("ix_person_terms_person", "person_id"))

    term: Mapped[str] = mapped_column(exact(40), primary_key=True)
    person_id: Mapped[BigInt] = mapped_column(ForeignKey("people.id"), primary_key=True)


class SavedAddress(Part, Base):
    """An address a customer keeps for the next order; one of them is offered first."""

    __tablename__ = "saved_addresses"
    __table_args__ = table(Index("ix_saved_addresses_person", "person_id", "id"))

    id: Mapped[Id]
    ref: Mapped[Ref]
    person_id: Mapped[BigInt] = mapped_column(ForeignKey("people.id"))
    name: Mapped[Line]
    street: Mapped[Line]
    postcode: Mapped[Line]
    city: Mapped[Line]
    country: Mapped[str] = mapped_column(String(2))
    preferred: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[Timestamp]
    person: Mapped[Person] = relationship()

    def subject(self) -> Subject:
        return self.person.subject()
