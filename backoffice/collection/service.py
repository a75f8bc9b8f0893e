"""Collecting money. ``learn`` is the one way to find out what became of a payment: the return page, the webhook, the
poller and the task all run it; any may come first, twice, or not at all."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.collection import answers
from backoffice.collection.answers import Answer, Never, Question, Unanswered
from backoffice.collection.outcomes import take_in
from backoffice.core import actor, clock, units
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.steps import ask_and_record
from backoffice.invoices import service as invoices
from backoffice.invoices.models import Invoice
from backoffice.orders import service as orders
from backoffice.payment_methods import bars
from backoffice.payment_methods import service as payment_methods
from backoffice.payment_methods.service import Keeper
from backoffice.payments import service as payments
from backoffice.payments.models import ON_THE_PAGE, Payment, PaymentState
from backoffice.tasks import service as tasks
from integrations.payments.port import PaymentStatus, Refusal, Snapshot

PAGE_LIFE = timedelta(minutes=30)
CLOSE_AGAIN = timedelta(seconds=30)
NEVER_AGAIN = "hard"  # the family of declines after which a card is charged no more
TELL_AFTER = timedelta(minutes=2)  # that an answer is late
CASE_AFTER = 5  # unanswered asks in a row before a person is told

# How long after the last ask the next one comes, by the number of asks that were not answered.
PATIENCE = (
    timedelta(minutes=2),
    timedelta(minutes=1),
    timedelta(minutes=2),
    timedelta(minutes=5),
    timedelta(minutes=10),
    timedelta(minutes=20),
    timedelta(hours=1),
)

_STATES = {
    PaymentStatus.OPEN: PaymentState.SENT,
    PaymentStatus.REQUIRES_ACTION: PaymentState.REQUIRES_ACTION,
    PaymentStatus.PROCESSING: PaymentState.PROCESSING,
    PaymentStatus.DECLINED: PaymentState.DECLINED,
    PaymentStatus.CANCELLED: PaymentState.CANCELLED,
    PaymentStatus.EXPIRED: PaymentState.CANCELLED,
}

Then = Callable[[Payment], None]


def begin(invoice: Invoice, *, description: str, by: Actor, keeper: Keeper | None = None) -> Payment:
    """Write an attempt to collect this invoice, and the task that asks about it if nobody else does. ``keeper`` keeps what
    it is paid with.

    Raises NotCollectible. The caller commits, then runs ``open_page``."""
    until = clock.now() + PAGE_LIFE
    payment = payments.prepare(invoice, description=description, expires_at=until, by=by, keeper=keeper)
    tasks.schedule(
        "payments.ask", due=clock.now() + PATIENCE[0], dedupe=f"payments.ask:{payment.ref}", is_new=True,
        payment_id=payment.id,
    )  # fmt: skip
    return payment


def learn(payment_id: int, *, by: Actor, then: Then | None = None) -> PaymentState:
    """Ask the provider what became of a payment and do what follows from it, in one unit.

    ``then`` runs in that unit (a task's or an event's done mark). A settled payment may be asked about again: what the
    provider holds then is compared with what we know. Never raises for a silent provider: the payment is UNKNOWN then,
    and asked about later."""
    return _learn(payment_id, answers.ask, by=by, then=then)


def open_page(asked: Question, *, by: Actor, then: Then | None = None) -> PaymentState:
    """``learn`` about an attempt that the caller has just prepared: nothing is read again before the provider is asked."""
    return _ask(asked, answers.ask, by=by, then=then)


def close_page(payment_id: int, *, by: Actor, then: Then | None = None) -> PaymentState:
    """Close the payment's page at the provider; afterwards it is cancelled, or was paid before we came."""
    return _learn(payment_id, answers.ask_to_close, by=by, then=then)


def ask_again(payment_id: int) -> None:
    """The task of every open payment: ask, and come back later while it is open."""

    def come_back(payment: Payment) -> None:
        if payment.is_open:
            tasks.postpone_running(clock.now() + PATIENCE[min(payment.unanswered, len(PATIENCE) - 1)])
        else:
            tasks.finish_running()

    learn(payment_id, by=actor.SYSTEM, then=come_back)


def close_for_good(payment_id: int) -> None:
    """The task that closes a page nobody may pay on any more: tries until the provider says that it is closed."""

    def come_back(payment: Payment) -> None:
        if payment.is_open:
            tasks.postpone_running(clock.now() + CLOSE_AGAIN)
        else:
            tasks.finish_running()

    close_page(payment_id, by=actor.SYSTEM, then=come_back)


def _learn(payment_id: int, ask: Callable[[Question], Answer], *, by: Actor, then: Then | None) -> PaymentState:
    with units.read():
        payment = session.get_one(Payment, payment_id)
        asked = answers.question(payment)
    return _ask(asked, ask, by=by, then=then)


