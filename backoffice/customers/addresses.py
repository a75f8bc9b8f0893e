"""The addresses a customer keeps."""

from sqlalchemy import select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import clock, references
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.customers import service as customers
from backoffice.customers.models import Address, Person, SavedAddress

MOST = 20


class TooManyAddresses(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__("You keep %(most)s addresses already. Remove one first.", most=MOST)


def of(person: Person) -> list[SavedAddress]:
    """The preferred one first."""
    query = select(SavedAddress).where(SavedAddress.person_id == person.id)
    return list(session.scalars(query.order_by(SavedAddress.preferred.desc(), SavedAddress.id.desc())))


def keep(person: Person, data: Address, *, by: Actor) -> SavedAddress:
    """Keep an address; one that is there already is not kept twice. Raises TooManyAddresses."""
    known = of(person)
    for row in known:
        if _data(row) == data:
            return row
    if len(known) >= MOST:
        raise TooManyAddresses
    row = SavedAddress(
        ref=references.new("adr"),
        person=person,
        name=data.name,
        street=data.street,
        postcode=data.postcode,
        city=data.city,
        country=data.country,
        preferred=not known,
        created_at=clock.now(),
    )
    session.add(row)
    audit.record(Tag.ACCOUNT_CHANGED, person, by=by, address=customers.seal(person, "address", str(data)))
    return row


def change(person: Person, ref: str, data: Address, *, by: Actor) -> None:
    """Raises NotFound for somebody else's."""
    row = one(person, ref)
    before = _data(row)
    row.name, row.street, row.postcode, row.city, row.country = (
        data.name, data.street, data.postcode, data.city, data.country,
    )  # fmt: skip
    sealed = (customers.seal(person, "address", str(before)), customers.seal(person, "address", str(data)))
    audit.record(Tag.ACCOUNT_CHANGED, person, by=by, address=sealed)


def prefer(person: Person, ref: str, *, by: Actor) -> None:
    """Offer this one first."""
    chosen = one(person, ref)
    for row in of(person):
        row.preferred = row.id == chosen.id
    audit.record(Tag.ACCOUNT_CHANGED, person, by=by, reason="another address is offered first")


def remove(person: Person, ref: str, *, by: Actor) -> None:
    row = one(person, ref)
    sealed = customers.seal(person, "address", str(_data(row)))
    session.delete(row)
    audit.record(Tag.ACCOUNT_CHANGED, person, by=by, address=(sealed, None))
    left = [item for item in of(person) if item.id != row.id]
    if row.preferred and left:
        left[0].preferred = True


def one(person: Person, ref: str) -> SavedAddress:
    """Raises NotFound for an unknown one or somebody else's."""
    row = session.scalars(
        select(SavedAddress).where(SavedAddress.ref == ref, SavedAddress.person_id == person.id)
    ).one_or_none()
    if row is None:
        raise NotFound("address")
    return row


def _data(row: SavedAddress) -> Address:
    return Address(row.name, row.street, row.postcode, row.city, row.country)
