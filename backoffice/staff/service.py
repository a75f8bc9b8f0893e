"""Staff accounts, and their logins and sessions."""

from datetime import timedelta

from sqlalchemy import select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import actor, clock, references, units
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError
from backoffice.core.tracking import Subject
from backoffice.logins import passwords, sessions, throttle
from backoffice.logins.models import Holder
from backoffice.logins.passwords import WrongLogin
from backoffice.staff.models import StaffMember

SESSION_LIFE = timedelta(hours=12)
SHORTEST_PASSWORD = 12


class AddressTaken(CounterfoilError):
    status = 409

    def __init__(self, email: str) -> None:
        super().__init__(f"{email} has a staff account already.")


def create(email: str, name: str, password: str, *, by: Actor) -> StaffMember:
    """Create a staff account. Raises WeakPassword, AddressTaken."""
    address = email.strip().lower()
    hashed = passwords.make(password, address, SHORTEST_PASSWORD)
    if _find(address):
        raise AddressTaken(address)
    member = StaffMember(
        ref=references.new("stf"),
        email=address,
        name=name.strip(),
        password_hash=hashed,
        active=True,
        created_at=clock.now(),
    )
    session.add(member)
    audit.record(Tag.STAFF_CREATED, member, by=by, active=True)
    return member


def log_in(email: str, password: str, network: str | None, device: str = "") -> str:
    """Check a login and return the token of a new session, to be kept in a cookie.

    Raises WrongLogin (the same for unknown addresses and wrong passwords) and TooManyAttempts. Opens its own units,
    because a refusal is a fact that must be committed."""
    address = email.strip().lower()[:254]
    throttle.count(Holder.STAFF, address, network)
    with units.read():
        member = _find(address)
        stored = member.password_hash if member and member.active else None
        member_id = member.id if member and member.active else None
    right = passwords.fits(stored, password)
    if member_id is None or not right:
        units.write(lambda: _note_refusal(member_id))
        raise WrongLogin
    return units.write(lambda: _open_session(member_id, password, network, device))


def log_out(token: str) -> None:
    row = sessions.find(Holder.STAFF, token)
    member = session.get(StaffMember, row.holder_id) if row else None
    if row and member:
        row.ended_at = clock.now()
        audit.record(Tag.STAFF_LOGGED_OUT, member, by=actor.staff(member.ref))


def by_token(token: str) -> StaffMember | None:
    """Who a session token belongs to; None when it is unknown, ended or expired, or the account is closed."""
    row = sessions.find(Holder.STAFF, token)
    member = session.get(StaffMember, row.holder_id) if row else None
    return member if member and member.active else None


def needs_touch(token: str) -> bool:
    row = sessions.find(Holder.STAFF, token)
    return row is not None and sessions.needs_touch(row)


def touch(token: str) -> None:
    """Note that a session is in use and let it live on."""
    sessions.touch(Holder.STAFF, token, SESSION_LIFE)


def names(refs: set[str]) -> dict[str, str]:
    """The names behind staff references."""
    return {m.ref: m.name for m in session.scalars(select(StaffMember).where(StaffMember.ref.in_(refs)))}


def _find(address: str) -> StaffMember | None:
    return session.scalars(select(StaffMember).where(StaffMember.email == address)).one_or_none()


def _note_refusal(member_id: int | None) -> None:
    if member_id:
        member = session.get_one(StaffMember, member_id)
        audit.record(Tag.STAFF_LOGIN_REFUSED, member, by=actor.SYSTEM)  # who tried is not known
    else:
        audit.record(Tag.STAFF_LOGIN_REFUSED, Subject("staff", 0, "unknown"), by=actor.SYSTEM)


def _open_session(member_id: int, password: str, network: str | None, device: str) -> str:
    member = session.get_one(StaffMember, member_id)
    member.password_hash = passwords.renewed(member.password_hash, password) or member.password_hash
    throttle.forgive(Holder.STAFF, member.email, network)
    token = sessions.open_for(Holder.STAFF, member.id, life=SESSION_LIFE, network=network, device=device)
    audit.record(Tag.STAFF_LOGGED_IN, member, by=actor.staff(member.ref))
    return token
