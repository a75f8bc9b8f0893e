"""What an operator wants to give back, before anything is written: a sum, or pieces of lines at the price they were sold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select

from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError
from backoffice.core.money import Money, total
from backoffice.fulfilment import service as fulfilment
from backoffice.invoices.models import Invoice
from backoffice.orders.models import Order, OrderLine
from backoffice.payments.models import Payment
from backoffice.refunds.models import LOST, Refund, RefundLine, RefundReason


class NothingToRefund(CounterfoilError):
    status = 422

    def __init__(self) -> None:
        super().__init__("Say what is given back: pieces of a line, or a sum above zero.")


class PiecesRefunded(CounterfoilError):
    """More pieces than are left of a line."""

    status = 409

    def __init__(self, name: str, left: int) -> None:
        super().__init__(f"Of “{name}” only {left} can still be refunded.")


@dataclass(frozen=True)
class Pieces:
    """So many pieces of an order line; ``shelved`` of them go back on the shelf. What was not sent yet stays here first;
    ``still_sent`` of it goes out all the same, because the customer returns what arrived. ``sent_seen`` is how many of the line
    had left when this was decided; None where nobody looked."""

    order_line_id: int
    quantity: int
    shelved: int = 0
    still_sent: int = 0
    sent_seen: int | None = None


@dataclass(frozen=True)
class Wish:
    """One refund as it was decided on. ``seen`` is what the page showed as refunded of the payment at that moment, and
    ``request_key`` belongs to that showing of the page."""

    payment_ref: str
    amount: Money
    seen: Money
    reason: RefundReason
    request_key: str
    note: str = ""
    pieces: Sequence[Pieces] = ()


def left_of_lines(order: Order) -> dict[int, int]:
    """Pieces of each order line that no refund was made for, by line id. A refund that failed after it was accepted has
    used them up: what followed from it has happened."""
    counted = or_(Refund.accepted_at.is_not(None), Refund.state.not_in(LOST))
    rows = session.execute(
        select(RefundLine.order_line_id, func.sum(RefundLine.quantity))
        .join(Refund, Refund.id == RefundLine.refund_id)
        .where(
            RefundLine.order_line_id.in_([line.id for line in order.lines]), counted, Refund.without_pieces.is_(False)
        )
        .group_by(RefundLine.order_line_id)
    )
    gone = {row[0]: int(row[1]) for row in rows}
    return {line.id: line.quantity - gone.get(line.id, 0) for line in order.lines}


class SentMeanwhile(CounterfoilError):
    status = 409

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Of “{name}” pieces have left since this page was opened: they do not stay here. Look at the order, "
            "and choose again."
        )


def in_question(order: Order) -> dict[int, int]:
    """Pieces of order lines that are to stay here if the provider makes the refunds that it was asked for and has not
    accepted yet, by line id: nobody sends them meanwhile."""
    if _may_end(order):
        return {line.id: line.quantity for line in order.lines}
    rows = session.execute(
        select(RefundLine.order_line_id, func.sum(RefundLine.quantity - RefundLine.still_sent))
        .join(Refund, Refund.id == RefundLine.refund_id)
        .where(RefundLine.order_line_id.in_([line.id for line in order.lines]))
        .where(Refund.accepted_at.is_(None), Refund.state.not_in(LOST))
        .group_by(RefundLine.order_line_id)
    )
    return {row[0]: int(row[1]) for row in rows}


def _may_end(order: Order) -> bool:
    """Whether nothing is left of what was paid once a refund is made that the provider was asked for and has not accepted:
    then nothing is delivered any more, whatever the refund says of pieces."""
    theirs = select(Payment).join(Invoice, Invoice.id == Payment.invoice_id).where(Invoice.order_id == order.id)
    attempts = [item for item in session.scalars(theirs) if item.captured_amount]
    asked = select(Refund.id).where(
        Refund.payment_id.in_([item.id for item in attempts]), Refund.accepted_at.is_(None), Refund.state.not_in(LOST)
    )
    is_all = all(item.refunded_amount == item.captured_amount for item in attempts)
    return bool(attempts) and is_all and session.scalars(asked.limit(1)).first() is not None


def check(order: Order, wished: Sequence[Pieces]) -> None:
    """Raises PiecesRefunded where more is wished than is left, NothingToRefund for pieces of another order, SentMeanwhile. No
    parcel of the order leaves until the unit ends."""
    is_delivered = bool(wished) and fulfilment.lock(order.id) is not None
    sent = {item.line.id: item.shipped for item in fulfilment.to_ship(order)} if is_delivered else {}
    left, lines = left_of_lines(order), {line.id: line for line in order.lines}
    for item in wished:
        line = lines.get(item.order_line_id)
        within = item.quantity > 0 and max(item.shelved, item.still_sent) <= item.quantity
        if line is None or not within or min(item.shelved, item.still_sent) < 0:
            raise NothingToRefund
        if item.quantity > left[line.id]:
            raise PiecesRefunded(line.name, left[line.id])
        if item.sent_seen is not None and item.sent_seen != sent.get(line.id, 0):
            raise SentMeanwhile(line.name)


def price(order: Order, quantities: Mapping[int, int]) -> Money:
    """What pieces (order line id → how many) were sold for. Raises NothingToRefund for lines of another order."""
    lines: dict[int, OrderLine] = {line.id: line for line in order.lines}
    if not quantities.keys() <= lines.keys():
        raise NothingToRefund
    return total([lines[line_id].unit * count for line_id, count in quantities.items()], order.currency)
