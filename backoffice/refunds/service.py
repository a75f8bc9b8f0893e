"""Giving money back. ``learn`` is the one way to find out what became of a refund: the operator's press, the webhook and
the task all run it; any may come first, twice, or not at all."""

from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from backoffice.collection.service import PATIENCE
from backoffice.core import actor, clock, units
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import NotFound
from backoffice.core.steps import ask_and_record
from backoffice.payments import service as payments
from backoffice.payments.models import Payment
from backoffice.refunds import answers, beginning, leaving, otherwise, recording
from backoffice.refunds.models import OPEN, Refund, RefundState
from backoffice.refunds.wishes import Wish
from backoffice.tasks import service as tasks
from integrations.payments.port import RefundSnapshot

Then = Callable[[Refund], None]


def give_back(wish: Wish, *, by: Actor) -> Refund:
    """Refund: written with its key and its money reserved, then the provider is asked; what it says is in the result.

    Raises NotRefundable, Disputed, AnotherAccount, RefundedMeanwhile, NothingToRefund, PiecesRefunded; then nothing was
    written. The same request key refunds once. A silent provider is no error: the refund is UNKNOWN then, asked about
    later."""
    return _carry_out(lambda: beginning.begin(wish, by=by), by=by)


def send_again(ref: str, *, reason: str, by: Actor) -> Refund:
    """Send a refund once more that came back: the same sum, no second credit note, and once, however often it is pressed.

    Raises NotOwed, NotRefundable, AnotherAccount."""
    return _carry_out(lambda: beginning.begin_again(by_ref(ref), reason=reason, by=by), by=by)


def pay_otherwise(ref: str, *, how: str, by: Actor) -> None:
    """Note that what came back was paid by hand; see ``otherwise.pay``. Raises NotOwed, NotFound."""
    otherwise.pay(lambda: by_ref(ref), how=how, by=by)


def leave(ref: str, *, why: str, by: Actor) -> None:
    """Let the customer keep what they have twice; see ``leaving.leave``. Raises NotTwice, NotFound."""
    leaving.leave(lambda: by_ref(ref), why=why, by=by)


def learn(refund_id: int, *, by: Actor, then: Then | None = None) -> RefundState:
    """Ask the provider what became of a refund and do what follows from it, in one unit. ``then`` runs in that unit."""
    with units.read():
        asked = answers.question(session.get_one(Refund, refund_id))
    return ask_and_record(
        "refunds.learn",
        asked,
        ask=answers.ask,
        record=lambda question, answer: recording.record(question, answer, by=by, then=then),
    )


def ask_again(refund_id: int) -> None:
    """The task of every open refund: ask, and come back later while it is open."""

    def come_back(refund: Refund) -> None:
        if refund.state in OPEN:
            pace = refund.unanswered if refund.state == RefundState.UNKNOWN else len(PATIENCE) - 1
            tasks.postpone_running(clock.now() + PATIENCE[min(pace, len(PATIENCE) - 1)])
        else:
            tasks.finish_running()

    learn(refund_id, by=actor.SYSTEM, then=come_back)


def take_in(payment_id: int, snapshot: RefundSnapshot, *, by: Actor, then: Callable[[], None]) -> bool:
    """Take in a refund of one of our payments that somebody made elsewhere, as a fact, with a case. In a unit of its own;
    ``then`` runs in it. False while the sum is reserved by a refund of ours whose outcome is open."""

    def record() -> bool:
        payment = payments.lock(payment_id)
        if find(payment, snapshot.provider_ref, snapshot.reference) is None and not recording.enter(
            payment, snapshot, by=by
        ):
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
    query = select(Refund).where(Refund.payment_id.in_(ids)).options(joinedload(Refund.maker))
    return list(session.scalars(query.order_by(Refund.id)))


def is_any_open(payment_id: int) -> bool:
    """Whether a refund of a payment is on its way, and may still fail."""
    query = select(Refund.id).where(Refund.payment_id == payment_id, Refund.state.in_(OPEN))
    return session.scalars(query.limit(1)).first() is not None


def by_ref(ref: str) -> Refund:
    """Raises NotFound."""
    refund = session.scalars(select(Refund).where(Refund.ref == ref)).one_or_none()
    if refund is None:
        raise NotFound("refund")
    return refund


def _carry_out(begin: Callable[[], Refund], *, by: Actor) -> Refund:
    """Write a refund, ask the provider, and return it as it stands then, detached."""
    refund_id = units.write(lambda: begin().id)
    learn(refund_id, by=by)
    with units.read():
        refund = session.get_one(Refund, refund_id)
        session.expunge(refund)
        return refund
