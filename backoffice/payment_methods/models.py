import calendar
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.columns import BigInt, Choice, Exact, Id, Json, LongText, Ref, Timestamp, UTCDateTime, exact
from backoffice.core.db import Base, table
from backoffice.core.states import StateTable
from backoffice.core.tracking import Tracked
from backoffice.customers.models import Person


class MethodState(StrEnum):
    KEPT = "kept"
    BARRED = "barred"  # nothing is charged to it until its bar is lifted, or it is replaced
    REMOVING = "removing"  # its customer does not want it any more; the provider has not said so yet
    REMOVED = "removed"


SHOWN = frozenset({MethodState.KEPT, MethodState.BARRED})


class PaymentMethod(Tracked, Base):
    """One way to pay as the provider keeps it for us: of a card brand, last four, expiry and fingerprint are known here.

    ``preferred_key`` is the person's id on the one that is charged first: its unique index lets there be one."""

    __tablename__ = "payment_methods"
    __table_args__ = table(
        UniqueConstraint("provider", "account", "mode", "provider_ref"),
        CheckConstraint("(expires_year IS NULL) = (expires_month IS NULL)", name="expiry_whole"),
        Index("ix_payment_methods_person", "person_id", "id"),
        Index("ix_payment_methods_fingerprint", "fingerprint", "id"),
    )
    subject_kind = "payment_method"

    id: Mapped[Id]
    ref: Mapped[Ref]
    person_id: Mapped[BigInt] = mapped_column(ForeignKey("people.id"))
    provider: Mapped[Exact]
    account: Mapped[Exact]
    mode: Mapped[str] = mapped_column(exact(10))
    provider_ref: Mapped[str] = mapped_column(exact(255))
    customer_ref: Mapped[str] = mapped_column(exact(255))  # the provider's
    brand: Mapped[str] = mapped_column(exact(40))
    last4: Mapped[str] = mapped_column(exact(4))
    expires_year: Mapped[int | None] = mapped_column(Integer)
    expires_month: Mapped[int | None] = mapped_column(Integer)  # good to its last day
    fingerprint: Mapped[Exact]
    state: Mapped[MethodState] = mapped_column(Choice(MethodState))
    barred_because: Mapped[Exact]  # the reason of its card's last bar
    preferred_key: Mapped[BigInt | None] = mapped_column(unique=True)
    kept_at: Mapped[Timestamp]
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    person: Mapped[Person] = relationship()

    @property
    def name(self) -> str:
        return f"{self.brand} ·· {self.last4}" if self.last4 else self.brand

    @property
    def good_until(self) -> date | None:
        """The last day it can be charged; None where it does not expire."""
        if self.expires_year is None or self.expires_month is None:
            return None
        return date(
            self.expires_year, self.expires_month, calendar.monthrange(self.expires_year, self.expires_month)[1]
        )

    @property
    def card(self) -> str:
        """What bars are about."""
        return self.fingerprint or self.ref

    @property
    def is_preferred(self) -> bool:
        return self.preferred_key is not None


MOVES = StateTable(
    PaymentMethod.state,
    {
        MethodState.KEPT: frozenset({MethodState.BARRED, MethodState.REMOVING, MethodState.REMOVED}),
        MethodState.BARRED: frozenset({MethodState.KEPT, MethodState.REMOVING, MethodState.REMOVED}),
        MethodState.REMOVING: frozenset({MethodState.REMOVED}),
        MethodState.REMOVED: frozenset[MethodState](),
    },
)


class CardBar(Tracked, Base):
    """Why a card is not charged by itself, whoever keeps it, and whether or not somebody does yet: one reason of one source.
    A card is barred while one of its bars is not lifted."""

    __tablename__ = "card_bars"
    __table_args__ = table(UniqueConstraint("card", "source"))
    subject_kind = "card_bar"

    id: Mapped[Id]
    ref: Mapped[Ref]
    card: Mapped[Exact]  # its fingerprint
    source: Mapped[Exact]  # our reference of the payment, the dispute, or the method that a colleague barred
    reason: Mapped[Exact]  # a bank's code, or what the source says of itself
    barred_at: Mapped[Timestamp]
    lifted_at: Mapped[datetime | None] = mapped_column(UTCDateTime())


class SetupState(StrEnum):
    CREATED = "created"  # the row and its key exist; the provider has not answered yet
    OPEN = "open"  # its page waits for the customer
    DONE = "done"
    EXPIRED = "expired"
    REFUSED = "refused"


WAITING = frozenset({SetupState.CREATED, SetupState.OPEN})


class MethodSetup(Tracked, Base):
    """One page on which a customer enters a way to pay: one key, exact parameters, stored before the provider is asked."""

    __tablename__ = "method_setups"
    __table_args__ = table(
        UniqueConstraint("provider", "account", "mode", "provider_ref"),
        Index("ix_method_setups_person", "person_id", "id"),
    )
    subject_kind = "method_setup"
    unaudited = frozenset({"provider_ref", "page_url", "asked_at", "unanswered"})

    id: Mapped[Id]
    ref: Mapped[Ref]
    request_key: Mapped[str] = mapped_column(exact(60), unique=True)  # one showing of the form opens one page
    person_id: Mapped[BigInt] = mapped_column(ForeignKey("people.id"))
    provider: Mapped[Exact]
    account: Mapped[Exact]
    mode: Mapped[str] = mapped_column(exact(10))
    idempotency_key: Mapped[str] = mapped_column(exact(120), unique=True)
    request: Mapped[Json]
    replaces_id: Mapped[BigInt | None] = mapped_column(ForeignKey("payment_methods.id"))
    method_id: Mapped[BigInt | None] = mapped_column(ForeignKey("payment_methods.id"))
    state: Mapped[SetupState] = mapped_column(Choice(SetupState))
    provider_ref: Mapped[str | None] = mapped_column(exact(255))
    page_url: Mapped[LongText]
    failure_code: Mapped[Exact]
    created_at: Mapped[Timestamp]
    asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    unanswered: Mapped[int] = mapped_column(Integer)
