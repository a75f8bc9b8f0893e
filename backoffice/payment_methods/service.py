"""Kept ways to pay: found, preferred, removed. Nothing here asks the provider."""

from dataclasses import dataclass

from sqlalchemy import select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import clock, references
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import NotFound
from backoffice.core.ports import of_this_account, ports
from backoffice.core.states import change_where
from backoffice.customers.models import Person
from backoffice.payment_methods import bars
from backoffice.payment_methods.models import MOVES, SHOWN, MethodState, PaymentMethod
from backoffice.tasks import service as tasks
from integrations.payments.methods import MethodSnapshot

M = MethodState


def of(person_id: int) -> list[PaymentMethod]:
    """What a person keeps, barred ones too; the preferred one first."""
    query = select(PaymentMethod).where(PaymentMethod.person_id == person_id, PaymentMethod.state.in_(SHOWN))
    rows = session.scalars(query.order_by(PaymentMethod.id.desc())).all()
    return sorted(rows, key=lambda row: not row.is_preferred)


def usable(person_id: int) -> PaymentMethod | None:
    """What may be charged without the customer: the preferred one, or the newest; never one that is barred or over."""
    today = clock.now().date()
    for row in of(person_id):
        if row.state == M.KEPT and (row.good_until is None or row.good_until >= today):
            return row
    return None


def by_ref(ref: str) -> PaymentMethod:
    """Raises NotFound."""
    row = session.scalars(select(PaymentMethod).where(PaymentMethod.ref == ref)).one_or_none()
    if row is None:
        raise NotFound("payment method")
    return row


def one(person_id: int, ref: str) -> PaymentMethod:
    """Raises NotFound for somebody else's, and for one that was removed."""
    row = by_ref(ref)
    if row.person_id != person_id or row.state not in SHOWN:
        raise NotFound("payment method")
    return row


def customer_of(person_id: int) -> str:
    """How the provider knows a person; empty where it does not."""
    query = select(PaymentMethod.customer_ref).where(
        *of_this_account(PaymentMethod), PaymentMethod.person_id == person_id, PaymentMethod.state.in_(SHOWN)
    )
    return session.scalars(query.order_by(PaymentMethod.id.desc()).limit(1)).first() or ""


@dataclass(frozen=True)
class Keeper:
    """For whom a card is kept with a payment: as the provider knows them, or by the address it will know them by."""

    customer: str
    email: str


def keeper(person: Person) -> Keeper:
    return Keeper(customer_of(person.id), person.email)


def keep(person_id: int, snapshot: MethodSnapshot, *, by: Actor) -> PaymentMethod:
    """Keep what a customer entered, once. A card that is barred is barred here too, whoever enters it. Somebody whose account
    was closed meanwhile keeps nothing."""
    known = find(snapshot.provider_ref)
    if known is not None:
        return known
    port = ports().payments
    year, month = snapshot.expires or (None, None)
    is_first = session.scalars(select(PaymentMethod.id).where(PaymentMethod.preferred_key == person_id)).first() is None
    row = PaymentMethod(
        ref=references.new("mth"),
        person_id=person_id,
        provider=port.name,
        account=port.account,
        mode=port.mode,
        provider_ref=snapshot.provider_ref,
        customer_ref=snapshot.customer,
        brand=snapshot.brand,
        last4=snapshot.last4,
        expires_year=year,
        expires_month=month,
        fingerprint=snapshot.fingerprint,
        state=M.KEPT,
        barred_because="",
        preferred_key=person_id if is_first else None,
        kept_at=clock.now(),
        removed_at=None,
    )
    session.add(row)
    session.flush()
    audit.record(Tag.METHOD_KEPT, row, by=by, method=row.name, good_until=row.good_until)
    bars.follow(row, by=by)
    if not snapshot.customer:  # taken off again, in the provider's dashboard, before we heard of it
        _gone(row, by=by)
    elif not session.get_one(Person, person_id).has_account:
        remove(row, by=by)
    return row


def find(provider_ref: str) -> PaymentMethod | None:
    query = select(PaymentMethod).where(*of_this_account(PaymentMethod), PaymentMethod.provider_ref == provider_ref)
    return session.scalars(query).one_or_none()


def follow(row: PaymentMethod, snapshot: MethodSnapshot | None, *, by: Actor) -> None:
    """Take in what became of a method at the provider: a new card by the bank, taken off there, or not known there."""
    if snapshot is None or not snapshot.customer:
        _gone(row, by=by)
        return
    year, month = snapshot.expires or (None, None)
    told = {
        "expires_year": year, "expires_month": month, "last4": snapshot.last4, "brand": snapshot.brand,
        "fingerprint": snapshot.fingerprint,
    }  # fmt: skip
    if all(getattr(row, name) == value for name, value in told.items()):
        return
    was, had_name, former = row.good_until, row.fingerprint != "", row.card
    change_where(row, **told)
    audit.record(Tag.METHOD_RENEWED, row, by=by, method=row.name, good_until=(was, row.good_until))
    if row.state in SHOWN:
        if row.fingerprint and not had_name:
            bars.rename(former, row, by=by)
        bars.follow(row, by=by)


def prefer(row: PaymentMethod, *, by: Actor) -> None:
    """Let it be charged first."""
    if row.is_preferred:
        return
    for other in session.scalars(select(PaymentMethod).where(PaymentMethod.preferred_key == row.person_id)):
        change_where(other, preferred_key=None)
        audit.record(Tag.METHOD_CHANGED, other, by=by, preferred=(True, False))
    if change_where(row, PaymentMethod.state.in_(SHOWN), preferred_key=row.person_id):
        audit.record(Tag.METHOD_CHANGED, row, by=by, preferred=(False, True))


def remove(row: PaymentMethod, *, by: Actor) -> None:
    """Never use it again, and have the provider forget it."""
    before = row.state
    if before not in SHOWN:
        return
    MOVES.move(row, M.REMOVING, preferred_key=None, removed_at=clock.now())
    audit.record(Tag.METHOD_REMOVED, row, by=by, method=row.name, state=(before, M.REMOVING))
    tasks.schedule("payment_methods.remove", dedupe=f"payment_methods.remove:{row.ref}", method_id=row.id)
    _prefer_another(row.person_id, by=by)


def remove_all(person: Person, *, by: Actor) -> None:
    """Of somebody whose account is closed."""
    for row in of(person.id):
        remove(row, by=by)


def _gone(row: PaymentMethod, *, by: Actor) -> None:
    before = row.state
    if not MOVES.move(row, M.REMOVED, preferred_key=None, removed_at=row.removed_at or clock.now()):
        return
    audit.record(Tag.METHOD_REMOVED, row, by=by, method=row.name, state=(before, M.REMOVED))
    _prefer_another(row.person_id, by=by)


def _prefer_another(person_id: int, *, by: Actor) -> None:
    left = of(person_id)
    if left and not any(row.is_preferred for row in left):
        prefer(next((row for row in left if row.state == M.KEPT), left[0]), by=by)
