"""The part of the payments port about ways to pay that a customer keeps: entered on the provider's page, known to us by brand,
last four and expiry only, charged later without the customer."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class MethodSnapshot:
    """One kept way to pay. ``fingerprint`` is the same whenever the same card is entered. ``expires``: the last month it is
    good for, as (year, month); None where it does not expire."""

    provider_ref: str
    customer: str  # the provider's reference; empty where it was taken off them
    brand: str  # for people: "Visa"
    last4: str
    expires: tuple[int, int] | None
    fingerprint: str


class SetupStatus(StrEnum):
    """What the provider says of a page on which a way to pay is entered."""

    OPEN = "open"
    COMPLETE = "complete"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class SetupRequest:
    """Ask for a hosted page on which a customer enters a way to pay, to be charged later. Sent again with the same key, it must
    be equal in every field."""

    key: str
    reference: str  # ours, repeated by the provider
    customer: str  # the provider's reference; empty where it does not know them yet
    email: str
    currency: str
    return_url: str
    expires_at: datetime

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "expires_at": self.expires_at.isoformat()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "SetupRequest":
        return cls(**{**stored, "expires_at": datetime.fromisoformat(stored["expires_at"])})


@dataclass(frozen=True, slots=True)
class SetupSnapshot:
    """One such page as the provider sees it. ``method`` is there once it is complete."""

    provider_ref: str
    reference: str
    status: SetupStatus
    page_url: str
    customer: str = ""
    method: MethodSnapshot | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)


class MethodsPort(Protocol):
    """Every method may raise OutcomeUnknown, Throttled or Refused."""

    def open_setup(self, request: SetupRequest) -> SetupSnapshot:
        """Create the page, or return what this key created before."""
        ...

    def retrieve_setup(self, provider_ref: str) -> SetupSnapshot: ...

    def retrieve(self, provider_ref: str) -> MethodSnapshot: ...

    def remove(self, provider_ref: str, *, key: str) -> None:
        """Take it off its customer for good; nothing happens where it was taken off before."""
        ...
