"""The mails of a refund: it is on its way, it came back, or it was paid by hand."""

from typing import Any

from backoffice.collection.notices import SOON, WAIT_FOR_PAPER
from backoffice.core import clock
from backoffice.core.db import session
from backoffice.invoices import credit_notes
from backoffice.invoices import service as invoices
from backoffice.mail import service as mail
from backoffice.orders import service as orders
from backoffice.orders.letters import facts_of
from backoffice.orders.models import Order
from backoffice.payments.models import Payment
from backoffice.refunds import booking
from backoffice.refunds.models import Refund
from backoffice.tasks import service as tasks


def refunded(refund_id: int) -> None:
    """Tell the customer what goes back, with the credit note; a paper that is late does not hold the mail up for long."""
    refund = session.get_one(Refund, refund_id)
    note = credit_notes.get(refund.credit_note_id) if refund.credit_note_id else None
    paper = credit_notes.paper(note) if note else None
    assert refund.accepted_at is not None
    if note and paper is None and clock.now() < refund.accepted_at + WAIT_FOR_PAPER:
        tasks.postpone_running(clock.now() + SOON)
        return
    order, payment = _about(refund)
    mail.queue(
        "refunded",
        to=order.email,
        about=order,
        key=f"refunded:{refund.ref}",
        attachments=[paper.file] if paper else [],
        refund=refund,
        payment=payment,
        note=note,
        has_paper=paper is not None,
        invoice_number=note.invoice.number if note else "",
        **facts_of(order),
    )


def failed(refund_id: int) -> None:
    """Tell the customer that the money came back to us."""
    owed = booking.came_back(session.get_one(Refund, refund_id))
    _tell("refund_failed", refund_id, owed=owed)


def paid_otherwise(refund_id: int) -> None:
    """Tell the customer that we paid by hand what their bank had sent back."""
    _tell("refund_paid", refund_id)


def _tell(template: str, refund_id: int, **facts: Any) -> None:
    refund = session.get_one(Refund, refund_id)
    order, payment = _about(refund)
    mail.queue(
        template,
        to=order.email,
        about=order,
        key=f"{template}:{refund.ref}",
        refund=refund,
        payment=payment,
        **facts,
        **facts_of(order),
    )


def _about(refund: Refund) -> tuple[Order, Payment]:
    payment = session.get_one(Payment, refund.payment_id)
    return orders.get(invoices.get(payment.invoice_id).order_id), payment
