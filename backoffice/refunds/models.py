from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint, join
from sqlalchemy.orm import Mapped, mapped_column, query_expression, relationship

from backoffice.core.columns import BigInt, Choice, Currency, Exact, Id, Json, Line, Ref, Timestamp, UTCDateTime, exact
from backoffice.core.db import Base, table
from backoffice.core.money import Money
from backoffice.core.tracking import Part, Subject, Tracked
from backoffice.invoices.models import Invoice
from backoffice.orders.models import Order, OrderLine
from backoffice.payments.models import Payment
from backoffice.staff.models import StaffMember


class RefundState(StrEnum):
    CREATED = "created"  # the row, its key and the money it reserves exist; nobody was asked yet
    UNKNOWN = "unknown"  # asked, and no usable answer; left only by asking
    PENDING = "pending"  # the provider accepted it and works on it
    REQUIRES_ACTION = "requires_action"  # the customer has to tell the provider where to send it
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # refused, or sent back by the customer's bank, even days after it succeeded
    CANCELLED = "cancelled"


OPEN = frozenset({RefundState.CREATED, RefundState.UNKNOWN, RefundState.PENDING, RefundState.REQUIRES_ACTION})
UNSURE = frozenset({RefundState.CREATED, RefundState.UNKNOWN})  # nobody knows whether the provider makes them
LOST = frozenset({RefundState.FAILED, RefundState.CANCELLED})  # the money is with us again


class RefundReason(StrEnum):
    """Why we give money back."""

    WITHDRAWN = "withdrawn"
    RETURNED = "returned"
    DAMAGED = "damaged"
    NOT_DELIVERED = "not_delivered"
    GOODWILL = "goodwill"
    PAID_TWICE = "paid_twice"
    FRAUD = "fraud"
    ELSEWHERE = "elsewhere"  # made by somebody in the provider's own dashboard


