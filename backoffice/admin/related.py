"""What belongs to what: an order's papers, money and parcels; what became of a payment; the lines of a payout or a dispute.
For lists that are narrowed by "about", and for stories."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, literal, or_, select, union, union_all
from sqlalchemy.orm import InstrumentedAttribute

from backoffice.admin.filters import row_number
from backoffice.core.db import session
from backoffice.core.tracking import Subject
from backoffice.disputes.models import Dispute
from backoffice.fulfilment.models import Appointment, DownloadGrant, Fulfilment, Shipment
from backoffice.invoices.credit_note_models import CreditNote
from backoffice.invoices.models import Invoice
from backoffice.mail.models import Mail
from backoffice.orders.models import Order
from backoffice.payments.models import Payment
from backoffice.reconciliation.models import Payout, ProviderLine
from backoffice.refunds.models import Refund
from backoffice.webhooks.models import WebhookEvent

DELIVERED: Sequence[Any] = (Fulfilment, Shipment, Appointment, DownloadGrant)


def refs_of(wish: str) -> list[str]:
    """References, looked up first so that a list goes through its index: of the thing itself, which may be told by the number
    of an order, an invoice or a credit note, or by the provider's id of a payout, and of what belongs to it."""
    of_order = Order.number == row_number(wish) if wish.isdecimal() else Order.ref == wish
    order = session.scalars(select(Order).where(of_order)).first()
    payout = session.scalars(select(Payout).where(or_(Payout.ref == wish, Payout.provider_ref == wish))).first()
    looks: list[Select[Any]] = [
        select(Invoice.ref).where(Invoice.number == wish.upper()),
        select(CreditNote.ref).where(CreditNote.number == wish.upper()),
    ]
    looks += _moved_for(select(Payment.id).where(Payment.ref == wish))
    if order is not None:
        invoices = select(Invoice.id).where(Invoice.order_id == order.id)
        looks += [
            select(Invoice.ref).where(Invoice.order_id == order.id),
            select(CreditNote.ref).where(CreditNote.invoice_id.in_(invoices)),
            select(Payment.ref).where(Payment.invoice_id.in_(invoices)),
            *(select(model.ref).where(model.order_id == order.id) for model in DELIVERED),
            *_moved_for(select(Payment.id).where(Payment.invoice_id.in_(invoices))),
        ]
    if payout is not None:
        looks.append(select(ProviderLine.ref).where(ProviderLine.payout_id == payout.id))
    disputed = session.scalars(select(Dispute).where(Dispute.ref == wish)).first()
    if disputed is not None:  # what the provider moved for it has its id
        looks.append(select(ProviderLine.ref).where(ProviderLine.source_ref == disputed.provider_ref))
    own = [item.ref for item in (order, payout) if item is not None]
    return [wish, *own, *session.scalars(union(*looks))]


# An argument of a task → the rows whose number it is.
_ARGUMENTS: Mapping[str, type[Any]] = {
    "order_id": Order, "payment_id": Payment, "refund_id": Refund, "invoice_id": Invoice, "credit_note_id": CreditNote,
    "shipment_id": Shipment, "dispute_id": Dispute, "mail_id": Mail, "event_id": WebhookEvent,
}  # fmt: skip


def of_arguments(arguments: Mapping[str, Any]) -> list[Subject]:
    """What a task is about, by the numbers among its arguments."""
    found = []
    for name, number in arguments.items():
        model = _ARGUMENTS.get(name)
        row = session.get(model, number) if model and isinstance(number, int) else None
        found += [row.subject()] if row else []
    return found


def of_orders(ids: Sequence[int]) -> dict[Subject, int]:
    """What belongs to these orders, and to which: their papers, money, parcels, visits and downloads, in one look."""
    if not ids:
        return {}
    looks = [
        *(_subjects(model, model.order_id, ids) for model in (Invoice, *DELIVERED)),
        *(
            _subjects(model, Invoice.order_id, ids).join(Invoice, Invoice.id == model.invoice_id)
            for model in (CreditNote, Payment)
        ),
        *(
            _subjects(model, Invoice.order_id, ids)
            .join(Payment, Payment.id == model.payment_id)
            .join(Invoice, Invoice.id == Payment.invoice_id)
            for model in (Refund, Dispute)
        ),
    ]
    return {Subject(*row[:3]): row[3] for row in session.execute(union_all(*looks))}


def _subjects(model: Any, order_id: InstrumentedAttribute[int], ids: Sequence[int]) -> Select[Any]:
    return (
        select(literal(model.subject_kind), model.id, model.ref, order_id).select_from(model).where(order_id.in_(ids))
    )


def _moved_for(payments: Select[Any]) -> Sequence[Select[Any]]:
    """What the provider moved for payments (fees, exchanges), and what went back of them."""
    return [select(row.ref).where(row.payment_id.in_(payments)) for row in (ProviderLine, Refund, Dispute)]
