"""Answering a dispute with evidence, once: written with its key and exact texts, then submitted; a lost answer is asked for
with the same key, never submitted anew."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.collection.answers import Never, Unanswered, is_key_honoured, safely
from backoffice.collection.service import CASE_AFTER, PATIENCE
from backoffice.core import actor, clock, holders, references, units
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, FormUsed
from backoffice.core.ports import ports
from backoffice.core.states import StateTable
from backoffice.core.steps import ask_and_record, learn_now
from backoffice.disputes import evidence, recording
from backoffice.disputes.models import AnswerState, Dispute, DisputeAnswer, DisputeState
from backoffice.disputes.service import by_ref
from backoffice.disputes.service import learn as learn_of_dispute
from backoffice.files import service as files
from backoffice.invoices import service as invoices
from backoffice.payments import service as payments
from backoffice.payments.models import Payment
from backoffice.tasks import service as tasks
from integrations.payments.disputes import DisputeSnapshot, EvidenceField, EvidenceRequest
from integrations.payments.port import NOT_AN_OUTCOME, Refused

A = AnswerState
ON_ITS_WAY = frozenset({A.CREATED, A.UNKNOWN})
MOVES = StateTable(
    DisputeAnswer.state,
    {
        A.CREATED: frozenset({A.UNKNOWN, A.ACCEPTED, A.REFUSED}),
        A.UNKNOWN: frozenset({A.ACCEPTED, A.REFUSED}),
        A.ACCEPTED: frozenset[AnswerState](),
        A.REFUSED: frozenset[AnswerState](),
    },
)


class NoAnswerTaken(CounterfoilError):
    status = 409

    def __init__(self, dispute: Dispute) -> None:
        why = "its time is over" if dispute.state == DisputeState.NEEDS_RESPONSE else dispute.state.value
        super().__init__(f"This dispute takes no answer any more: {why.replace('_', ' ')}.")


class OnItsWay(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__("An answer is on its way already, and the provider has not said what became of it.")


class SaysNothing(CounterfoilError):
    status = 422

    def __init__(self) -> None:
        super().__init__("An answer must say something: fill at least one field.")


Then = Callable[[DisputeAnswer], None]


@dataclass(frozen=True)
class Question:
    answer_id: int
    payment_id: int
    request: EvidenceRequest
    receipt: str  # the hash of its file
    created_at: datetime
    is_open: bool
    held_at: holders.Holder


def why_not(dispute: Dispute) -> str:
    """Why it cannot be answered now; empty where it can."""
    if _is_waiting(dispute):
        return "an answer is on its way"
    if dispute.state != DisputeState.NEEDS_RESPONSE:
        return dispute.state.value.replace("_", " ")
    return "" if dispute.due_by and dispute.due_by > clock.now() else "no answer is taken any more"


def _is_waiting(dispute: Dispute) -> bool:
    return any(item.state in ON_ITS_WAY for item in dispute.answers)


def answer(
    ref: str, texts: Mapping[EvidenceField, str], *, with_receipt: bool, request_key: str, by: Actor
) -> DisputeAnswer:
    """Submit evidence, and return the answer as it stands then, detached. The same request key submits once.

    Raises NoAnswerTaken, OnItsWay, SaysNothing, FormUsed; then nothing was written. A silent provider is no error: the
    answer is UNKNOWN then, and asked about later."""
    answer_id = units.write(lambda: _begin(ref, texts, with_receipt, request_key, by=by).id)
    learn(answer_id, by=by)
    with units.read():
        row = session.get_one(DisputeAnswer, answer_id)
        session.expunge(row)
        return row


def ask_now(ref: str, *, by: Actor) -> DisputeState:
    """Ask what became of the answers to a dispute that are on their way, and of the dispute itself, for somebody who waits for
    it. Raises NotFound, NotAnswered."""
    with units.read():
        dispute = by_ref(ref)
        dispute_id = dispute.id
        waiting = [item.id for item in dispute.answers if item.state in ON_ITS_WAY]
    for answer_id in waiting:
        learn(answer_id, by=by)
    return learn_now(learn_of_dispute, dispute_id, by=by)


def learn(answer_id: int, *, by: Actor, then: Then | None = None) -> AnswerState:
    """Submit an answer, or find out what became of it, with the same key; nobody is asked about one that has ended. ``then``
    runs in the unit that records it."""
    with units.read():
        row = session.get_one(DisputeAnswer, answer_id)
        asked = Question(
            row.id,
            row.dispute.payment_id,
            EvidenceRequest.from_json(row.request),
            row.receipt.sha256 if row.receipt else "",
            row.created_at,
            row.state in ON_ITS_WAY,
            row.dispute.payment.held_at,
        )
    return ask_and_record(
        "disputes.answer",
        asked,
        ask=lambda question: safely(lambda: _submit(question)) if question.is_open else None,
        record=lambda question, said: _record(question, said, by=by, then=then),
    )


def ask_again(answer_id: int) -> None:
    """The task of every answer: submit it until the provider says what became of it."""

    def come_back(row: DisputeAnswer) -> None:
        if row.state in ON_ITS_WAY:
            tasks.postpone_running(clock.now() + PATIENCE[min(row.unanswered, len(PATIENCE) - 1)])
        else:
            tasks.finish_running()

    learn(answer_id, by=actor.SYSTEM, then=come_back)


def _begin(
    ref: str, texts: Mapping[EvidenceField, str], with_receipt: bool, request_key: str, *, by: Actor
) -> DisputeAnswer:
    dispute = by_ref(ref)
    payment = payments.lock(dispute.payment_id)  # first: who pressed twice finds what the first press made
    session.refresh(dispute)
    said = {name.value: text.strip() for name, text in texts.items() if text.strip()}
    known = session.scalars(select(DisputeAnswer).where(DisputeAnswer.request_key == request_key)).one_or_none()
    if known:
        before = EvidenceRequest.from_json(known.request)
        receipt = with_receipt and evidence.receipt(invoices.get(payment.invoice_id)) is not None
        if (before.dispute, before.texts, bool(before.receipt_name)) != (dispute.provider_ref, said, receipt):
            raise FormUsed
        return known
    if _is_waiting(dispute):
        raise OnItsWay
    if why_not(dispute):
        raise NoAnswerTaken(dispute)
    if not said:
        raise SaysNothing
    return _write(dispute, payment, said, with_receipt, request_key, by=by)


def _write(
    dispute: Dispute, payment: Payment, said: dict[str, str], with_receipt: bool, request_key: str, *, by: Actor
) -> DisputeAnswer:
    new = references.new("ans")
    paper = evidence.receipt(invoices.get(payment.invoice_id)) if with_receipt else None
    request = EvidenceRequest(f"{new}-answer", dispute.provider_ref, said, paper.name if paper else "")
    row = DisputeAnswer(
        ref=new,
        dispute=dispute,
        request_key=request_key,
        idempotency_key=request.key,
        claim=dispute.id,
        request=request.as_json(),
        receipt=paper,
        state=A.CREATED,
        failure_code="",
        made_by=by.ref or by.kind,
        created_at=clock.now(),
        unanswered=0,
    )
    session.add(row)
    session.flush()
    fields = ", ".join(sorted(said))
    audit.record(
        Tag.DISPUTE_ANSWER_PREPARED, dispute, by=by, fields=fields, receipt=request.receipt_name, key=request.key
    )
    tasks.schedule(
        "disputes.answer", due=clock.now() + PATIENCE[0], dedupe=f"disputes.answer:{new}", is_new=True, answer_id=row.id
    )
    return row


def _submit(asked: Question) -> DisputeSnapshot | Never:
    """With the same key while the provider honours it; after that, by looking whether an answer arrived."""
    port = ports().payments
    holders.refuse_elsewhere(port, asked.held_at)
    if is_key_honoured(asked.created_at):
        try:
            receipt = files.read(asked.receipt) if asked.receipt else b""
            return port.disputes.answer(asked.request, receipt)
        except Refused as refusal:
            if refusal.code in NOT_AN_OUTCOME:
                raise
            return Never(refusal.code)
    found = port.disputes.retrieve(asked.request.dispute)
    return found if found.answered else Never("never_arrived")


def _record(
    asked: Question, said: DisputeSnapshot | Never | Unanswered | None, *, by: Actor, then: Then | None
) -> AnswerState:
    payment = payments.lock(asked.payment_id)
    row = session.get_one(DisputeAnswer, asked.answer_id, populate_existing=True)
    if row.state in ON_ITS_WAY:  # else somebody was faster
        match said:
            case Unanswered():
                _record_silence(row, said, by=by)
            case Never():
                _end(row, A.REFUSED, said.code, by=by)
                if row.dispute.state == DisputeState.NEEDS_RESPONSE:  # else it is decided: nobody can answer any more
                    cases.open_case(CaseKind.DISPUTE_REFUSED, row.dispute, at_risk=row.dispute.money, code=said.code)
            case DisputeSnapshot():
                _end(row, A.ACCEPTED, "", by=by)
                if (
                    row.dispute.state == DisputeState.NEEDS_RESPONSE
                ):  # else it went on: a key repeats what was said once
                    recording.record(payment, said, by=by)
    if then:
        then(row)
    return row.state


def _record_silence(row: DisputeAnswer, said: Unanswered, *, by: Actor) -> None:
    MOVES.move(row, A.UNKNOWN)
    row.unanswered += 1
    audit.record(Tag.DISPUTE_ANSWER_UNKNOWN, row.dispute, by=by, reason=said.reason, asks=row.unanswered)
    if row.unanswered >= CASE_AFTER:
        cases.open_case(CaseKind.DISPUTE_UNKNOWN, row.dispute, at_risk=row.dispute.money, answer=said.reason)


def _end(row: DisputeAnswer, to: AnswerState, code: str, *, by: Actor) -> None:
    before = row.state
    MOVES.move(row, to, claim=None, failure_code=code[:120])
    cases.close(CaseKind.DISPUTE_UNKNOWN, row.dispute, because="The provider answered.")
    tag = Tag.DISPUTE_ANSWERED if to == A.ACCEPTED else Tag.DISPUTE_ANSWER_REFUSED
    audit.record(tag, row.dispute, by=by, reason=code, answer=(before, to))
