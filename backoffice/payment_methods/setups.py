"""Pages on which a way to pay is entered. ``learn`` is the one way to find out what became of one: the customer's return, the
webhook and the task all run it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import actor, clock, holders, links, references, units
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.core.ports import ports
from backoffice.core.states import StateTable
from backoffice.core.steps import ask_and_record
from backoffice.customers import service as customers
from backoffice.customers.models import Person
from backoffice.payment_methods import service as methods
from backoffice.payment_methods.models import SHOWN, WAITING, MethodSetup, PaymentMethod, SetupState
from backoffice.tasks import service as tasks
from integrations.payments.methods import SetupRequest, SetupSnapshot, SetupStatus
from integrations.payments.port import NOT_AN_OUTCOME, OutcomeUnknown, Refused

PAGE_LIFE = timedelta(minutes=30)
ASK_AGAIN = timedelta(minutes=10)
ASK_RARELY = timedelta(hours=6)
LONG_OVER = timedelta(days=2)  # a page of half an hour of which nobody has said yet what became of it
MOST = 10  # kept by one person

S = SetupState
MOVES = StateTable(
    MethodSetup.state,
    {
        S.CREATED: frozenset({S.OPEN, S.DONE, S.EXPIRED, S.REFUSED}),
        S.OPEN: frozenset({S.DONE, S.EXPIRED}),
        S.DONE: frozenset[SetupState](),
        S.EXPIRED: frozenset[SetupState](),
        S.REFUSED: frozenset[SetupState](),
    },
)
Then = Callable[[MethodSetup], None]
log = structlog.get_logger(__name__)


class TooManyMethods(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__("You keep %(most)s ways to pay already. Remove one first.", most=MOST)


@dataclass(frozen=True)
class Question:
    setup_id: int
    provider_ref: str | None
    request: SetupRequest
    held_at: holders.Holder


@dataclass(frozen=True)
class Silence:
    reason: str


@dataclass(frozen=True)
class Never:
    code: str


Answer = SetupSnapshot | Silence | Never


def begin(person: Person, *, request_key: str, replaces: PaymentMethod | None, currency: str, by: Actor) -> MethodSetup:
    """Write down that a customer wants to enter a way to pay; the same showing of the form is one page. Raises TooManyMethods.
    The caller commits, then runs ``learn``."""
    known = session.scalars(select(MethodSetup).where(MethodSetup.request_key == request_key)).one_or_none()
    if known is not None:
        if known.person_id != person.id:
            raise NotFound("payment method")
        return known
    if replaces is None and len(methods.of(person.id)) >= MOST:
        raise TooManyMethods
    port, ref = ports().payments, references.new("stp")
    request = SetupRequest(
        key=f"{ref}-open",
        reference=ref,
        customer=methods.customer_of(person.id),
        email=person.email,
        currency=currency,
        return_url=links.method_return(ref),
        expires_at=clock.now() + PAGE_LIFE,
    )
    setup = MethodSetup(
        ref=ref,
        request_key=request_key,
        person_id=person.id,
        provider=port.name,
        account=port.account,
        mode=port.mode,
        idempotency_key=request.key,
        request=request.as_json(),
        replaces_id=replaces.id if replaces else None,
        method_id=None,
        state=S.CREATED,
        provider_ref=None,
        page_url="",
        failure_code="",
        created_at=clock.now(),
        asked_at=None,
        unanswered=0,
    )
    session.add(setup)
    session.flush()
    audit.record(Tag.METHOD_SETUP_BEGUN, setup, by=by, person=person.ref, replaces=replaces.ref if replaces else None)
    tasks.schedule(
        "payment_methods.ask", due=clock.now() + ASK_AGAIN, dedupe=f"payment_methods.ask:{setup.ref}", setup_id=setup.id
    )
    return setup


def learn(setup_id: int, *, by: Actor, then: Then | None = None) -> SetupState:
    """Ask what became of a page, and do what follows in one unit. Never raises for a silent provider: it is asked later."""
    with units.read():
        setup = session.get_one(MethodSetup, setup_id)
        request = SetupRequest.from_json(setup.request)
        asked = Question(setup.id, setup.provider_ref, request, (setup.provider, setup.account, setup.mode))
    return ask_and_record(
        "payment_methods.learn",
        asked,
        ask=_ask,
        record=lambda question, answer: _record(question, answer, by=by, then=then),
    )


def ask_again(setup_id: int) -> None:
    """The task of every page that waits: asks until it is over."""

    def come_back(setup: MethodSetup) -> None:
        if setup.state in WAITING:  # until the provider says, never by the clock: a card may be kept there
            is_recent = clock.now() < setup.created_at + LONG_OVER
            tasks.postpone_running(clock.now() + (ASK_AGAIN if is_recent else ASK_RARELY))
        else:
            tasks.finish_running()

    learn(setup_id, by=actor.SYSTEM, then=come_back)


def find(reference: str) -> MethodSetup | None:
    """By our reference."""
    return session.scalars(select(MethodSetup).where(MethodSetup.ref == reference)).one_or_none()


def one(person_id: int, ref: str) -> MethodSetup:
    """Raises NotFound for somebody else's."""
    setup = find(ref)
    if setup is None or setup.person_id != person_id:
        raise NotFound("payment method")
    return setup


