"""Staff accounts, logins and sessions. Logins are throttled by counts in the database, so Redis may be away."""

import hashlib
import secrets
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import actor, clock, references, units
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError
from backoffice.core.tracking import Subject
from backoffice.staff.models import LoginFailure, StaffMember, StaffSession

WINDOW = timedelta(minutes=15)
MOST_PER_ADDRESS = 5
MOST_PER_NETWORK = 50
SESSION_LIFE = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=5)  # how often a session notes that it was seen
SHORTEST_PASSWORD = 12

_hasher = PasswordHasher()
_DECOY = _hasher.hash(secrets.token_hex(16))  # an unknown address costs as much time as a wrong password


class WrongLogin(CounterfoilError):
    status = 401

    def __init__(self) -> None:
        super().__init__("This address and password do not belong together. Check both and try again.")


class TooManyAttempts(CounterfoilError):
    status = 429

    def __init__(self) -> None:
        minutes = int(WINDOW.total_seconds() // 60)
        super().__init__(f"Too many attempts. Wait {minutes} minutes, then try again.")


class WeakPassword(CounterfoilError):
    def __init__(self) -> None:
        super().__init__(f"Choose a password of at least {SHORTEST_PASSWORD} characters that is not your address.")


class AddressTaken(CounterfoilError):
    status = 409

    def __init__(self, email: str) -> None:
        super().__init__(f"{email} has a staff account already.")


def create(email: str, name: str, password: str, *, by: Actor) -> StaffMember:
    """Create a staff account. Raises WeakPassword, AddressTaken."""
    address = email.strip().lower()
    if len(password) < SHORTEST_PASSWORD or password.lower() == address:
        raise WeakPassword
    if _find(address):
        raise AddressTaken(address)
    member = StaffMember(
        ref=references.new("stf"),
        email=address,
        name=name.strip(),
        password_hash=_hasher.hash(password),
        active=True,
        created_at=clock.now(),
    )
    session.add(member)
    audit.record(Tag.STAFF_CREATED, member, by=by, active=True)
    return member


def log_in(email: str, password: str, network: str | None) -> str:
    """Check a login and return the token of a new session, to be kept in a cookie.

    Raises WrongLogin (the same for unknown addresses and wrong passwords) and TooManyAttempts. Opens its own units,
    because a refusal is a fact that must be committed."""
    address = email.strip().lower()[:254]
    keys = [f"a:{_hashed(address)}", f"n:{network or 'unknown'}"]
    units.write(lambda: _count_attempt(keys))  # before the password is looked at: many at once cannot slip through
    with units.read():
        if _is_throttled(keys):
            raise TooManyAttempts
        member = _find(address)
        stored = member.password_hash if member and member.active else _DECOY
        member_id = member.id if member and member.active else None
    right = _matches(stored, password)  # slow on purpose, so outside any unit
    if member_id is None or not right:
        units.write(lambda: _note_refusal(member_id))
        raise WrongLogin
    return units.write(lambda: _open_session(member_id, password, network, keys[0]))


def log_out(token: str) -> None:
    found = _session(token)
    if found:
        row, member = found
        row.ended_at = clock.now()
        audit.record(Tag.STAFF_LOGGED_OUT, member, by=actor.staff(member.ref))


def by_token(token: str) -> StaffMember | None:
    """Who a session token belongs to; None when it is unknown, ended or expired, or the account is closed."""
    found = _session(token)
    return found[1] if found else None


def needs_touch(token: str) -> bool:
    found = _session(token)
    return found is not None and found[0].seen_at < clock.now() - SEEN_EVERY


def touch(token: str) -> None:
    """Note that a session is in use and let it live on."""
    found = _session(token)
    if found:
        found[0].seen_at = clock.now()
        found[0].expires_at = clock.now() + SESSION_LIFE


def names(refs: set[str]) -> dict[str, str]:
    """The names behind staff references."""
    return {m.ref: m.name for m in session.scalars(select(StaffMember).where(StaffMember.ref.in_(refs)))}


def _find(address: str) -> StaffMember | None:
    return session.scalars(select(StaffMember).where(StaffMember.email == address)).one_or_none()


def _session(token: str) -> tuple[StaffSession, StaffMember] | None:
    row = session.execute(
        select(StaffSession, StaffMember)
        .join(StaffMember, StaffMember.id == StaffSession.staff_id)
        .where(
            StaffSession.token_hash == _hashed(token),
            StaffSession.ended_at.is_(None),
            StaffSession.expires_at > clock.now(),
            StaffMember.active.is_(True),
        )
    ).one_or_none()
    return (row[0], row[1]) if row else None


def _is_throttled(keys: list[str]) -> bool:
    rows = session.execute(
        select(LoginFailure.key, func.count())
        .where(LoginFailure.key.in_(keys), LoginFailure.at > clock.now() - WINDOW)
        .group_by(LoginFailure.key)
    )
    counts = {row[0]: int(row[1]) for row in rows}
    return counts.get(keys[0], 0) > MOST_PER_ADDRESS or counts.get(keys[1], 0) > MOST_PER_NETWORK


def _count_attempt(keys: list[str]) -> None:
    session.execute(delete(LoginFailure).where(LoginFailure.at < clock.now() - 2 * WINDOW))
    session.add_all(LoginFailure(key=key, at=clock.now()) for key in keys)


def _note_refusal(member_id: int | None) -> None:
    if member_id:
        member = session.get_one(StaffMember, member_id)
        audit.record(Tag.STAFF_LOGIN_REFUSED, member, by=actor.SYSTEM)  # who tried is not known
    else:
        audit.record(Tag.STAFF_LOGIN_REFUSED, Subject("staff", 0, "unknown"), by=actor.SYSTEM)


def _open_session(member_id: int, password: str, network: str | None, key: str) -> str:
    member = session.get_one(StaffMember, member_id)
    if _hasher.check_needs_rehash(member.password_hash):
        member.password_hash = _hasher.hash(password)
    session.execute(delete(LoginFailure).where(LoginFailure.key == key))
    token = secrets.token_urlsafe(32)
    now = clock.now()
    session.add(
        StaffSession(
            token_hash=_hashed(token),
            staff_id=member.id,
            created_at=now,
            seen_at=now,
            expires_at=now + SESSION_LIFE,
            ended_at=None,
            network=network,
        )
    )
    audit.record(Tag.STAFF_LOGGED_IN, member, by=actor.staff(member.ref))
    return token


def _matches(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
