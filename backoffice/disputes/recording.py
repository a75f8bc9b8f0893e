"""What the provider says of a dispute, in the unit of whoever heard it: the fact, its money in the ledger, its cases."""

from typing import Any

from sqlalchemy import select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.core import clock, references
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.formatting import money
from backoffice.core.money import Money
from backoffice.core.states import StateTable, change_where
from backoffice.disputes.models import OPEN, Dispute, DisputeState
from backoffice.ledger import entries
from backoffice.ledger import service as ledger
from backoffice.ledger.models import EntryKind
from backoffice.payment_methods import bars
from backoffice.payments.models import Payment
from backoffice.tasks import service as tasks
from integrations.payments.disputes import DisputeSnapshot, DisputeStatus

D = DisputeState
_ALL = frozenset(D)

# The bank may think again: an inquiry becomes a dispute, a lost one is appealed, a won one comes back.
MOVES = StateTable(Dispute.state, {state: _ALL - {state} for state in D})
_STATES = {
    DisputeStatus.NEEDS_RESPONSE: D.NEEDS_RESPONSE,
    DisputeStatus.UNDER_REVIEW: D.UNDER_REVIEW,
    DisputeStatus.WON: D.WON,
    DisputeStatus.LOST: D.LOST,
    DisputeStatus.CLOSED: D.CLOSED,
}
_TAGS = {
    D.NEEDS_RESPONSE: Tag.DISPUTE_REOPENED,
    D.UNDER_REVIEW: Tag.DISPUTE_UNDER_REVIEW,
    D.WON: Tag.DISPUTE_WON,
    D.LOST: Tag.DISPUTE_LOST,
    D.CLOSED: Tag.DISPUTE_CLOSED,
}


def record(payment: Payment, snapshot: DisputeSnapshot, *, by: Actor) -> Dispute:
    """Take in what the provider says, with what follows. The payment is locked, so that two tellers follow each other."""
    query = select(Dispute).where(Dispute.payment_id == payment.id, Dispute.provider_ref == snapshot.provider_ref)
    dispute = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    is_new = dispute is None
    if dispute is None:
        dispute = _enter(payment, snapshot, by=by)
    note(dispute, snapshot.raw, answered=True)
    cases.close(CaseKind.DISPUTE_UNKNOWN, dispute, because=f"The provider answered: {snapshot.status}.")
    _follow_deadline(dispute, snapshot, by=by)
    before, to = dispute.state, _STATES[snapshot.status]
    if before != to:
        ended = None if to in OPEN else clock.now()
        MOVES.move(dispute, to, ended_at=ended)
        audit.record(_TAGS[to], dispute, by=by, amount=dispute.money, state=(before, to))
        if before not in OPEN and to in OPEN:
            _ask_until_it_ends(dispute, f":{references.new('mov')}")
    if not dispute.is_inquiry:
        cases.close(CaseKind.FRAUD_WARNED, payment, because=f"The dispute came: {dispute.ref}.")
    if is_new or before != to:
        _open_or_close_cases(dispute)
        _freeze_or_free(dispute, payment, by=by)
    _post_money(dispute, snapshot.withdrawn, by=by)
    return dispute


def note(dispute: Dispute, answer: Any, *, answered: bool) -> None:
    """Keep what came back last, for people; not a change of state."""
    dispute.asked_at, dispute.last_answer = clock.now(), dict(answer)
    dispute.unanswered = 0 if answered else dispute.unanswered + 1


def _enter(payment: Payment, snapshot: DisputeSnapshot, *, by: Actor) -> Dispute:
    dispute = Dispute(
        ref=references.new("dsp"),
        payment_id=payment.id,
        provider_ref=snapshot.provider_ref,
        state=_STATES[snapshot.status],
        is_inquiry=snapshot.is_inquiry,
        reason=snapshot.reason,
        currency=snapshot.currency,
        amount=snapshot.amount,
        withdrawn_amount=0,
        opened_at=snapshot.opened_at,
        due_by=snapshot.due_by,
        answered_at=clock.now() if snapshot.answered else None,
        ended_at=None if _STATES[snapshot.status] in OPEN else clock.now(),
        asked_at=None,
        unanswered=0,
        last_answer={},
    )
    session.add(dispute)
    session.flush()
    tag = Tag.DISPUTE_INQUIRED if snapshot.is_inquiry else Tag.DISPUTE_OPENED
    audit.record(tag, dispute, by=by, amount=dispute.money, why=snapshot.reason, payment=payment.ref)
    if dispute.state not in OPEN:  # it was over when we first heard of it
        audit.record(_TAGS[dispute.state], dispute, by=by, amount=dispute.money, state=(None, dispute.state))
    _ask_until_it_ends(dispute)
    return dispute


