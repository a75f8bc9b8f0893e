"""Payments: facts about attempts. Nobody is asked here; collection asks, and tells what was answered."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.core import clock, links, references
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.entering import enter
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.core.looks import look
from backoffice.core.money import Money
from backoffice.core.ports import ports
from backoffice.core.states import StateTable, change_where
from backoffice.invoices.models import COLLECTIBLE, Invoice
from backoffice.ledger import entries
from backoffice.ledger import service as ledger
from backoffice.ledger.models import EntryKind
from backoffice.payment_methods.service import Keeper
from backoffice.payments.models import OPEN, Payment, PaymentState
from integrations.payments.port import PageRequest

P = PaymentState
_ENDS = frozenset({P.SETTLED, P.DECLINED, P.CANCELLED})

MOVES = StateTable(
    Payment.state,
    {
        P.CREATED: _ENDS | {P.SENT, P.PROCESSING, P.REQUIRES_ACTION, P.UNKNOWN},
        P.SENT: _ENDS | {P.PROCESSING, P.REQUIRES_ACTION, P.UNKNOWN},
        P.REQUIRES_ACTION: _ENDS | {P.PROCESSING, P.UNKNOWN},
        P.PROCESSING: _ENDS | {P.UNKNOWN},
        P.UNKNOWN: _ENDS | {P.SENT, P.PROCESSING, P.REQUIRES_ACTION},
        P.DECLINED: frozenset({P.SETTLED}),  # money that came after all is never forgotten
        P.CANCELLED: frozenset({P.SETTLED}),
        P.SETTLED: frozenset[PaymentState](),
    },
)

_LOCKED = (
    select(Payment).where(Payment.id == bindparam("id")).with_for_update().execution_options(populate_existing=True)
)
_FOR_INVOICE = select(Payment).where(Payment.invoice_id == bindparam("invoice_id")).order_by(Payment.id)
_OPEN_FOR_INVOICE = select(Payment).where(Payment.claim == bindparam("invoice_id"), Payment.state.in_(OPEN))
_OTHER_CLAIM = select(Payment.id).where(Payment.claim == bindparam("invoice_id"), Payment.id != bindparam("id"))
_OF_PROVIDER = select(Payment).where(Payment.provider == bindparam("provider"))
_BY_PROVIDER_REF = _OF_PROVIDER.where(Payment.provider_ref == bindparam("ref"))
_OF_PROVIDER_BY_REF = _OF_PROVIDER.where(Payment.ref == bindparam("ref"))

_TAGS = {
    P.SENT: Tag.PAYMENT_SENT,
    P.PROCESSING: Tag.PAYMENT_PROCESSING,
    P.REQUIRES_ACTION: Tag.PAYMENT_REQUIRES_ACTION,
    P.UNKNOWN: Tag.PAYMENT_UNKNOWN,
    P.DECLINED: Tag.PAYMENT_DECLINED,
    P.CANCELLED: Tag.PAYMENT_CANCELLED,
}


class NotCollectible(CounterfoilError):
    """The invoice is paid, or not due any more: no payment may be begun for it."""

    status = 409

    def __init__(self) -> None:
        super().__init__("There is nothing to pay for this order any more.")


def prepare(
    invoice: Invoice, *, description: str, expires_at: datetime, by: Actor, keeper: Keeper | None = None
) -> Payment:
    """Write a new attempt with its key and exact parameters, before anyone is asked; ``keeper`` keeps what it is paid with.
    Raises NotCollectible.

    The unique ``claim`` refuses a second open attempt."""
    if invoice.collection_state not in COLLECTIBLE:
        raise NotCollectible
    port = ports().payments
    ref = references.new("pay")
    request = PageRequest(
        key=f"{ref}-open",
        amount=invoice.gross_amount,
        currency=invoice.currency,
        reference=ref,
        description=description,
        return_url=links.payment_return(ref),
        expires_at=expires_at,
        save=keeper is not None,
        customer=keeper.customer if keeper else "",
        email=keeper.email if keeper else "",
    )
    payment = Payment(
        ref=ref,
        invoice_id=invoice.id,
        provider=port.name,
        account=port.account,
        mode=port.mode,
        idempotency_key=request.key,
        claim=invoice.id,
        request=request.as_json(),
        state=PaymentState.CREATED,
        currency=invoice.currency,
        amount=invoice.gross_amount,
        captured_amount=0,
        refunded_amount=0,
        provider_ref=None,
        page_url="",
        method="",
        method_fingerprint=None,
        decline_code="",
        created_at=clock.now(),
        settled_at=None,
        asked_at=None,
        unanswered=0,
        last_answer={},
    )
    enter(payment)
    audit.record(Tag.PAYMENT_PREPARED, payment, by=by, amount=invoice.gross, key=request.key)
    return payment


def settle(payment: Payment, captured: Money, *, by: Actor) -> bool:
    """Record that the provider holds the customer's money; False if that was known.

    A capture that differs from what was asked is kept as it is, and opens a case."""
    before = payment.state
    another = look(_OTHER_CLAIM, invoice_id=payment.invoice_id, id=payment.id).first()
    claim = None if another else payment.invoice_id
    if not MOVES.move(
        payment,
        PaymentState.SETTLED,
        claim=claim,
        captured_amount=captured.amount,
        settled_at=clock.now(),
    ):
        return False
    state = (before, PaymentState.SETTLED)
    audit.record(Tag.PAYMENT_SETTLED, payment, by=by, captured=captured, method=payment.method, state=state)
    ledger.post(EntryKind.PAYMENT_SETTLED, payment, entries.settlement(captured))
    if captured != payment.asked_for:
        cases.open_case(
            CaseKind.AMOUNT_DIFFERS,
            payment,
            at_risk=captured - payment.asked_for,
            asked=str(payment.asked_for),
            captured=str(captured),
        )
    return True


def correct(payment: Payment, captured: Money, *, by: Actor) -> bool:
    """Record that the provider holds another sum than it held when the payment settled; False if the sum is known.

    Nothing else follows from it: a case tells a person."""
    known = payment.captured
    if captured == known:
        return False
    change_where(payment, Payment.captured_amount == known.amount, captured_amount=captured.amount)
    audit.record(Tag.PAYMENT_CORRECTED, payment, by=by, captured=(known, captured))
    change = entries.settlement(captured - known)
    ledger.post(EntryKind.PAYMENT_CORRECTED, payment, change, part=references.new("cor"))
    cases.open_case(
        CaseKind.AMOUNT_DIFFERS, payment, at_risk=captured - payment.asked_for, asked=str(payment.asked_for),
        captured=str(captured), captured_before=str(known),
    )  # fmt: skip
    return True


def move(payment: Payment, to: PaymentState, *, by: Actor, reason: str = "", **values: Any) -> bool:
    """Record any other answer; False when it is known, or older than what is known already."""
    before = payment.state
    if before == to or not MOVES.allows(before, to):
        return False
    if to not in OPEN:
        values["claim"] = None
    if not MOVES.move(payment, to, **values):
        return False
    audit.record(_TAGS[to], payment, by=by, reason=reason, state=(before, to))
    return True


def reserve_refund(payment: Payment, amount: Money, *, seen: Money, by: Actor, refund: str) -> bool:
    """Put a part of what was captured aside for a refund, before the provider is asked for it. ``seen`` is how much was
    refunded when somebody decided on it: of two who decide at once, one gets False. So does who wants more than is left."""
    before = payment.refunded_amount
    done = change_where(
        payment,
        Payment.refunded_amount == seen.amount,
        Payment.captured_amount - Payment.refunded_amount >= amount.amount,
        refunded_amount=seen.amount + amount.amount,
    )
    if done:
        after = Money(payment.refunded_amount, payment.currency)
        change = (Money(before, payment.currency), after)
        audit.record(Tag.PAYMENT_REFUND_RESERVED, payment, by=by, refunded=change, refund=refund)
    return done


def return_refund(payment: Payment, amount: Money, *, by: Actor, refund: str, reason: str) -> None:
    """A refund was refused, or came back: its money is with us again. The payment is locked."""
    before = payment.refunded
    change_where(payment, refunded_amount=payment.refunded_amount - amount.amount)
    audit.record(
        Tag.PAYMENT_REFUND_RETURNED, payment, by=by, reason=reason, refunded=(before, payment.refunded), refund=refund
    )


IN_VAIN = ("unanswered", "asked")  # what is kept of an ask that brought no answer


def note_answer(payment: Payment, answer: Mapping[str, Any], *, answered: bool) -> None:
    """Keep what was asked last and what came back, for people; not a change of state."""
    note(payment, answer_notes(payment, answer, answered=answered))


def beside(last: Mapping[str, Any], silence: Mapping[str, Any]) -> dict[str, Any]:
    """An answer that came before, and that the latest ask was in vain."""
    return {**answered(last), **silence}


def answered(last: Mapping[str, Any]) -> dict[str, Any]:
    """Of what is kept of asking: what the provider really said last."""
    return {name: value for name, value in last.items() if name not in IN_VAIN}


def answer_notes(payment: Payment, answer: Mapping[str, Any], *, answered: bool) -> dict[str, Any]:
    """What to keep of an answer."""
    return {
        "asked_at": clock.now(),
        "last_answer": dict(answer) if answered else beside(payment.last_answer, answer),
        "unanswered": 0 if answered else payment.unanswered + 1,
    }


def note(payment: Payment, notes: Mapping[str, Any]) -> None:
    for name, value in notes.items():
        setattr(payment, name, value)


def note_decline(payment: Payment, code: str, method: str, *, by: Actor) -> None:
    """A card was declined on a page that stays open, as Stripe's does: the attempt goes on, and what was tried on it is told
    once. Call it before the method is noted."""
    if payment.is_open and (code, method) != (payment.decline_code, payment.method):
        audit.record(
            Tag.PAYMENT_CARD_DECLINED, payment, by=by, reason=code, code=(payment.decline_code, code), method=method
        )
        payment.decline_code = code


def lock(payment_id: int) -> Payment:
    """The payment, locked until the unit ends, so that two tellers of one outcome follow each other."""
    return session.scalars(_LOCKED, {"id": payment_id}).one()


def get(payment_id: int) -> Payment:
    return session.get_one(Payment, payment_id)


def by_ref(ref: str) -> Payment:
    payment = session.scalars(select(Payment).where(Payment.ref == ref)).one_or_none()
    if payment is None:
        raise NotFound("payment")
    return payment


def find(provider: str, provider_ref: str, ref: str) -> Payment | None:
    """By the provider's reference; by ours while the answer that told us the provider's was lost."""
    known = session.scalars(_BY_PROVIDER_REF, {"provider": provider, "ref": provider_ref}).one_or_none()
    return known or session.scalars(_OF_PROVIDER_BY_REF, {"provider": provider, "ref": ref}).one_or_none()


def for_invoice(invoice: Invoice) -> list[Payment]:
    """All attempts, oldest first."""
    return list(session.scalars(_FOR_INVOICE, {"invoice_id": invoice.id}))


def open_for(invoice: Invoice) -> Payment | None:
    return session.scalars(_OPEN_FOR_INVOICE, {"invoice_id": invoice.id}).one_or_none()
