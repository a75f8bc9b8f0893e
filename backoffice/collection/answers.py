"""Asking the provider about one payment, and every kind of answer there is."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, TypeVar

import structlog

from backoffice.core import clock, holders
from backoffice.core.actor import Actor, ActorKind
from backoffice.core.ports import ports
from backoffice.payments import service as payments
from backoffice.payments.models import Payment
from integrations.payments.port import (
    NO_ACCESS,
    NOT_AN_OUTCOME,
    OutcomeUnknown,
    PageRequest,
    PaymentStatus,
    Refused,
    Snapshot,
)

KEY_MARGIN = timedelta(hours=1)  # stop trusting a key this long before the provider forgets it
CLOSABLE = frozenset({PaymentStatus.OPEN, PaymentStatus.REQUIRES_ACTION})

log = structlog.get_logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class Question:
    """What is asked about: copied out of the row, so that no session is needed while we wait."""

    payment_id: int
    reference: str
    provider_ref: str | None
    request: PageRequest
    created_at: datetime
    held_at: holders.Holder


class Way(StrEnum):
    """How the provider is asked about something, in words."""

    ITS_NUMBER = "by its number"
    SAME_KEY = "with the same key"
    OUR_NUMBER = "by our number"


class Asked(Protocol):
    """What decides the way: a question about a payment or a refund."""

    @property
    def provider_ref(self) -> str | None: ...

    @property
    def created_at(self) -> datetime: ...


@dataclass(frozen=True)
class Unanswered:
    """No usable answer. The payment's outcome is unknown until one comes."""

    reason: str
    way: Way | None = None  # where there is more than one

    @property
    def told(self) -> str:
        """What was asked and what came back, for the story of the thing."""
        return f"asked {self.way}: {self.reason}" if self.way else self.reason

    def is_news(self, last: Mapping[str, Any], by: Actor) -> bool:
        """Whether the story should tell of it once more: the last answer was another, or somebody of ours asked themselves."""
        return (
            by.kind == ActorKind.STAFF or {name: last[name] for name in payments.IN_VAIN if name in last} != self.note
        )

    @property
    def note(self) -> dict[str, str]:
        """What is kept as the last answer."""
        return {"unanswered": self.reason, **({"asked": str(self.way)} if self.way else {})}


@dataclass(frozen=True)
class Never:
    """The provider knows of no such payment and will not open it: this attempt is over, without money."""

    code: str


Answer = Snapshot | Unanswered | Never


def question(payment: Payment) -> Question:
    return Question(
        payment_id=payment.id,
        reference=payment.ref,
        provider_ref=payment.provider_ref,
        request=PageRequest.from_json(payment.request),
        created_at=payment.created_at,
        held_at=payment.held_at,
    )


def ask(asked: Question) -> Answer:
    """What became of this payment? The page is opened by the same question, with the same key."""
    by = way(asked)
    return safely(lambda: _find_out(asked, by), by)


def ask_to_close(asked: Question) -> Answer:
    """Close the payment's page at the provider, and say what it is then: closed, or paid meanwhile."""

    by = way(asked)

    def close() -> Answer:
        found = _find_out(asked, by)
        if isinstance(found, Snapshot) and found.status in CLOSABLE:
            # a key of its own for each try: an old answer must not be replayed over a newer state
            return ports().payments.cancel(found.provider_ref, key=f"{asked.reference}-cancel-{secrets.token_hex(4)}")
        return found

    return safely(close, by)


def way(asked: Asked) -> Way:
    """By the provider's number where we have it; with the same key while the provider honours it; by our number after that. A
    new key is never used."""
    if asked.provider_ref:
        return Way.ITS_NUMBER
    return Way.SAME_KEY if is_key_honoured(asked.created_at) else Way.OUR_NUMBER


def is_key_honoured(since: datetime) -> bool:
    """Whether the provider surely remembers a key that was used first at this moment or later."""
    return clock.now() < since + ports().payments.key_life - KEY_MARGIN


def _find_out(asked: Question, by: Way) -> Answer:
    port = ports().payments
    holders.refuse_elsewhere(port, asked.held_at)
    if by == Way.ITS_NUMBER:
        return port.retrieve(str(asked.provider_ref))
    if by == Way.SAME_KEY:
        try:
            return port.open_page(asked.request)
        except Refused as refusal:
            return after_refusal(refusal, lambda: port.find(asked.reference))
    return port.find(asked.reference) or Never("never_arrived")


def after_refusal(refusal: Refused, find: Callable[[], T | None]) -> T | Never:
    """What a refusal leaves: what is found by our reference all the same, or that it never happened. Raises the refusal where
    it speaks of our keys alone, and nothing is found."""
    if refusal.code in NO_ACCESS:
        raise refusal
    found = find()
    if found is None and refusal.code in NOT_AN_OUTCOME:
        raise refusal
    return found or Never(refusal.code)


def safely(act: Callable[[], T], by: Way | None = None) -> T | Unanswered:
    """What the provider answers; that it did not, where it is silent or our own key is wrong."""
    try:
        return act()
    except OutcomeUnknown as error:
        log.warning("provider did not answer", error=str(error))
        return Unanswered(str(error), by)
    except Refused as refusal:
        log.error("provider refused to say", code=refusal.code)
        return Unanswered(refusal.code, by)