class Refund(Tracked, Base):
    """One refund of one payment: one key, exact parameters, stored before the provider is asked.

    While it is not lost, its amount is part of the payment's ``refunded_amount``, which the database keeps within what
    was captured."""

    __tablename__ = "refunds"
    __table_args__ = table(
        Index("ix_refunds_day", "created_at", "id"),
        UniqueConstraint("payment_id", "provider_ref"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("twice_amount >= 0 AND twice_amount <= amount", name="twice_within"),
        Index("ix_refunds_state", "state", "id"),
        Index("ix_refunds_accepted", "accepted_at"),
        Index("ix_refunds_ended", "ended_at"),
        Index("ix_refunds_reason", "reason", "id"),
        Index("ix_refunds_provider_ref", "provider_ref"),
        Index("ix_refunds_again_of", "again_of_id"),
    )
    subject_kind = "refund"
    unaudited = frozenset({"asked_at", "unanswered", "last_answer", "provider_ref", "credit_note_id", "settles_id"})

    id: Mapped[Id]
    ref: Mapped[Ref]
    request_key: Mapped[str] = mapped_column(exact(60), unique=True)  # one showing of the form makes one refund
    payment_id: Mapped[BigInt] = mapped_column(ForeignKey("payments.id"))
    idempotency_key: Mapped[str] = mapped_column(exact(120), unique=True)
    request: Mapped[Json]  # the exact parameters, as sent and sent again; empty where somebody else asked
    state: Mapped[RefundState] = mapped_column(Choice(RefundState))
    reason: Mapped[RefundReason] = mapped_column(Choice(RefundReason))
    note: Mapped[Line]
    currency: Mapped[Currency]
    amount: Mapped[BigInt]
    provider_ref: Mapped[str | None] = mapped_column(exact(255))
    failure_code: Mapped[Exact]
    made_by: Mapped[Exact]  # who asked for it, as the audit log names them
    # What came back, and it was written to send again; what it paid of that in the end; and how much of it paid nothing:
    again_of_id: Mapped[BigInt | None] = mapped_column(ForeignKey("refunds.id"))
    settles_id: Mapped[BigInt | None] = mapped_column(ForeignKey("refunds.id"), unique=True)
    twice_amount: Mapped[BigInt]
    without_pieces: Mapped[bool]  # made after it was refused, when what its lines name had gone: it counts as a sum
    credit_note_id: Mapped[BigInt | None] = mapped_column(ForeignKey("credit_notes.id"), unique=True)
    created_at: Mapped[Timestamp]
    accepted_at: Mapped[datetime | None] = mapped_column(UTCDateTime())  # the provider said yes: what follows was done
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    paid_otherwise_at: Mapped[datetime | None] = mapped_column(UTCDateTime())  # it came back, and was paid by hand
    asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    unanswered: Mapped[int] = mapped_column(Integer)
    last_answer: Mapped[Json]
    order: Mapped[Order] = relationship(
        secondary=join(Payment.__table__, Invoice.__table__, Invoice.id == Payment.invoice_id),
        primaryjoin=lambda: Refund.payment_id == Payment.id,
        secondaryjoin=Invoice.order_id == Order.id,
        viewonly=True,
        uselist=False,
    )
    again_of: Mapped["Refund | None"] = relationship(remote_side="Refund.id", foreign_keys="Refund.again_of_id")
    settles: Mapped["Refund | None"] = relationship(remote_side="Refund.id", foreign_keys="Refund.settles_id")
    maker: Mapped[StaffMember | None] = relationship(
        primaryjoin="foreign(Refund.made_by) == StaffMember.ref", viewonly=True
    )
    lines: Mapped[list["RefundLine"]] = relationship(order_by="RefundLine.id", back_populates="refund")
    paper: Mapped[str | None] = query_expression()  # the number of its credit note, where a list is asked for it

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def twice(self) -> Money:
        """What of it the customer has besides all that was theirs."""
        return Money(self.twice_amount, self.currency)

    @property
    def is_twice(self) -> bool:
        return self.twice_amount > 0

    @property
    def pieces(self) -> Sequence["RefundLine"]:
        """What it is for, where it is not for a sum."""
        return [] if self.without_pieces else self.lines

    @property
    def is_gone(self) -> bool:
        """Its money is the customer's, or on its way to them."""
        return self.state not in LOST

    @property
    def is_refused(self) -> bool:
        """It never left, and will not."""
        return not self.is_gone and self.accepted_at is None

    @property
    def was_left(self) -> bool:
        """It was to send another again, and is given back for its own sake: it was the customer's, or was left to them."""
        return bool(self.again_of_id and self.accepted_at) and self.settles_id is None and not self.is_twice

    @property
    def owed(self) -> "Refund | None":
        """What came back and this one sends again, or is to; None for a refund of its own."""
        return self.settles if self.accepted_at else self.again_of

    @property
    def order_number(self) -> int | None:
        return self.order.number

    @property
    def who(self) -> str:
        return self.maker.name if self.maker else self.made_by

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


class RefundLine(Part, Base):
    """Pieces of an order line that a refund is for; ``shelved`` of them go back on the shelf. They are pieces that were not
    sent, as far as there are such, but for ``still_sent``: the customer returns others. Frozen whole."""

    __tablename__ = "refund_lines"
    __table_args__ = table(
        UniqueConstraint("refund_id", "order_line_id"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("shelved >= 0 AND shelved <= quantity", name="shelved_within"),
        CheckConstraint("still_sent >= 0 AND still_sent <= quantity", name="still_sent_within"),
        Index("ix_refund_lines_order_line", "order_line_id"),
    )

    id: Mapped[Id]
    refund_id: Mapped[BigInt] = mapped_column(ForeignKey("refunds.id"))
    order_line_id: Mapped[BigInt] = mapped_column(ForeignKey("order_lines.id"))
    quantity: Mapped[int] = mapped_column(Integer)
    shelved: Mapped[int] = mapped_column(Integer)
    still_sent: Mapped[int] = mapped_column(Integer)
    refund: Mapped[Refund] = relationship(back_populates="lines")
    order_line: Mapped[OrderLine] = relationship(lazy="joined", innerjoin=True)

    def subject(self) -> Subject:
        return self.refund.subject()
