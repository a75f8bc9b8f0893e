from datetime import date

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, query_expression, relationship

from backoffice.core.columns import BigInt, Currency, Exact, Id, Json, Line, Ref, Timestamp, exact
from backoffice.core.db import Base, table
from backoffice.core.money import Money
from backoffice.core.tracking import Part, Subject, Tracked
from backoffice.files.models import StoredFile
from backoffice.invoices.models import Invoice


class CreditNote(Tracked, Base):
    """Takes back a part of an issued invoice, or all of it (type code 381, BT-3). Frozen whole: it is written with its
    number, and lives beside the invoice it names (BG-3)."""

    __tablename__ = "credit_notes"
    __table_args__ = table(
        Index("ix_credit_notes_issued", "issued_on", "id"),
        UniqueConstraint("entity_id", "series", "year", "position"),
        UniqueConstraint("entity_id", "number"),
        CheckConstraint("net_amount + vat_amount = gross_amount", name="sums_up"),
        CheckConstraint("gross_amount > 0", name="gross_positive"),
        Index("ix_credit_notes_invoice", "invoice_id", "id"),
        Index("ix_credit_notes_number", "number"),
    )
    subject_kind = "credit_note"

    id: Mapped[Id]
    ref: Mapped[Ref]
    entity_id: Mapped[BigInt] = mapped_column(ForeignKey("entities.id"))
    invoice_id: Mapped[BigInt] = mapped_column(ForeignKey("invoices.id"))  # BT-25
    series: Mapped[str] = mapped_column(exact(20))
    year: Mapped[int] = mapped_column(Integer)
    position: Mapped[BigInt]
    number: Mapped[str] = mapped_column(exact(40))
    issued_on: Mapped[date] = mapped_column(Date)
    because: Mapped[Line]  # BT-22
    seller: Mapped[Json]
    buyer: Mapped[Json]
    currency: Mapped[Currency]
    net_amount: Mapped[BigInt]
    vat_amount: Mapped[BigInt]
    gross_amount: Mapped[BigInt]
    line_count: Mapped[int] = mapped_column(Integer)  # no line and no tax can be added afterwards: see immutability
    tax_count: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[Timestamp]
    invoice: Mapped[Invoice] = relationship()
    lines: Mapped[list["CreditNoteLine"]] = relationship(
        order_by="CreditNoteLine.position", back_populates="credit_note"
    )
    taxes: Mapped[list["CreditNoteTax"]] = relationship(order_by="CreditNoteTax.position", back_populates="credit_note")
    taxed: Mapped[str | None] = query_expression()  # its VAT by rate, where a list is asked for it
    refund: Mapped[str | None] = (
        query_expression()
    )  # our reference of the refund it belongs to, where a list is asked for it

    @property
    def invoice_number(self) -> str | None:
        return self.invoice.number

    @property
    def net(self) -> Money:
        return Money(self.net_amount, self.currency)

    @property
    def vat(self) -> Money:
        return Money(self.vat_amount, self.currency)

    @property
    def gross(self) -> Money:
        return Money(self.gross_amount, self.currency)


class CreditNoteLine(Part, Base):
    __tablename__ = "credit_note_lines"
    __table_args__ = table(UniqueConstraint("credit_note_id", "position"))

    id: Mapped[Id]
    credit_note_id: Mapped[BigInt] = mapped_column(ForeignKey("credit_notes.id"))
    position: Mapped[int] = mapped_column(Integer)
    sku: Mapped[Exact]  # empty for a part of the price
    name: Mapped[Line]
    quantity: Mapped[int] = mapped_column(Integer)
    net_amount: Mapped[BigInt]
    gross_amount: Mapped[BigInt]
    vat_category: Mapped[str] = mapped_column(String(2))
    vat_hundredths: Mapped[int] = mapped_column(Integer)
    credit_note: Mapped[CreditNote] = relationship(back_populates="lines")

    @property
    def net(self) -> Money:
        return Money(self.net_amount, self.credit_note.currency)

    @property
    def gross(self) -> Money:
        return Money(self.gross_amount, self.credit_note.currency)

    def subject(self) -> Subject:
        return self.credit_note.subject()


class CreditNoteTax(Part, Base):
    __tablename__ = "credit_note_taxes"
    __table_args__ = table(
        UniqueConstraint("credit_note_id", "vat_category", "vat_hundredths"),
        UniqueConstraint("credit_note_id", "position"),
    )

    id: Mapped[Id]
    credit_note_id: Mapped[BigInt] = mapped_column(ForeignKey("credit_notes.id"))
    position: Mapped[int] = mapped_column(Integer)
    vat_category: Mapped[str] = mapped_column(String(2))
    vat_hundredths: Mapped[int] = mapped_column(Integer)
    net_amount: Mapped[BigInt]
    vat_amount: Mapped[BigInt]
    credit_note: Mapped[CreditNote] = relationship(back_populates="taxes")

    @property
    def net(self) -> Money:
        return Money(self.net_amount, self.credit_note.currency)

    @property
    def vat(self) -> Money:
        return Money(self.vat_amount, self.credit_note.currency)

    def subject(self) -> Subject:
        return self.credit_note.subject()


class CreditNotePaper(Base):
    """A typeset copy of a credit note. Frozen whole."""

    __tablename__ = "credit_note_papers"
    __table_args__ = table(UniqueConstraint("credit_note_id", "form"))

    id: Mapped[Id]
    credit_note_id: Mapped[BigInt] = mapped_column(ForeignKey("credit_notes.id"))
    form: Mapped[str] = mapped_column(exact(20))  # pdf
    file_id: Mapped[BigInt] = mapped_column(ForeignKey("files.id"))
    created_at: Mapped[Timestamp]
    file: Mapped[StoredFile] = relationship(lazy="joined", innerjoin=True)
