"""Giving money back. ``learn`` is the one way to find out what became of a refund: the operator's press, the webhook and
the task all run it; any may come first, twice, or not at all."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.collection.answers import Never, Unanswered
from backoffice.collection.service import CASE_AFTER, PATIENCE
from backoffice.core import actor, clock, references, units
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.core.money import Money
from backoffice.core.ports import ports
from backoffice.core.states import StateTable
from backoffice.core.steps import ask_and_record
from backoffice.invoices import service as invoices
from backoffice.invoices.models import CreditNote
from backoffice.ledger import service as ledger
from backoffice.ledger.models import EntryKind
from backoffice.orders import service as orders
from backoffice.payments import service as payments
from backoffice.payments.models import Payment, PaymentState
from backoffice.refunds import answers, booking, consequences, wishes
from backoffice.refunds.answers import Answer, Question
from backoffice.refunds.models import LOST, OPEN, Refund, RefundLine, RefundReason, RefundState
from backoffice.refunds.wishes import NothingToRefund, Wish
from backoffice.tasks import service as tasks
from integrations.payments import port
from integrations.payments.port import RefundRequest, RefundSnapshot, RefundStatus

R = RefundState

MOVES = StateTable(
    Refund.state,
    {
        R.CREATED: frozenset({R.UNKNOWN, R.PENDING, R.REQUIRES_ACTION, R.SUCCEEDED}) | LOST,
        R.UNKNOWN: frozenset({R.PENDING, R.REQUIRES_ACTION, R.SUCCEEDED}) | LOST,
        R.PENDING: frozenset({R.REQUIRES_ACTION, R.SUCCEEDED}) | LOST,
        R.REQUIRES_ACTION: frozenset({R.PENDING, R.SUCCEEDED}) | LOST,
        R.SUCCEEDED: LOST,  # the customer's bank may send it back days later
        R.FAILED: frozenset[RefundState](),
        R.CANCELLED: frozenset[RefundState](),
    },
)
_STATES = {
    RefundStatus.PENDING: R.PENDING,
    RefundStatus.REQUIRES_ACTION: R.REQUIRES_ACTION,
    RefundStatus.SUCCEEDED: R.SUCCEEDED,
    RefundStatus.FAILED: R.FAILED,
    RefundStatus.CANCELLED: R.CANCELLED,
}
_TAGS = {
    R.UNKNOWN: Tag.REFUND_UNKNOWN,
    R.PENDING: Tag.REFUND_ADVANCED,
    R.REQUIRES_ACTION: Tag.REFUND_ADVANCED,
    R.SUCCEEDED: Tag.REFUND_SUCCEEDED,
    R.FAILED: Tag.REFUND_FAILED,
    R.CANCELLED: Tag.REFUND_CANCELLED,
}
_PORT_REASONS = {
    RefundReason.PAID_TWICE: port.RefundReason.DUPLICATE,
    RefundReason.FRAUD: port.RefundReason.FRAUDULENT,
}

Then = Callable[[Refund], None]


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


class FormUsed(CounterfoilError):
    """The key of a form that made another refund."""

    status = 409

    def __init__(self) -> None:
        super().__init__("This form has made a refund already. Open the page again for another one.")


class NotOwed(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__(
            "This refund did not come back, or its money was given back since: there is nothing to send again."
        )


class RefundedMeanwhile(CounterfoilError):
    """Somebody was faster, or more is wanted than is left."""

    status = 409

    def __init__(self, payment: Payment) -> None:
        super().__init__(
            f"Only {payment.refundable} of this payment are left: {payment.refunded} have been given back or are on their "
            "way. Look at it again before you decide."
        )


def give_back(wish: Wish, *, by: Actor) -> Refund:
    """Refund: written with its key and its money reserved, then the provider is asked; what it says is in the result.

    Raises NotRefundable, AnotherAccount, RefundedMeanwhile, NothingToRefund, PiecesRefunded; then nothing was written. The
    same request key refunds once. A silent provider is no error: the refund is UNKNOWN then, and asked about later."""
    refund_id = units.write(lambda: _begin(wish, by=by).id)
    learn(refund_id, by=by)
    with units.read():
        refund = session.get_one(Refund, refund_id)
        session.expunge(refund)
        return refund


def send_again(ref: str, *, by: Actor) -> Refund:
    """Send a refund once more that came back: the same sum, no second credit note, and once, however often it is pressed.

    Raises NotOwed, NotRefundable, AnotherAccount."""
    refund_id = units.write(lambda: _begin_again(ref, by=by).id)
    learn(refund_id, by=by)
    with units.read():
        refund = session.get_one(Refund, refund_id)
        session.expunge(refund)
        return refund


def learn(refund_id: int, *, by: Actor, then: Then | None = None) -> RefundState:
    """Ask the provider what became of a refund and do what follows from it, in one unit. ``then`` runs in that unit."""
    with units.read():
        asked = answers.question(session.get_one(Refund, refund_id))
    return ask_and_record(
        "refunds.learn",
        asked,
        ask=answers.ask,
        record=lambda question, answer: _record(question, answer, by=by, then=then),
    )


def ask_again(refund_id: int) -> None:
    """The task of every open refund: ask, and come back later while it is open."""

    def come_back(refund: Refund) -> None:
        if refund.state in OPEN:
            pace = refund.unanswered if refund.state == R.UNKNOWN else len(PATIENCE) - 1
            tasks.postpone_running(clock.now() + PATIENCE[min(pace, len(PATIENCE) - 1)])
        else:
            tasks.finish_running()

    learn(refund_id, by=actor.SYSTEM, then=come_back)


def take_in(payment_id: int, snapshot: RefundSnapshot, *, by: Actor, then: Callable[[], None]) -> bool:
    """Take in a refund of one of our payments that somebody made elsewhere, as a fact, with a case. In a unit of its own;
    ``then`` runs in it. False while the sum is reserved by a refund of ours whose outcome is open."""

    def record() -> bool:
        payment = payments.lock(payment_id)
        if find(payment, snapshot.provider_ref, snapshot.reference) is None and not _enter(payment, snapshot, by=by):
            return False
        then()
        return True

    return units.write(record)


def find(payment: Payment, provider_ref: str, reference: str) -> Refund | None:
    """By the provider's reference; by ours while the answer that told us the provider's was lost."""
    query = select(Refund).where(Refund.payment_id == payment.id)
    known = session.scalars(query.where(Refund.provider_ref == provider_ref)).one_or_none()
    return known or session.scalars(query.where(Refund.ref == reference)).one_or_none()


def of(attempts: Sequence[Payment]) -> list[Refund]:
    """The refunds of these payments, oldest first."""
    ids = [payment.id for payment in attempts if payment.captured_amount]
    if not ids:
        return []
    return list(session.scalars(select(Refund).where(Refund.payment_id.in_(ids)).order_by(Refund.id)))


def of_credit_note(note: CreditNote) -> Refund | None:
    """The refund that a credit note was written for."""
    return session.scalars(select(Refund).where(Refund.credit_note_id == note.id)).one_or_none()


def successor(refund: Refund) -> Refund | None:
    """The refund that sent this one again."""
    return session.scalars(select(Refund).where(Refund.again_of_id == refund.id)).one_or_none()


def by_ref(ref: str) -> Refund:
    """Raises NotFound."""
    refund = session.scalars(select(Refund).where(Refund.ref == ref)).one_or_none()
    if refund is None:
        raise NotFound("refund")
    return refund


def _begin(wish: Wish, *, by: Actor) -> Refund:
    payment = payments.lock(
        payments.by_ref(wish.payment_ref).id
    )  # first: who pressed twice finds what the first press made
    known = session.scalars(select(Refund).where(Refund.request_key == wish.request_key)).one_or_none()
    if known:
        if (known.payment_id, known.money) != (payment.id, wish.amount):
            raise FormUsed
        return known
    _check(payment)
    if wish.amount.amount < 1:
        raise NothingToRefund
    ref = references.new("rfd")
    if not payments.reserve_refund(payment, wish.amount, seen=wish.seen, by=by, refund=ref):
        raise RefundedMeanwhile(payment)
    wishes.check(orders.get(invoices.get(payment.invoice_id).order_id), wish.pieces)
    refund = _asked(payment, ref, wish.request_key, wish.reason, wish.amount, note=wish.note, by=by)
    refund.lines = [
        RefundLine(order_line_id=item.order_line_id, quantity=item.quantity, shelved=item.shelved)
        for item in wish.pieces
    ]
    _prepared(refund, by=by)
    return refund


def _begin_again(ref: str, *, by: Actor) -> Refund:
    lost = by_ref(ref)
    payment = payments.lock(lost.payment_id)
    known = session.scalars(select(Refund).where(Refund.again_of_id == lost.id)).one_or_none()
    if known:
        return known
    if lost.state not in LOST or not lost.accepted_at:
        raise NotOwed
    _check(payment)
    if not booking.is_owed(lost, payment, invoices.get(payment.invoice_id)):
        raise NotOwed
    new = references.new("rfd")
    if not payments.reserve_refund(payment, lost.money, seen=payment.refunded, by=by, refund=new):
        raise RefundedMeanwhile(payment)
    refund = _asked(payment, new, f"again:{ref}", lost.reason, lost.money, note=f"again, after {ref}", by=by)
    refund.again_of = lost
    _prepared(refund, by=by)
    return refund


def _check(payment: Payment) -> None:
    if payment.state != PaymentState.SETTLED or not payment.captured_amount:
        raise NotRefundable
    provider = ports().payments
    if (payment.provider, payment.account, payment.mode) != (provider.name, provider.account, provider.mode):
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
    return _row(payment, ref, request_key, request.as_json(), reason, amount.amount, by, note)


def _prepared(refund: Refund, *, by: Actor) -> None:
    audit.record(
        Tag.REFUND_PREPARED, refund, by=by, reason=refund.note, amount=refund.money, why=refund.reason,
        key=refund.idempotency_key,
    )  # fmt: skip
    due = clock.now() + PATIENCE[0]
    tasks.schedule("refunds.ask", due=due, dedupe=f"refunds.ask:{refund.ref}", is_new=True, refund_id=refund.id)


def _enter(payment: Payment, snapshot: RefundSnapshot, *, by: Actor) -> bool:
    """Write a refund that somebody made elsewhere, and what follows from it."""
    if snapshot.status in (RefundStatus.FAILED, RefundStatus.CANCELLED):
        return True  # no money moved in the end
    ref = references.new("rfd")
    row = _row(payment, ref, f"elsewhere:{ref}", {}, RefundReason.ELSEWHERE, snapshot.amount, by)
    if not payments.reserve_refund(payment, row.money, seen=payment.refunded, by=by, refund=ref):
        session.expunge(row)
        return False
    audit.record(Tag.REFUND_FOUND, row, by=by, amount=row.money, provider_ref=snapshot.provider_ref)
    cases.open_case(CaseKind.REFUND_ELSEWHERE, row, amount=str(row.money), provider_ref=snapshot.provider_ref)
    tasks.schedule("refunds.ask", dedupe=f"refunds.ask:{ref}", is_new=True, refund_id=row.id)
    _record_snapshot(row, payment, snapshot, by=by)
    return True


def _row(
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
        credit_note_id=None,
        created_at=clock.now(),
        accepted_at=None,
        ended_at=None,
        asked_at=None,
        unanswered=0,
        last_answer={},
    )
    session.add(refund)
    return refund


def _record(asked: Question, answer: Answer, *, by: Actor, then: Then | None) -> RefundState:
    payment = payments.lock(asked.payment_id)  # first, as whoever begins a refund does
    query = select(Refund).where(Refund.id == asked.refund_id)
    refund = session.scalars(query.execution_options(populate_existing=True)).one()
    match answer:
        case Unanswered():
            _record_silence(refund, answer, by=by)
        case Never():
            _note(refund, {"refused": answer.code}, answered=True)
            _lose(refund, payment, R.FAILED, answer.code, by=by)
        case RefundSnapshot():
            _record_snapshot(refund, payment, answer, by=by)
    if then:
        then(refund)
    return refund.state


def _record_silence(refund: Refund, answer: Unanswered, *, by: Actor) -> None:
    _note(refund, {"unanswered": answer.reason}, answered=False)
    if refund.state == R.CREATED and MOVES.move(refund, R.UNKNOWN):
        audit.record(Tag.REFUND_UNKNOWN, refund, by=by, reason=answer.reason, state=(R.CREATED, R.UNKNOWN))
    if refund.state in OPEN and refund.unanswered >= CASE_AFTER:
        cases.open_case(CaseKind.REFUND_UNKNOWN, refund, at_risk=refund.money, answer=answer.reason)


def _record_snapshot(refund: Refund, payment: Payment, snapshot: RefundSnapshot, *, by: Actor) -> None:
    _note(refund, snapshot.raw, answered=True)
    refund.provider_ref = snapshot.provider_ref
    to = _STATES[snapshot.status]
    if to in LOST:
        _lose(refund, payment, to, snapshot.failure or snapshot.status, by=by)
        return
    before, is_new = refund.state, refund.accepted_at is None
    if before == to or not MOVES.allows(before, to):
        return  # known, or older than what is known
    ended = {"ended_at": clock.now()} if to == R.SUCCEEDED else {}
    accepted = {"accepted_at": clock.now()} if is_new else {}
    if not MOVES.move(refund, to, **ended, **accepted):
        return
    audit.record(Tag.REFUND_ACCEPTED if is_new else _TAGS[to], refund, by=by, amount=refund.money, state=(before, to))
    cases.close(CaseKind.REFUND_UNKNOWN, refund, because=f"The provider answered: {snapshot.status}.")
    if is_new:
        consequences.follow(refund, payment, by=by)


def _lose(refund: Refund, payment: Payment, to: RefundState, code: str, *, by: Actor) -> None:
    before, was_accepted = refund.state, refund.accepted_at is not None
    if before in LOST or not MOVES.move(refund, to, ended_at=clock.now(), failure_code=code[:120]):
        return
    audit.record(_TAGS[to], refund, by=by, reason=code, amount=refund.money, state=(before, to))
    payments.return_refund(payment, refund.money, by=by, refund=refund.ref, reason=code)
    cases.close(CaseKind.REFUND_UNKNOWN, refund, because=f"The provider answered: {code}.")
    if was_accepted:
        ledger.take_back(EntryKind.REFUND_RETURNED, refund, of=EntryKind.REFUND)
        cases.open_case(CaseKind.REFUND_FAILED, refund, at_risk=refund.money, code=code)
        tasks.schedule("notices.refund_failed", dedupe=f"notices.refund_failed:{refund.ref}", refund_id=refund.id)
    else:
        cases.open_case(CaseKind.REFUND_REFUSED, refund, at_risk=refund.money, code=code)


def _note(refund: Refund, answer: Any, *, answered: bool) -> None:
    """Keep what came back last, for people; not a change of state."""
    refund.asked_at = clock.now()
    refund.last_answer = dict(answer)
    refund.unanswered = 0 if answered else refund.unanswered + 1
