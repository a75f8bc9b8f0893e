"""The mails that an outcome sets off. Each is one task, plain: it writes the mail, another task sends it."""

from datetime import timedelta

from backoffice.core import clock, links
from backoffice.core.actor import SYSTEM, Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError
from backoffice.entities import service as entities
from backoffice.entities.models import LegalKind
from backoffice.invoices import service as invoices
from backoffice.mail import service as mail
from backoffice.mail.models import Mail
from backoffice.orders import service as orders
from backoffice.orders.letters import facts_of
from backoffice.orders.models import LineKind, Order, OrderState
from backoffice.payments.models import ON_THE_PAGE, Payment, PaymentState
from backoffice.tasks import service as tasks

WAIT_FOR_PAPER = timedelta(minutes=2)
SOON = timedelta(seconds=4)
TAKES_TIME = frozenset({PaymentState.PROCESSING, PaymentState.UNKNOWN})


class NotConfirmed(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__("This order is not paid, so there is no confirmation and no invoice to send.")


class NoPaperYet(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__("The invoice has no PDF yet. Have it made first, then send it.")


def confirmed(order_id: int) -> None:
    """Confirm a paid order, with its invoice; a paper that is late does not hold the confirmation up for long."""
    order = orders.get(order_id)
    assert order.paid_at is not None
    if invoices.paper(invoices.for_order(order.id)) is None and clock.now() < order.paid_at + WAIT_FOR_PAPER:
        tasks.postpone_running(clock.now() + SOON)
        return
    _confirm(order, f"order_confirmed:{order.ref}", SYSTEM)


def confirm_again(order: Order, *, by: Actor, request_key: str) -> None:
    """Send the confirmation, with the invoice, once more to the order's address; the same ``request_key`` sends one.

    Raises NotConfirmed."""
    if order.state != OrderState.PAID:
        raise NotConfirmed
    _confirm(order, f"order_confirmed:{order.ref}:{request_key}", by)


def send_invoice(order: Order, *, by: Actor, request_key: str) -> Mail:
    """Send the invoice alone to the order's address; the same ``request_key`` sends one. Raises NotConfirmed, NoPaperYet."""
    invoice = invoices.for_order(order.id)
    paper = invoices.paper(invoice)
    if invoice.number is None:
        raise NotConfirmed
    if paper is None:
        raise NoPaperYet
    return mail.queue(
        "invoice_sent",
        to=order.email,
        about=order,
        key=f"invoice_sent:{order.ref}:{request_key}",
        by=by,
        attachments=[paper.file],
        invoice=invoice,
        **facts_of(order),
    )


def _confirm(order: Order, key: str, by: Actor) -> None:
    invoice = invoices.for_order(order.id)
    paper = invoices.paper(invoice)
    mail.queue(
        "order_confirmed",
        to=order.email,
        about=order,
        key=key,
        by=by,
        attachments=[paper.file] if paper else [],
        has_paper=paper is not None,
        terms_link=links.absolute(f"/terms/{entities.text_of(order.terms_id).version}"),
        withdraw_link=links.absolute(f"/withdraw?order={order.number}"),
        instructions=entities.current(entities.get(order.entity_id), LegalKind.WITHDRAWAL).text.strip(),
        invoice=invoice,
        goes_to=order.destination,
        downloads=any(line.kind == LineKind.DIGITAL for line in order.lines),
        services=any(line.kind == LineKind.SERVICE for line in order.lines),
        **facts_of(order),
    )


def received(payment_id: int) -> None:
    """Tell the customer, once, that the order is here and its payment takes time, unless an answer has come by now. Where
    they cannot have paid, because no page was ever open, they are told that."""
    payment = session.get_one(Payment, payment_id)
    order = orders.get(invoices.get(payment.invoice_id).order_id)
    if order.state == OrderState.PLACED and payment.state in TAKES_TIME:
        template = "order_received" if payment.provider_ref else "order_waits"
        mail.queue(template, to=order.email, about=order, key=_received(order), **facts_of(order))


def payable(payment_id: int) -> None:
    """Tell a customer who was told to wait that it is their turn after all: the provider answers, and nobody paid."""
    payment = session.get_one(Payment, payment_id)
    order = orders.get(invoices.get(payment.invoice_id).order_id)
    if order.state == OrderState.PLACED and payment.state in ON_THE_PAGE and mail.is_known(_received(order)):
        key = f"order_payable:{payment.ref}"
        mail.queue("order_payable", to=order.email, about=order, key=key, **facts_of(order))


def _received(order: Order) -> str:
    return f"order_received:{order.ref}"


def declined(payment_id: int) -> None:
    """Tell the customer that the payment was declined, unless the order is paid or over by now."""
    payment = session.get_one(Payment, payment_id)
    order = orders.get(invoices.get(payment.invoice_id).order_id)
    if order.state == OrderState.PLACED:
        mail.queue(
            "payment_declined",
            to=order.email,
            about=order,
            key=f"payment_declined:{order.ref}",
            payment=payment,
            **facts_of(order),
        )


def ended(order_id: int) -> None:
    """Tell the customer that an unpaid order is over."""
    order = orders.get(order_id)
    mail.queue("order_ended", to=order.email, about=order, key=f"order_ended:{order.ref}", **facts_of(order))
