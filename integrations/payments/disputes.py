"""The part of the payments port about disputes: a customer's bank takes money back, and may be answered with evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class DisputeStatus(StrEnum):
    """What the provider says of one dispute."""

    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"
    CLOSED = "closed"  # an inquiry that became no dispute, or one that was prevented


class EvidenceField(StrEnum):
    """What can be said in an answer: the fields that card networks know."""

    PRODUCT = "product_description"
    NAME = "customer_name"
    EMAIL = "customer_email_address"
    BILLING = "billing_address"
    SHIPPING = "shipping_address"
    CARRIER = "shipping_carrier"
    TRACKING = "shipping_tracking_number"
    SHIPPED = "shipping_date"
    SERVED = "service_date"
    ACCESS = "access_activity_log"
    REFUND_POLICY = "refund_policy_disclosure"
    TEXT = "uncategorized_text"


@dataclass(frozen=True, slots=True)
class EvidenceRequest:
    """Answer a dispute, for good: most networks take one answer. Sent again with the same key, it must be equal in every
    field, and so must the receipt that goes with it."""

    key: str
    dispute: str  # the provider's reference
    texts: Mapping[str, str]  # EvidenceField → text
    receipt_name: str = ""  # of the PDF that goes with it; empty where none does

    def as_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "dispute": self.dispute,
            "texts": dict(self.texts),
            "receipt_name": self.receipt_name,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "EvidenceRequest":
        return cls(**stored)


@dataclass(frozen=True, slots=True)
class DisputeSnapshot:
    """One dispute as the provider sees it at this moment. ``withdrawn`` is what it has taken from our balance for it, nothing
    again when it gave that back; an inquiry takes nothing."""

    provider_ref: str
    payment: str  # the provider's reference of the payment
    status: DisputeStatus
    is_inquiry: bool
    reason: str
    amount: int
    withdrawn: int
    currency: str
    opened_at: datetime
    due_by: datetime | None  # until when an answer is taken; None: none is
    answered: bool  # evidence was submitted
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WarningSnapshot:
    """A card's bank says that its holder reports a payment as fraud: a dispute usually follows, and a refund before it spares
    its fee. ``actionable`` is false once there is a dispute, or nothing left to give back."""

    provider_ref: str
    payment: str  # the provider's reference of the payment
    reason: str
    actionable: bool
    raw: Mapping[str, Any] = field(default_factory=dict)


class DisputesPort(Protocol):
    """Every method may raise OutcomeUnknown, Throttled or Refused."""

    def retrieve(self, provider_ref: str) -> DisputeSnapshot: ...

    def warning(self, provider_ref: str) -> WarningSnapshot: ...

    def answer(self, request: EvidenceRequest, receipt: bytes) -> DisputeSnapshot:
        """Submit evidence, or return what this key submitted before. Refused where no answer is taken any more."""
        ...
