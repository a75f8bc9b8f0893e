"""What came back of a refund is owed until it was given back another way: by a try to send it again, by hand, or with all that
is left. A try that was refused may be made by the provider after all, when its debt is settled already: then the customer
has the money twice."""

from sqlalchemy import and_, or_, select

from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError
from backoffice.core.money import Money
from backoffice.invoices import service as invoices
from backoffice.payments.models import Payment
from backoffice.refunds import booking
from backoffice.refunds.models import LOST, Refund


class NotOwed(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__(
            "This refund did not come back, or its money was given back since: there is nothing to send again."
        )


def check(lost: Refund, payment: Payment) -> None:
    """Whether the money of a refund came back and is still the customer's; its payment is locked. Raises NotOwed."""
    is_lost = lost.state in LOST and lost.accepted_at is not None and lost.paid_otherwise_at is None
    if not is_lost or not booking.is_owed(lost, payment, invoices.get(payment.invoice_id)):
        raise NotOwed


def tries(lost: Refund) -> list[Refund]:
    """The refunds that were to send again what came back, oldest first; without one that was made when others had paid it."""
    written_for_it = and_(Refund.again_of_id == lost.id, Refund.accepted_at.is_(None))
    query = select(Refund).where(or_(written_for_it, Refund.settles_id == lost.id)).order_by(Refund.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def successor(lost: Refund) -> Refund | None:
    """The refund that sent this one again, or is about to; a try that was refused did not."""
    return next((item for item in tries(lost) if not item.is_refused), None)


def surplus(payment: Payment, amount: Money) -> Refund | None:
    """A refund of so much that the customer has twice: it stands for another one that comes back. The payment is locked."""
    query = select(Refund).where(
        Refund.payment_id == payment.id,
        Refund.twice_amount == amount.amount,
        Refund.amount == amount.amount,
        Refund.state.not_in(LOST),
    )
    return session.scalars(query.order_by(Refund.id).limit(1).execution_options(populate_existing=True)).first()


def settled_by(refund: Refund, payment: Payment) -> Refund | None:
    """What a refund pays of what came back, now that the provider accepts it; its payment is locked. None if it is a refund of
    its own: it never was to pay any, or that was given back another way meanwhile."""
    lost = refund.again_of
    while lost is not None:
        query = select(Refund).where(Refund.settles_id == lost.id).execution_options(populate_existing=True)
        sent = session.scalars(query).one_or_none()
        if sent is None:
            break
        lost = sent if sent.state in LOST else None  # what was sent again may have come back once more
    if lost is None:
        return None
    session.refresh(lost, ["paid_otherwise_at"])  # it may have been read before the lock
    is_open = lost.paid_otherwise_at is None and booking.is_unpaid(lost, invoices.get(payment.invoice_id))
    return lost if is_open else None
