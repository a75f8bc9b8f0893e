from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.core.columns import BigInt, Choice, Exact, Id, Json, Line, Ref, Timestamp, UTCDateTime, exact
from backoffice.core.db import Base, table
from backoffice.core.money import Money
from backoffice.core.tracking import Subject, Tracked


class CaseState(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"


class Case(Tracked, Base):
    """One thing that needs a person. ``open_key`` is kind and subject while open: the same trouble opens one case."""

    __tablename__ = "cases"
    __table_args__ = table(
        Index("ix_cases_day", "opened_at", "id"),
        Index("ix_cases_state", "state", "id"),
    )
    subject_kind = "case"

    id: Mapped[Id]
    ref: Mapped[Ref]
    kind: Mapped[Exact]
    about_kind: Mapped[Exact]
    about_id: Mapped[BigInt]
    about_ref: Mapped[Exact]
    open_key: Mapped[str | None] = mapped_column(exact(120), unique=True)
    state: Mapped[CaseState] = mapped_column(Choice(CaseState))
    detail: Mapped[Json]
    at_risk_amount: Mapped[BigInt | None]
    currency: Mapped[str | None] = mapped_column(exact(3))
    opened_at: Mapped[Timestamp]
    resolved_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    resolution: Mapped[Line]

    @property
    def at_risk(self) -> Money | None:
        if self.at_risk_amount is None or self.currency is None:
            return None
        return Money(self.at_risk_amount, self.currency)

    @property
    def about(self) -> Subject:
        return Subject(self.about_kind, self.about_id, self.about_ref)
