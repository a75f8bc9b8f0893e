from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint, join
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.columns import BigInt, Choice, Currency, Exact, Id, Json, Ref, Timestamp, UTCDateTime, exact
from backoffice.core.db import Base, table
from backoffice.core.money import Money
from backoffice.core.tracking import Part, Subject, Tracked
from backoffice.disputes.reasons import words_of
from backoffice.files.models import StoredFile
from backoffice.invoices.models import Invoice
from backoffice.orders.models import Order
from backoffice.payments.models import Payment
from backoffice.staff.models import StaffMember


class DisputeState(StrEnum):
    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"
    CLOSED = "closed"  # an inquiry that became no dispute, or one that was prevented


OPEN = frozenset({DisputeState.NEEDS_RESPONSE, DisputeState.UNDER_REVIEW})


class Dispute(Tracked, Base):
    """One dispute as the provider told us of it: a fact that we answer, and never make. ``withdrawn_amount`` is what the
    provider has taken from us for it at this moment, as the ledger has it."""

    __tablename__ = "disputes"
    __table_args__ = table(
        UniqueConstraint("payment_id", "provider_ref"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("withdrawn_amount >= 0", name="withdrawn_not_negative"),
        Index("ix_disputes_day", "opened_at", "id"),
        Index("ix_disputes_state", "state", "id"),
        Index("ix_disputes_provider_ref", "provider_ref"),
    )
    subject_kind = "dispute"
    unaudited = frozenset({"asked_at", "unanswered", "last_answer"})

    id: Mapped[Id]
    ref: Mapped[Ref]
    payment_id: Mapped[BigInt] = mapped_column(ForeignKey("payments.id"))
    provider_ref: Mapped[str] = mapped_column(exact(255))
    state: Mapped[DisputeState] = mapped_column(Choice(DisputeState))
    is_inquiry: Mapped[bool]
    reason: Mapped[Exact]  # the provider's code
    currency: Mapped[Currency]
    amount: Mapped[BigInt]
    withdrawn_amount: Mapped[BigInt]
    opened_at: Mapped[Timestamp]
    due_by: Mapped[datetime | None] = mapped_column(UTCDateTime())
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    unanswered: Mapped[int] = mapped_column(Integer)
    last_answer: Mapped[Json]
    payment: Mapped[Payment] = relationship()
    order: Mapped[Order] = relationship(
        secondary=join(Payment.__table__, Invoice.__table__, Invoice.id == Payment.invoice_id),
        primaryjoin=lambda: Dispute.payment_id == Payment.id,
        secondaryjoin=Invoice.order_id == Order.id,
        viewonly=True,
        uselist=False,
    )
    answers: Mapped[list["DisputeAnswer"]] = relationship(order_by="DisputeAnswer.id", back_populates="dispute")

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def withdrawn(self) -> Money:
        return Money(self.withdrawn_amount, self.currency)

    @property
    def why(self) -> str:
        """The bank's reason, in words."""
        return words_of(self.reason)

    @property
    def order_number(self) -> int | None:
        return self.order.number

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


class AnswerState(StrEnum):
    CREATED = "created"  # the row, its key and what it says exist; nobody was asked yet
    UNKNOWN = "unknown"  # submitted, and no usable answer; left only by asking
    ACCEPTED = "accepted"
    REFUSED = "refused"


class DisputeAnswer(Part, Base):
    """Evidence as we submitted it: one key, exact texts and receipt, stored before the provider is asked.

    ``claim`` is the dispute's id while the outcome is open: its unique index lets one answer at a time be on its way."""

    __tablename__ = "dispute_answers"
    __table_args__ = table(Index("ix_dispute_answers_dispute", "dispute_id", "id"))

    id: Mapped[Id]
    ref: Mapped[Ref]
    dispute_id: Mapped[BigInt] = mapped_column(ForeignKey("disputes.id"))
    request_key: Mapped[str] = mapped_column(exact(60), unique=True)  # one showing of the form makes one answer
    idempotency_key: Mapped[str] = mapped_column(exact(120), unique=True)
    claim: Mapped[BigInt | None] = mapped_column(unique=True)
    request: Mapped[Json]
    receipt_id: Mapped[BigInt | None] = mapped_column(ForeignKey("files.id"))
    state: Mapped[AnswerState] = mapped_column(Choice(AnswerState))
    failure_code: Mapped[Exact]
    made_by: Mapped[Exact]
    created_at: Mapped[Timestamp]
    unanswered: Mapped[int] = mapped_column(Integer)
    dispute: Mapped[Dispute] = relationship(back_populates="answers")
    receipt: Mapped[StoredFile | None] = relationship()
    maker: Mapped[StaffMember | None] = relationship(
        primaryjoin="foreign(DisputeAnswer.made_by) == StaffMember.ref", viewonly=True
    )

    @property
    def who(self) -> str:
        return self.maker.name if self.maker else self.made_by

    def subject(self) -> Subject:
        return self.dispute.subject()
