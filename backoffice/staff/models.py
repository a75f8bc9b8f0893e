from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.core.columns import BigInt, Choice, Id, Line, Ref, Timestamp, exact
from backoffice.core.db import Base, table
from backoffice.core.tracking import Tracked
from backoffice.staff.roles import Role


class StaffMember(Tracked, Base):
    __tablename__ = "staff"
    subject_kind = "staff"
    unaudited = frozenset({"password_hash"})  # changes silently only when argon2's cost is raised at a login

    id: Mapped[Id]
    ref: Mapped[Ref]
    email: Mapped[str] = mapped_column(exact(254), unique=True)
    name: Mapped[Line]
    role: Mapped[Role] = mapped_column(Choice(Role))
    password_hash: Mapped[Line]  # empty until an invited colleague chose one
    active: Mapped[bool] = mapped_column(Boolean)
    link_round: Mapped[int] = mapped_column(Integer)  # a link of an earlier one opens nothing
    created_at: Mapped[Timestamp]


class SavedView(Base):
    """Filters and columns of a desk's list under a name: one colleague's, or for all. ``opens``: its owner's desk opens
    with it."""

    __tablename__ = "saved_views"
    __table_args__ = table(UniqueConstraint("owner_id", "desk", "name"), Index("ix_saved_views_desk", "desk", "shared"))

    id: Mapped[Id]
    ref: Mapped[Ref]
    owner_id: Mapped[BigInt] = mapped_column(ForeignKey("staff.id"))
    desk: Mapped[str] = mapped_column(exact(40))
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[str] = mapped_column(String(1000))  # as in an address
    shared: Mapped[bool] = mapped_column(Boolean)
    opens: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[Timestamp]
