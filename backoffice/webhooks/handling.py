"""What a stored event sets off. An event is a hint only: the provider is asked about what it names, and that answer counts;
so any order, and any number of times, is the same."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.collection import service as collection
from backoffice.core import actor, borders, clock, holders, units
from backoffice.core.db import session
from backoffice.core.money import Money
from backoffice.core.ports import ports
from backoffice.core.states import StateTable
from backoffice.core.steps import NotAnswered, learn_now
from backoffice.disputes import service as disputes
from backoffice.payment_methods import following, setups
from backoffice.payment_methods import service as payment_methods
from backoffice.payment_methods.models import MethodSetup
from backoffice.payments import service as payments
from backoffice.payments.models import Payment
from backoffice.reconciliation import service as reconciliation
from backoffice.refunds import service as refunds
from backoffice.refunds.models import Refund
from backoffice.tasks import service as tasks
from backoffice.webhooks.models import EventState, WebhookEvent
from integrations.payments.port import NOT_AN_OUTCOME, OutcomeUnknown, Refused, Snapshot, Topic

LATER = timedelta(minutes=2)
MUCH_LATER = timedelta(hours=1)  # what a bank may take days for
MAY_BE_KEPT = timedelta(minutes=15)
NOT_KNOWN = "no payment of ours has this reference"
NOT_THERE = "the provider knows nothing of what it names"

log = structlog.get_logger(__name__)
A = TypeVar("A")

MOVES = StateTable(
    WebhookEvent.state,
    {
        EventState.ARRIVED: frozenset({EventState.HANDLED, EventState.IGNORED}),  # an operator was faster than its task
        EventState.RECEIVED: frozenset({EventState.HANDLED, EventState.IGNORED}),
        EventState.IGNORED: frozenset({EventState.HANDLED}),
        EventState.HANDLED: frozenset[EventState](),
        EventState.REJECTED: frozenset[EventState](),
    },
)


@dataclass(frozen=True)
class Seen:
    """What a handler needs of an event, copied out of its row."""

    event_id: int
    provider: str
    object_id: str
    provider_payment: str
    payment_ref: str
    occurred_at: datetime


def handle(event_id: int, *, again: bool = False) -> None:
    """Do what a stored event asks for; safe in any order and any number of times. ``again``: though it was handled."""
    with units.read():
        event = session.get_one(WebhookEvent, event_id)
        if event.state == EventState.REJECTED or (event.state == EventState.HANDLED and not again):
            return
        act = HANDLERS[event.about]
        seen = Seen(
            event.id, event.provider, event.object_id, event.provider_payment, event.payment_ref, event.occurred_at
        )
    act(seen)


def _learn_payment(seen: Seen) -> None:
    """The event is a hint only: the provider is asked, and its answer counts."""
    payment_id = _payment_of(seen)
    if payment_id is None:
        _unmatched(seen)
        return

    def done(payment: Payment) -> None:
        if payment.unanswered:
            tasks.postpone_running(clock.now() + LATER)  # the provider was silent: the event still waits for its answer
        else:
            _mark(seen.event_id, EventState.HANDLED, "")

    collection.learn(payment_id, by=actor.provider(seen.provider), then=done)


def _learn_refusal(seen: Seen) -> None:
    """A card was refused, and its page may have taken another one since: then the payment says that it was paid, and nothing of
    the first. So its refusals are asked for, before the payment itself."""
    payment_id = _payment_of(seen)
    if payment_id is not None and _is_held_here(payment_id):
        refusals = _asked(seen, lambda: ports().payments.refusals_of(seen.provider_payment))
        if refusals is None:
            return
        by = actor.provider(seen.provider)
        units.write(lambda: collection.heed(payments.get(payment_id), refusals, by=by))
    _learn_payment(seen)


def _is_held_here(payment_id: int) -> bool:
    with units.read():
        return holders.is_here(ports().payments, payments.get(payment_id).held_at)


def _learn_refund(seen: Seen) -> None:
    """A refund of ours is asked about; one that somebody made elsewhere is taken in as a fact."""
    payment_id = _paid_with(seen)
    if payment_id is None:
        return
    snapshot = _asked(seen, lambda: ports().payments.retrieve_refund(seen.object_id))
    if snapshot is None:
        return
    by = actor.provider(seen.provider)
    with units.read():
        known = refunds.find(session.get_one(Payment, payment_id), snapshot.provider_ref, snapshot.reference)
        refund_id = known.id if known else None
    if refund_id is None:
        if not refunds.take_in(payment_id, snapshot, by=by, then=lambda: _mark(seen.event_id, EventState.HANDLED, "")):
            units.write(lambda: tasks.postpone_running(clock.now() + LATER))
        return

    def done(refund: Refund) -> None:
        if refund.unanswered:
            tasks.postpone_running(clock.now() + LATER)
        else:
            _mark(seen.event_id, EventState.HANDLED, "")

    refunds.learn(refund_id, by=by, then=done)


def _learn_dispute(seen: Seen) -> None:
    """A dispute is a fact, new or known: what the provider says of it now is taken in."""
    payment_id = _paid_with(seen)
    if payment_id is None:
        return
    snapshot = _asked(seen, lambda: ports().payments.disputes.retrieve(seen.object_id))
    if snapshot is not None:
        by = actor.provider(seen.provider)
        disputes.take_in(payment_id, snapshot, by=by, then=lambda: _mark(seen.event_id, EventState.HANDLED, ""))


def _learn_warning(seen: Seen) -> None:
    """A bank expects a dispute: what it says of it now is taken in, if it can still be spared."""
    warning = _asked(seen, lambda: ports().payments.disputes.warning(seen.object_id))
    if warning is None:
        return
    payment_id = _paid_with(replace(seen, provider_payment=seen.provider_payment or warning.payment))
    if payment_id is None:
        return
    with units.read():
        is_going_back = refunds.is_any_open(payment_id)
    if is_going_back:  # a refund that fails leaves the money where a dispute can take it
        units.write(lambda: tasks.postpone_running(clock.now() + MUCH_LATER))
    else:
        by = actor.provider(seen.provider)
        disputes.be_warned(payment_id, warning, by=by, then=lambda: _mark(seen.event_id, EventState.HANDLED, ""))


def _learn_payout(seen: Seen) -> None:
    """A payout moved: both books are compared, which takes it in with all its lines."""

    def record() -> None:
        reconciliation.ask_for(f"event:{seen.event_id}")
        _mark(seen.event_id, EventState.HANDLED, "")

    units.write(record)


def _learn_setup(seen: Seen) -> None:
    """Somebody entered a way to pay, or let the page go."""
    with units.read():
        setup = setups.find(seen.payment_ref)
        setup_id = setup.id if setup else None
    if setup_id is None:
        _ignore(seen, "no page of ours has this reference")
        return

    def done(setup: MethodSetup) -> None:
        if setup.unanswered:
            tasks.postpone_running(clock.now() + LATER)
        else:
            _mark(seen.event_id, EventState.HANDLED, "")

    setups.learn(setup_id, by=actor.provider(seen.provider), then=done)


def _learn_method(seen: Seen) -> None:
    """A bank renewed a card, or somebody took it off in the provider's dashboard."""
    with units.read():
        method = payment_methods.find(seen.object_id)
        method_id = method.id if method else None
    if method_id is None:
        if clock.now() < seen.occurred_at + MAY_BE_KEPT:  # by somebody who asked about its page before this happened
            units.write(lambda: tasks.postpone_running(clock.now() + MAY_BE_KEPT))
        else:
            _ignore(seen, "nobody here keeps this method")
        return
    by = actor.provider(seen.provider)
    if not following.learn(method_id, by=by, then=lambda: _mark(seen.event_id, EventState.HANDLED, "")):
        units.write(lambda: tasks.postpone_running(clock.now() + LATER))


