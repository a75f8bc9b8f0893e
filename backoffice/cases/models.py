from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, query_expression, relationship

from backoffice.core.columns import BigInt, Choice, Exact, Id, Json, Line, Ref, Timestamp, UTCDateTime, exact
from backoffice.core.db import Base, table
from backoffice.core.money import Money
from backoffice.core.tracking import Subject, Tracked
from backoffice.staff.models import StaffMember


class CaseState(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"


class Case(Tracked, Base):
    """One thing that needs a person. ``open_key`` is kind and subject while open: the same trouble opens one case.

    A case is somebody's once they took it; it sleeps until ``snoozed_until``; one that turned out to be the same trouble
    as another was merged into it."""

    __tablename__ = "cases"
    __table_args__ = table(
        Index("ix_cases_day", "opened_at", "id"),
        Index("ix_cases_state", "state", "id"),
        Index("ix_cases_kind", "kind", "id"),
        Index("ix_cases_owner", "owner_id", "state", "id"),
        Index("ix_cases_about", "about_ref", "id"),
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
    owner_id: Mapped[BigInt | None] = mapped_column(ForeignKey("staff.id"))
    snoozed_until: Mapped[datetime | None] = mapped_column(UTCDateTime())
    merged_into_id: Mapped[BigInt | None] = mapped_column(ForeignKey("cases.id"))
    owner: Mapped[StaffMember | None] = relationship(lazy="joined")
    merged_into: Mapped["Case | None"] = relationship(remote_side="Case.id")
    order_number: Mapped[int | None] = query_expression()  # of the order it belongs to, where a list is asked for it

    @property
    def at_risk(self) -> Money | None:
        if self.at_risk_amount is None or self.currency is None:
            return None
        return Money(self.at_risk_amount, self.currency)

    @property
    def owner_name(self) -> str:
        return self.owner.name if self.owner else ""

    @property
    def about(self) -> Subject:
        return Subject(self.about_kind, self.about_id, self.about_ref)
