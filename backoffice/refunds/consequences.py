"""What follows from a refund that the provider accepted, in one unit: pieces stay or come back, delivery ends, a credit
note is written, cases close, the customer is told. Nothing here may refuse: the money is on its way."""

from collections.abc import Sequence

from sqlalchemy import func, select

from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.money import Money, total
from backoffice.fulfilment import keeping
from backoffice.fulfilment import service as fulfilment
from backoffice.fulfilment.models import FulfilmentState
from backoffice.invoices import credit_notes
from backoffice.invoices import service as invoices
from backoffice.invoices.credit_notes import CreditLine
from backoffice.invoices.models import Invoice, InvoiceState
from backoffice.ledger import entries
from backoffice.ledger import service as ledger
from backoffice.ledger.models import EntryKind
from backoffice.orders import service as orders
from backoffice.orders.models import Order, OrderState
from backoffice.payments import service as payments
from backoffice.payments.models import Payment
from backoffice.refunds.models import LOST, Refund, RefundReason
from backoffice.stock import service as stock
from backoffice.tasks import service as tasks
from backoffice.tax.arithmetic import Category

WORDS = {
    RefundReason.WITHDRAWN: "withdrawal from the contract",
    RefundReason.RETURNED: "goods returned",
    RefundReason.DAMAGED: "goods damaged or faulty",
    RefundReason.NOT_DELIVERED: "not delivered",
    RefundReason.GOODWILL: "price reduced",
    RefundReason.PAID_TWICE: "paid twice",
    RefundReason.FRAUD: "payment not made by the holder of the card",
    RefundReason.ELSEWHERE: "refunded by the payment provider",
}


def follow(refund: Refund, payment: Payment, *, by: Actor) -> None:
    """Do all that follows. The credit note comes last: it takes its number."""
    invoice = invoices.get(payment.invoice_id)
    order = orders.lock(invoice.order_id)
    attempts = payments.for_invoice(invoice)
    captured = total([item.captured for item in attempts], invoice.currency)
    returned = _accepted(attempts, invoice.currency)
    _deliver_less(refund, order, is_whole=returned >= captured, by=by)
    if returned >= captured and order.state == OrderState.IN_REVIEW:
        _end(order, invoice, by=by)
    _close_cases(payment, order, returned=returned, captured=captured, invoice=invoice)
    _post(refund, invoice, captured, returned)
    if invoice.state == InvoiceState.ISSUED:
        _credit(refund, invoice, order, _owed(invoice, captured, returned), by=by)
    # after the note, whose paper it carries
    tasks.schedule("notices.refunded", dedupe=f"notices.refunded:{refund.ref}", refund_id=refund.id)


def _post(refund: Refund, invoice: Invoice, captured: Money, returned: Money) -> None:
    """Money beyond the invoice goes back first; the rest is what credit notes owe."""
    credited = Money.zero(invoice.currency)
    if invoice.state == InvoiceState.ISSUED:
        beyond = _beyond(invoice, captured)
        credited = max(returned - beyond, credited) - max(returned - refund.money - beyond, credited)
    ledger.post(EntryKind.REFUND, refund, entries.refund(credited, refund.money - credited))


def _beyond(invoice: Invoice, captured: Money) -> Money:
    """What was captured and is not part of the invoice."""
    return max(captured - invoice.gross, Money.zero(invoice.currency))


def _deliver_less(refund: Refund, order: Order, *, is_whole: bool, by: Actor) -> None:
    reason = f"refunded: {WORDS[refund.reason]}"
    pieces = {line.order_line_id: line.quantity for line in refund.lines}
    if pieces:
        keeping.keep_back(order, pieces, by=by, reason=reason)
    for line in sorted(refund.lines, key=lambda item: item.order_line.variant_id or 0):
        if line.shelved and line.order_line.variant_id:
            variant = line.order_line.variant_id
            stock.take_back(variant, line.shelved, holder=order.ref, by=by, reason=reason)
    delivery = fulfilment.find(order.id)
    if is_whole and delivery and delivery.state != FulfilmentState.WITHDRAWN:
        fulfilment.withdraw(order, by=by, reason=reason)


