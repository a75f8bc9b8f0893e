"""What came back and was then paid by hand, from our bank account: the provider has no part in it, so a person tells us,
once."""

from collections.abc import Callable

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.core import clock, units
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.payments import service as payments
from backoffice.refunds import booking, debts
from backoffice.refunds.models import Refund
from backoffice.tasks import service as tasks


def pay(find: Callable[[], Refund], *, how: str, by: Actor) -> None:
    """Note that the customer has the money of a refund that came back, by a transfer that somebody made: posted from our bank,
    its case closed, the customer told, and never sent again. ``how``: date and reference of the transfer. In a unit of its own;
    pressed twice it is noted once. Raises NotOwed."""

    def note() -> None:
        refund = find()
        payment = payments.lock(refund.payment_id)
        session.refresh(refund)  # it was read before the lock
        if refund.paid_otherwise_at is not None:
            return
        debts.check(refund, payment)
        tries = debts.tries(refund)
        if not all(item.is_refused for item in tries):  # one may be on its way a second time
            raise debts.NotOwed
        refund.paid_otherwise_at = clock.now()
        booking.book_otherwise(refund)
        audit.record(Tag.REFUND_PAID_OTHERWISE, refund, by=by, reason=how, amount=refund.money)
        cases.close(CaseKind.REFUND_FAILED, refund, because=f"It was paid another way: {how}")
        for item in tries:
            cases.close(CaseKind.REFUND_REFUSED, item, because=f"It was paid another way: {how}")
        tasks.schedule(
            "notices.refund_paid", dedupe=f"notices.refund_paid:{refund.ref}", is_new=True, refund_id=refund.id
        )

    units.write(note)