def kept_by(setup_id: int) -> PaymentMethod:
    """What was entered on a page that is done."""
    return session.get_one(PaymentMethod, session.get_one(MethodSetup, setup_id).method_id)


def _ask(question: Question) -> Answer:
    port = ports().payments.methods
    try:
        holders.refuse_elsewhere(ports().payments, question.held_at)
        if question.provider_ref:
            return port.retrieve_setup(question.provider_ref)
        if clock.now() >= question.request.expires_at:
            return Never("too_late")  # its page would be over at once
        return port.open_setup(question.request)
    except OutcomeUnknown as error:
        log.warning("provider did not answer about a page", error=str(error))
        return Silence(str(error))
    except Refused as refusal:
        if refusal.code in NOT_AN_OUTCOME:
            log.error("provider refused to say", code=refusal.code)
            return Silence(refusal.code)
        return Never(refusal.code)


def _record(question: Question, answer: Answer, *, by: Actor, then: Then | None) -> SetupState:
    setup = session.get_one(MethodSetup, question.setup_id, with_for_update=True)
    setup.asked_at = clock.now()
    setup.unanswered = setup.unanswered + 1 if isinstance(answer, Silence) else 0
    if isinstance(answer, Never):
        if setup.state in WAITING:
            is_over = answer.code == "too_late" or setup.state == S.OPEN
            _move(setup, S.EXPIRED if is_over else S.REFUSED, by=by, failure_code=answer.code)
    elif isinstance(answer, SetupSnapshot):
        _follow(setup, answer, by=by)
    session.flush()
    if then:
        then(setup)
    return setup.state


def _follow(setup: MethodSetup, snapshot: SetupSnapshot, *, by: Actor) -> None:
    setup.provider_ref, setup.page_url = snapshot.provider_ref, snapshot.page_url
    session.flush()
    if setup.state not in WAITING:
        return
    if snapshot.status == SetupStatus.EXPIRED:
        _move(setup, S.EXPIRED, by=by)
    elif snapshot.method is not None:
        kept = methods.keep(setup.person_id, snapshot.method, by=by)
        _move(setup, S.DONE, by=by, method_id=kept.id)
        _replace(setup, kept, by=by)
    elif setup.state == S.CREATED:
        _move(setup, S.OPEN, by=by)


def _replace(setup: MethodSetup, kept: PaymentMethod, *, by: Actor) -> None:
    if setup.replaces_id is None or kept.state not in SHOWN:  # taken off again: the old one stays
        return
    old = session.get_one(PaymentMethod, setup.replaces_id)
    if old.is_preferred:
        methods.prefer(kept, by=by)
    methods.remove(old, by=by)


def _move(setup: MethodSetup, to: SetupState, *, by: Actor, **values: object) -> None:
    before = setup.state
    MOVES.move(setup, to, **values)
    audit.record(Tag.METHOD_SETUP_MOVED, setup, by=by, state=(before, to), person=customers.get(setup.person_id).ref)
