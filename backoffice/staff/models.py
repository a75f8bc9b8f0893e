from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.core.columns import BigInt, Exact, Id, Line, Ref, Timestamp, UTCDateTime, exact
from backoffice.core.db import Base, table
from backoffice.core.tracking import Tracked


class StaffMember(Tracked, Base):
    __tablename__ = "staff"
    subject_kind = "staff"
    unaudited = frozenset({"password_hash"})  # changes silently only when argon2's cost is raised at a login

    id: Mapped[Id]
    ref: Mapped[Ref]
    email: Mapped[str] = mapped_column(exact(254), unique=True)
    name: Mapped[Line]
    password_hash: Mapped[Line]
    active: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[Timestamp]


class StaffSession(Base):
    """A login that lasts: the cookie holds the token, this row its hash."""

    __tablename__ = "staff_sessions"

    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(exact(64), unique=True)
    staff_id: Mapped[BigInt] = mapped_column(ForeignKey("staff.id"), index=True)
    created_at: Mapped[Timestamp]
    seen_at: Mapped[Timestamp]
    expires_at: Mapped[Timestamp]
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    network: Mapped[Exact | None]


class LoginFailure(Base):
    """One attempt to log in, counted by address and by network; a right one takes its address's rows away."""

    __tablename__ = "login_failures"
    __table_args__ = table(Index("ix_login_failures_key", "key", "at"), Index("ix_login_failures_at", "at"))

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(exact(120))
    at: Mapped[Timestamp]
