from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.columns import BigInt, Choice, Exact, Id, Line, Ref, Timestamp, UTCDateTime, exact
from backoffice.core.db import Base, table
from backoffice.core.tracking import Tracked
from backoffice.staff.models import StaffMember


class BatchState(StrEnum):
    RUNNING = "running"
    DONE = "done"


class Batch(Tracked, Base):
    """An action that a colleague asked for, for many rows. ``request_key`` makes one batch of one press of the button."""

    __tablename__ = "batches"
    __table_args__ = table(Index("ix_batches_day", "created_at", "id"), Index("ix_batches_state", "state", "id"))
    subject_kind = "batch"

    id: Mapped[Id]
    ref: Mapped[Ref]
    request_key: Mapped[str] = mapped_column(exact(60), unique=True)
    action: Mapped[Exact]
    desk: Mapped[Exact]
    owner_id: Mapped[BigInt] = mapped_column(ForeignKey("staff.id"))
    reason: Mapped[Line]
    state: Mapped[BatchState] = mapped_column(Choice(BatchState))
    total: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[Timestamp]
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    owner: Mapped[StaffMember] = relationship(lazy="joined", innerjoin=True)

    @property
    def owner_name(self) -> str:
        return self.owner.name


class ItemState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"  # the service said no; the message says why


class BatchItem(Base):
    """One row of a batch, and what became of it."""

    __tablename__ = "batch_items"
    __table_args__ = table(
        UniqueConstraint("batch_id", "about_ref"), Index("ix_batch_items_state", "batch_id", "state", "id")
    )

    id: Mapped[Id]
    batch_id: Mapped[BigInt] = mapped_column(ForeignKey("batches.id"))
    about_ref: Mapped[Exact]
    state: Mapped[ItemState] = mapped_column(Choice(ItemState))
    message: Mapped[Line]
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
