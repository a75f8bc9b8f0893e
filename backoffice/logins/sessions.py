"""Sessions: rows that a cookie's token leads to, for one kind of holder each."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, select, update

from backoffice.core import clock
from backoffice.core.db import NOW, session
from backoffice.logins.models import Holder, LoginSession

# After this long somebody logs in again, however busy: a cookie that was taken does not live for ever.
LONGEST = {Holder.STAFF: timedelta(days=7), Holder.CUSTOMER: timedelta(days=365)}
SEEN_EVERY = timedelta(minutes=5)  # how often a session notes that it was seen


# Conditions: the living session with the hash of a token, of one kind of holder.
LIVING: tuple[ColumnElement[bool], ...] = (
    LoginSession.token_hash == bindparam("token_hash"),
    LoginSession.holder == bindparam("holder"),
    LoginSession.ended_at.is_(None),
    LoginSession.expires_at > NOW,
)


def open_for(holder: Holder, holder_id: int, *, life: timedelta, network: str | None, device: str = "") -> str:
    """Begin a session and return its token, to be kept in a cookie and nowhere else."""
    token = secrets.token_urlsafe(32)
    now = clock.now()
    session.add(
        LoginSession(
            token_hash=hashed(token),
            holder=holder,
            holder_id=holder_id,
            created_at=now,
            seen_at=now,
            expires_at=now + life,
            ended_at=None,
            network=network,
            device=device[:255],
        )
    )
    return token


def find(holder: Holder, token: str) -> LoginSession | None:
    """The living session of a token; None when it is unknown, ended, expired, or of another kind of holder."""
    return session.scalars(
        select(LoginSession).where(*LIVING), {"token_hash": hashed(token), "holder": holder}
    ).one_or_none()


def needs_touch(seen_at: datetime) -> bool:
    return seen_at < clock.now() - SEEN_EVERY


def touch(holder: Holder, token: str, life: timedelta) -> None:
    """Note that a session is in use and let it live on."""
    row = find(holder, token)
    if row:
        row.seen_at = clock.now()
        row.expires_at = min(clock.now() + life, row.created_at + LONGEST[holder])


def living(holder: Holder, holder_id: int) -> list[LoginSession]:
    """Everywhere somebody is logged in, the latest first."""
    return list(
        session.scalars(
            select(LoginSession)
            .where(
                LoginSession.holder == holder,
                LoginSession.holder_id == holder_id,
                LoginSession.ended_at.is_(None),
                LoginSession.expires_at > clock.now(),
            )
            .order_by(LoginSession.id.desc())
        )
    )


def end_others(holder: Holder, holder_id: int, token: str | None) -> None:
    """End every session of a holder but the one of this token."""
    query = update(LoginSession).where(
        LoginSession.holder == holder, LoginSession.holder_id == holder_id, LoginSession.ended_at.is_(None)
    )
    if token:
        query = query.where(LoginSession.token_hash != hashed(token))
    session.execute(query.values(ended_at=clock.now()).execution_options(synchronize_session=False))


def is_of(row: LoginSession, token: str) -> bool:
    return row.token_hash == hashed(token)


def hashed(text: str) -> str:
    """A token as it is kept."""
    return hashlib.sha256(text.encode()).hexdigest()
