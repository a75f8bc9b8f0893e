"""A customer's account gets another e-mail address: proved by a link sent to the new one, told to the old one. What is
answered never tells whether the new address is known here."""

import hashlib
from typing import Any

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import actor, clock, links, units
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.customers import accounts
from backoffice.customers import service as customers
from backoffice.customers.accounts import LINK_EVERY, LINK_LIFE, WrongPassword
from backoffice.customers.models import Person
from backoffice.entities import service as entities
from backoffice.logins import passwords, throttle
from backoffice.logins.models import Holder
from backoffice.mail import service as mail
from backoffice.tasks import service as tasks


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
        throttle.forgive(Holder.CUSTOMER, present, network)
        tasks.schedule("accounts.prove", person_ref=person_ref, email=wanted)

    units.write(write)


def prove(person_ref: str, email: str) -> None:
    """The task: the link to the new address; where it belongs to somebody, a mail that says so to them."""
    person = customers.by_ref(person_ref)
    holder = customers.find(email)
    if holder and holder.id == person.id:
        return  # it was changed meanwhile
    if holder:
        _send("email_taken", holder, email, login=links.absolute("/account/login"))
        return
    token = links.sign("email", f"{person.ref}:{_mark(person)}:{email}", LINK_LIFE)
    _send("email_proof", person, email, link=links.absolute("/account/email/" + token), wanted=email)


def by_link(token: str) -> tuple[Person, str]:
    """Whose account a link is about, and the address that it proves. Raises NotFound for an altered, expired or used one."""
    ref, _, rest = links.unsign("email", token).partition(":")
    mark, _, email = rest.partition(":")
    person = customers.by_ref(ref)
    if _mark(person) != mark:
        raise NotFound("link any more")
    return person, email


def use(token: str) -> Person:
    """Use a link: the account has the new address from now on, older links of it end, and the old address is told. Raises
    NotFound, AddressTaken."""
    person, email = by_link(token)
    person = accounts.lock(person)
    by_link(token)  # of two that use one link at once, the second finds it used
    if customers.find(email):
        raise AddressTaken
    by = actor.customer(person.ref)
    before = person.email
    person.email, person.verified_at = email, clock.now()
    sealed = (customers.seal(person, "email", before), customers.seal(person, "email", email))
    audit.record(Tag.ACCOUNT_CHANGED, person, by=by, email=sealed)
    _send("email_changed", person, before, now=email)
    return person


def _send(template: str, person: Person, to: str, **facts: Any) -> None:
    slot = int(clock.now().timestamp()) // LINK_EVERY
    key = f"{template}:{person.ref}:{hashlib.sha256(to.encode()).hexdigest()[:12]}:{slot}"
    mail.queue(template, to=to, about=person, key=key, person=person, entity=entities.seller(), **facts)


def _mark(person: Person) -> str:
    """Changes with the address, the password and every use of a link."""
    told = f"email:{person.ref}:{person.email}:{person.password_hash}:{person.verified_at}"
    return hashlib.sha256(told.encode()).hexdigest()[:12]