def _payment_of(seen: Seen) -> int | None:
    with units.read():
        payment = payments.find(seen.provider, seen.provider_payment, seen.payment_ref)
        return payment.id if payment else None


def _paid_with(seen: Seen) -> int | None:
    """The payment that a refund or a dispute is about. Where we do not know the provider's name for it yet, because its own
    event is still to come, the provider says which of ours it is, and what became of it. None when the event is dealt with:
    nobody here was paid, or the provider is silent."""
    known = _payment_of(seen)
    if known is not None:
        return known
    if not seen.provider_payment:
        _ignore(seen, NOT_KNOWN)
        return None
    found = _asked(seen, lambda: ports().payments.retrieve(seen.provider_payment))
    if found is None:
        return None
    with units.read():
        payment = payments.find(seen.provider, found.provider_ref, found.reference)
        payment_id = payment.id if payment else None
    if payment_id is None:
        _money_of_others(seen, found)
        return None
    try:
        learn_now(collection.learn, payment_id, by=actor.provider(seen.provider))
    except NotAnswered:
        units.write(lambda: tasks.postpone_running(clock.now() + LATER))
        return None
    return payment_id


def _asked(seen: Seen, ask: Callable[[], A]) -> A | None:
    """What the provider answers to a look-up. None when it is silent, and the event comes back later; or when it knows of
    no such thing, and the event said nothing."""
    units.closed()
    try:
        answer = ask()
    except Refused as refusal:
        if refusal.code not in NOT_AN_OUTCOME:
            _ignore(seen, NOT_THERE)
            return None
        log.error("provider refused to say what an event is about", code=refusal.code)
    except OutcomeUnknown as error:
        log.warning("provider did not answer about an event", error=str(error))
    else:
        borders.cross("webhooks.asked")
        return answer
    units.write(lambda: tasks.postpone_running(clock.now() + LATER))
    return None


