from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.core.columns import BigInt, Choice, Exact, Id, Json, LongText, Ref, Timestamp, UTCDateTime, exact
from backoffice.core.db import Base, table
from backoffice.core.tracking import Subject


class TaskState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    GAVE_UP = "gave_up"
    CANCELLED = "cancelled"  # by a person; it never ran to its end


class Task(Base):
    """One thing to do. While a runner holds the lease, ``due_at`` is the lease's end: a lost lease is due by itself."""

    __tablename__ = "tasks"
    __table_args__ = table(
        Index("ix_tasks_day", "created_at", "id"),
        Index("ix_tasks_due", "state", "due_at"),
        Index("ix_tasks_name", "name", "id"),
        Index("ix_tasks_lease_token", "lease_token"),
        Index("ix_tasks_request_id", "request_id"),
    )

    id: Mapped[Id]
    ref: Mapped[Ref]
    name: Mapped[Exact]
    arguments: Mapped[Json]
    dedupe_key: Mapped[str | None] = mapped_column(exact(160), unique=True)
    state: Mapped[TaskState] = mapped_column(Choice(TaskState))
    due_at: Mapped[Timestamp]
    attempts: Mapped[int] = mapped_column(Integer)
    max_attempts: Mapped[int] = mapped_column(Integer)
    lease_token: Mapped[str | None] = mapped_column(exact(40))
    last_error: Mapped[LongText]
    request_id: Mapped[Exact]
    created_at: Mapped[Timestamp]
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    def subject(self) -> Subject:
        return Subject("task", self.id, self.ref)


class TaskFailure(Base):
    """One try of a task that came to nothing: which of the tries since it was last asked for, when, and why."""

    __tablename__ = "task_failures"
    __table_args__ = table(Index("ix_task_failures_task", "task_id", "id"))

    id: Mapped[Id]
    task_id: Mapped[BigInt] = mapped_column(ForeignKey("tasks.id"))
    attempt: Mapped[int] = mapped_column(Integer)
    failed_at: Mapped[Timestamp]
    error: Mapped[LongText]
