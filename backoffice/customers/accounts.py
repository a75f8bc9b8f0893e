"""Accounts of customers: an address is proved by a link sent to it, then a password opens it. What is answered to a
stranger never tells whether an account exists."""

import hashlib
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.core import actor, clock, links, units
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.core.looks import look
from backoffice.customers import addresses, finding
from backoffice.customers import service as customers
from backoffice.customers.models import Person
from backoffice.entities import service as entities
from backoffice.logins import passwords, sessions, throttle
from backoffice.logins.models import Holder, LoginSession
from backoffice.logins.passwords import WrongLogin
from backoffice.mail import service as mail
from backoffice.tasks import service as tasks

SHORTEST_PASSWORD = 10
SESSION_LIFE = timedelta(days=30)
LINK_LIFE = timedelta(hours=24)
LINK_EVERY = 120  # seconds: one mail with a link per address in so long


class Entered(NamedTuple):
    """A customer who is logged in."""

    person_id: int
    ref: str
    name: str
    email: str
    seen_at: datetime


_ENTERED = (
    select(Person.id, Person.ref, Person.name, Person.email, LoginSession.seen_at)
    .join(Person, Person.id == LoginSession.holder_id)
    .where(*sessions.LIVING)
)


class WrongPassword(CounterfoilError):
    status = 422

    def __init__(self) -> None:
        super().__init__("This is not your present password.")


def register(email: str, name: str) -> None:
    """Let the link be sent that makes an account. Nothing is looked up here: whether there is an account shows neither
    in the answer nor in how long it takes."""
    tasks.schedule("accounts.invite", email=customers.normalised(email), called=name.strip())


def forgot(email: str) -> None:
    """Let a link for a new password be sent; nothing is looked up here either."""
    tasks.schedule("accounts.remind", email=customers.normalised(email))


def invite(email: str, name: str) -> None:
    """The task: the link that makes an account; to an address that has one, a mail that says so."""
    person = customers.welcome(email, name)
    _send(person, "account_known" if person.has_account else "account_link")


def remind(email: str) -> None:
    """The task: a link for a new password, where there is an account; else nothing."""
    person = customers.find(email)
    if person and person.has_account:
        _send(person, "account_reset")


def by_link(token: str) -> Person:
    """Who a link was sent to. Raises NotFound for an altered, expired or used one."""
    ref, _, mark = links.unsign("account", token).partition(":")
    person = customers.by_ref(ref)
    if _mark(person) != mark:
        raise NotFound("link any more")
    return person


def set_password(token: str, password: str, *, network: str | None, device: str) -> tuple[str, str]:
    """Use a link: the address is proved, the password is set, other sessions end. Returns the new session's token and
    the person's reference. Raises NotFound, WeakPassword. Opens its own units, because hashing is slow."""
    with units.read():
        address = by_link(token).email
    hashed = passwords.make(password, address, SHORTEST_PASSWORD)

    def use() -> tuple[str, str]:
        person = lock(by_link(token))
        by_link(token)  # of two that use one link at once, the second finds it used
        before = person.has_account
        person.password_hash = hashed
        person.verified_at = person.verified_at or clock.now()
        by = actor.customer(person.ref)
        audit.record(Tag.ACCOUNT_PASSWORD_RESET if before else Tag.ACCOUNT_OPENED, person, by=by)
        sessions.end_others(Holder.CUSTOMER, person.id, None)
        throttle.forgive(Holder.CUSTOMER, person.email, network)
        return _open(person, network, device), person.ref

    return units.write(use)


def log_in(email: str, password: str, *, network: str | None, device: str) -> tuple[str, str]:
    """Check a login; the token of a new session and the person's reference. Raises WrongLogin (the same for unknown
    addresses and wrong passwords), TooManyAttempts. Opens its own units."""
    address = customers.normalised(email)[:254]
    throttle.count(Holder.CUSTOMER, address, network)
    with units.read():
        person = customers.find(address)
        stored = person.password_hash if person else None
        person_id = person.id if person else None
    if not passwords.fits(stored, password) or person_id is None:
        raise WrongLogin

    def enter() -> tuple[str, str]:
        known = lock(session.get_one(Person, person_id))
        if known.password_hash != stored:
            raise WrongLogin  # it was changed while we looked
        known.password_hash = passwords.renewed(known.password_hash or "", password) or known.password_hash
        throttle.forgive(Holder.CUSTOMER, known.email, network)
        audit.record(Tag.ACCOUNT_LOGGED_IN, known, by=actor.customer(known.ref))
        return _open(known, network, device), known.ref

    return units.write(enter)


def by_token(token: str) -> Entered | None:
    """Who a session token belongs to, in one look; None when it is unknown, ended or expired."""
    row = look(_ENTERED, token_hash=sessions.hashed(token), holder=Holder.CUSTOMER).first()
    return Entered._make(row) if row else None


def touch(token: str) -> None:
    sessions.touch(Holder.CUSTOMER, token, SESSION_LIFE)


def log_out(token: str) -> None:
    row = sessions.find(Holder.CUSTOMER, token)
    person = session.get(Person, row.holder_id) if row else None
    if row and person:
        row.ended_at = clock.now()
        audit.record(Tag.ACCOUNT_LOGGED_OUT, person, by=actor.customer(person.ref))


