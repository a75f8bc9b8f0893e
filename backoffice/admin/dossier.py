"""All that the page of an order shows, in few looks: what every order has comes in one, what few have is asked for only where
it is there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import aliased, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from backoffice.cases.models import Case, CaseState
from backoffice.core.db import session
from backoffice.core.errors import NotFound
from backoffice.core.money import Money, total
from backoffice.core.tracking import Subject
from backoffice.customers.models import Person
from backoffice.disputes import service as disputes
from backoffice.disputes.models import Dispute
from backoffice.entities.models import LegalText
from backoffice.fulfilment import appointments, downloads
from backoffice.fulfilment.models import (
    Appointment,
    DeliveryMethod,
    DownloadGrant,
    Fulfilment,
    FulfilmentState,
    Shipment,
    ShippedPieces,
)
from backoffice.fulfilment.service import ToShip
from backoffice.invoices import credit_notes
from backoffice.invoices.models import CollectionState, CreditNote, Invoice, InvoicePaper
from backoffice.mail import service as mail
from backoffice.mail.models import Mail
from backoffice.notes.models import Note
from backoffice.orders import withdrawals
from backoffice.orders.models import LineKind, Order, OrderLine, Withdrawal
from backoffice.payments.models import Payment
from backoffice.refunds import service as refunds
from backoffice.refunds.models import Refund

MOVED = frozenset({FulfilmentState.PARTLY, FulfilmentState.DONE, FulfilmentState.WITHDRAWN})


@dataclass(frozen=True)
class Dossier:
    order: Order
    invoice: Invoice
    person: Person
    owes: bool  # the customer, for this order or another
    disputing: bool  # likewise
    terms_version: int
    has_paper: bool
    carrier: str  # of the way of delivery that was chosen; empty where nobody is named
    delivery: Fulfilment | None
    to_ship: Sequence[ToShip]
    attempts: list[Payment]
    refunds: Sequence[Refund]
    disputes: Sequence[Dispute]
    credit_notes: Sequence[CreditNote]
    parcels: Sequence[Shipment]
    visits: Sequence[Appointment]
    downloads: Sequence[DownloadGrant]
    declared: Sequence[Withdrawal]
    mails: Sequence[Mail]
    has_cases: bool
    has_notes: bool

    @property
    def refunded(self) -> Money:
        """What was given back, or is on its way."""
        return total([payment.refunded for payment in self.attempts], self.order.currency)

    @property
    def captured(self) -> Money:
        return total([payment.captured for payment in self.attempts], self.order.currency)

    @property
    def subjects(self) -> list[Subject]:
        """What the story of the order is about."""
        rows: list[Any] = [self.order, self.invoice, *self.attempts, *self.parcels, *self.visits, *self.downloads]
        rows += [*self.refunds, *self.credit_notes, *self.disputes]
        return [row.subject() for row in (*rows, *([self.delivery] if self.delivery else []))]


def of_order(ref: str) -> Dossier:
    """Raises NotFound."""
    query = (
        select(
            Order, Invoice, Person, Fulfilment, LegalText.version, InvoicePaper.id, DeliveryMethod.carrier,
            _has(Withdrawal.order_id),
            exists(select(Mail.id).where(Mail.about_ref == Order.ref)).label("mails"), _has_cases(), _has_notes(), _owes(),
            _hang_on_its_payments(Refund), _hang_on_its_payments(Dispute), disputes.disputing(),
        )
        .join(Invoice, Invoice.order_id == Order.id)
        .join(Person, Person.id == Order.person_id)
        .join(LegalText, LegalText.id == Order.terms_id)
        .outerjoin(Fulfilment, Fulfilment.order_id == Order.id)
        .outerjoin(InvoicePaper, (InvoicePaper.invoice_id == Invoice.id) & (InvoicePaper.form == "pdf"))
        .outerjoin(DeliveryMethod, DeliveryMethod.code == Order.delivery_code)
        .where(Order.ref == ref)
    )  # fmt: skip
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("order")
    (
        order,
        invoice,
        person,
        delivery,
        terms,
        paper,
        carrier,
        declared,
        mails,
        cases,
        notes,
        owes,
        refunded,
        disputed,
        disputing,
    ) = row
    to_ship = _lines(order)
    attempts = list(session.scalars(select(Payment).where(Payment.invoice_id == invoice.id).order_by(Payment.id)))
    kinds = {line.kind for line in order.lines}
    return Dossier(
        order=order,
        invoice=invoice,
        person=person,
        owes=bool(owes),
        disputing=bool(disputing),
        terms_version=terms,
        has_paper=paper is not None,
        carrier=carrier or "",
        delivery=delivery,
        to_ship=to_ship if delivery else [],
        attempts=attempts,
        refunds=refunds.of(attempts) if refunded else [],
        disputes=disputes.of(attempts) if disputed else [],
        credit_notes=credit_notes.of(invoice) if refunded else [],
        parcels=_parcels(order) if delivery and delivery.state in MOVED else [],
        visits=appointments.of(order) if LineKind.SERVICE in kinds else [],
        downloads=downloads.of(order) if LineKind.DIGITAL in kinds else [],
        declared=withdrawals.of(order) if declared else [],
        mails=mail.about([order.subject()]) if mails else [],
        has_cases=bool(cases),
        has_notes=bool(notes),
    )


def _lines(order: Order) -> list[ToShip]:
    """The lines of an order, and how many pieces of each have left."""
    rows = session.execute(
        select(OrderLine, ShippedPieces.shipped, ShippedPieces.ordered)
        .outerjoin(ShippedPieces, ShippedPieces.order_line_id == OrderLine.id)
        .where(OrderLine.order_id == order.id)
        .order_by(OrderLine.position)
    ).all()
    set_committed_value(order, "lines", [row[0] for row in rows])
    for line, _shipped, _ordered in rows:
        set_committed_value(line, "order", order)
    return [
        ToShip(line, shipped or 0, line.quantity if ordered is None else ordered)
        for line, shipped, ordered in rows
        if line.kind == LineKind.PHYSICAL
    ]


def _parcels(order: Order) -> Sequence[Shipment]:
    query = select(Shipment).where(Shipment.order_id == order.id).options(joinedload(Shipment.lines))
    return session.scalars(query.order_by(Shipment.id)).unique().all()


def _has(column: Any) -> Any:
    return exists(select(column).where(column == Order.id))


def _hang_on_its_payments(model: type[Refund] | type[Dispute]) -> Any:
    query = select(model.id).join(Payment, Payment.id == model.payment_id)
    return exists(query.where(Payment.invoice_id == Invoice.id))


def _has_cases() -> Any:
    """Open ones, about the order, its invoice, one of its payments or of their refunds and disputes."""
    paid = select(Payment.ref).where(Payment.invoice_id == Invoice.id)
    returned = select(Refund.ref).join(Payment, Payment.id == Refund.payment_id).where(Payment.invoice_id == Invoice.id)
    disputed = select(Dispute.ref).join(Payment, Payment.id == Dispute.payment_id)
    about = (
        (Case.about_ref == Order.ref)
        | (Case.about_ref == Invoice.ref)
        | Case.about_ref.in_(paid)
        | Case.about_ref.in_(returned)
        | Case.about_ref.in_(disputed.where(Payment.invoice_id == Invoice.id))
    )
    return exists(select(Case.id).where(Case.state == CaseState.OPEN, about))


def _has_notes() -> Any:
    paid = select(Payment.id).where(Payment.invoice_id == Invoice.id)
    sent = select(Shipment.id).where(Shipment.order_id == Order.id)
    returned = select(Refund.id).join(Payment, Payment.id == Refund.payment_id).where(Payment.invoice_id == Invoice.id)
    disputed = (
        select(Dispute.id).join(Payment, Payment.id == Dispute.payment_id).where(Payment.invoice_id == Invoice.id)
    )
    about = (
        ((Note.about_kind == "order") & (Note.about_id == Order.id))
        | ((Note.about_kind == "invoice") & (Note.about_id == Invoice.id))
        | ((Note.about_kind == "payment") & Note.about_id.in_(paid))
        | ((Note.about_kind == "refund") & Note.about_id.in_(returned))
        | ((Note.about_kind == "dispute") & Note.about_id.in_(disputed))
        | ((Note.about_kind == "shipment") & Note.about_id.in_(sent))
    )
    return exists(select(Note.id).where(about))


def _owes() -> Any:
    """Whether money came for an order of the same customer, but not all of it."""
    other, theirs = aliased(Order), aliased(Invoice)
    query = select(theirs.id).join(other, other.id == theirs.order_id)
    return exists(query.where(other.person_id == Order.person_id, theirs.collection_state == CollectionState.PART_PAID))
