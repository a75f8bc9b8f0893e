"""A customer's account gets another e-mail address: proved by a link sent to the new one, told to the old one. What is
answered never tells whether the new address is known here."""

import hashlib
from datetime import timedelta
from typing import Any

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import actor, clock, links, units
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.customers import accounts, finding
from backoffice.customers import service as customers
from backoffice.customers.accounts import LINK_EVERY, LINK_LIFE, WrongPassword
from backoffice.customers.models import Person
from backoffice.entities import service as entities
from backoffice.logins import passwords, sessions, throttle
from backoffice.logins.models import Holder
from backoffice.mail import service as mail
from backoffice.tasks import service as tasks

TEMPLATES = ("email_proof", "email_taken")
MOST_A_DAY = 3  # of these mails to one address


class SameAddress(CounterfoilError):
    status = 422

    def __init__(self) -> None:
        super().__init__("This is the address that your account has already.")


class AddressTaken(CounterfoilError):
    """Somebody ordered with the new address since the link was sent."""

    status = 409

    def __init__(self) -> None:
        super().__init__(
            "This address belongs to somebody else here meanwhile. Write to us, and we will look at it together."
        )


def ask(person_ref: str, email: str, password: str, *, network: str | None) -> None:
    """Let the link be sent that proves the new address. Raises SameAddress, WrongPassword, TooManyAttempts. Opens its own
    units, because hashing is slow."""
    with units.read():
        person = customers.by_ref(person_ref)
        stored, present = person.password_hash, person.email
    wanted = customers.normalised(email)
    if wanted == present:
        raise SameAddress
    throttle.count(Holder.CUSTOMER, present, network)
    if not passwords.fits(stored, password):
        raise WrongPassword

    def write() -> None:
        known = accounts.lock(customers.by_ref(person_ref))
        if known.password_hash != stored:
            raise WrongPassword  # it was changed while we looked
        throttle.forgive(Holder.CUSTOMER, present, network)
        tasks.schedule("accounts.prove", person_ref=person_ref, email=wanted, mark=_mark(known))

    units.write(write)


def prove(person_ref: str, email: str, mark: str) -> None:
    """The task: the link to the new address; where it belongs to somebody, a mail that says so to them. An address gets few of
    these a day, whoever asks: it may be a stranger's."""
    person = customers.by_ref(person_ref)
    holder = customers.find(email)
    since = clock.now() - timedelta(days=1)
    if mark != _mark(person) or mail.count_to(email, TEMPLATES, since=since) >= MOST_A_DAY:
        return
    if holder and holder.id != person.id:
        _send("email_taken", holder, email, login=links.absolute("/account/login"))
    elif not holder:
        token = links.sign("email", f"{person.ref}:{mark}:{email}", LINK_LIFE)
        _send("email_proof", person, email, link=links.absolute("/account/email/" + token), wanted=email)


def by_link(token: str) -> tuple[Person, str]:
    """Whose account a link is about, and the address that it proves. Raises NotFound for an altered, expired or used one."""
    ref, mark, email = _told_by(token)
    person = customers.by_ref(ref)
    if _mark(person) != mark:
        raise NotFound("link any more")
    return person, email


def was_used(token: str, person_ref: str) -> bool:
    """Whether a link of this customer has done its work: the account has the address that it proves. Opens its own unit."""
    ref, _mark_then, email = _told_by(token)
    with units.read():
        return ref == person_ref and customers.by_ref(ref).email == email


def use(token: str, person_ref: str, session_token: str) -> Person:
    """Use a link, as the customer who asked for it and is logged in (``session_token``): nobody gives their address to the
    account of somebody else by a click. The account has the new address from now on, older links of it and other sessions
    end, and the old address is told. Raises NotFound, AddressTaken."""
    person, email = by_link(token)
    if person.ref != person_ref:
        raise NotFound("link any more")
    person = accounts.lock(person)
    by_link(token)  # of two that use one link at once, the second finds it used
    if customers.find(email):
        raise AddressTaken
    by = actor.customer(person.ref)
    before = person.email
    person.email, person.verified_at = email, clock.now()
    finding.learn(person, [finding.formerly(before)], is_new=False)
    sealed = (customers.seal(person, "email", before), customers.seal(person, "email", email))
    audit.record(Tag.ACCOUNT_CHANGED, person, by=by, email=sealed)
    sessions.end_others(Holder.CUSTOMER, person.id, session_token)
    _send("email_changed", person, before, now=email)
    return person


def _send(template: str, person: Person, to: str, **facts: Any) -> None:
    """One mail of a kind to an address in so long for one asking; a new password asks anew."""
    slot = int(clock.now().timestamp()) // LINK_EVERY
    key = f"{template}:{hashlib.sha256(to.encode()).hexdigest()[:24]}:{_mark(person)}:{slot}"
    mail.queue(template, to=to, about=person, key=key, person=person, entity=entities.seller(), **facts)


def _told_by(token: str) -> tuple[str, str, str]:
    """What a link says: whose account, its mark when it was sent, and the address. Raises NotFound."""
    ref, _, rest = links.unsign("email", token).partition(":")
    mark, _, email = rest.partition(":")
    return ref, mark, email


def _mark(person: Person) -> str:
    """Changes with the address, the password and every use of a link."""
    told = f"email:{person.ref}:{person.email}:{person.password_hash}:{person.verified_at}"
    return hashlib.sha256(told.encode()).hexdigest()[:12]
