from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, query_expression, relationship

from backoffice.core.columns import BigInt, Choice, Currency, Exact, Id, Json, Line, Ref, Timestamp, UTCDateTime, exact
from backoffice.core.db import Base, table
from backoffice.core.money import Money
from backoffice.core.tracking import Part, Subject, Tracked
from backoffice.files.models import StoredFile


class InvoiceState(StrEnum):
    """The document. Whether it is paid is another question."""

    DRAFT = "draft"
    ISSUED = "issued"
    DISCARDED = "discarded"  # a draft whose order ended; it never had a number


class CollectionState(StrEnum):
    """The debt."""

    OPEN = "open"
    PAID = "paid"
    PART_PAID = "part_paid"
    NOT_DUE = "not_due"  # discarded


COLLECTIBLE = frozenset({CollectionState.OPEN})


class Invoice(Tracked, Base):
    """One debt. Frozen at issue: number, dates, parties, currency, lines, totals; collection lives beside it."""

    __tablename__ = "invoices"
    __table_args__ = table(
        Index("ix_invoices_issued", "issued_on", "id"),
        UniqueConstraint("entity_id", "series", "year", "position"),
        UniqueConstraint("entity_id", "number"),
        CheckConstraint("net_amount + vat_amount = gross_amount", name="sums_up"),
        CheckConstraint("paid_amount >= 0", name="paid_not_negative"),
        Index("ix_invoices_state", "state", "id"),
        Index("ix_invoices_collection", "collection_state", "id"),
        Index("ix_invoices_number", "number"),
    )
    subject_kind = "invoice"

    id: Mapped[Id]
    ref: Mapped[Ref]
    entity_id: Mapped[BigInt] = mapped_column(ForeignKey("entities.id"))
    order_id: Mapped[BigInt] = mapped_column(ForeignKey("orders.id"), unique=True)
    state: Mapped[InvoiceState] = mapped_column(Choice(InvoiceState))
    series: Mapped[str | None] = mapped_column(exact(20))
    year: Mapped[int | None] = mapped_column(Integer)
    position: Mapped[BigInt | None]
    number: Mapped[str | None] = mapped_column(exact(40))  # BT-1
    issued_on: Mapped[date | None] = mapped_column(Date)  # BT-2, in the entity's time zone
    supplied_on: Mapped[date | None] = mapped_column(Date)  # BT-72, or the date of payment
    seller: Mapped[Json]  # BG-4, frozen copy
    buyer: Mapped[Json]  # BG-7, frozen copy
    currency: Mapped[Currency]  # BT-5
    net_amount: Mapped[BigInt]  # BT-109
    vat_amount: Mapped[BigInt]  # BT-110
    gross_amount: Mapped[BigInt]  # BT-112
    created_at: Mapped[Timestamp]
    collection_state: Mapped[CollectionState] = mapped_column(Choice(CollectionState))
    paid_amount: Mapped[BigInt]
    paid_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    lines: Mapped[list["InvoiceLine"]] = relationship(order_by="InvoiceLine.position", back_populates="invoice")
    taxes: Mapped[list["InvoiceTax"]] = relationship(order_by="InvoiceTax.id", back_populates="invoice")
    credited_amount: Mapped[int | None] = query_expression()  # by its credit notes, where a list is asked for it
    taxed: Mapped[str | None] = query_expression()  # its VAT by rate, likewise

    @property
    def credited(self) -> Money | None:
        return Money(int(self.credited_amount), self.currency) if self.credited_amount else None

    @property
    def customer(self) -> str:
        """The buyer's name as printed (BT-44)."""
        return str(self.buyer["name"])

    @property
    def country(self) -> str:
        """Of the buyer (BT-55)."""
        return str(self.buyer["country"])

    @property
    def net(self) -> Money:
        return Money(self.net_amount, self.currency)

    @property
    def vat(self) -> Money:
        return Money(self.vat_amount, self.currency)

    @property
    def gross(self) -> Money:
        return Money(self.gross_amount, self.currency)

    @property
    def paid(self) -> Money:
        return Money(self.paid_amount, self.currency)


