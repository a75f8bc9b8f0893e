"""A paper, a movement of money or a parcel with the sale it belongs to, in one look: what their pages begin with."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from markupsafe import Markup
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from backoffice.admin import flags
from backoffice.core.db import session
from backoffice.core.errors import NotFound
from backoffice.customers.models import Person
from backoffice.disputes.models import Dispute
from backoffice.fulfilment.models import Shipment
from backoffice.invoices.credit_note_models import CreditNote, CreditNotePaper
from backoffice.invoices.models import Invoice, InvoicePaper
from backoffice.orders.models import Order
from backoffice.payments.models import Payment
from backoffice.refunds.models import Refund

T = TypeVar("T")


@dataclass(frozen=True)
class Sold(Generic[T]):
    """``thing`` is what was asked for."""

    thing: T
    order: Order
    invoice: Invoice
    person: Person
    flagged: str  # what to look out for with this customer, as `flags.OF_PERSON` says

    @property
    def flags(self) -> Markup:
        return flags.shown(self.flagged)


def payment(ref: str) -> Sold[Payment]:
    """Raises NotFound, as all of these."""
    query = select(Payment, Order, Invoice, Person).select_from(Payment)
    return Sold(*_one(query.join(Invoice, Invoice.id == Payment.invoice_id), Payment.ref == ref, "payment"))


def invoice(ref: str) -> tuple[Sold[Invoice], InvoicePaper | None]:
    """With its PDF, where that is made."""
    query = select(Order, Invoice, Person, InvoicePaper).select_from(Invoice)
    order, found, person, paper, flagged = _one(_typeset(query), Invoice.ref == ref, "invoice")
    return Sold(found, order, found, person, flagged), paper


def credit_note(ref: str) -> tuple[Sold[CreditNote], CreditNotePaper | None, Refund | None]:
    """With its PDF, and the refund that it was written for."""
    query = select(CreditNote, Order, Invoice, Person, CreditNotePaper, Refund).select_from(CreditNote)
    on = (CreditNotePaper.credit_note_id == CreditNote.id) & (CreditNotePaper.form == "pdf")
    query = query.join(Invoice, Invoice.id == CreditNote.invoice_id).outerjoin(CreditNotePaper, on)
    query = query.outerjoin(Refund, Refund.credit_note_id == CreditNote.id).options(joinedload(Refund.maker))
    query = query.options(joinedload(CreditNotePaper.file, innerjoin=False))
    note, order, about, person, paper, refund, flagged = _one(query, CreditNote.ref == ref, "credit note")
    return Sold(note, order, about, person, flagged), paper, refund


def refund(ref: str) -> tuple[Sold[Refund], Payment, CreditNote | None]:
    """With its payment, and the credit note that was written for it."""
    query = select(Refund, Order, Invoice, Person, Payment, CreditNote).select_from(Refund)
    query = query.outerjoin(CreditNote, CreditNote.id == Refund.credit_note_id)
    query = query.options(joinedload(Refund.maker), joinedload(Refund.again_of), joinedload(Refund.settles))
    thing, order, about, person, payment, note, flagged = _one(
        _paid(query, Refund.payment_id), Refund.ref == ref, "refund"
    )
    return Sold(thing, order, about, person, flagged), payment, note


def dispute(ref: str) -> tuple[Sold[Dispute], InvoicePaper | None]:
    """With its answers, its payment and its order, which it knows itself, and the PDF of the invoice, where that is made."""
    query = select(Dispute, Order, Invoice, Person, Payment, InvoicePaper).select_from(Dispute)
    query = _typeset(_paid(query, Dispute.payment_id)).options(joinedload(Dispute.answers))
    thing, order, about, person, payment, paper, flagged = _one(query, Dispute.ref == ref, "dispute")
    set_committed_value(thing, "order", order)
    set_committed_value(thing, "payment", payment)
    return Sold(thing, order, about, person, flagged), paper


def parcel(ref: str) -> Sold[Shipment]:
    query = select(Shipment, Order, Invoice, Person).select_from(Shipment)
    query = query.join(Invoice, Invoice.order_id == Shipment.order_id)
    found = Sold[Shipment](*_one(query, Shipment.ref == ref, "parcel"))
    set_committed_value(found.thing, "order", found.order)
    return found


def _paid(query: Select[*tuple[Any, ...]], payment_id: Any) -> Select[*tuple[Any, ...]]:
    return query.join(Payment, Payment.id == payment_id).join(Invoice, Invoice.id == Payment.invoice_id)


def _typeset(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """With the PDF of the invoice; an invoice without it is there all the same."""
    on = (InvoicePaper.invoice_id == Invoice.id) & (InvoicePaper.form == "pdf")
    return query.outerjoin(InvoicePaper, on).options(joinedload(InvoicePaper.file, innerjoin=False))


def _one(query: Select[*tuple[Any, ...]], wanted: ColumnElement[bool], called: str) -> Any:
    """What was asked for, and at the end what to look out for with the customer."""
    query = query.join(Order, Order.id == Invoice.order_id).join(Person, Person.id == Order.person_id)
    query = query.add_columns(flags.OF_PERSON)
    row = session.execute(query.where(wanted)).unique().one_or_none()
    if row is None:
        raise NotFound(called)
    return row
