"""What we hold that speaks for us: the fields of an answer, filled from the order, its papers and its delivery. A person
reads and changes them before they are submitted."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from backoffice.audit.models import AuditEntry
from backoffice.audit.tags import Tag
from backoffice.catalog.models import DigitalAsset
from backoffice.core.db import session
from backoffice.core.formatting import country, day, moment, money
from backoffice.entities.models import LegalText
from backoffice.files.models import StoredFile
from backoffice.fulfilment import appointments
from backoffice.fulfilment.models import AppointmentState, DownloadGrant, Shipment, ShipmentLine
from backoffice.invoices import credit_notes
from backoffice.invoices import service as invoices
from backoffice.invoices.models import Invoice
from backoffice.orders.models import LineKind, Order
from backoffice.payments.models import Payment
from integrations.payments.disputes import EvidenceField

F = EvidenceField
LONGEST = 5_000  # letters of a field; Stripe takes 150,000 in all
ZONE = "UTC"  # banks read it: one clock for all


def held(order: Order, invoice: Invoice, payment: Payment) -> dict[EvidenceField, str]:
    """Every field that we can fill; the others are left out."""
    kinds = {line.kind for line in order.lines}
    shipments = _shipments(order) if LineKind.PHYSICAL in kinds else []
    found = {
        F.PRODUCT: _products(order),
        F.NAME: order.name,
        F.EMAIL: order.email,
        F.BILLING: _address(order.name, order.street, order.postcode, order.city, order.country),
        F.ACCESS: _downloads(order) if LineKind.DIGITAL in kinds else "",
        F.SERVED: _services(order) if LineKind.SERVICE in kinds else "",
        F.REFUND_POLICY: _terms(order),
        F.TEXT: _story(order, invoice, payment, shipments),
    }
    if LineKind.PHYSICAL in kinds:
        places = dict.fromkeys(item.destination for item in shipments) or [order.destination]  # each of them once
        found[F.SHIPPING] = "\n\n".join(_address(to.name, to.street, to.postcode, to.city, to.country) for to in places)
    if shipments:
        found[F.CARRIER] = ", ".join(sorted({item.carrier for item in shipments if item.carrier}))
        found[F.TRACKING] = ", ".join(item.tracking for item in shipments if item.tracking)
        found[F.SHIPPED] = ", ".join(day(item.shipped_at.date()) for item in shipments)
    return {name: text[:LONGEST] for name, text in found.items() if text}


def receipt(invoice: Invoice) -> StoredFile | None:
    """The invoice as it was issued, where its PDF is made."""
    paper = invoices.paper(invoice)
    return paper.file if paper else None


def _products(order: Order) -> str:
    return "\n".join(f"{line.quantity} × {line.name} ({line.sku}), {money(line.unit)} each" for line in order.lines)


def _address(name: str, street: str, postcode: str, city: str, code: str) -> str:
    return "\n".join((name, street, f"{postcode} {city}", country(code)))


def _shipments(order: Order) -> Sequence[Shipment]:
    query = select(Shipment).where(Shipment.order_id == order.id).order_by(Shipment.id)
    inside = joinedload(Shipment.lines).joinedload(ShipmentLine.order_line, innerjoin=True)
    return session.scalars(query.options(inside)).unique().all()


def _downloads(order: Order) -> str:
    """When what was bought was downloaded, from the audit log."""
    rows = session.execute(
        select(AuditEntry.at, DigitalAsset.name)
        .join(DownloadGrant, DownloadGrant.id == AuditEntry.subject_id)
        .join(DigitalAsset, DigitalAsset.id == DownloadGrant.asset_id)
        .where(
            DownloadGrant.order_id == order.id,
            AuditEntry.subject_kind == DownloadGrant.subject_kind,
            AuditEntry.tag == Tag.DOWNLOAD_TAKEN,
        )
        .order_by(AuditEntry.id)
    )
    return "\n".join(f"{moment(at, ZONE)}: {name} was downloaded" for at, name in rows)


def _services(order: Order) -> str:
    done = [item for item in appointments.of(order) if item.state == AppointmentState.DONE and item.starts_at]
    return ", ".join(day(item.starts_at.date()) for item in done if item.starts_at)


def _terms(order: Order) -> str:
    text = session.get_one(LegalText, order.terms_id)
    return (
        f"Before ordering, the customer agreed to version {text.version} of our terms of {day(text.published_at.date())}, "
        "which name the right of withdrawal and how refunds are made."
    )


def _story(order: Order, invoice: Invoice, payment: Payment, shipments: Sequence[Shipment]) -> str:
    """What happened, in the order it happened."""
    lines = [f"{moment(order.placed_at, ZONE)}: order {order.number} over {money(order.total)} placed in our shop."]
    if payment.settled_at:
        lines.append(f"{moment(payment.settled_at, ZONE)}: {money(payment.captured)} paid with {payment.method}.")
    if invoice.number and invoice.issued_on:
        lines.append(f"{day(invoice.issued_on)}: invoice {invoice.number} issued and sent to {order.email}.")
    for item in shipments:
        with_ = f" with {item.carrier}" if item.carrier else ""
        number = f", tracking number {item.tracking}" if item.tracking else ""
        inside = ", ".join(f"{line.quantity} × {line.order_line.name}" for line in item.lines)
        lines.append(f"{moment(item.shipped_at, ZONE)}: parcel sent{with_}{number}: {inside}.")
    lines += [
        f"{day(note.issued_on)}: credit note {note.number} over {money(note.gross)} ({note.because})."
        for note in credit_notes.of(invoice)
    ]
    lines.append(f"All times in {ZONE}.")
    return "\n".join(lines)
