"""All that the page of an order shows, in few looks: what every order has comes in one, what few have is asked for only where
it is there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, exists, select
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from backoffice.admin import flags
from backoffice.cases.models import Case, CaseState
from backoffice.catalog.models import DigitalAsset
from backoffice.core.db import session
from backoffice.core.errors import NotFound
from backoffice.core.money import Money, total
from backoffice.core.tracking import Subject
from backoffice.customers.models import Person
from backoffice.disputes.models import Dispute
from backoffice.entities.models import LegalText
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
from backoffice.invoices.credit_note_models import CreditNote, CreditNotePaper
from backoffice.invoices.models import Invoice, InvoicePaper
from backoffice.mail import service as mail
from backoffice.mail.models import Mail
from backoffice.orders.models import LineKind, Order, OrderLine, Withdrawal
from backoffice.payments.models import Payment
from backoffice.refunds.models import OPEN, UNSURE, Refund, RefundState

MOVED = frozenset({FulfilmentState.PARTLY, FulfilmentState.DONE, FulfilmentState.WITHDRAWN})


@dataclass(frozen=True)
class Dossier:
    order: Order
    invoice: Invoice
    person: Person
    flags: str  # of the customer, for this order or another, as `flags.OF_PERSON` says
    terms_version: int
    has_paper: bool
    carrier: str  # of the way of delivery that was chosen; empty where nobody is named
    delivery: Fulfilment | None
    to_ship: Sequence[ToShip]
    attempts: list[Payment]
    refunds: Sequence[Refund]
    disputes: Sequence[Dispute]
    credit_notes: Sequence[CreditNote]
    typeset: frozenset[int]  # the credit notes whose PDF is made
    parcels: Sequence[Shipment]
    visits: Sequence[Appointment]
    grants: Sequence[DownloadGrant]  # also those that were taken back
    declared: Sequence[Withdrawal]
    mails: Sequence[Mail]
    has_cases: bool

    @property
    def downloads(self) -> list[DownloadGrant]:
        """What the customer may still fetch."""
        return [grant for grant in self.grants if grant.withdrawn_at is None]

    @property
    def given_back(self) -> Money:
        """What the provider has given back, for all that is known."""
        taken = total([payment.refunded for payment in self.attempts], self.order.currency)
        return taken - self.going_back - self.unsure

    @property
    def going_back(self) -> Money:
        """What the provider has accepted to give back."""
        return self._asked_for(OPEN - UNSURE)

    @property
    def unsure(self) -> Money:
        """What is put aside for refunds of which nobody knows whether the provider makes them."""
        return self._asked_for(UNSURE)

    def _asked_for(self, states: Collection[RefundState]) -> Money:
        return total([refund.money for refund in self.refunds if refund.state in states], self.order.currency)

    @property
    def captured(self) -> Money:
        return total([payment.captured for payment in self.attempts], self.order.currency)

    @property
    def subjects(self) -> list[Subject]:
        """What the story of the order is about."""
        rows: list[Any] = [self.order, self.invoice, *self.attempts, *self.parcels, *self.visits, *self.grants]
        rows += [*self.refunds, *self.credit_notes, *self.disputes]
        return [row.subject() for row in (*rows, *([self.delivery] if self.delivery else []))]


def of_order(ref: str) -> Dossier:
    """Raises NotFound."""
    query = (
        select(
            Order, Invoice, Person, Fulfilment, LegalText.version, InvoicePaper.id, DeliveryMethod.carrier,
            exists(select(Mail.id).where(Mail.about_ref == Order.ref)).label("mails"), _has_cases(),
            flags.OF_PERSON, Withdrawal,
        )
        .join(Invoice, Invoice.order_id == Order.id)
        .join(Person, Person.id == Order.person_id)
        .join(LegalText, LegalText.id == Order.terms_id)
        .outerjoin(Fulfilment, Fulfilment.order_id == Order.id)
        .outerjoin(InvoicePaper, (InvoicePaper.invoice_id == Invoice.id) & (InvoicePaper.form == "pdf"))
        .outerjoin(DeliveryMethod, DeliveryMethod.code == Order.delivery_code)
        .outerjoin(Withdrawal, Withdrawal.order_id == Order.id)
        .where(Order.ref == ref)
        .order_by(Withdrawal.id)
    )  # fmt: skip
    rows = session.execute(query).all()
    if not rows:
        raise NotFound("order")
    (
        order,
        invoice,
        person,
        delivery,
        terms,
        paper,
        carrier,
        mails,
        cases,
        found,
        _declared,
    ) = rows[0]
    to_ship, visits, grants = _lines(order)
    attempts, returned, notes, disputed, typeset = money_of(invoice)
    return Dossier(
        order=order,
        invoice=invoice,
        person=person,
        flags=found,
        terms_version=terms,
        has_paper=paper is not None,
        carrier=carrier or "",
        delivery=delivery,
        to_ship=to_ship if delivery else [],
        attempts=attempts,
        refunds=returned,
        disputes=disputed,
        credit_notes=notes,
        typeset=typeset,
        parcels=_parcels(order) if delivery and delivery.state in MOVED else [],
        visits=visits,
        grants=grants,
        declared=[row[-1] for row in rows if row[-1]],
        mails=mail.about([order.subject()]) if mails else [],
        has_cases=bool(cases),
    )


def money_of(
    invoice: Invoice,
) -> tuple[list[Payment], list[Refund], list[CreditNote], list[Dispute], frozenset[int]]:
    """What was paid for an invoice, what went back with its credit notes, and what is disputed, each oldest first; and which
    of the notes have their PDF."""
    rows = session.execute(
        select(Payment, Refund, CreditNote, Dispute, CreditNotePaper.credit_note_id)
        .outerjoin(Refund, Refund.payment_id == Payment.id)
        .outerjoin(CreditNote, CreditNote.id == Refund.credit_note_id)
        .outerjoin(CreditNotePaper, (CreditNotePaper.credit_note_id == CreditNote.id) & (CreditNotePaper.form == "pdf"))
        .outerjoin(Dispute, Dispute.payment_id == Payment.id)
        .where(Payment.invoice_id == invoice.id)
        .options(joinedload(Refund.maker))
    ).all()
    typeset = frozenset(row[4] for row in rows if row[4])
    return _distinct(rows, 0), _distinct(rows, 1), _distinct(rows, 2), _distinct(rows, 3), typeset


def _distinct(rows: Sequence[Row[*tuple[Any, ...]]], place: int) -> list[Any]:
    """What stands at one place of the rows of a join, each once, oldest first."""
    return sorted({row[place] for row in rows if row[place]}, key=lambda item: item.id)


def _lines(order: Order) -> tuple[list[ToShip], list[Appointment], list[DownloadGrant]]:
    """The lines of an order with how many pieces of each have left, its visits and its downloads."""
    rows = session.execute(
        select(OrderLine, ShippedPieces.shipped, ShippedPieces.ordered, Appointment, DownloadGrant)
        .outerjoin(ShippedPieces, ShippedPieces.order_line_id == OrderLine.id)
        .outerjoin(Appointment, Appointment.order_line_id == OrderLine.id)
        .outerjoin(DownloadGrant, DownloadGrant.order_line_id == OrderLine.id)
        .where(OrderLine.order_id == order.id)
        .order_by(OrderLine.position, DownloadGrant.id)
        .options(joinedload(DownloadGrant.asset, innerjoin=False).joinedload(DigitalAsset.file, innerjoin=False))
    ).all()
    lines = {row[0]: (row[1], row[2]) for row in rows}
    set_committed_value(order, "lines", list(lines))
    for line in lines:
        set_committed_value(line, "order", order)
    to_ship = [
        ToShip(line, shipped or 0, line.quantity if ordered is None else ordered)
        for line, (shipped, ordered) in lines.items()
        if line.kind == LineKind.PHYSICAL
    ]
    return to_ship, [row[3] for row in rows if row[3]], [row[4] for row in rows if row[4]]


def _parcels(order: Order) -> Sequence[Shipment]:
    query = select(Shipment).where(Shipment.order_id == order.id).options(joinedload(Shipment.lines))
    return session.scalars(query.order_by(Shipment.id)).unique().all()


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