def _unmatched(seen: Seen) -> None:
    """The provider speaks of a payment that is not ours: money that it holds opens a case."""
    found = _asked(seen, lambda: ports().payments.retrieve(seen.object_id))
    if found is not None:
        _money_of_others(seen, found)


def _money_of_others(seen: Seen, found: Snapshot) -> None:
    """Nobody here was paid what the provider holds, gave back or lost: a case says so, where there was money at all."""
    held = Money(found.captured, found.currency)

    def record() -> None:
        if held:
            event = session.get_one(WebhookEvent, seen.event_id)
            cases.open_case(
                CaseKind.UNMATCHED_MONEY, event.subject(), at_risk=held, provider_payment=seen.provider_payment
            )
        _mark(seen.event_id, EventState.IGNORED, NOT_KNOWN)

    units.write(record)


def _ignore(seen: Seen, why: str = "we have no use for this type") -> None:
    units.write(lambda: _mark(seen.event_id, EventState.IGNORED, why))


def _mark(event_id: int, state: EventState, note: str) -> None:
    event = session.get_one(WebhookEvent, event_id)
    was_ignored = event.state == EventState.IGNORED
    if event.state != EventState.HANDLED:
        MOVES.move(event, state, note=note, handled_at=clock.now())
    if was_ignored and state == EventState.HANDLED:
        cases.close(CaseKind.UNMATCHED_MONEY, event.subject(), because="Handled once more, it found its payment.")
    tasks.finish_running()


HANDLERS: dict[Topic, Callable[[Seen], None]] = {
    Topic.NOTHING: _ignore,
    Topic.PAYMENT: _learn_payment,
    Topic.REFUSAL: _learn_refusal,
    Topic.REFUND: _learn_refund,
    Topic.DISPUTE: _learn_dispute,
    Topic.WARNING: _learn_warning,
    Topic.PAYOUT: _learn_payout,
    Topic.SETUP: _learn_setup,
    Topic.METHOD: _learn_method,
}