def _ask_until_it_ends(dispute: Dispute, again: str = "") -> None:
    tasks.schedule("disputes.ask", dedupe=f"disputes.ask:{dispute.ref}{again}", is_new=True, dispute_id=dispute.id)


def _follow_deadline(dispute: Dispute, snapshot: DisputeSnapshot, *, by: Actor) -> None:
    """An inquiry becomes a dispute, a deadline moves, somebody answered in the provider's dashboard."""
    answered_at = dispute.answered_at or (clock.now() if snapshot.answered else None)
    known = (dispute.is_inquiry, dispute.due_by, dispute.amount, dispute.answered_at)
    if (snapshot.is_inquiry, snapshot.due_by, snapshot.amount, answered_at) == known:
        return
    before = (dispute.is_inquiry, dispute.due_by, dispute.money)
    change_where(
        dispute,
        is_inquiry=snapshot.is_inquiry,
        due_by=snapshot.due_by,
        amount=snapshot.amount,
        answered_at=answered_at,
    )
    audit.record(
        Tag.DISPUTE_CHANGED, dispute, by=by, inquiry=(before[0], dispute.is_inquiry), due_by=(before[1], dispute.due_by),
        disputed=(before[2], dispute.money), answered=answered_at is not None,
    )  # fmt: skip
    if before[0] and not dispute.is_inquiry:
        cases.close(CaseKind.DISPUTE_OPEN, dispute, because="The inquiry became a dispute.")
        _open_or_close_cases(dispute)


def _open_or_close_cases(dispute: Dispute) -> None:
    if dispute.state == D.NEEDS_RESPONSE:
        cases.open_case(
            CaseKind.DISPUTE_OPEN, dispute, at_risk=dispute.money, reason=dispute.reason,
            answer_until=dispute.due_by.isoformat() if dispute.due_by else "no answer is taken",
            asked_first=dispute.is_inquiry,
        )  # fmt: skip
        return
    because = f"The dispute is {dispute.state.value.replace('_', ' ')}."
    for kind in (CaseKind.DISPUTE_OPEN, CaseKind.DISPUTE_DUE, CaseKind.DISPUTE_REFUSED):
        cases.close(kind, dispute, because=because)
    if dispute.state == D.LOST:
        cases.open_case(CaseKind.DISPUTE_LOST, dispute, at_risk=dispute.money, reason=dispute.reason)
    else:
        cases.close(CaseKind.DISPUTE_LOST, dispute, because=because)


def _freeze_or_free(dispute: Dispute, payment: Payment, *, by: Actor) -> None:
    """While a bank asks, and for good when it decided against us, nothing is charged to that card by itself."""
    card = payment.method_fingerprint or ""
    if dispute.is_open or dispute.state == D.LOST:
        bars.put(card, dispute.ref, bars.DISPUTED, by=by)
    else:
        bars.lift(card, dispute.ref, by=by, words=f"The dispute is {dispute.state.value}.")


def _post_money(dispute: Dispute, withdrawn: int, *, by: Actor) -> None:
    """Post what the provider took, or gave back, since it told us last."""
    known, now = dispute.withdrawn, Money(withdrawn, dispute.currency)
    if known == now:
        return
    change_where(dispute, Dispute.withdrawn_amount == known.amount, withdrawn_amount=now.amount)
    tag = Tag.DISPUTE_WITHDRAWN if now > known else Tag.DISPUTE_REINSTATED
    moved = now - known if now > known else known - now
    audit.record(tag, dispute, by=by, withdrawn=(known, now), reason=f"{money(moved)} of {money(dispute.money)}")
    ledger.post(EntryKind.DISPUTE, dispute, entries.dispute(now - known), part=references.new("mov"))
