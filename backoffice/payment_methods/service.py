"""Kept ways to pay: found, preferred, barred and allowed again, removed. Nothing here asks the provider but ``removal``."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import clock, references
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.core.ports import ports
from backoffice.core.states import StateTable, change_where
from backoffice.customers.models import Person
from backoffice.payment_methods.models import SHOWN, MethodState, PaymentMethod
from backoffice.tasks import service as tasks
from integrations.payments.methods import MethodSnapshot

M = MethodState
BY_STAFF = "staff"

MOVES = StateTable(
    PaymentMethod.state,
    {
        M.KEPT: frozenset({M.BARRED, M.REMOVING, M.REMOVED}),
        M.BARRED: frozenset({M.KEPT, M.REMOVING, M.REMOVED}),
        M.REMOVING: frozenset({M.REMOVED}),
        M.REMOVED: frozenset[MethodState](),
    },
)


class NotKept(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__("This way to pay was removed; there is nothing to change any more.")


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
    port = ports().payments
    query = select(PaymentMethod.customer_ref).where(
        PaymentMethod.person_id == person_id, PaymentMethod.provider == port.name,
        PaymentMethod.account == port.account, PaymentMethod.mode == port.mode,
    )  # fmt: skip
    return session.scalars(query.order_by(PaymentMethod.id.desc()).limit(1)).first() or ""


@dataclass(frozen=True)
class Keeper:
    """For whom a card is kept with a payment: as the provider knows them, or by the address it will know them by."""

    customer: str
    email: str


def keeper(person: Person) -> Keeper:
    return Keeper(customer_of(person.id), person.email)


def keep(person_id: int, snapshot: MethodSnapshot, *, by: Actor) -> PaymentMethod:
    """Keep what a customer entered, once. A card that a bank barred for good is barred again, whoever enters it."""
    known = find(snapshot.provider_ref)
    if known is not None:
        return known
    port = ports().payments
    year, month = snapshot.expires or (None, None)
    is_first = not any(row.is_preferred for row in of(person_id))
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
    reason = _barred_before(row)
    if reason:
        bar(row, reason, by=by)
    return row


def find(provider_ref: str) -> PaymentMethod | None:
    port = ports().payments
    query = select(PaymentMethod).where(
        PaymentMethod.provider == port.name, PaymentMethod.account == port.account, PaymentMethod.mode == port.mode,
        PaymentMethod.provider_ref == provider_ref,
    )  # fmt: skip
    return session.scalars(query).one_or_none()


def follow(row: PaymentMethod, snapshot: MethodSnapshot, *, by: Actor) -> None:
    """Take in what became of a method at the provider: a new card by the bank, or taken off there."""
    if not snapshot.customer:
        _gone(row, by=by)
        return
    before = (row.expires_year, row.expires_month, row.last4)
    year, month = snapshot.expires or (None, None)
    if before == (year, month, snapshot.last4):
        return
    was = row.good_until
    change_where(row, expires_year=year, expires_month=month, last4=snapshot.last4, brand=snapshot.brand)
    audit.record(Tag.METHOD_RENEWED, row, by=by, method=row.name, good_until=(was, row.good_until))


def prefer(row: PaymentMethod, *, by: Actor) -> None:
    """Let it be charged first."""
    if row.is_preferred:
        return
    for other in of(row.person_id):
        if other.is_preferred:
            change_where(other, preferred_key=None)
            audit.record(Tag.METHOD_CHANGED, other, by=by, preferred=(True, False))
    change_where(row, preferred_key=row.person_id)
    audit.record(Tag.METHOD_CHANGED, row, by=by, preferred=(False, True))


def bar(row: PaymentMethod, reason: str, *, by: Actor, words: str = "") -> bool:
    """Charge nothing to it until somebody allows it again; False if it is barred already. Raises NotKept."""
    if row.state not in SHOWN:
        raise NotKept
    if not MOVES.move(row, M.BARRED, barred_because=reason[:120]):
        return False
    audit.record(Tag.METHOD_BARRED, row, by=by, reason=words or reason, state=(M.KEPT, M.BARRED))
    return True


def allow(row: PaymentMethod, *, by: Actor, words: str) -> bool:
    """Let it be charged again; False if it was not barred. Raises NotKept."""
    if row.state not in SHOWN:
        raise NotKept
    if not MOVES.move(row, M.KEPT, barred_because=""):
        return False
    audit.record(Tag.METHOD_ALLOWED, row, by=by, reason=words, state=(M.BARRED, M.KEPT))
    return True


def bar_card(fingerprint: str, reason: str, *, by: Actor) -> int:
    """Bar every kept method with this card, whoever keeps it; returns how many."""
    return sum(bar(row, reason, by=by) for row in _with_card(fingerprint) if row.state == M.KEPT)


def allow_card(fingerprint: str, reason: str, *, by: Actor, words: str) -> int:
    """Allow again what was barred for exactly this reason; returns how many."""
    rows = [row for row in _with_card(fingerprint) if row.state == M.BARRED and row.barred_because == reason]
    return sum(allow(row, by=by, words=words) for row in rows)


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


def _with_card(fingerprint: str) -> Sequence[PaymentMethod]:
    if not fingerprint:
        return []
    query = select(PaymentMethod).where(PaymentMethod.fingerprint == fingerprint, PaymentMethod.state.in_(SHOWN))
    return session.scalars(query.order_by(PaymentMethod.id)).all()


def _barred_before(row: PaymentMethod) -> str:
    """Why the same card is, or was when it was removed, barred; empty where it never was."""
    if not row.fingerprint:
        return ""
    query = select(PaymentMethod.barred_because).where(
        PaymentMethod.fingerprint == row.fingerprint, PaymentMethod.id != row.id, PaymentMethod.barred_because != ""
    )
    return session.scalars(query.order_by(PaymentMethod.id.desc()).limit(1)).first() or ""
