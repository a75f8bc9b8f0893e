"""Kept ways to pay: found, preferred, barred and allowed again, removed. Nothing here asks the provider."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import clock, references
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.core.ports import of_this_account, ports
from backoffice.core.states import StateTable, change_where
from backoffice.customers.models import Person
from backoffice.payment_methods.models import SHOWN, CardBar, MethodState, PaymentMethod
from backoffice.tasks import service as tasks
from integrations.payments.methods import MethodSnapshot

M = MethodState
BY_STAFF = "staff"
DISPUTED = "disputed"
WARNED = "reported as fraud"
# What a bank refused for good of one attempt, and not of the card.
OF_THE_ATTEMPT = frozenset(
    {
        "currency_not_supported", "card_not_supported", "transaction_not_allowed", "fraudulent", "highest_risk_level",
        "merchant_blacklist",
    }
)  # fmt: skip

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
    _follow_bars(row, by=by)
    if not session.get_one(Person, person_id).has_account:
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
        if not had_name:
            _rename_bars(former, row, by=by)
        _follow_bars(row, by=by)


def prefer(row: PaymentMethod, *, by: Actor) -> None:
    """Let it be charged first."""
    if row.is_preferred:
        return
    for other in session.scalars(select(PaymentMethod).where(PaymentMethod.preferred_key == row.person_id)):
        change_where(other, preferred_key=None)
        audit.record(Tag.METHOD_CHANGED, other, by=by, preferred=(True, False))
    if change_where(row, PaymentMethod.state.in_(SHOWN), preferred_key=row.person_id):
        audit.record(Tag.METHOD_CHANGED, row, by=by, preferred=(False, True))


def refused_for_good(card: str, code: str, source: str, *, by: Actor, is_advised: bool = False) -> None:
    """A bank says never of a card, in an attempt to pay: said once for one attempt, however often it is asked about. Some codes
    are about the attempt, unless the card itself ``is_advised`` against."""
    if card and (is_advised or code not in OF_THE_ATTEMPT) and _bar_of(card, source) is None:
        _bar(card, source, code, by=by)


def bar_card(card: str, source: str, reason: str, *, by: Actor, words: str = "") -> None:
    """Charge nothing to this card by itself, whoever keeps it, until this bar is lifted."""
    if not card:
        return
    known = _bar_of(card, source)
    if known is None:
        _bar(card, source, reason, by=by, words=words)
    elif known.lifted_at is not None:
        change_where(known, lifted_at=None)
        audit.record(Tag.CARD_BARRED, known, by=by, reason=words or reason)
        _follow_card(card, by=by, words=words or reason)


def lift(card: str, source: str, *, by: Actor, words: str) -> None:
    """Lift the bar of one source; the card is free when it was the last."""
    known = _bar_of(card, source) if card else None
    if known is not None and known.lifted_at is None:
        _lift(known, by=by, words=words)
        _follow_card(card, by=by, words=words)


def bar(row: PaymentMethod, *, by: Actor, words: str) -> None:
    """A colleague bars a card. Raises NotKept."""
    if row.state not in SHOWN:
        raise NotKept
    bar_card(row.card, row.ref, BY_STAFF, by=by, words=words)


def bars(card: str) -> Sequence[CardBar]:
    """What bars a card now, the oldest first."""
    query = select(CardBar).where(CardBar.card == card, CardBar.lifted_at.is_(None)).order_by(CardBar.id)
    return session.scalars(query).all()


def allow(row: PaymentMethod, *, by: Actor, words: str) -> None:
    """A colleague lifts every bar of a card. Raises NotKept."""
    if row.state not in SHOWN:
        raise NotKept
    for known in bars(row.card):
        _lift(known, by=by, words=words)
    _follow_card(row.card, by=by, words=words)


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


def _bar_of(card: str, source: str) -> CardBar | None:
    query = select(CardBar).where(CardBar.card == card, CardBar.source == source)
    return session.scalars(query).one_or_none()


def _bar(card: str, source: str, reason: str, *, by: Actor, words: str = "") -> None:
    row = CardBar(
        ref=references.new("bar"), card=card, source=source, reason=reason[:120], barred_at=clock.now(), lifted_at=None
    )
    session.add(row)
    session.flush()
    audit.record(Tag.CARD_BARRED, row, by=by, reason=words or reason, source=source)
    _follow_card(card, by=by, words=words or reason)


def _lift(row: CardBar, *, by: Actor, words: str) -> None:
    change_where(row, lifted_at=clock.now())
    audit.record(Tag.CARD_FREED, row, by=by, reason=words, source=row.source)


def _rename_bars(former: str, row: PaymentMethod, *, by: Actor) -> None:
    """What was barred under our own reference is known again by the provider's name now. (Another name in place of one is
    another card.)"""
    for known in bars(former):
        _lift(known, by=by, words="it is barred under the name by which the provider knows it again")
        bar_card(row.card, known.source, known.reason, by=by)


def _follow_card(card: str, *, by: Actor, words: str) -> None:
    """Every kept method with this card is barred, or is not any more."""
    kept = or_(PaymentMethod.fingerprint == card, PaymentMethod.ref == card)
    query = select(PaymentMethod).where(kept, PaymentMethod.state.in_(SHOWN)).order_by(PaymentMethod.id)
    for row in session.scalars(query).all():
        _follow_bars(row, by=by, words=words)


def _follow_bars(row: PaymentMethod, *, by: Actor, words: str = "") -> None:
    standing = bars(row.card)
    reason = standing[-1].reason if standing else ""
    if standing and MOVES.move(row, M.BARRED, barred_because=reason):
        audit.record(Tag.METHOD_BARRED, row, by=by, reason=words or reason, state=(M.KEPT, M.BARRED))
    elif standing and row.barred_because != reason:  # the last of several bars came, or went
        audit.record(Tag.METHOD_BARRED, row, by=by, reason=words or reason, because=(row.barred_because, reason))
        change_where(row, barred_because=reason)
    elif not standing and MOVES.move(row, M.KEPT, barred_because=""):
        audit.record(Tag.METHOD_ALLOWED, row, by=by, reason=words, state=(M.BARRED, M.KEPT))
