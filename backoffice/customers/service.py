"""People: found by their normalised address, their data sealed under their own key."""

from sqlalchemy import select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import actor, clock, references, sealing
from backoffice.core.db import session
from backoffice.core.errors import NotFound
from backoffice.core.sealing import Sealed
from backoffice.customers.models import Person


def normalised(email: str) -> str:
    """How an address is compared: trimmed, lower case (the local part too; nobody relies on its case)."""
    return email.strip().lower()


def welcome(email: str, name: str) -> Person:
    """The person behind an address, created on first sight; a guest's new name does not overwrite the old one."""
    return find(email) or create(email, name)


def create(email: str, name: str) -> Person:
    """A person nobody has seen before; the address is unique."""
    address = normalised(email)
    person = Person(
        ref=references.new("per"),
        email=address,
        name=name.strip(),
        wrapped_key=sealing.new_wrapped_key(),
        password_hash=None,
        verified_at=None,
        created_at=clock.now(),
    )
    session.add(person)
    audit.record(
        Tag.PERSON_CREATED,
        person,
        by=actor.customer(person.ref),
        email=seal(person, "email", address),
        name=seal(person, "name", person.name),
    )
    return person


def seal(person: Person, field: str, value: str) -> Sealed:
    """A personal value as the audit log may keep it."""
    return Sealed(person.ref, field, sealing.seal(person.wrapped_key, value))


def get(person_id: int) -> Person:
    return session.get_one(Person, person_id)


def by_ref(ref: str) -> Person:
    """Raises NotFound."""
    person = session.scalars(select(Person).where(Person.ref == ref)).one_or_none()
    if person is None:
        raise NotFound("customer")
    return person


def find(email: str) -> Person | None:
    return session.scalars(select(Person).where(Person.email == normalised(email))).one_or_none()
