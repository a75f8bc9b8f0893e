from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.core.columns import Choice, Exact, Id, Json, Line, Ref, Timestamp, UTCDateTime, exact, long_binary
from backoffice.core.db import Base, table
from backoffice.core.tracking import Subject
from integrations.payments.port import Topic


class EventState(StrEnum):
    ARRIVED = "arrived"  # stored; its task is not written yet
    RECEIVED = "received"  # its task is written
    HANDLED = "handled"
    IGNORED = "ignored"  # a type we have no use for
    REJECTED = "rejected"  # another account or mode


class WebhookEvent(Base):
    """One message of a provider, raw, once. What it said never changes; what we made of it does."""

    __tablename__ = "webhook_events"
    __table_args__ = table(
        Index("ix_webhook_events_day", "received_at", "id"),
        UniqueConstraint("event_key", "provider"),  # in this order people find an event by its key alone
        Index("ix_webhook_events_state", "state", "id"),
        Index("ix_webhook_events_type", "type", "id"),
        Index("ix_webhook_events_payment_ref", "payment_ref"),
    )

    id: Mapped[Id]
    ref: Mapped[Ref]
    provider: Mapped[Exact]
    event_key: Mapped[str] = mapped_column(exact(255))
    type: Mapped[Exact]
    account: Mapped[Exact]
    mode: Mapped[str] = mapped_column(exact(10))
    about: Mapped[Topic] = mapped_column(Choice(Topic))  # what to ask the provider for, by its ``object_id``
    object_id: Mapped[str] = mapped_column(exact(255))
    provider_payment: Mapped[str] = mapped_column(exact(255))  # the provider's reference of the payment it belongs to
    payment_ref: Mapped[Exact]  # ours, as the provider repeats it
    raw: Mapped[bytes] = mapped_column(long_binary())
    headers: Mapped[Json]
    heard_by: Mapped[str] = mapped_column(exact(10))  # webhook or poller
    state: Mapped[EventState] = mapped_column(Choice(EventState))
    deliveries: Mapped[int] = mapped_column(Integer)
    note: Mapped[Line]
    occurred_at: Mapped[Timestamp]
    received_at: Mapped[Timestamp]
    request_id: Mapped[Exact]  # its delivery's, which its task inherits
    handled_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    def subject(self) -> Subject:
        return Subject("webhook_event", self.id, self.ref)


class PollerRound(Base):
    """Up to which moment the provider's list of events was read completely."""

    __tablename__ = "poller_rounds"

    provider: Mapped[str] = mapped_column(exact(40), primary_key=True)
    complete_until: Mapped[Timestamp]
