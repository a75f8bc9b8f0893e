"""Writing a refund before anybody is asked: what refuses it, its key and exact parameters, the money it reserves."""

from typing import Any

from sqlalchemy import func, select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.collection.service import PATIENCE
from backoffice.core import clock, references
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, FormUsed
from backoffice.core.money import Money
from backoffice.core.ports import ports
from backoffice.disputes import service as disputes
from backoffice.invoices import service as invoices
from backoffice.orders import service as orders
from backoffice.payments import service as payments
from backoffice.payments.models import Payment, PaymentState
from backoffice.refunds import booking, debts, wishes
from backoffice.refunds.models import Refund, RefundLine, RefundReason, RefundState
from backoffice.refunds.wishes import NothingToRefund, Wish
from backoffice.tasks import service as tasks
from integrations.payments import port
from integrations.payments.port import RefundRequest

R = RefundState
_PORT_REASONS = {
    RefundReason.PAID_TWICE: port.RefundReason.DUPLICATE,
    RefundReason.FRAUD: port.RefundReason.FRAUDULENT,
}


class NotRefundable(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__("Nothing was captured by this payment, so there is nothing to give back.")


class AnotherAccount(CounterfoilError):
    status = 409

    def __init__(self, payment: Payment) -> None:
        super().__init__(
            f"This payment was taken by {payment.provider}, account {payment.account}, in {payment.mode} mode: that is "
            "not what is configured now. Give it back in that provider's dashboard."
        )


class RefundedMeanwhile(CounterfoilError):
    """Somebody was faster, or more is wanted than is left."""

    status = 409

    def __init__(self, payment: Payment) -> None:
        super().__init__(
            f"Only {booking.left(payment)} of this payment are left: the rest has been given back or is on its "
            "way. Look at it again before you decide."
        )


def begin(wish: Wish, *, by: Actor) -> Refund:
    """Write a refund and reserve its sum, or return what this form made before."""
    payment = payments.lock(
        payments.by_ref(wish.payment_ref).id
    )  # first: who pressed twice finds what the first press made
    known = session.scalars(select(Refund).where(Refund.request_key == wish.request_key)).one_or_none()
    if known:
        pieces = {line.order_line_id: (line.quantity, line.shelved, line.still_sent) for line in known.lines}
        wished = {item.order_line_id: (item.quantity, item.shelved, item.still_sent) for item in wish.pieces}
        if (known.payment_id, known.money, known.reason, pieces) != (payment.id, wish.amount, wish.reason, wished):
            raise FormUsed
        return known
    _check(payment)
    if wish.amount.amount < 1:
        raise NothingToRefund
    if wish.amount > booking.left(payment):
        raise RefundedMeanwhile(payment)
    ref = references.new("rfd")
    if not payments.reserve_refund(payment, wish.amount, seen=wish.seen, by=by, refund=ref):
        raise RefundedMeanwhile(payment)
    wishes.check(orders.get(invoices.get(payment.invoice_id).order_id), wish.pieces)
    refund = _asked(payment, ref, wish.request_key, wish.reason, wish.amount, note=wish.note, by=by)
    refund.lines = [
        RefundLine(
            order_line_id=item.order_line_id, quantity=item.quantity, shelved=item.shelved, still_sent=item.still_sent
        )
        for item in wish.pieces
    ]
    _prepared(refund, by=by)
    return refund


def begin_again(lost: Refund, *, reason: str, by: Actor) -> Refund:
    """Write the refund that sends once more what came back, or return the one that does; one that was refused did not. Raises
    NotOwed, NotRefundable, AnotherAccount."""
    payment = payments.lock(lost.payment_id)
    session.refresh(lost)  # it was read before the lock: somebody may have paid it by hand meanwhile
    known = debts.successor(lost)
    if known:
        return known
    _check(payment)
    debts.check(lost, payment)
    new = references.new("rfd")
    if not payments.reserve_refund(payment, lost.money, seen=payment.refunded, by=by, refund=new):
        raise RefundedMeanwhile(payment)
    before = session.scalar(select(func.count(Refund.id)).where(Refund.again_of_id == lost.id))
    key = f"again:{lost.ref}:{before}"
    refund = _asked(payment, new, key, lost.reason, lost.money, note=f"again, after {lost.ref}: {reason}", by=by)
    refund.again_of = lost
    _prepared(refund, by=by)
    return refund


def _check(payment: Payment) -> None:
    disputes.refuse_refund(payment)
    if payment.state != PaymentState.SETTLED or not payment.captured_amount:
        raise NotRefundable
    provider = ports().payments
    if payment.held_at != (provider.name, provider.account, provider.mode):
        raise AnotherAccount(payment)


def _asked(
    payment: Payment, ref: str, request_key: str, reason: RefundReason, amount: Money, *, note: str, by: Actor
) -> Refund:
    """A refund of ours, with its key and exact parameters."""
    assert payment.provider_ref is not None
    request = RefundRequest(
        key=f"{ref}-refund",
        payment=payment.provider_ref,
        amount=amount.amount,
        currency=amount.currency,
        reference=ref,
        reason=_PORT_REASONS.get(reason, port.RefundReason.REQUESTED_BY_CUSTOMER),
    )
    return row(payment, ref, request_key, request.as_json(), reason, amount.amount, by, note)


def _prepared(refund: Refund, *, by: Actor) -> None:
    audit.record(
        Tag.REFUND_PREPARED, refund, by=by, reason=refund.note, amount=refund.money, why=refund.reason,
        key=refund.idempotency_key,
    )  # fmt: skip
    due = clock.now() + PATIENCE[0]
    tasks.schedule("refunds.ask", due=due, dedupe=f"refunds.ask:{refund.ref}", is_new=True, refund_id=refund.id)


def row(
    payment: Payment,
    ref: str,
    request_key: str,
    request: dict[str, Any],
    reason: RefundReason,
    amount: int,
    by: Actor,
    note: str = "",
) -> Refund:
    refund = Refund(
        ref=ref,
        request_key=request_key,
        payment_id=payment.id,
        idempotency_key=request.get("key", ref),
        request=request,
        state=R.CREATED,
        reason=reason,
        note=note[:255],
        currency=payment.currency,
        amount=amount,
        provider_ref=None,
        failure_code="",
        made_by=by.ref or by.kind,
        again_of_id=None,
        settles_id=None,
        twice_amount=0,
        without_pieces=False,
        credit_note_id=None,
        created_at=clock.now(),
        accepted_at=None,
        ended_at=None,
        paid_otherwise_at=None,
        asked_at=None,
        unanswered=0,
        last_answer={},
    )
    session.add(refund)
    return refund
