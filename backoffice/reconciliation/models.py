from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.columns import BigInt, Choice, Currency, Exact, Id, Json, Line, Ref, Timestamp, UTCDateTime, exact
from backoffice.core.db import Base, table
from backoffice.core.money import Money
from backoffice.core.tracking import Subject, Tracked
from backoffice.payments.models import Payment
from backoffice.staff.models import StaffMember
from integrations.payments.balance import LineKind, PayoutStatus


class ProviderLine(Base):
    """One movement of the provider's balance, as it told us. Frozen, but for the payment it was found to belong to and the
    payout it went out with, which may become known later."""

    __tablename__ = "provider_lines"
    __table_args__ = table(
        UniqueConstraint("provider", "account", "mode", "line_ref"),
        Index("ix_provider_lines_day", "moved_at", "id"),
        Index("ix_provider_lines_kind", "kind", "id"),
        Index("ix_provider_lines_payment", "payment_id", "id"),
        Index("ix_provider_lines_payout", "payout_id", "id"),
        Index("ix_provider_lines_source", "source_ref"),
        Index("ix_provider_lines_taken_in", "taken_in_at"),
        Index("ix_provider_lines_sums", "provider", "account", "mode", "currency", "amount", "fee"),
    )

    id: Mapped[Id]
    ref: Mapped[Ref]
    provider: Mapped[Exact]
    account: Mapped[Exact]
    mode: Mapped[str] = mapped_column(exact(10))
    line_ref: Mapped[str] = mapped_column(exact(255))
    kind: Mapped[LineKind] = mapped_column(Choice(LineKind))
    source_ref: Mapped[str] = mapped_column(exact(255))  # the provider's: payment, refund, dispute or payout
    payment_ref: Mapped[str] = mapped_column(exact(255))  # the provider's; empty where it belongs to none
    payment_id: Mapped[BigInt | None] = mapped_column(ForeignKey("payments.id"))
    payout_id: Mapped[BigInt | None] = mapped_column(ForeignKey("payouts.id"))
    currency: Mapped[Currency]
    amount: Mapped[BigInt]  # came in; below zero: went out
    fee: Mapped[BigInt]  # kept of it
    charged_currency: Mapped[Currency]
    charged_amount: Mapped[BigInt]  # the same in the customer's currency
    description: Mapped[Line]
    category: Mapped[Exact]  # the provider's own word for the kind
    exchange_rate: Mapped[Exact]  # into this currency, as the provider says it; empty where nothing was exchanged
    moved_at: Mapped[Timestamp]
    available_at: Mapped[Timestamp]
    taken_in_at: Mapped[Timestamp]
    payment: Mapped[Payment | None] = relationship()
    payout: Mapped["Payout | None"] = relationship()

    def subject(self) -> Subject:
        return Subject("provider_line", self.id, self.ref)

    @property
    def moved(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def kept(self) -> Money:
        """The fee."""
        return Money(self.fee, self.currency)

    @property
    def net(self) -> Money:
        return self.moved - self.kept

    @property
    def charged(self) -> Money:
        return Money(self.charged_amount, self.charged_currency)

    @property
    def our_payment(self) -> str:
        return self.payment.ref if self.payment else ""


class Payout(Tracked, Base):
    """What the provider sends to our bank. Signed off by a person once it is explained line by line."""

    __tablename__ = "payouts"
    __table_args__ = table(
        UniqueConstraint("provider", "account", "mode", "provider_ref"),
        CheckConstraint("(signed_at IS NULL) = (signed_by = '')", name="signed_by_somebody"),
        Index("ix_payouts_day", "arrives_at", "id"),
        Index("ix_payouts_state", "state", "id"),
    )
    subject_kind = "payout"

    id: Mapped[Id]
    ref: Mapped[Ref]
    provider: Mapped[Exact]
    account: Mapped[Exact]
    mode: Mapped[str] = mapped_column(exact(10))
    provider_ref: Mapped[str] = mapped_column(exact(255))
    state: Mapped[PayoutStatus] = mapped_column(Choice(PayoutStatus))
    currency: Mapped[Currency]
    amount: Mapped[BigInt]
    is_manual: Mapped[bool]  # made by hand: the provider never says which lines it is made of
    itemised_at: Mapped[datetime | None] = mapped_column(UTCDateTime())  # since then all its lines are known
    failure_code: Mapped[Exact]
    made_at: Mapped[Timestamp]
    arrives_at: Mapped[Timestamp]
    signed_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    signed_by: Mapped[Exact]  # as the audit log names them
    signed_note: Mapped[Line]
    signer: Mapped[StaffMember | None] = relationship(
        primaryjoin="foreign(Payout.signed_by) == StaffMember.ref", viewonly=True
    )

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def is_itemised(self) -> bool:
        return self.itemised_at is not None

    @property
    def is_signed(self) -> bool:
        return self.signed_at is not None

    @property
    def who(self) -> str:
        return self.signer.name if self.signer else self.signed_by


class BreakKind(StrEnum):
    """Which two books do not agree."""

    CAPTURE = "capture"  # what the provider collected, and what our payment says
    REFUND = "refund"
    DISPUTE = "dispute"
    INVOICE = "invoice"  # what a payment brought, and what its invoice and its refunds used of it
    UNKNOWN_LINE = "unknown_line"  # the provider moved money for something we do not know
    OTHER_LINE = "other_line"  # the provider moved money for a reason we do not book by ourselves
    PAYOUT = "payout"  # the payout, and the sum of its lines


class BreakState(StrEnum):
    OPEN = "open"
    EXPLAINED = "explained"  # by a person; it opens again when its sums change
    CLOSED = "closed"  # both books agree


class Break(Tracked, Base):
    """Two books that do not agree about one thing. ``open_key`` is kind and subject until they agree: the same difference
    is one break."""

    __tablename__ = "breaks"
    __table_args__ = table(
        Index("ix_breaks_day", "found_at", "id"),
        Index("ix_breaks_state", "state", "id"),
        Index("ix_breaks_kind", "kind", "id"),
        Index("ix_breaks_about", "about_ref", "id"),
        Index("ix_breaks_payment", "payment_id"),
        Index("ix_breaks_line", "line_id"),
        Index("ix_breaks_payout", "payout_id"),
    )
    subject_kind = "break"

    id: Mapped[Id]
    ref: Mapped[Ref]
    kind: Mapped[BreakKind] = mapped_column(Choice(BreakKind))
    open_key: Mapped[str | None] = mapped_column(exact(120), unique=True)
    about_kind: Mapped[str] = mapped_column(exact(40))
    about_id: Mapped[BigInt]
    about_ref: Mapped[Exact]
    payment_id: Mapped[BigInt | None] = mapped_column(ForeignKey("payments.id"))
    line_id: Mapped[BigInt | None] = mapped_column(ForeignKey("provider_lines.id"))
    payout_id: Mapped[BigInt | None] = mapped_column(ForeignKey("payouts.id"))
    state: Mapped[BreakState] = mapped_column(Choice(BreakState))
    currency: Mapped[Currency]
    provider_amount: Mapped[BigInt]
    our_amount: Mapped[BigInt]
    since: Mapped[Timestamp]  # the fact that came last
    found_at: Mapped[Timestamp]
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    explanation: Mapped[Line]
    explained_by: Mapped[Exact]  # as the audit log names them
    explainer: Mapped[StaffMember | None] = relationship(
        primaryjoin="foreign(Break.explained_by) == StaffMember.ref", viewonly=True
    )

    @property
    def who(self) -> str:
        return self.explainer.name if self.explainer else self.explained_by

    @property
    def about(self) -> Subject:
        return Subject(self.about_kind, self.about_id, self.about_ref)

    @property
    def theirs(self) -> Money:
        return Money(self.provider_amount, self.currency)

    @property
    def ours(self) -> Money:
        return Money(self.our_amount, self.currency)

    @property
    def difference(self) -> Money:
        """What our books miss; below zero: what they have too much."""
        return self.theirs - self.ours


class ReconciliationRound(Base):
    """One comparison of both books: how far the provider's lines are taken in, and what was found."""

    __tablename__ = "reconciliation_rounds"
    __table_args__ = table(Index("ix_reconciliation_rounds_account", "provider", "account", "mode", "id"))

    id: Mapped[Id]
    provider: Mapped[Exact]
    account: Mapped[Exact]
    mode: Mapped[str] = mapped_column(exact(10))
    began_at: Mapped[Timestamp]
    complete_until: Mapped[Timestamp]  # the provider's lines up to here are ours
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    new_lines: Mapped[int] = mapped_column(Integer)
    compared: Mapped[int] = mapped_column(Integer)  # payments, lines and payouts
    failure: Mapped[Line]
    balances: Mapped[Json]  # currency → provider's lines, our clearing account, listed
