"""Disputes. ``learn`` is the one way to find out what became of one: the task, the webhook and an operator all run it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Exists, Select, select
from sqlalchemy.orm import aliased

from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.collection.answers import Unanswered, safely
from backoffice.collection.service import CASE_AFTER
from backoffice.core import actor, clock, holders, units
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.core.ports import ports
from backoffice.core.steps import ask_and_record
from backoffice.customers.models import Person
from backoffice.disputes import recording
from backoffice.disputes.models import OPEN, Dispute, DisputeState
from backoffice.invoices.models import Invoice
from backoffice.orders.models import Order
from backoffice.payment_methods import bars
from backoffice.payments import service as payments
from backoffice.payments.models import Payment
from backoffice.tasks import service as tasks
from integrations.payments.disputes import DisputeSnapshot, WarningSnapshot

ASK_AGAIN = timedelta(hours=12)  # webhooks tell sooner; this is for those that never come
SILENT = timedelta(minutes=20)
REMIND = timedelta(days=2)  # before the deadline

Then = Callable[[Dispute], None]

HANGING = OPEN | {DisputeState.LOST}  # what a colleague should know of before they decide anything


class Disputed(CounterfoilError):
    """Money that a bank takes back is not given back a second time."""

    status = 409

    def __init__(self, dispute: Dispute) -> None:
        self.dispute = dispute
        super().__init__(
            f"The customer's bank disputes {dispute.money} of this payment: the dispute decides. A refund would pay twice."
        )


@dataclass(frozen=True)
class Question:
    """What is asked about: copied out of the row, so that no session is needed while we wait."""

    dispute_id: int
    payment_id: int
    provider_ref: str
    held_at: holders.Holder


def learn(dispute_id: int, *, by: Actor, then: Then | None = None) -> DisputeState:
    """Ask the provider what became of a dispute and do what follows from it, in one unit. ``then`` runs in that unit."""
    with units.read():
        dispute = session.get_one(Dispute, dispute_id)
        asked = Question(dispute.id, dispute.payment_id, dispute.provider_ref, dispute.payment.held_at)
    return ask_and_record(
        "disputes.learn",
        asked,
        ask=lambda question: safely(lambda: _retrieve(question)),
        record=lambda question, answer: _record(question, answer, by=by, then=then),
    )


def _retrieve(asked: Question) -> DisputeSnapshot:
    port = ports().payments
    holders.refuse_elsewhere(port, asked.held_at)
    return port.disputes.retrieve(asked.provider_ref)


def ask_again(dispute_id: int) -> None:
    """The task of every open dispute: ask, remind of the deadline, and come back while it is open."""

    def come_back(dispute: Dispute) -> None:
        if dispute.state == DisputeState.NEEDS_RESPONSE and dispute.due_by and clock.now() >= dispute.due_by - REMIND:
            cases.open_case(
                CaseKind.DISPUTE_DUE, dispute, at_risk=dispute.money, answer_until=dispute.due_by.isoformat()
            )
        if dispute.state in OPEN:
            tasks.postpone_running(_next_ask(dispute))
        else:
            tasks.finish_running()

    learn(dispute_id, by=actor.SYSTEM, then=come_back)


def take_in(payment_id: int, snapshot: DisputeSnapshot, *, by: Actor, then: Callable[[], None]) -> None:
    """Take in what the provider says of a dispute of one of our payments, new or known. A unit of its own; ``then`` runs in
    it."""

    def record() -> None:
        recording.record(payments.lock(payment_id), snapshot, by=by)
        then()

    units.write(record)


def be_warned(payment_id: int, warning: WarningSnapshot, *, by: Actor, then: Callable[[], None]) -> None:
    """A bank says that a payment is reported as fraud: nothing is charged to its card by itself any more, and a person decides
    whether to give the money back before it is taken. Nothing of that where it is too late, or was done before: what a
    colleague decided since stands. A unit of its own; ``then`` runs in it."""

    def record() -> None:
        payment = payments.lock(payment_id)
        is_taken = any(not dispute.is_inquiry for dispute in of([payment]))
        if (
            warning.actionable
            and payment.refundable
            and not is_taken
            and not cases.was_told(CaseKind.FRAUD_WARNED, payment)
        ):
            bars.put(payment.method_fingerprint or "", payment.ref, bars.WARNED, by=by)
            cases.open_case(CaseKind.FRAUD_WARNED, payment, at_risk=payment.refundable, reason=warning.reason)
        then()

    units.write(record)


def refuse_refund(payment: Payment) -> None:
    """Raises Disputed while a bank has taken, or may take, money of this payment back; an inquiry does not refuse."""
    for dispute in of([payment]):
        if refuses_refund(dispute):
            raise Disputed(dispute)


def refuses_refund(dispute: Dispute) -> bool:
    return bool(dispute.withdrawn_amount) or (dispute.is_open and not dispute.is_inquiry)


def of(attempts: Sequence[Payment]) -> list[Dispute]:
    """The disputes of these payments, oldest first."""
    ids = [payment.id for payment in attempts if payment.captured_amount]
    if not ids:
        return []
    return list(session.scalars(select(Dispute).where(Dispute.payment_id.in_(ids)).order_by(Dispute.id)))


def has_any(person_id: int, refs: Sequence[str]) -> bool:
    """Whether one of these disputes is about a payment of this person."""
    query = (
        select(Dispute.id)
        .join(Payment, Payment.id == Dispute.payment_id)
        .join(Invoice, Invoice.id == Payment.invoice_id)
        .join(Order, Order.id == Invoice.order_id)
    )
    return session.scalars(query.where(Dispute.ref.in_(refs), Order.person_id == person_id)).first() is not None


def disputing_people() -> Select[Any]:
    """The customers (ids) on whom an open or lost dispute hangs, each as often as one does."""
    return _hanging(aliased(Order))


def disputing() -> Exists:
    """Of a look that reads people: whether they are one of `disputing_people`."""
    order = aliased(Order)
    return _hanging(order).where(order.person_id == Person.id).correlate(Person).exists()


def by_ref(ref: str) -> Dispute:
    """Raises NotFound."""
    dispute = session.scalars(select(Dispute).where(Dispute.ref == ref)).one_or_none()
    if dispute is None:
        raise NotFound("dispute")
    return dispute


def _record(asked: Question, answer: DisputeSnapshot | Unanswered, *, by: Actor, then: Then | None) -> DisputeState:
    payment = payments.lock(asked.payment_id)
    if isinstance(answer, Unanswered):
        dispute = session.get_one(Dispute, asked.dispute_id, populate_existing=True)
        recording.note(dispute, {"unanswered": answer.reason}, answered=False)
        if dispute.is_open and dispute.unanswered >= CASE_AFTER:
            cases.open_case(CaseKind.DISPUTE_UNKNOWN, dispute, at_risk=dispute.money, answer=answer.reason)
    else:
        dispute = recording.record(payment, answer, by=by)
    if then:
        then(dispute)
    return dispute.state


def _hanging(order: type[Order]) -> Select[Any]:
    invoice, payment, dispute = aliased(Invoice), aliased(Payment), aliased(Dispute)
    return (
        select(order.person_id)
        .join(invoice, invoice.order_id == order.id)
        .join(payment, payment.invoice_id == invoice.id)
        .join(dispute, dispute.payment_id == payment.id)
        .where(dispute.state.in_(HANGING))
    )


def _next_ask(dispute: Dispute) -> datetime:
    """Soon while the provider is silent; in time for the reminder; else twice a day."""
    now = clock.now()
    if dispute.unanswered:
        return now + SILENT
    moments = [now + ASK_AGAIN]
    if dispute.due_by and dispute.due_by - REMIND > now:
        moments.append(dispute.due_by - REMIND)
    return min(moments)
