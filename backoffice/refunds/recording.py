"""What the provider answered about a refund, and refunds that somebody made elsewhere; in the unit of whoever calls."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.collection.answers import Never, Unanswered
from backoffice.collection.service import CASE_AFTER
from backoffice.core import clock, references
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.money import Money
from backoffice.core.states import StateTable
from backoffice.invoices import service as invoices
from backoffice.orders import service as orders
from backoffice.payments import service as payments
from backoffice.payments.models import Payment
from backoffice.refunds import beginning, booking, consequences, debts, leaving, overtaking
from backoffice.refunds.answers import Answer, Question
from backoffice.refunds.models import LOST, OPEN, Refund, RefundReason, RefundState
from backoffice.tasks import service as tasks
from integrations.payments.port import RefundSnapshot, RefundStatus

R = RefundState

MOVES = StateTable(
    Refund.state,
    {
        R.CREATED: frozenset({R.UNKNOWN, R.PENDING, R.REQUIRES_ACTION, R.SUCCEEDED}) | LOST,
        R.UNKNOWN: frozenset({R.PENDING, R.REQUIRES_ACTION, R.SUCCEEDED}) | LOST,
        R.PENDING: frozenset({R.REQUIRES_ACTION, R.SUCCEEDED}) | LOST,
        R.REQUIRES_ACTION: frozenset({R.PENDING, R.SUCCEEDED}) | LOST,
        R.SUCCEEDED: LOST,  # the customer's bank may send it back days later
        R.FAILED: frozenset({R.PENDING, R.REQUIRES_ACTION, R.SUCCEEDED}),  # given up, and made after all
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
Then = Callable[[Refund], None]


def record(asked: Question, answer: Answer, *, by: Actor, then: Then | None) -> RefundState:
    payment = payments.lock(asked.payment_id)  # first, as whoever begins a refund does
    query = select(Refund).where(Refund.id == asked.refund_id)
    refund = session.scalars(query.execution_options(populate_existing=True)).one()
    match answer:
        case Unanswered():
            _record_silence(refund, answer, by=by)
        case Never():
            _note(refund, {"refused": answer.code}, answered=True)
            if not refund.provider_ref:  # else somebody who asked at the same time was told better
                _lose(refund, payment, R.FAILED, answer.code, by=by)
        case RefundSnapshot():
            record_snapshot(refund, payment, answer, by=by)
    if then:
        then(refund)
    return refund.state


def _record_silence(refund: Refund, answer: Unanswered, *, by: Actor) -> None:
    is_news = answer.is_news(refund.last_answer, by)
    _note(refund, answer.note, answered=False)
    if refund.state == R.CREATED and MOVES.move(refund, R.UNKNOWN):
        audit.record(Tag.REFUND_UNKNOWN, refund, by=by, reason=answer.told, state=(R.CREATED, R.UNKNOWN))
    elif refund.state in OPEN and is_news:
        audit.record(Tag.REFUND_UNKNOWN, refund, by=by, reason=answer.told, asks=refund.unanswered)
    if refund.state in OPEN and refund.unanswered >= CASE_AFTER:
        cases.open_case(CaseKind.REFUND_UNKNOWN, refund, at_risk=refund.money, answer=answer.reason)


def record_snapshot(refund: Refund, payment: Payment, snapshot: RefundSnapshot, *, by: Actor) -> None:
    _note(refund, snapshot.raw, answered=True)
    refund.provider_ref = snapshot.provider_ref
    to = _STATES[snapshot.status]
    if to in LOST:
        _lose(refund, payment, to, snapshot.failure or snapshot.status, by=by)
        return
    before, is_new = refund.state, refund.accepted_at is None
    if before == to or not MOVES.allows(before, to):
        return  # known, or older than what is known
    if is_new:
        orders.lock(invoices.get(payment.invoice_id).order_id)  # what it pays is decided once, whoever else gives back
    meanwhile = overtaking.look(refund, payment)
    if before in LOST and not (is_new and _reserve_again(refund, payment, by=by)):
        return
    ended = {"ended_at": clock.now()} if to == R.SUCCEEDED else {}
    accepted: dict[str, Any] = {}
    if is_new:
        pays = _what_it_pays(refund, payment)
        accepted = {"accepted_at": clock.now(), "without_pieces": meanwhile.pieces_went, **pays}
    if not MOVES.move(refund, to, **ended, **accepted):
        return
    audit.record(Tag.REFUND_ACCEPTED if is_new else _TAGS[to], refund, by=by, amount=refund.money, state=(before, to))
    for kind in (CaseKind.REFUND_UNKNOWN, CaseKind.REFUND_REFUSED):
        cases.close(kind, refund, because=f"The provider answered: {snapshot.status}.")
    if before in LOST and refund.state in OPEN:  # its task was done with it
        tasks.schedule("refunds.ask", dedupe=f"refunds.ask:{refund.ref}:again", refund_id=refund.id)
    if is_new:
        consequences.follow(refund, payment, by=by)
    if meanwhile.is_overtaken:
        cases.open_case(CaseKind.REFUND_OVERTAKEN, refund, at_risk=refund.money)


def _what_it_pays(refund: Refund, payment: Payment) -> dict[str, Any]:
    """Decided as it is accepted. What was to send another again pays that, or nothing; any other refund what is left."""
    invoice = invoices.get(payment.invoice_id)
    if refund.again_of is None:
        return {"twice_amount": booking.shares(invoice, refund.money).twice.amount}
    lost = debts.settled_by(refund, payment)
    is_theirs = lost is not None or booking.is_unused(refund.money, invoice)
    return {"settles_id": lost.id if lost else None, "twice_amount": 0 if is_theirs else refund.amount}


def _reserve_again(refund: Refund, payment: Payment, *, by: Actor) -> bool:
    """A refund was given up while its request was still on its way: its money is gone all the same. False while another refund
    has reserved it; that one will be refused then, and this one asked about once more."""
    if not payments.reserve_refund(payment, refund.money, seen=payment.refunded, by=by, refund=refund.ref):
        return False
    refund.failure_code, refund.ended_at = "", None
    return True


def _lose(refund: Refund, payment: Payment, to: RefundState, code: str, *, by: Actor) -> None:
    before, was_accepted = refund.state, refund.accepted_at is not None
    if before in LOST or not MOVES.move(refund, to, ended_at=clock.now(), failure_code=code[:120]):
        return
    audit.record(_TAGS[to], refund, by=by, reason=code, amount=refund.money, state=(before, to))
    payments.return_refund(payment, refund.money, by=by, refund=refund.ref, reason=code)
    cases.close(CaseKind.REFUND_UNKNOWN, refund, because=f"The provider answered: {code}.")
    _ask_about_refused(payment, after=refund)
    if was_accepted:
        _come_back(refund, payment, code, by=by)
    elif (
        refund.again_of_id or refund.reason != RefundReason.ELSEWHERE
    ):  # of that a case tells, and we have nothing to try again
        cases.open_case(CaseKind.REFUND_REFUSED, refund, at_risk=refund.money, code=code)
        if refund.again_of and debts.successor(refund.again_of):
            cases.close(CaseKind.REFUND_REFUSED, refund, because="Another try has sent what came back.")


def _come_back(refund: Refund, payment: Payment, code: str, *, by: Actor) -> None:
    """The money of an accepted refund is with us again: owed, unless the customer had it twice."""
    booking.take_back(refund)
    cases.close(CaseKind.REFUND_OVERTAKEN, refund, because=f"Its sum came back: {code}.")
    cases.close(CaseKind.REFUND_TWICE, refund, because=f"The second sum came back: {code}.")
    owed = booking.came_back(refund)
    if not owed:
        return
    cases.open_case(CaseKind.REFUND_FAILED, refund, at_risk=owed, code=code)
    instead = None if booking.went_twice(refund) else debts.surplus(payment, refund.money)
    if instead is None:
        tasks.schedule("notices.refund_failed", dedupe=f"notices.refund_failed:{refund.ref}", refund_id=refund.id)
    else:
        leaving.stand_for(instead, refund, payment, by=by)


def _ask_about_refused(payment: Payment, *, after: Refund) -> None:
    """Refunds that were refused, and that the provider knows all the same, may have waited for the sum of this one."""
    query = select(Refund.id, Refund.ref).where(
        Refund.payment_id == payment.id,
        Refund.id != after.id,
        Refund.state.in_(LOST),
        Refund.accepted_at.is_(None),
        Refund.provider_ref.is_not(None),
    )
    for refund_id, ref in session.execute(query):
        key = f"refunds.ask:{ref}:after:{after.ref}:{'back' if after.accepted_at else 'refused'}"  # lost once each way
        tasks.schedule("refunds.ask", dedupe=key, is_new=True, refund_id=refund_id)


def _note(refund: Refund, answer: Any, *, answered: bool) -> None:
    """Keep what came back last, for people; not a change of state."""
    refund.asked_at = clock.now()
    refund.last_answer = dict(answer) if answered else payments.beside(refund.last_answer, answer)
    refund.unanswered = 0 if answered else refund.unanswered + 1


def enter(payment: Payment, snapshot: RefundSnapshot, *, by: Actor) -> bool:
    """Write a refund that somebody made elsewhere, and what follows from it. False while its sum is reserved by another, unless
    no money moved in the end."""
    ref = references.new("rfd")
    amount = Money(snapshot.amount, payment.currency)
    if not payments.reserve_refund(payment, amount, seen=payment.refunded, by=by, refund=ref):
        return snapshot.status in (RefundStatus.FAILED, RefundStatus.CANCELLED)
    row = beginning.row(payment, ref, f"elsewhere:{ref}", {}, RefundReason.ELSEWHERE, snapshot.amount, by)
    session.flush()  # its id is in the task
    audit.record(Tag.REFUND_FOUND, row, by=by, amount=row.money, provider_ref=snapshot.provider_ref)
    cases.open_case(CaseKind.REFUND_ELSEWHERE, row, at_risk=row.money, provider_ref=snapshot.provider_ref)
    tasks.schedule("refunds.ask", dedupe=f"refunds.ask:{ref}", is_new=True, refund_id=row.id)
    record_snapshot(row, payment, snapshot, by=by)
    return True
