"""One row per change. Frozen whole, by trigger; it has no foreign key, so that it outlives what it speaks of."""

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, query_expression

from backoffice.core.columns import BigInt, Exact, Id, Json, Line, Timestamp
from backoffice.core.db import Base, table


class AuditEntry(Base):
    __tablename__ = "audit_log"
    __table_args__ = table(
        Index("ix_audit_log_day", "at", "id"),
        Index("ix_audit_log_subject", "subject_kind", "subject_id", "id"),
        Index("ix_audit_log_subject_ref", "subject_ref"),
        Index("ix_audit_log_request_id", "request_id"),
        Index("ix_audit_log_actor_ref", "actor_ref", "id"),
        Index("ix_audit_log_tag", "tag", "id"),
    )

    id: Mapped[Id]
    at: Mapped[Timestamp]
    tag: Mapped[Exact]
    subject_kind: Mapped[Exact]
    subject_id: Mapped[BigInt]
    subject_ref: Mapped[Exact]
    actor_kind: Mapped[Exact]
    actor_ref: Mapped[Exact]
    reason: Mapped[Line]
    request_id: Mapped[Exact]
    via: Mapped[Exact]
    network: Mapped[Exact | None]
    who: Mapped[str | None] = query_expression()  # by name, where a list is asked for it
    changes: Mapped[Json]  # field → [before, after]; personal values as {person, field, cipher}
