"""Cards that are not charged by themselves, whoever keeps them: one reason of one source each, put and lifted by that source. A
card is free when none stands."""

from collections.abc import Sequence

from sqlalchemy import or_, select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import clock, references
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError
from backoffice.core.states import change_where
from backoffice.payment_methods.models import MOVES, SHOWN, CardBar, MethodState, PaymentMethod

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


class NotKept(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__("This way to pay was removed; there is nothing to change any more.")


def refused_for_good(card: str, code: str, source: str, *, by: Actor, is_advised: bool = False) -> None:
    """A bank says never of a card, in an attempt to pay: said once for one attempt, however often it is asked about. Some codes
    are about the attempt, unless the card itself ``is_advised`` against."""
    if card and (is_advised or code not in OF_THE_ATTEMPT) and _bar_of(card, source) is None:
        _bar(card, source, code, by=by)


def put(card: str, source: str, reason: str, *, by: Actor, words: str = "") -> None:
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


def forbid(row: PaymentMethod, *, by: Actor, words: str) -> None:
    """A colleague bars a card. Raises NotKept."""
    if row.state not in SHOWN:
        raise NotKept
    put(row.card, row.ref, BY_STAFF, by=by, words=words)


def standing(card: str) -> Sequence[CardBar]:
    """What bars a card now, the oldest first."""
    query = select(CardBar).where(CardBar.card == card, CardBar.lifted_at.is_(None)).order_by(CardBar.id)
    return session.scalars(query).all()


def allow(row: PaymentMethod, *, by: Actor, words: str) -> None:
    """A colleague lifts every bar of a card. Raises NotKept."""
    if row.state not in SHOWN:
        raise NotKept
    for known in standing(row.card):
        _lift(known, by=by, words=words)
    _follow_card(row.card, by=by, words=words)


def rename(former: str, row: PaymentMethod, *, by: Actor) -> None:
    """What was barred under our own reference is known again by the provider's name now. (Another name in place of one is
    another card.)"""
    for known in standing(former):
        _lift(known, by=by, words="it is barred under the name by which the provider knows it again")
        put(row.card, known.source, known.reason, by=by)


def follow(row: PaymentMethod, *, by: Actor, words: str = "") -> None:
    """A kept method is barred as its card is, or is not any more."""
    found = standing(row.card)
    reason = found[-1].reason if found else ""
    if found and MOVES.move(row, M.BARRED, barred_because=reason):
        audit.record(Tag.METHOD_BARRED, row, by=by, reason=words or reason, state=(M.KEPT, M.BARRED))
    elif found and row.barred_because != reason:  # the last of several bars came, or went
        audit.record(Tag.METHOD_BARRED, row, by=by, reason=words or reason, because=(row.barred_because, reason))
        change_where(row, barred_because=reason)
    elif not found and MOVES.move(row, M.KEPT, barred_because=""):
        audit.record(Tag.METHOD_ALLOWED, row, by=by, reason=words, state=(M.BARRED, M.KEPT))


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


def _follow_card(card: str, *, by: Actor, words: str) -> None:
    """Every kept method with this card is barred, or is not any more."""
    kept = or_(PaymentMethod.fingerprint == card, PaymentMethod.ref == card)
    query = select(PaymentMethod).where(kept, PaymentMethod.state.in_(SHOWN)).order_by(PaymentMethod.id)
    for row in session.scalars(query).all():
        follow(row, by=by, words=words)
