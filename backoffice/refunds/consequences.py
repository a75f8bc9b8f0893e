"""What follows from a refund that the provider accepted, in one unit: pieces stay or come back, delivery ends, a credit
note is written, cases close, the customer is told. Nothing here may refuse: the money is on its way."""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import func, or_, select

from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.money import Money, total
from backoffice.fulfilment import downloads, keeping
from backoffice.fulfilment import service as fulfilment
from backoffice.invoices import service as invoices
from backoffice.invoices.models import Invoice
from backoffice.orders import service as orders
from backoffice.orders.models import Order, OrderState
from backoffice.payments import service as payments
from backoffice.payments.models import Payment
from backoffice.refunds import booking
from backoffice.refunds.models import LOST, Refund, RefundLine
from backoffice.refunds.reasons import WORDS
from backoffice.stock import service as stock
from backoffice.tasks import service as tasks


class Book(Protocol):
    def __call__(self, refund: Refund, invoice: Invoice, order: Order, *, by: Actor) -> None: ...


def follow(refund: Refund, payment: Payment, *, by: Actor) -> None:
    """Do all that follows."""
    _follow(refund, payment, refund.pieces, booking.book, by=by)
    # after the note, whose paper it carries
    tasks.schedule("notices.refunded", dedupe=f"notices.refunded:{refund.ref}", refund_id=refund.id)


def follow_up(refund: Refund, payment: Payment, book: Book, *, by: Actor) -> None:
    """Do what follows when what the customer has twice becomes theirs: its pieces went before, and they were told."""
    _follow(refund, payment, [], book, by=by)


def _follow(refund: Refund, payment: Payment, pieces: Sequence[RefundLine], book: Book, *, by: Actor) -> None:
    invoice = invoices.get(payment.invoice_id)
    order = orders.lock(invoice.order_id)
    attempts = payments.for_invoice(invoice)
    captured = total([item.captured for item in attempts], invoice.currency)
    returned = _accepted(attempts, invoice.currency)
    _deliver_less(refund, order, pieces, is_whole=returned >= captured, by=by)
    if returned >= captured and order.state == OrderState.IN_REVIEW:
        _end(order, invoice, by=by)
    book(refund, invoice, order, by=by)
    _close_cases(refund, payment, order, returned=returned, captured=captured, invoice=invoice)


def _deliver_less(refund: Refund, order: Order, lines: Sequence[RefundLine], *, is_whole: bool, by: Actor) -> None:
    reason = f"refunded: {WORDS[refund.reason]}"
    delivery = fulfilment.find(order.id)
    keeps_back = delivery is not None and fulfilment.is_withdrawable(delivery, downloads.of(order))
    pieces = {line.order_line_id: line.quantity - line.still_sent for line in lines}
    if pieces:
        keeping.keep_back(order, pieces, by=by, reason=reason)
    for line in sorted(lines, key=lambda item: item.order_line.variant_id or 0):
        if line.shelved and line.order_line.variant_id:
            variant = line.order_line.variant_id
            stock.take_back(variant, line.shelved, holder=order.ref, by=by, reason=reason)
    if is_whole and keeps_back:  # what was handed over stays handed over
        fulfilment.withdraw(order, by=by, reason=reason)


def _end(order: Order, invoice: Invoice, *, by: Actor) -> None:
    """An order that waited for a decision ends with its money."""
    reason = "all that was captured was given back"
    if orders.end(order, OrderState.CANCELLED, by=by, reason=reason):
        stock.release(order.ref, by=by, reason=reason)
        invoices.discard(invoice, by=by, reason=reason)


def _close_cases(
    refund: Refund, payment: Payment, order: Order, *, returned: Money, captured: Money, invoice: Invoice
) -> None:
    if not payment.refundable:
        for kind in (CaseKind.UNEXPECTED_MONEY, CaseKind.FRAUD_WARNED):
            cases.close(kind, payment, because=f"The money was given back: {payment.refunded}.")
    if returned >= captured or captured - returned == invoice.gross:
        cases.close(CaseKind.AMOUNT_DIFFERS, payment, because=f"The difference was given back: {returned}.")
    if returned >= captured:
        cases.close(CaseKind.WITHDRAWAL, order, because=f"All that was paid was given back: {returned}.")
    if refund.owed:
        cases.close(CaseKind.REFUND_FAILED, refund.owed, because=f"It was sent again: {refund.ref}.")
    if refund.is_twice:
        cases.open_case(CaseKind.REFUND_TWICE, refund, at_risk=refund.twice)
    settled = not booking.owed_for(invoice)
    for lost in session.scalars(select(Refund).where(Refund.payment_id == payment.id, Refund.state.in_(LOST))):
        if not lost.accepted_at:
            cases.close(CaseKind.REFUND_REFUSED, lost, because="A later refund of the payment was accepted.")
        elif settled and booking.came_back(lost):
            cases.close(CaseKind.REFUND_FAILED, lost, because="All that was credited has been given back.")


def _accepted(attempts: Sequence[Payment], currency: str) -> Money:
    """What went back, or is going back, of these payments: by the provider, or by hand after it had failed; once, where the
    customer has it twice."""
    query = select(func.coalesce(func.sum(Refund.amount - Refund.twice_amount), 0)).where(
        Refund.payment_id.in_([item.id for item in attempts]),
        Refund.accepted_at.is_not(None),
        or_(Refund.state.not_in(LOST), Refund.paid_otherwise_at.is_not(None)),
    )
    return Money(int(session.scalar(query) or 0), currency)
