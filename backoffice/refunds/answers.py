"""Asking the provider about one refund, and every kind of answer there is."""

from dataclasses import dataclass
from datetime import datetime

from backoffice.collection.answers import Never, Unanswered, Way, after_refusal, safely, way
from backoffice.core import holders
from backoffice.core.ports import ports
from backoffice.payments import service as payments
from backoffice.refunds.models import Refund
from integrations.payments.port import RefundRequest, RefundSnapshot, Refused


@dataclass(frozen=True)
class Question:
    """What is asked about: copied out of the row, so that no session is needed while we wait."""

    refund_id: int
    payment_id: int
    reference: str
    provider_ref: str | None
    request: RefundRequest | None  # none where somebody else asked for it
    created_at: datetime
    held_at: holders.Holder


Answer = RefundSnapshot | Unanswered | Never


def question(refund: Refund) -> Question:
    return Question(
        refund_id=refund.id,
        payment_id=refund.payment_id,
        reference=refund.ref,
        provider_ref=refund.provider_ref,
        request=RefundRequest.from_json(refund.request) if refund.request else None,
        created_at=refund.created_at,
        held_at=payments.get(refund.payment_id).held_at,
    )


def ask(asked: Question) -> Answer:
    """What became of this refund? It is made by the same question, with the same key."""
    by = way(asked)
    return safely(lambda: _find_out(asked, by), by)


def _find_out(asked: Question, by: Way) -> Answer:
    """As about a payment; by our number it is looked for among all refunds of the payment."""
    port = ports().payments
    holders.refuse_elsewhere(port, asked.held_at)
    if by == Way.ITS_NUMBER:
        return port.retrieve_refund(str(asked.provider_ref))
    assert asked.request is not None
    if by == Way.SAME_KEY:
        try:
            return port.refund(asked.request)
        except Refused as refusal:
            return after_refusal(refusal, lambda: _among_all(asked))
    return _among_all(asked) or Never("never_arrived")


def _among_all(asked: Question) -> RefundSnapshot | None:
    assert asked.request is not None
    known = ports().payments.refunds_of(asked.request.payment)
    return next((item for item in known if item.reference == asked.reference), None)