def end_session(person: Person, session_id: int, *, by: Actor) -> None:
    """End one of a customer's sessions, somewhere else. Raises NotFound for anybody else's."""
    row = session.get(LoginSession, session_id)
    if row is None or row.holder != Holder.CUSTOMER or row.holder_id != person.id:
        raise NotFound("session")
    row.ended_at = row.ended_at or clock.now()
    audit.record(Tag.ACCOUNT_LOGGED_OUT, person, by=by, reason="ended from another device")


def change_password(person_ref: str, old: str, new: str, *, token: str, network: str | None) -> None:
    """Replace the password; every other session ends. Nothing is done where the new one is in place already, as after a second
    press. Raises WrongPassword, WeakPassword, TooManyAttempts: whoever found an open session guesses no faster than anybody
    else. Opens its own units."""
    with units.read():
        person = customers.by_ref(person_ref)
        stored, address = person.password_hash, person.email
    throttle.count(Holder.CUSTOMER, address, network)
    if not passwords.fits(stored, old):
        if passwords.fits(stored, new):
            return
        raise WrongPassword
    hashed = passwords.make(new, address, SHORTEST_PASSWORD)

    def change() -> None:
        known = lock(customers.by_ref(person_ref))
        if known.password_hash != stored:
            raise WrongPassword  # it was changed while we looked
        known.password_hash = hashed
        throttle.forgive(Holder.CUSTOMER, known.email, network)
        sessions.end_others(Holder.CUSTOMER, known.id, token)
        audit.record(Tag.ACCOUNT_PASSWORD_CHANGED, known, by=actor.customer(known.ref))
        mail.queue(
            "account_password",
            to=known.email,
            about=known,
            key=f"account_password:{known.ref}:{int(clock.now().timestamp())}",
            **_facts(known),
        )

    units.write(change)


def rename(person: Person, name: str, *, by: Actor) -> None:
    before, person.name = person.name, name.strip()
    if before != person.name:
        sealed = (customers.seal(person, "name", before), customers.seal(person, "name", person.name))
        audit.record(Tag.ACCOUNT_CHANGED, person, by=by, name=sealed)
        finding.learn(person, finding.words_of(person.name), is_new=False)


def ask_to_delete(person: Person, *, by: Actor) -> None:
    """Note that a customer wants their account deleted: a person looks at what the law says must be kept. A mail says that
    the request is here, once for each."""
    case = cases.open_case(CaseKind.ACCOUNT_DELETION, person)
    audit.record(Tag.ACCOUNT_DELETION_ASKED, person, by=by)
    mail.queue(
        "deletion_asked",
        to=person.email,
        about=person,
        key=f"deletion_asked:{person.ref}:{case.ref}",
        by=by,
        **_facts(person),
    )


def close(person: Person, *, by: Actor, reason: str) -> bool:
    """Close an account: password, saved addresses and sessions go; orders and invoices stay as the law asks. A mail says
    so. False where there is none. The address can register anew; its orders are still its own."""
    cases.close(CaseKind.ACCOUNT_DELETION, person, because=f"The account was closed: {reason}")
    if not person.has_account:
        return False
    person.password_hash = None  # that the address was proved once stays: old links are not new again
    sessions.end_others(Holder.CUSTOMER, person.id, None)
    gone = addresses.of(person)
    for row in gone:
        session.delete(row)
    audit.record(Tag.ACCOUNT_CLOSED, person, by=by, reason=reason, addresses=(len(gone), 0))
    mail.queue(
        "account_closed",
        to=person.email,
        about=person,
        key=f"account_closed:{person.ref}:{int(clock.now().timestamp())}",
        by=by,
        **_facts(person),
    )
    return True


def wants_deletion(person: Person) -> bool:
    return any(case.kind == CaseKind.ACCOUNT_DELETION for case in cases.open_about([person.subject()]))


def lock(person: Person) -> Person:
    """The person's row as it is now, kept from others until the unit ends."""
    query = select(Person).where(Person.id == person.id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()


def _send(person: Person, template: str) -> None:
    slot = int(clock.now().timestamp()) // LINK_EVERY
    link = links.absolute("/account/password/" + links.sign("account", f"{person.ref}:{_mark(person)}", LINK_LIFE))
    if template == "account_known":
        link = links.absolute("/account/login")
    mail.queue(
        template, to=person.email, about=person, key=f"{template}:{person.ref}:{slot}", link=link, **_facts(person)
    )


def _facts(person: Person) -> dict[str, Any]:
    return {"person": person, "entity": entities.seller()}


def _mark(person: Person) -> str:
    """Changes with every use of a link, so that each works once, and with the address that it was sent to."""
    return hashlib.sha256(
        f"{person.ref}:{person.email}:{person.password_hash}:{person.verified_at}".encode()
    ).hexdigest()[:12]


def _open(person: Person, network: str | None, device: str) -> str:
    return sessions.open_for(Holder.CUSTOMER, person.id, life=SESSION_LIFE, network=network, device=device)
