"""The payments port: what every payment provider must be able to do for us, in our words.

Amounts are integers of minor units with an ISO 4217 currency. An adapter never invents an outcome: what it cannot know
it raises as OutcomeUnknown, and the caller asks again with the same key."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from integrations.payments.balance import BalancePort
from integrations.payments.disputes import DisputesPort
from integrations.payments.methods import MethodSnapshot, MethodsPort


class PaymentStatus(StrEnum):
    """What the provider says of one payment."""

    OPEN = "open"  # the page waits for the customer
    REQUIRES_ACTION = "requires_action"  # the customer's bank asks for authentication
    PROCESSING = "processing"
    PAID = "paid"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Ask for a hosted payment page. Sent again with the same key, it must be equal in every field.

    ``save``: what the customer pays with is kept for later, for ``customer`` (the provider's reference) or, where the provider
    does not know them yet, for ``email``."""

    key: str
    amount: int
    currency: str
    reference: str  # our payment's reference, found again with ``find``
    description: str
    return_url: str
    expires_at: datetime
    save: bool = False
    customer: str = ""
    email: str = ""

    def as_json(self) -> dict[str, Any]:
        saving = {"save": True, "customer": self.customer, "email": self.email} if self.save else {}
        return {
            **saving,
            "key": self.key,
            "amount": self.amount,
            "currency": self.currency,
            "reference": self.reference,
            "description": self.description,
            "return_url": self.return_url,
            "expires_at": self.expires_at.isoformat(),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "PageRequest":
        return cls(**{**stored, "expires_at": datetime.fromisoformat(stored["expires_at"])})


@dataclass(frozen=True, slots=True)
class ChargeRequest:
    """Charge a kept way to pay while the customer is not there. Sent again with the same key, it must be equal in every
    field."""

    key: str
    amount: int
    currency: str
    reference: str  # our payment's reference, found again with ``find``
    description: str
    customer: str  # the provider's reference
    method: str  # the provider's reference
    recurring: bool = True  # on a date that was agreed; else whenever it is due

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "ChargeRequest":
        return cls(**stored)


@dataclass(frozen=True, slots=True)
class Decline:
    """Why the customer's bank said no: the provider's code, and the family it belongs to. ``is_advised`` where bank or network
    say themselves that the card is not to be asked again, whatever the code."""

    code: str
    family: str
    is_advised: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One payment as the provider sees it at this moment. ``captured`` is what it holds for us."""

    provider_ref: str
    reference: str
    status: PaymentStatus
    amount: int
    captured: int
    currency: str
    page_url: str
    page_expires_at: datetime | None = None
    decline: Decline | None = None
    method: str = ""  # for people: "Visa ·· 4242"
    fingerprint: str = ""  # of the method that paid, or that was tried last
    kept: MethodSnapshot | None = None  # what was kept for later with this payment
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A card that its bank refused on the page of a payment, whatever came of the payment: another card may have paid it."""

    decline: Decline
    method: str  # for people: "Visa ·· 4242"
    fingerprint: str


class RefundStatus(StrEnum):
    """What the provider says of one refund. One that succeeded may still fail days later."""

    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RefundReason(StrEnum):
    """The reasons that providers tell apart."""

    REQUESTED_BY_CUSTOMER = "requested_by_customer"
    DUPLICATE = "duplicate"
    FRAUDULENT = "fraudulent"


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Ask for money to be given back. Sent again with the same key, it must be equal in every field."""

    key: str
    payment: str  # the provider's reference of the payment
    amount: int
    currency: str
    reference: str  # our refund's reference, repeated by the provider
    reason: RefundReason

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("key", "payment", "amount", "currency", "reference", "reason")}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "RefundRequest":
        return cls(**{**stored, "reason": RefundReason(stored["reason"])})


@dataclass(frozen=True, slots=True)
class RefundSnapshot:
    """One refund as the provider sees it at this moment. ``reference`` is ours, empty where it was not made by us."""

    provider_ref: str
    payment: str  # the provider's reference of the payment
    reference: str
    status: RefundStatus
    amount: int
    currency: str
    failure: str = ""  # the provider's code
    raw: Mapping[str, Any] = field(default_factory=dict)


class Topic(StrEnum):
    """What an event tells us something about."""

    NOTHING = ""  # of no use to us
    PAYMENT = "payment"
    REFUSAL = "refusal"  # of a card, on the page of a payment that goes on
    REFUND = "refund"
    DISPUTE = "dispute"
    WARNING = "warning"  # a dispute is to be expected
    PAYOUT = "payout"
    SETUP = "setup"  # a page on which a way to pay is entered; ``reference`` is ours of it
    METHOD = "method"


FIRST_YEAR, LAST_YEAR = 2000, 2200  # in which events happen


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """One message of the provider, verified. ``about`` and ``object_id`` say what to ask the provider for; ``payment`` is
    the provider's own reference and ``reference`` ours of the payment it belongs to, where it belongs to one.

    Raises ValueError for what no provider says, though it was signed: no id, no type, text that is none, a moment without
    a zone or outside of our age."""

    event_id: str
    type: str
    occurred_at: datetime
    account: str
    mode: str
    about: Topic
    object_id: str
    payment: str
    reference: str
    raw: bytes

    def __post_init__(self) -> None:
        texts = (self.event_id, self.type, self.account, self.mode, self.object_id, self.payment, self.reference)
        if not all(isinstance(text, str) for text in texts) or not (self.event_id and self.type):
            raise ValueError("an event needs an id and a type, and both are text")
        "".join(texts).encode()  # UnicodeEncodeError is a ValueError: half of a character is no text
        if self.occurred_at.tzinfo is None or not FIRST_YEAR <= self.occurred_at.year <= LAST_YEAR:
            raise ValueError("an event happened at a moment of our age, in a zone")


class PaymentsError(Exception):
    """Base of what a provider call can end in besides an answer."""


class OutcomeUnknown(PaymentsError):
    """No usable answer: the call may or may not have had its effect. Ask again with the same key."""


class Throttled(OutcomeUnknown):
    """The provider asks us to slow down; nothing was done."""


class Refused(PaymentsError):
    """The provider understood and will never do it: a wrong parameter, a wrong key, a state that forbids it."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(f"{code}: {message}")


# The idempotency key was used before, with other parameters: whatever was asked with it then may have happened.
KEY_USED = "idempotency_mismatch"
NO_ACCESS = frozenset({"unauthorised", "permission_denied"})  # what is wrong is our key to the account
# Codes of a refusal that say something of our keys, and nothing of what was asked about.
NOT_AN_OUTCOME = NO_ACCESS | {KEY_USED}


class BadSignature(PaymentsError):
    """The webhook was not signed with any secret of ours, or its time is more than the tolerance away from now."""


class PaymentsPort(Protocol):
    """Every method may raise OutcomeUnknown, Throttled or Refused."""

    name: str
    account: str
    mode: str
    key_life: timedelta  # how long the provider honours an idempotency key
    event_life: timedelta  # how long the provider lists its events
    page_origin: str  # where its payment pages are: scheme and host, for the forms that end there

    @property
    def disputes(self) -> DisputesPort: ...

    @property
    def balance(self) -> BalancePort: ...

    @property
    def methods(self) -> MethodsPort: ...

    def open_page(self, request: PageRequest) -> Snapshot:
        """Create the payment and its page, or return what this key created before."""
        ...

    def charge(self, request: ChargeRequest) -> Snapshot:
        """Charge without the customer, or return what this key charged before. A decline is an answer, and so is a bank that
        asks for the customer: its family is ``action``. Refused where nothing was tried."""
        ...

    def retrieve(self, provider_ref: str) -> Snapshot: ...

    def find(self, reference: str) -> Snapshot | None:
        """Look a payment up by our own reference; None when the provider never heard of it."""
        ...

    def refusals_of(self, payment: str) -> list[Refusal]:
        """All cards that were refused for a payment (the provider's reference), the latest first."""
        ...

    def cancel(self, provider_ref: str, *, key: str) -> Snapshot:
        """Close the page for good. A payment that is already final is returned as it is."""
        ...

    def refund(self, request: RefundRequest) -> RefundSnapshot:
        """Give money back, or return what this key gave back before. Refused where the provider will not."""
        ...

    def retrieve_refund(self, provider_ref: str) -> RefundSnapshot: ...

    def refunds_of(self, payment: str) -> list[RefundSnapshot]:
        """All refunds of a payment (the provider's reference), whoever made them, newest first."""
        ...

    def has_webhook_secret(self) -> bool: ...

    def verify(self, raw: bytes, headers: Mapping[str, str], *, now: datetime) -> ProviderEvent:
        """Check signature and time of a webhook over its raw bytes, then read it.

        Raises BadSignature; ValueError for signed bytes that are no event."""
        ...

    def events_since(self, moment: datetime) -> list[ProviderEvent]:
        """Events that occurred at or after ``moment``, oldest first, all pages."""
        ...

    def opens(self) -> tuple[str, str]:
        """Account and mode that the key opens. Asked once and briefly: a program that starts waits for the answer."""
        ...

    def describe(self) -> Mapping[str, str]:
        """What the key opens, for people who set it up; ``account`` and ``mode`` among it, and under ``problems`` what would
        not work, one sentence on each line."""
        ...
