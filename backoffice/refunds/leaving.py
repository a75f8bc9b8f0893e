"""What the customer has twice, and may keep: because another refund came back and this one stands for it, or because somebody
decides so. From then on it is given back as any other."""

from collections.abc import Callable

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.core import units
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError
from backoffice.core.states import change_where
from backoffice.payments import service as payments
from backoffice.payments.models import Payment
from backoffice.refunds import booking, consequences
from backoffice.refunds.consequences import Book
from backoffice.refunds.models import Refund


class NotTwice(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__(
            "The customer does not have this sum twice, or it came back: there is nothing to leave to them."
        )


def leave(find: Callable[[], Refund], *, why: str, by: Actor) -> None:
    """The customer keeps a sum that went twice: credited as far as the invoice has so much left, its case closed. In a unit of
    its own; pressed twice it is done once. Raises NotTwice."""

    def decide() -> None:
        refund = find()
        payment = payments.lock(refund.payment_id)
        session.refresh(refund)  # it was read before the lock
        if refund.is_gone and not refund.is_twice and booking.went_twice(refund):
            return
        if not refund.is_twice or not refund.is_gone:
            raise NotTwice
        left = refund.twice
        change_where(refund, twice_amount=0)
        audit.record(Tag.REFUND_LEFT, refund, by=by, reason=why, amount=left)
        _be_given_back(refund, payment, booking.book_left, because=f"It was left to the customer: {why}", by=by)

    units.write(decide)


def stand_for(refund: Refund, lost: Refund, payment: Payment, *, by: Actor) -> None:
    """A sum that the customer has twice pays what came back: they have it once now. In the unit of whoever heard of it."""
    change_where(refund, twice_amount=0, settles_id=lost.id)
    audit.record(Tag.REFUND_STANDS, refund, by=by, amount=refund.money, came_back=lost.ref)
    _be_given_back(refund, payment, booking.book, because=f"It stands for {lost.ref}, which came back.", by=by)


def _be_given_back(refund: Refund, payment: Payment, book: Book, *, because: str, by: Actor) -> None:
    booking.take_back_twice(refund)
    cases.close(CaseKind.REFUND_TWICE, refund, because=because)
    consequences.follow_up(refund, payment, book, by=by)
