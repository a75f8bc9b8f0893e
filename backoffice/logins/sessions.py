"""Sessions: rows that a cookie's token leads to, for one kind of holder each."""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import ColumnElement, select, update

from backoffice.core import clock
from backoffice.core.db import session
from backoffice.logins.models import Holder, LoginSession

SEEN_EVERY = timedelta(minutes=5)  # how often a session notes that it was seen


def open_for(holder: Holder, holder_id: int, *, life: timedelta, network: str | None, device: str = "") -> str:
    """Begin a session and return its token, to be kept in a cookie and nowhere else."""
    token = secrets.token_urlsafe(32)
    now = clock.now()
    session.add(
        LoginSession(
            token_hash=_hashed(token),
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
    return session.scalars(select(LoginSession).where(*living_with(holder, token))).one_or_none()


def living_with(holder: Holder, token: str) -> tuple[ColumnElement[bool], ...]:
    """Conditions: the living session of a token."""
    return (
        LoginSession.token_hash == _hashed(token),
        LoginSession.holder == holder,
        LoginSession.ended_at.is_(None),
        LoginSession.expires_at > clock.now(),
    )


def needs_touch(row: LoginSession) -> bool:
    return row.seen_at < clock.now() - SEEN_EVERY


def touch(holder: Holder, token: str, life: timedelta) -> None:
    """Note that a session is in use and let it live on."""
    row = find(holder, token)
    if row:
        row.seen_at = clock.now()
        row.expires_at = clock.now() + life


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
        query = query.where(LoginSession.token_hash != _hashed(token))
    session.execute(query.values(ended_at=clock.now()).execution_options(synchronize_session=False))


def is_of(row: LoginSession, token: str) -> bool:
    return row.token_hash == _hashed(token)


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
