from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.core.columns import BigInt, Choice, Exact, Id, Line, Timestamp, UTCDateTime, exact
from backoffice.core.db import Base, table


class Holder(StrEnum):
    """Whose session it is. A staff session opens no customer's page, and the other way round."""

    STAFF = "staff"
    CUSTOMER = "customer"


class LoginSession(Base):
    """A login that lasts: the cookie holds the token, this row its hash."""

    __tablename__ = "login_sessions"
    __table_args__ = table(Index("ix_login_sessions_holder", "holder", "holder_id", "id"))

    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(exact(64), unique=True)
    holder: Mapped[Holder] = mapped_column(Choice(Holder))
    holder_id: Mapped[BigInt]
    created_at: Mapped[Timestamp]
    seen_at: Mapped[Timestamp]
    expires_at: Mapped[Timestamp]
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    network: Mapped[Exact | None]
    device: Mapped[Line]  # as the browser calls itself, shortened


class LoginFailure(Base):
    """One attempt to log in, counted by address and by network; a right one takes its address's rows away."""

    __tablename__ = "login_failures"
    __table_args__ = table(Index("ix_login_failures_key", "key", "at"), Index("ix_login_failures_at", "at"))

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(exact(120))
    at: Mapped[Timestamp]
