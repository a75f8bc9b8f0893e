"""People: found by their normalised address, their data sealed under their own key."""

import unicodedata
from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import actor, clock, references, sealing
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.entering import enter
from backoffice.core.errors import NotFound
from backoffice.core.looks import look
from backoffice.core.sealing import Sealed
from backoffice.customers import finding
from backoffice.customers.models import Person

_BY_REF = select(Person).where(Person.ref == bindparam("ref"))
_BY_EMAIL = select(Person.id).where(Person.email == bindparam("email"))


def normalised(email: str) -> str:
    """How an address is compared: trimmed, lower case (the local part too; nobody relies on its case), its domain without
    letters that only look otherwise."""
    local, at, domain = email.strip().rpartition("@")
    return local.lower() + at + unicodedata.normalize("NFKC", domain).lower()


def welcome(email: str, name: str) -> Person:
    """The person behind an address, created on first sight; a guest's new name does not overwrite the old one."""
    return find(email) or create(email, name)


def create(email: str, name: str, phone: str = "") -> Person:
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
        barred_at=None,
        barred_because="",
    )
    enter(person)
    sealed: dict[str, Any] = seal_all(person, {"email": address, "name": person.name})
    audit.record(Tag.PERSON_CREATED, person, by=actor.customer(person.ref), **sealed)
    finding.learn(person, finding.words_of(person.name, phone), is_new=True)
    return person


def bar(person: Person, *, by: Actor, reason: str) -> bool:
    """Sell nothing to a customer online any more; False if it was so. Open orders go on."""
    if person.barred_at is not None:
        return False
    person.barred_at, person.barred_because = clock.now(), reason
    audit.record(Tag.PERSON_BARRED, person, by=by, reason=reason, barred=(False, True))
    return True


def admit(person: Person, *, by: Actor, reason: str) -> bool:
    """Sell to a barred customer again; False if they were not barred."""
    if person.barred_at is None:
        return False
    person.barred_at, person.barred_because = None, ""
    audit.record(Tag.PERSON_ADMITTED, person, by=by, reason=reason, barred=(True, False))
    return True


def seal(person: Person, field: str, value: str) -> Sealed:
    """A personal value as the audit log may keep it."""
    return seal_all(person, {field: value})[field]


def seal_all(person: Person, values: Mapping[str, str]) -> dict[str, Sealed]:
    """Several of one person, by the names of their fields."""
    ciphers = sealing.seal_all(person.wrapped_key, values)
    return {field: Sealed(person.ref, field, cipher) for field, cipher in ciphers.items()}


def get(person_id: int) -> Person:
    return session.get_one(Person, person_id)


def by_ref(ref: str) -> Person:
    """Raises NotFound."""
    person = session.scalars(_BY_REF, {"ref": ref}).one_or_none()
    if person is None:
        raise NotFound("customer")
    return person


def find(email: str) -> Person | None:
    known = look(_BY_EMAIL, email=normalised(email)).scalar_one_or_none()
    return None if known is None else get(known)
