"""Logins of staff and their sessions, and who is who."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, or_, select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import actor, clock, units
from backoffice.core.db import session
from backoffice.core.errors import NotFound
from backoffice.core.looks import look
from backoffice.core.tracking import Subject
from backoffice.logins import passwords, sessions, throttle
from backoffice.logins.models import Holder, LoginSession
from backoffice.logins.passwords import WrongLogin
from backoffice.staff.models import SavedView, StaffMember
from backoffice.staff.roles import Role
from backoffice.staff.saved_views import View

SESSION_LIFE = timedelta(hours=12)

_MINE = SavedView.owner_id == StaffMember.id
_AT_DESK = SavedView.desk == bindparam("desk")
_ENTERED = (
    select(
        StaffMember.id, StaffMember.ref, StaffMember.name, StaffMember.role, LoginSession.seen_at,
        SavedView.desk, SavedView.opens, SavedView.ref, SavedView.owner_id, SavedView.name, SavedView.query,
    )
    .join(StaffMember, StaffMember.id == LoginSession.holder_id)
    .outerjoin(SavedView, or_(and_(_MINE, SavedView.opens), and_(_AT_DESK, or_(_MINE, SavedView.shared))))
    .where(*sessions.LIVING, StaffMember.active)
)  # fmt: skip


@dataclass(frozen=True)
class Entered:
    """A colleague who is logged in."""

    subject: Subject
    name: str
    role: Role
    seen_at: datetime
    openings: Mapping[str, str]  # desk → the query they chose that it opens with
    views: Sequence[View]  # of the desk that was asked for: their own and those that others share, by name


def log_in(email: str, password: str, network: str | None, device: str = "") -> str:
    """Check a login and return the token of a new session, to be kept in a cookie.

    Raises WrongLogin (the same for unknown addresses and wrong passwords) and TooManyAttempts. Opens its own units,
    because a refusal is a fact that must be committed."""
    address = email.strip().lower()[:254]
    throttle.count(Holder.STAFF, address, network)
    with units.read():
        member = find(address)
        known = member if member and member.active and member.password_hash else None
        stored, member_id = (known.password_hash, known.id) if known else (None, None)
    right = passwords.fits(stored, password)
    if member_id is None or not right:
        units.write(lambda: _note_refusal(member_id))
        raise WrongLogin
    return units.write(lambda: _log_in(member_id, stored, password, network, device))


def log_out(token: str) -> None:
    row = sessions.find(Holder.STAFF, token)
    member = session.get(StaffMember, row.holder_id) if row else None
    if row and member:
        row.ended_at = clock.now()
        audit.record(Tag.STAFF_LOGGED_OUT, member, by=actor.staff(member.ref))


def by_token(token: str, desk: str = "") -> Entered | None:
    """Who a session token belongs to, in one look, with the views of a desk; None when it is unknown, ended or expired, or the
    account is closed."""
    rows = look(_ENTERED, token_hash=sessions.hashed(token), holder=Holder.STAFF, desk=desk).all()
    if not rows:
        return None
    member_id, ref, name, role, seen_at, *_ = rows[0]
    kept = [(at, opens, View(*view)) for _, _, _, _, _, at, opens, *view in rows if at is not None]
    return Entered(
        Subject(StaffMember.subject_kind, member_id, ref),
        name,
        role,
        seen_at,
        {at: view.query for at, opens, view in kept if opens and view.owner_id == member_id},
        sorted((view for at, _opens, view in kept if at == desk), key=lambda view: (view.name.casefold(), view.ref)),
    )


def touch(token: str) -> None:
    """Note that a session is in use and let it live on."""
    sessions.touch(Holder.STAFF, token, SESSION_LIFE)


def find(address: str) -> StaffMember | None:
    return session.scalars(select(StaffMember).where(StaffMember.email == address)).one_or_none()


def by_ref(ref: str) -> StaffMember:
    member = session.scalars(select(StaffMember).where(StaffMember.ref == ref)).one_or_none()
    if member is None:
        raise NotFound("colleague")
    return member


def refs_like(words: str, *, addresses: bool) -> list[str]:
    """References of colleagues whose name, or a part of it, begins with these words, in whatever case; their ``addresses`` too,
    for whoever may see them."""
    start = words.lower()
    everybody = session.execute(select(StaffMember.ref, StaffMember.name, StaffMember.email))
    return [
        ref
        for ref, name, email in everybody
        if any(text.lower().startswith(start) for text in (name, *name.split(), *([email] if addresses else [])))
    ]


def names(refs: set[str]) -> dict[str, str]:
    """The names behind staff references."""
    return {m.ref: m.name for m in session.scalars(select(StaffMember).where(StaffMember.ref.in_(refs)))}


def _note_refusal(member_id: int | None) -> None:
    if member_id:
        member = session.get_one(StaffMember, member_id)
        audit.record(Tag.STAFF_LOGIN_REFUSED, member, by=actor.SYSTEM)  # who tried is not known
    else:
        audit.record(Tag.STAFF_LOGIN_REFUSED, Subject("staff", 0, "unknown"), by=actor.SYSTEM)


def _log_in(member_id: int, stored: str | None, password: str, network: str | None, device: str) -> str:
    member = session.get_one(StaffMember, member_id)
    if not member.active or member.password_hash != stored:
        raise WrongLogin  # the account was closed, or its password changed, while we looked
    member.password_hash = passwords.renewed(member.password_hash, password) or member.password_hash
    return open_session(member, network, device)


def open_session(member: StaffMember, network: str | None, device: str) -> str:
    """Begin a session of somebody who has just proved who they are; its token."""
    throttle.forgive(Holder.STAFF, member.email, network)
    token = sessions.open_for(Holder.STAFF, member.id, life=SESSION_LIFE, network=network, device=device)
    audit.record(Tag.STAFF_LOGGED_IN, member, by=actor.staff(member.ref))
    return token
