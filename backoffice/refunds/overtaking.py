"""A refund that was refused, and that the provider makes after all: what was decided meanwhile may have been meant in its
place. Its money is gone, and is booked; a person looks whether that is what they wanted."""

from typing import NamedTuple

from sqlalchemy import or_, select

from backoffice.core.db import session
from backoffice.fulfilment import parcels
from backoffice.invoices import service as invoices
from backoffice.orders import service as orders
from backoffice.payments import service as payments
from backoffice.payments.models import Payment
from backoffice.refunds import wishes
from backoffice.refunds.models import LOST, Refund


class Meanwhile(NamedTuple):
    """What happened since a refund was refused. ``pieces_went``: pieces that its lines name are given back by another refund,
    or left in a parcel: it moves no pieces any more."""

    is_overtaken: bool = False
    pieces_went: bool = False


def look(refund: Refund, payment: Payment) -> Meanwhile:
    """For a refund that is about to be accepted; its payment is locked. What was to send another again has rules of its own:
    see ``debts``."""
    refused_at = refund.ended_at
    if not refund.is_refused or refund.again_of_id or refused_at is None:
        return Meanwhile()
    invoice = invoices.get(payment.invoice_id)
    order = orders.get(invoice.order_id)
    left = wishes.left_of_lines(order)
    sent = [parcel for parcel in parcels.of(order) if parcel.shipped_at >= refused_at]
    its_lines = {line.order_line_id for line in refund.lines}
    has_left = any(line.order_line_id in its_lines for parcel in sent for line in parcel.lines)
    is_short = any(line.quantity > left[line.order_line_id] for line in refund.lines)
    others = select(Refund.id).where(
        Refund.payment_id.in_([item.id for item in payments.for_invoice(invoice)]),
        Refund.id != refund.id,
        Refund.created_at >= refused_at,
        or_(Refund.accepted_at.is_not(None), Refund.state.not_in(LOST)),
    )
    is_other = session.scalars(others.limit(1)).first() is not None
    return Meanwhile(is_other or bool(sent) or is_short, has_left or is_short)
