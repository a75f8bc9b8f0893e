"""Accounts of staff: made or invited, given a role, closed and opened again. An account is never deleted: what its
holder did keeps its author."""

import hashlib
from datetime import timedelta

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import actor, clock, links, references, units
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.core.typed import tidy
from backoffice.logins import passwords, sessions
from backoffice.logins.models import Holder
from backoffice.staff import service as staff
from backoffice.staff.models import StaffMember
from backoffice.staff.roles import Role

SHORTEST_PASSWORD = 12
LINK_LIFE = timedelta(days=3)


class AddressTaken(CounterfoilError):
    status = 409

    def __init__(self, email: str) -> None:
        super().__init__(f"{email} has a staff account already.")


class NoAddress(CounterfoilError):
    status = 422

    def __init__(self) -> None:
        super().__init__("Name a colleague and an e-mail address.")


class LastAdministrator(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__(
            "This is the last administrator. Make somebody else one first, or nobody could let anybody in."
        )


class NotYourself(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__("You cannot change your own role or close your own account. Ask another administrator.")


def create(email: str, name: str, password: str, *, by: Actor, role: Role = Role.ADMINISTRATOR) -> StaffMember:
    """Create an account with a password. Raises WeakPassword, AddressTaken, NoAddress."""
    hashed = passwords.make(password, email.strip().lower(), SHORTEST_PASSWORD)
    return _add(email, name, hashed, role, by)


def invite(email: str, name: str, role: Role, *, by: Actor) -> StaffMember:
    """Create an account without a password: its holder chooses one behind a link. Raises AddressTaken, NoAddress."""
    return _add(email, name, "", role, by)


def link_for(member: StaffMember) -> str:
    """Where the holder of an account chooses a password: once, within three days."""
    return links.absolute("/admin/welcome/" + links.sign("staff", f"{member.ref}:{_mark(member)}", LINK_LIFE))


def by_link(token: str) -> StaffMember:
    """Whose link it is. Raises NotFound for an altered, expired or used one, and for a closed account."""
    ref, _, mark = links.unsign("staff", token).partition(":")
    member = staff.by_ref(ref)
    if not member.active or _mark(member) != mark:
        raise NotFound("link any more")
    return member


def set_password(token: str, password: str, *, network: str | None, device: str) -> str:
    """Use a link: the password is set, other sessions end, and the token of a new one is returned.

    Raises NotFound, WeakPassword. Opens its own units, because hashing is slow."""
    with units.read():
        address = by_link(token).email
    hashed = passwords.make(password, address, SHORTEST_PASSWORD)

    def use() -> str:
        member = _lock(by_link(token))
        by_link(token)  # of two that use one link at once, the second finds it used
        member.password_hash = hashed
        audit.record(Tag.STAFF_PASSWORD_SET, member, by=actor.staff(member.ref))
        sessions.end_others(Holder.STAFF, member.id, None)
        return staff.open_session(member, network, device)

    return units.write(use)


def change_role(member: StaffMember, role: Role, *, by: Actor, reason: str) -> None:
    """Give another role. Raises NotYourself, LastAdministrator. It counts from the next page on."""
    _lock(member)
    if member.role == role:
        return
    _not_oneself(member, by)
    if member.role == Role.ADMINISTRATOR:
        _one_stays(member)
    before, member.role = member.role, role
    audit.record(Tag.STAFF_ROLE_CHANGED, member, by=by, reason=reason, role=(before, role))


def close(member: StaffMember, *, by: Actor, reason: str) -> None:
    """Close an account: its sessions and links end at once. Raises NotYourself, LastAdministrator."""
    _lock(member)
    if not member.active:
        return
    _not_oneself(member, by)
    if member.role == Role.ADMINISTRATOR:
        _one_stays(member)
    member.active = False
    member.link_round += 1
    sessions.end_others(Holder.STAFF, member.id, None)
    audit.record(Tag.STAFF_CLOSED, member, by=by, reason=reason, active=(True, False))


def reopen(member: StaffMember, *, by: Actor, reason: str) -> None:
    """Open a closed account again; its old password counts, its old sessions do not."""
    _lock(member)
    if not member.active:
        member.active = True
        audit.record(Tag.STAFF_REOPENED, member, by=by, reason=reason, active=(False, True))


def end_sessions(member: StaffMember, *, by: Actor, reason: str) -> None:
    """Log somebody out everywhere: a lost laptop. Links in mails that lie on it end, too."""
    _lock(member)
    member.link_round += 1
    sessions.end_others(Holder.STAFF, member.id, None)
    audit.record(Tag.STAFF_SESSIONS_ENDED, member, by=by, reason=reason)


def _add(email: str, name: str, hashed: str, role: Role, by: Actor) -> StaffMember:
    address, name = email.strip().lower(), tidy(name) or ""
    if not name or not _is_address(address):
        raise NoAddress
    if staff.find(address):
        raise AddressTaken(address)
    member = StaffMember(
        ref=references.new("stf"),
        email=address,
        name=name,
        role=role,
        password_hash=hashed,
        active=True,
        link_round=0,
        created_at=clock.now(),
    )
    session.add(member)
    audit.record(Tag.STAFF_CREATED, member, by=by, active=True, role=role)
    return member


def _is_address(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return len(text) <= 254


def _lock(member: StaffMember) -> StaffMember:
    query = select(StaffMember).where(StaffMember.id == member.id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()


def _not_oneself(member: StaffMember, by: Actor) -> None:
    if by == actor.staff(member.ref):
        raise NotYourself


def _one_stays(member: StaffMember) -> None:
    """Two administrators who close each other at once wait for each other here: the second finds itself the last."""
    able = (StaffMember.role == Role.ADMINISTRATOR, StaffMember.active, StaffMember.password_hash != "")
    query = select(StaffMember.id).where(*able)  # an invited colleague who chose no password lets nobody in
    if not set(session.scalars(query.order_by(StaffMember.id).with_for_update())) - {member.id}:
        raise LastAdministrator


def _mark(member: StaffMember) -> str:
    """Changes with every use of a link, so that each works once; with the role, which no old link is to open; and with what
    ends all of them."""
    told = f"{member.ref}:{member.password_hash}:{member.role}:{member.link_round}"
    return hashlib.sha256(told.encode()).hexdigest()[:12]
