"""The desk of disputes: what a customer's bank says, until when it may be answered, and the answer."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from backoffice.admin import access, looks, sold, timeline, troubles, whose
from backoffice.admin.actions import Action, asked, needs, request_key, run
from backoffice.admin.batches import ForMany, Many
from backoffice.admin.cells import ZONE, choices, code, state
from backoffice.admin.filters import equals
from backoffice.admin.notes import Noted
from backoffice.core import clock, formatting, links, references, units
from backoffice.core.cards import refuse_card_number
from backoffice.core.errors import CounterfoilError, FormUsed
from backoffice.core.tracking import Subject
from backoffice.disputes import answering, evidence
from backoffice.disputes import service as disputes
from backoffice.disputes.models import AnswerState, Dispute, DisputeAnswer, DisputeState
from backoffice.files.models import StoredFile
from backoffice.reconciliation import lines
from backoffice.staff.roles import Right, Role
from integrations.payments.disputes import EvidenceField as F

# What each field is for, in the order of the form, and how many lines it shows.
FIELDS: Mapping[F, tuple[str, int]] = MappingProxyType(
    {
        F.TEXT: ("What happened, and why the payment is right", 8),
        F.PRODUCT: ("What was sold", 3),
        F.NAME: ("Customer's name", 1),
        F.EMAIL: ("Customer's e-mail", 1),
        F.BILLING: ("Billing address", 4),
        F.SHIPPING: ("Delivery address", 4),
        F.CARRIER: ("Carrier", 1),
        F.TRACKING: ("Tracking number", 1),
        F.SHIPPED: ("Sent on", 1),
        F.SERVED: ("Service done on", 1),
        F.ACCESS: ("Downloads, as logged", 3),
        F.REFUND_POLICY: ("How the customer learned of our terms", 3),
    }
)


class DisputeDesk(Noted, Many):
    sees = Right.SEE_MONEY
    moment = "opened_at"
    column_list = ("opened_at", "order_number", "reason", "due_by", "state", "money")
    column_more = ("ref", "provider_ref", "withdrawn", "answered_at", "currency")
    column_labels = MappingProxyType(
        {"opened_at": "Opened", "order_number": "Order", "due_by": "Answer until", "money": "Amount", "ref": "Dispute",
         "provider_ref": "Provider's id", "withdrawn": "Taken", "answered_at": "Answered"}
    )  # fmt: skip
    column_formatters = MappingProxyType(
        {"state": state, "ref": code, "order_number": whose.order_cell, "reason": lambda _v, _c, row, _n: row.why}
    )
    spoken = frozenset({"reason"})
    numbers = frozenset({"money", "withdrawn"})
    narrows = (
        *whose.by_payment(Dispute.payment_id),
        equals("ref", "Our reference", Dispute.ref, is_short=True),
        equals("provider_ref", "Provider's id", Dispute.provider_ref),
        equals("state", "State", Dispute.state, choices(DisputeState), DisputeState),
    )
    opens = MappingProxyType({Role.FINANCE: {"state": "needs_response"}})
    blank = "No dispute fits. One appears here as soon as a customer's bank says so."
    for_many = (ForMany("disputes.ask", "Ask the provider", asks=False),)
    one_template = "office/dispute.html"

    def rows(self) -> Select[Any]:
        return select(Dispute).options(joinedload(Dispute.order))

    def subject_of(self, ref: str) -> Subject:
        return disputes.by_ref(ref).subject()

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        found, _paper = _seen(ref)
        dispute = found.thing
        return self.render(
            self.one_template,
            dispute=dispute,
            payment=dispute.payment,
            invoice=found.invoice,
            order=found.order,
            flags=found.flags,
            left=_left(dispute),
            answers=[(item, _read(item)) for item in dispute.answers],
            fees=lines.kept_for(dispute.provider_ref),
            raw=links.hidden(json.dumps(dispute.last_answer, indent=2)),
            troubles=troubles.of([dispute.subject()]),
            days=timeline.by_day(timeline.of([dispute.subject()]), ZONE),
            actions=[*self._offers(dispute), self.note_offer(ref)],
        )  # fmt: skip

    @expose("/<ref>/ask", methods=["POST"])
    @needs(Right.ASK_PROVIDER)
    def ask(self, ref: str) -> ResponseReturnValue:
        """Ask what became of the dispute, and of an answer that is on its way."""
        return run(lambda: answering.ask_now(ref, by=access.by()), asked("dispute"), self.get_url(".one", ref=ref))

    @expose("/<ref>/answer")
    @needs(Right.ANSWER_DISPUTES)
    def answer(self, ref: str) -> ResponseReturnValue:
        """The answer as far as we can fill it in."""
        return self._form(ref)

    @expose("/<ref>/answer", methods=["POST"])
    @needs(Right.ANSWER_DISPUTES)
    def submit(self, ref: str) -> ResponseReturnValue:
        texts = {name: request.form.get(name.value, "").replace("\r\n", "\n") for name in FIELDS}
        try:
            for text in texts.values():
                refuse_card_number(text)
            made = answering.answer(
                ref, {name: text[: evidence.LONGEST] for name, text in texts.items()},
                with_receipt=bool(request.form.get("receipt")), request_key=request_key(), by=access.by(),
            )  # fmt: skip
        except CounterfoilError as error:
            with units.read():
                return self._form(ref, texts, error), error.status
        flash(*_said(made))
        return redirect(self.get_url(".one", ref=ref), 303)

    def _form(self, ref: str, typed: Mapping[F, str] | None = None, problem: CounterfoilError | None = None) -> str:
        known = "" if isinstance(problem, FormUsed) else request.form.get("key")
        found, receipt = _seen(ref)
        dispute = found.thing
        held = evidence.held(found.order, found.invoice, dispute.payment)
        return self.render(
            "office/dispute_form.html",
            dispute=dispute,
            order=found.order,
            flags=found.flags,
            why_not=answering.why_not(dispute),
            left=_left(dispute),
            fields=[
                (name.value, label, lines, (typed or held).get(name, "")) for name, (label, lines) in FIELDS.items()
            ],
            is_typed=typed is not None,
            longest=evidence.LONGEST,
            receipt=receipt,
            with_receipt=typed is None or bool(request.form.get("receipt")),
            problem=str(problem or ""),
            key=known or references.new("dsk"),
        )

    def _offers(self, dispute: Dispute) -> list[Action]:
        why_not = answering.why_not(dispute)
        return [
            Action(
                "Answer …",
                self.get_url(".answer", ref=dispute.ref),
                Right.ANSWER_DISPUTES,
                why_not,
                first=not why_not,
                is_link=True,
            ),
            Action("Ask the provider now", self.get_url(".ask", ref=dispute.ref), Right.ASK_PROVIDER),
        ]


def _seen(ref: str) -> tuple[sold.Sold[Dispute], StoredFile | None]:
    """A dispute, and the PDF of the invoice it is about, where that is made; whoever looks at it looks at its customer."""
    found, paper = sold.dispute(ref)
    looks.at(found.person, found.thing)
    return found, paper.file if paper else None


def _left(dispute: Dispute) -> str:
    """How long it may still be answered."""
    if dispute.due_by is None or dispute.state != DisputeState.NEEDS_RESPONSE:
        return ""
    return formatting.age(clock.now(), dispute.due_by) if dispute.due_by > clock.now() else "no time"


def _read(answer: DisputeAnswer) -> dict[str, str]:
    """What an answer says, by the words of the form."""
    return {FIELDS[F(name)][0]: text for name, text in answer.request["texts"].items()}


def _said(made: DisputeAnswer) -> tuple[str, str]:
    """What the provider said of an answer, as a sentence and its tone."""
    if made.state == AnswerState.ACCEPTED:
        return "The answer was submitted. The bank decides now, which takes weeks.", "good"
    if made.state == AnswerState.REFUSED:
        return f"The provider refused the answer: {made.failure_code.replace('_', ' ')}.", "bad"
    return "The provider did not answer. The same answer is submitted again until it says what happened.", "bad"
