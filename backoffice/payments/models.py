from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.core.columns import (
    BigInt,
    Choice,
    Currency,
    Exact,
    Id,
    Json,
    Line,
    LongText,
    Ref,
    Timestamp,
    UTCDateTime,
    exact,
)
from backoffice.core.db import Base, table
from backoffice.core.money import Money
from backoffice.core.tracking import Tracked


class PaymentState(StrEnum):
    CREATED = "created"  # the row and its key exist; nobody was asked yet
    SENT = "sent"  # the provider's page waits for the customer
    PROCESSING = "processing"
    REQUIRES_ACTION = "requires_action"
    UNKNOWN = "unknown"  # asked, and no usable answer; left only by asking
    SETTLED = "settled"
    DECLINED = "declined"
    CANCELLED = "cancelled"  # closed or expired at the provider, or never opened


OPEN = frozenset(
    {
        PaymentState.CREATED,
        PaymentState.SENT,
        PaymentState.PROCESSING,
        PaymentState.REQUIRES_ACTION,
        PaymentState.UNKNOWN,
    }
)


ON_THE_PAGE = frozenset({PaymentState.SENT, PaymentState.REQUIRES_ACTION})  # the customer can go there


class Payment(Tracked, Base):
    """One attempt to collect one invoice: one key, exact parameters, stored before the provider is asked.

    ``claim`` is the invoice's id while this attempt is open, and for ever once it is settled: its unique index lets an
    invoice have one open attempt and one settled one, and never a second charge."""

    __tablename__ = "payments"
    __table_args__ = table(
        Index("ix_payments_day", "created_at", "id"),
        UniqueConstraint("provider", "account", "mode", "provider_ref"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("refunded_amount >= 0 AND refunded_amount <= captured_amount", name="refunded_within_captured"),
        Index("ix_payments_invoice", "invoice_id", "id"),
        Index("ix_payments_state", "state", "id"),
        Index("ix_payments_settled", "settled_at"),
        Index("ix_payments_provider_ref", "provider_ref"),
    )
    subject_kind = "payment"
    unaudited = frozenset(
        {"asked_at", "unanswered", "last_answer", "method", "method_fingerprint", "page_url", "provider_ref"}
    )

    id: Mapped[Id]
    ref: Mapped[Ref]
    invoice_id: Mapped[BigInt] = mapped_column(ForeignKey("invoices.id"))
    provider: Mapped[Exact]
    account: Mapped[Exact]
    mode: Mapped[str] = mapped_column(exact(10))  # test or live
    idempotency_key: Mapped[str] = mapped_column(exact(120), unique=True)
    claim: Mapped[BigInt | None] = mapped_column(unique=True)
    request: Mapped[Json]  # the exact parameters, of which the adapter makes the same form each time
    state: Mapped[PaymentState] = mapped_column(Choice(PaymentState))
    currency: Mapped[Currency]
    amount: Mapped[BigInt]
    captured_amount: Mapped[BigInt]
    refunded_amount: Mapped[BigInt]
    provider_ref: Mapped[str | None] = mapped_column(exact(255))
    page_url: Mapped[LongText]
    method: Mapped[Line]
    method_fingerprint: Mapped[str | None] = mapped_column(exact(120))  # of the card that paid, or was tried last
    decline_code: Mapped[Exact]
    created_at: Mapped[Timestamp]
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    unanswered: Mapped[int] = mapped_column(Integer)  # asks in a row without a usable answer
    last_answer: Mapped[Json]  # what the provider said last, for people

    @property
    def held_at(self) -> tuple[str, str, str]:
        """Provider, account and mode: who alone can be asked about it."""
        return (self.provider, self.account, self.mode)

    @property
    def asked_for(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def captured(self) -> Money:
        return Money(self.captured_amount, self.currency)

    @property
    def refunded(self) -> Money:
        """What was given back, or is on its way back."""
        return Money(self.refunded_amount, self.currency)

    @property
    def refundable(self) -> Money:
        return self.captured - self.refunded

    @property
    def is_under_way(self) -> bool:
        """Whether its customer has done their part, and somebody else is to answer."""
        return self.is_open and self.state != PaymentState.SENT

    @property
    def is_open(self) -> bool:
        return self.state in OPEN
