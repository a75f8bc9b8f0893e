"""What a settled payment sets off, in one unit: payment settled, stock taken, order paid, delivery opened, mail and
paper ordered, invoice issued and paid. Money that does not fit is kept, and opens a case."""

from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.core import clock
from backoffice.core.actor import Actor
from backoffice.core.money import Money
from backoffice.customers import finding
from backoffice.customers import service as customers
from backoffice.fulfilment import service as fulfilment
from backoffice.invoices import service as invoices
from backoffice.invoices.models import Invoice
from backoffice.orders import service as orders
from backoffice.orders.models import PAYABLE, Order
from backoffice.payments import service as payments
from backoffice.payments.models import Payment
from backoffice.stock import service as stock
from backoffice.tasks import service as tasks
from integrations.payments.port import Snapshot


def take_in(payment: Payment, snapshot: Snapshot, *, by: Actor) -> None:
    """Take in money that the provider holds for us; harmless when that was known."""
    captured = Money(snapshot.captured, snapshot.currency)
    if captured.currency != payment.currency:
        cases.open_case(
            CaseKind.AMOUNT_DIFFERS, payment, at_risk=captured, asked=str(payment.asked_for), captured=str(captured)
        )
        order = orders.lock(invoices.get(payment.invoice_id).order_id)
        if order.state in PAYABLE:
            _set_aside(order, f"captured {captured}, another currency than asked", by=by)
        return
    if not payments.settle(payment, captured, by=by):
        payments.correct(payment, captured, by=by)
        return
    invoice = invoices.get(payment.invoice_id)
    _close_other_pages(payment, invoice)
    order = orders.lock(invoice.order_id)
    if order.state not in PAYABLE:
        cases.open_case(
            CaseKind.UNEXPECTED_MONEY, payment, at_risk=captured, order=str(order.number), order_state=str(order.state)
        )
    elif captured < invoice.gross:
        invoices.part_paid(invoice, captured, by=by)
        _set_aside(order, f"captured {captured} of {invoice.gross}", by=by)
    else:
        _complete(order, invoice, captured, by=by)


def _close_other_pages(payment: Payment, invoice: Invoice) -> None:
    """Money came late for one attempt while the page of another is open: that page must be closed, or it charges again."""
    for other in payments.for_invoice(invoice):
        if other.is_open and other.id != payment.id:
            tasks.schedule("payments.close", dedupe=f"payments.close:{other.ref}", payment_id=other.id)


def _set_aside(order: Order, reason: str, *, by: Actor) -> None:
    """Money came that is not what was asked for: a person decides."""
    if orders.hold_for_review(order, by=by, reason=reason):
        _waits_no_more(order, "Money came; the order waits for a decision now.")


def _waits_no_more(order: Order, because: str) -> None:
    if clock.now() > order.placed_at + orders.TIME_TO_PAY:  # before that nobody was told that it is held for longer
        cases.close(CaseKind.HOLD_PROLONGED, order, because=because)


def _complete(order: Order, invoice: Invoice, captured: Money, *, by: Actor) -> None:
    """The order is paid in full. Issuing comes last: it takes the number."""
    stock.take(order.ref, by=by)
    orders.pay(order, by=by)
    _waits_no_more(order, "The order was paid.")
    fulfilment.open_for(order, by=by)
    finding.learn(customers.get(order.person_id), finding.words_of(order.name, order.phone), is_new=False)
    invoices.order_paper(invoice)  # before the mail that carries it
    tasks.schedule("notices.confirmed", dedupe=f"notices.confirmed:{order.ref}", order_id=order.id)
    invoices.issue_paid(invoice, captured, by=by)