def _ask(asked: Question, ask: Callable[[Question], Answer], *, by: Actor, then: Then | None) -> PaymentState:
    return ask_and_record(
        "collection.learn",
        asked,
        ask=ask,
        record=lambda question, answer: _record(question, answer, by=by, then=then),
    )


def _record(asked: Question, answer: Answer, *, by: Actor, then: Then | None) -> PaymentState:
    payment = payments.lock(asked.payment_id)
    match answer:
        case Unanswered():
            _record_silence(payment, answer, by=by)
        case Never():
            _record_never(payment, asked, answer, by=by)
        case Snapshot():
            _record_snapshot(payment, answer, by=by)
    if then:
        then(payment)
    return payment.state


def _record_silence(payment: Payment, answer: Unanswered, *, by: Actor) -> None:
    is_news = answer.is_news(payment.last_answer, by)
    payments.note_answer(payment, answer.note, answered=False)
    if not payment.is_open:
        return
    if payments.move(payment, PaymentState.UNKNOWN, by=by, reason=answer.told):
        _say_that_it_takes_time(payment)
    elif is_news:
        audit.record(Tag.PAYMENT_UNKNOWN, payment, by=by, reason=answer.told, asks=payment.unanswered)
    if payment.unanswered >= CASE_AFTER:
        cases.open_case(
            CaseKind.PAYMENT_UNKNOWN, payment, at_risk=payment.asked_for, asked=payment.ref, answer=answer.reason
        )


def _record_never(payment: Payment, asked: Question, answer: Never, *, by: Actor) -> None:
    """The attempt never reached the provider. Its own fault opens a case; a page whose time is over does not."""
    payments.note_answer(payment, {"refused": answer.code}, answered=True)
    if payment.provider_ref and not asked.provider_ref:
        return  # somebody who asked at the same time was told better
    cases.close(CaseKind.PAYMENT_UNKNOWN, payment, because="The provider answered: it never opened this payment.")
    moved = payments.move(payment, PaymentState.CANCELLED, by=by, reason=answer.code, decline_code=answer.code)
    if moved and asked.request.expires_at > clock.now():
        cases.open_case(CaseKind.PAYMENT_REFUSED, payment, at_risk=payment.asked_for, code=answer.code)


def _record_snapshot(payment: Payment, snapshot: Snapshot, *, by: Actor) -> None:
    if payment.unanswered:
        cases.close(CaseKind.PAYMENT_UNKNOWN, payment, because=f"The provider answered: {snapshot.status}.")
    notes = {
        "provider_ref": snapshot.provider_ref,
        "page_url": snapshot.page_url,
        "method": snapshot.method,
        "method_fingerprint": snapshot.fingerprint,
        **payments.answer_notes(payment, snapshot.raw, answered=True),
    }
    if snapshot.status == PaymentStatus.PAID:
        payments.note(payment, notes)
        take_in(payment, snapshot, by=by)
        if snapshot.kept:
            payment_methods.keep(orders.get(invoices.get(payment.invoice_id).order_id).person_id, snapshot.kept, by=by)
        return
    code = snapshot.decline.code if snapshot.decline else ""
    if snapshot.decline:
        heed(payment, [Refusal(snapshot.decline, snapshot.method, snapshot.fingerprint)], by=by)
    to, was = _STATES[snapshot.status], payment.state
    moved = payments.move(payment, to, by=by, reason=code or snapshot.status, decline_code=code, **notes)
    if not moved:
        if code:
            payments.note_decline(payment, code, snapshot.method, by=by)
        if payment.is_open or payment.state == to:  # else the answer is older than what is known, in all that it says
            payments.note(payment, notes)
    if moved and payment.state == PaymentState.DECLINED:
        tasks.schedule("notices.declined", dedupe=f"notices.declined:{payment.ref}", payment_id=payment.id)
    if moved and was == PaymentState.UNKNOWN and payment.state in ON_THE_PAGE:
        tasks.schedule("notices.payable", dedupe=f"notices.payable:{payment.ref}", payment_id=payment.id)
    if moved and payment.state == PaymentState.PROCESSING:
        _say_that_it_takes_time(payment)


def heed(payment: Payment, refusals: Sequence[Refusal], *, by: Actor) -> None:
    """Charge no card again that a bank refused for good for a payment; harmless when that was known."""
    for item in refusals:
        if item.decline.family == NEVER_AGAIN:
            code, is_advised = item.decline.code, item.decline.is_advised
            bars.refused_for_good(item.fingerprint, code, payment.ref, by=by, is_advised=is_advised)


def _say_that_it_takes_time(payment: Payment) -> None:
    """Soon, and only if it still does then: most answers come within seconds."""
    tasks.schedule(
        "notices.received",
        due=clock.now() + TELL_AFTER,
        dedupe=f"notices.received:{payment.ref}",
        payment_id=payment.id,
    )