class InvoiceLine(Part, Base):
    __tablename__ = "invoice_lines"
    __table_args__ = table(UniqueConstraint("invoice_id", "position"))

    id: Mapped[Id]
    invoice_id: Mapped[BigInt] = mapped_column(ForeignKey("invoices.id"))
    position: Mapped[int] = mapped_column(Integer)  # BT-126
    sku: Mapped[Exact]
    name: Mapped[Line]  # BT-153
    quantity: Mapped[int] = mapped_column(Integer)  # BT-129
    unit_gross_amount: Mapped[BigInt]
    net_amount: Mapped[BigInt]  # BT-131
    gross_amount: Mapped[BigInt]
    vat_category: Mapped[str] = mapped_column(String(2))  # BT-151
    vat_hundredths: Mapped[int] = mapped_column(Integer)  # BT-152
    issued_at: Mapped[datetime | None] = mapped_column(UTCDateTime())  # set at issue: frozen from then on
    invoice: Mapped[Invoice] = relationship(back_populates="lines")

    @property
    def net(self) -> Money:
        return Money(self.net_amount, self.invoice.currency)

    @property
    def gross(self) -> Money:
        return Money(self.gross_amount, self.invoice.currency)

    def subject(self) -> Subject:
        return self.invoice.subject()


class InvoiceTax(Part, Base):
    """One row of the VAT breakdown (BG-23)."""

    __tablename__ = "invoice_taxes"
    __table_args__ = table(UniqueConstraint("invoice_id", "vat_category", "vat_hundredths"))

    id: Mapped[Id]
    invoice_id: Mapped[BigInt] = mapped_column(ForeignKey("invoices.id"))
    vat_category: Mapped[str] = mapped_column(String(2))  # BT-118
    vat_hundredths: Mapped[int] = mapped_column(Integer)  # BT-119
    net_amount: Mapped[BigInt]  # BT-116
    vat_amount: Mapped[BigInt]  # BT-117
    issued_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    invoice: Mapped[Invoice] = relationship(back_populates="taxes")

    @property
    def net(self) -> Money:
        return Money(self.net_amount, self.invoice.currency)

    @property
    def vat(self) -> Money:
        return Money(self.vat_amount, self.invoice.currency)

    def subject(self) -> Subject:
        return self.invoice.subject()


class NumberCounter(Base):
    """The last number of a series, and the date of the paper that has it: both only rise."""

    __tablename__ = "number_counters"
    __table_args__ = table(UniqueConstraint("entity_id", "series", "year"))

    id: Mapped[Id]
    entity_id: Mapped[BigInt] = mapped_column(ForeignKey("entities.id"))
    series: Mapped[str] = mapped_column(exact(20))
    year: Mapped[int] = mapped_column(Integer)
    last: Mapped[BigInt]
    last_issued_on: Mapped[date] = mapped_column(Date)


class NumberFate(Base):
    """The register: what became of every number ever taken, an invoice or a credit note. Frozen whole."""

    __tablename__ = "number_register"
    __table_args__ = table(
        UniqueConstraint("entity_id", "series", "year", "position"),
        CheckConstraint("(invoice_id IS NULL) <> (credit_note_id IS NULL)", name="one_fate"),
    )

    id: Mapped[Id]
    entity_id: Mapped[BigInt] = mapped_column(ForeignKey("entities.id"))
    series: Mapped[str] = mapped_column(exact(20))
    year: Mapped[int] = mapped_column(Integer)
    position: Mapped[BigInt]
    number: Mapped[str] = mapped_column(exact(40))
    invoice_id: Mapped[BigInt | None] = mapped_column(ForeignKey("invoices.id"), unique=True)
    credit_note_id: Mapped[BigInt | None] = mapped_column(ForeignKey("credit_notes.id"), unique=True)
    issued_on: Mapped[date] = mapped_column(Date)
    taken_at: Mapped[Timestamp]


class InvoicePaper(Base):
    """A typeset copy of an issued invoice. Frozen whole."""

    __tablename__ = "invoice_papers"
    __table_args__ = table(UniqueConstraint("invoice_id", "form"))

    id: Mapped[Id]
    invoice_id: Mapped[BigInt] = mapped_column(ForeignKey("invoices.id"))
    form: Mapped[str] = mapped_column(exact(20))  # pdf
    file_id: Mapped[BigInt] = mapped_column(ForeignKey("files.id"))
    created_at: Mapped[Timestamp]
    file: Mapped[StoredFile] = relationship(lazy="joined", innerjoin=True)
