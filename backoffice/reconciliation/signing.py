"""Signing off a payout: a person says that it is explained, line by line, and arrived."""

from sqlalchemy import func, select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import clock
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.core.formatting import money
from backoffice.core.money import Money
from backoffice.core.states import change_where
from backoffice.reconciliation import breaks, comparing, rounds
from backoffice.reconciliation.models import Break, Payout
from integrations.payments.balance import PayoutStatus


class NotSignable(CounterfoilError):
    status = 409

    def __init__(self, why: str) -> None:
        super().__init__(f"The payout cannot be signed off: {why}.")


class NoteMissing(CounterfoilError):
    status = 422

    def __init__(self) -> None:
        super().__init__("The provider does not list the lines of this payout: write how it was compared.")


def by_ref(ref: str) -> Payout:
    """Raises NotFound."""
    payout = session.scalars(select(Payout).where(Payout.ref == ref)).one_or_none()
    if payout is None:
        raise NotFound("payout")
    return payout


def why_not(payout: Payout) -> str:
    """Why it cannot be signed off now; empty where it can."""
    if payout.is_signed:
        return "it is signed off"
    if payout.state != PayoutStatus.PAID:
        return f"it is {payout.state.value.replace('_', ' ')}, not paid"
    if not payout.is_itemised and not payout.is_manual:
        return "the provider has not told its lines yet"
    if payout.itemised_at is not None:
        complete = rounds.last_complete()
        if complete is None or complete.began_at < payout.itemised_at + breaks.GRACE:
            return "its lines came less than an hour ago, or no round has compared them since; there is one every hour"
        difference = comparing.net_of([payout.id]).get(payout.id, Money.zero(payout.currency)) - payout.money
        if difference:
            return f"its lines differ from it by {money(difference)}"
    still_open = session.scalar(select(func.count()).select_from(Break).where(breaks.within(payout))) or 0
    if still_open:
        return f"{still_open} open {'difference goes' if still_open == 1 else 'differences go'} with it"
    return ""


def sign_off(ref: str, note: str, *, by: Actor) -> bool:
    """Sign a payout off; False if it was already. Raises NotSignable; NoteMissing where only a person could compare it."""
    payout = by_ref(ref)
    if payout.is_signed:
        return False
    reason = why_not(payout)
    if reason:
        raise NotSignable(reason)
    if not payout.is_itemised and not note.strip():
        raise NoteMissing
    signed = change_where(
        payout, Payout.signed_at.is_(None), Payout.state == PayoutStatus.PAID,
        signed_at=clock.now(), signed_by=by.ref, signed_note=note.strip()[:255],
    )  # fmt: skip
    if signed:
        audit.record(Tag.PAYOUT_SIGNED_OFF, payout, by=by, amount=payout.money, reason=note.strip()[:255])
    return signed