def _end(order: Order, invoice: Invoice, *, by: Actor) -> None:
    """An order that waited for a decision ends with its money."""
    reason = "all that was captured was given back"
    if orders.end(order, OrderState.CANCELLED, by=by, reason=reason):
        stock.release(order.ref, by=by, reason=reason)
        invoices.discard(invoice, by=by, reason=reason)


def _close_cases(payment: Payment, order: Order, *, returned: Money, captured: Money, invoice: Invoice) -> None:
    if not payment.refundable:
        cases.close(CaseKind.UNEXPECTED_MONEY, payment, because=f"The money was given back: {payment.refunded}.")
    if returned >= captured or captured - returned == invoice.gross:
        cases.close(CaseKind.AMOUNT_DIFFERS, payment, because=f"The difference was given back: {returned}.")
    if returned >= captured:
        cases.close(CaseKind.WITHDRAWAL, order, because=f"All that was paid was given back: {returned}.")
    if not _owed_from_before(payment):
        for failed in session.scalars(select(Refund).where(Refund.payment_id == payment.id, Refund.state.in_(LOST))):
            kind = CaseKind.REFUND_FAILED if failed.accepted_at else CaseKind.REFUND_REFUSED
            cases.close(kind, failed, because="A later refund of the payment was accepted.")


def _accepted(attempts: Sequence[Payment], currency: str) -> Money:
    """What the provider gave back, or is giving back, of these payments."""
    query = select(func.coalesce(func.sum(Refund.amount), 0)).where(
        Refund.payment_id.in_([item.id for item in attempts]),
        Refund.accepted_at.is_not(None),
        Refund.state.not_in(LOST),
    )
    return Money(int(session.scalar(query) or 0), currency)


def _owed_from_before(payment: Payment) -> bool:
    """Whether refunds that came back are still more than what was refunded after them."""
    rows = list(session.scalars(select(Refund).where(Refund.payment_id == payment.id).order_by(Refund.id)))
    owed = 0
    for row in rows:
        if row.accepted_at and row.state in LOST:
            owed += row.amount
        elif row.accepted_at and owed:
            owed = max(0, owed - row.amount)
    return owed > 0


def _owed(invoice: Invoice, captured: Money, returned: Money) -> Money:
    """How much of the invoice must be credited now: money beyond the invoice goes back first, and what an earlier note
    credited is credited (a refund that came back left its note standing)."""
    beyond = _beyond(invoice, captured)
    credited = total([note.gross for note in credit_notes.of(invoice)], invoice.currency)
    return min(returned - beyond - credited, credit_notes.left(invoice))


def _credit(refund: Refund, invoice: Invoice, order: Order, amount: Money, *, by: Actor) -> None:
    if amount.amount <= 0:
        return
    lines = _sold_lines(refund)
    if total([line.gross for line in lines], invoice.currency) != amount or not _fit(lines, invoice):
        lines = credit_notes.part_of_price(invoice, amount, f"Order {order.number}, {WORDS[refund.reason]}")
    note = credit_notes.issue(invoice, lines, because=WORDS[refund.reason], by=by)
    refund.credit_note_id = note.id


def _sold_lines(refund: Refund) -> list[CreditLine]:
    return [
        CreditLine(
            sku=line.order_line.sku,
            name=line.order_line.name,
            quantity=line.quantity,
            gross=line.order_line.unit * line.quantity,
            category=Category(line.order_line.vat_category, line.order_line.vat_hundredths),
        )
        for line in refund.lines
    ]


def _fit(lines: Sequence[CreditLine], invoice: Invoice) -> bool:
    """Whether every VAT category has as much left as the lines want of it."""
    left = {item.invoiced.category: item.left for item in credit_notes.balances(invoice)}
    wanted: dict[Category, Money] = {}
    for line in lines:
        wanted[line.category] = wanted.get(line.category, Money.zero(invoice.currency)) + line.gross
    return all(category in left and gross <= left[category] for category, gross in wanted.items())
