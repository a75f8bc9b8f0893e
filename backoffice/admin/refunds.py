"""The desk of refunds: what became of each, and what to do where one came back."""

import json
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from backoffice.admin import access, looks, questions, sold, timeline, troubles, whose
from backoffice.admin.actions import Action, asked, needs, reason, run
from backoffice.admin.batches import ForMany, Many
from backoffice.admin.cells import ZONE, choices, code, state
from backoffice.admin.filters import equals
from backoffice.admin.refund_form import REASONS, RefundForm
from backoffice.core import formatting, links, units
from backoffice.core.steps import learn_now
from backoffice.core.tracking import Subject
from backoffice.disputes.models import Dispute
from backoffice.disputes.service import refuses_refund
from backoffice.invoices import service as invoices
from backoffice.invoices.credit_note_models import CreditNote
from backoffice.payments import service as payments
from backoffice.payments.models import Payment, PaymentState
from backoffice.refunds import booking, debts, wishes
from backoffice.refunds import service as refunds
from backoffice.refunds.models import Refund, RefundReason, RefundState
from backoffice.staff.roles import Right

_PAPER = select(CreditNote.number).where(CreditNote.id == Refund.credit_note_id).scalar_subquery()


class RefundDesk(RefundForm, Many):
    sees = Right.SEE_MONEY
    moment = "created_at"
    column_list = ("created_at", "order_number", "who", "reason", "note", "state", "money")
    column_more = ("paper", "ref", "failure_code", "provider_ref", "accepted_at", "currency", *questions.COLUMNS)
    column_narrowed = MappingProxyType(
        {("state", "unknown"): ("created_at", "order_number", "who", "money", *questions.COLUMNS)}
    )
    column_labels = {
        "created_at": "Begun", "paper": "Credit note", "ref": "Refund", "order_number": "Order", "who": "By",
        "money": "Amount", "failure_code": "Provider's reason",
        "provider_ref": "Provider's id", "accepted_at": "Accepted", **questions.LABELS,
    }  # fmt: skip
    column_formatters = {
        "state": state,
        "ref": code,
        "order_number": whose.order_cell,
        "reason": lambda _v, _c, row, _n: words_of(row.reason),
        **questions.CELLS,
    }
    spoken = frozenset({"reason"})
    filed = questions.WORDS
    looked_up = MappingProxyType({"paper": (Refund.paper, _PAPER)})
    numbers = frozenset({"money", "unanswered"})
    narrows = (
        *whose.by_payment(Refund.payment_id),
        equals("ref", "Our reference", Refund.ref, is_short=True),
        equals("provider_ref", "Provider's id", Refund.provider_ref),
        equals("state", "State", Refund.state, choices(RefundState), RefundState),
        equals("reason", "Reason", Refund.reason, [(item.value, words_of_item) for item, words_of_item in [
            *REASONS.items(), (RefundReason.ELSEWHERE, "Made at the provider")]], RefundReason),
    )  # fmt: skip
    blank = "No refund fits. Money goes back from the page of an order or a payment."
    for_many = (ForMany("refunds.ask", "Ask the provider", asks=False),)
    one_template = "office/refund.html"

    def rows(self) -> Select[Any]:
        return select(Refund).options(joinedload(Refund.order), joinedload(Refund.maker))

    def subject_of(self, ref: str) -> Subject:
        return refunds.by_ref(ref).subject()

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        found, payment, note = sold.refund(ref)
        refund, order = found.thing, found.order
        looks.at(found.person, refund)
        subjects = [refund.subject(), *([note.subject()] if note else [])]
        return self.render(
            self.one_template,
            refund=refund,
            payment=payment,
            order=order,
            flags=found.flags,
            note=note,
            successor=debts.successor(refund),
            others=[item for item in refunds.of([payment]) if item.id != refund.id],
            priced=wishes.price(order, {line.order_line_id: line.quantity for line in refund.pieces}),
            why=words_of(refund.reason),
            answer=links.hidden(json.dumps(payments.answered(refund.last_answer), indent=2)),
            asked=questions.told(refund, f"refunds.ask:{ref}"),
            request_sent=json.dumps(refund.request, indent=2),
            troubles=troubles.of(subjects),
            days=timeline.by_day(timeline.of(subjects), ZONE),
            actions=[*self._offers(refund, payment), self.note_offer(ref)],
        )

    @expose("/<ref>/ask", methods=["POST"])
    @needs(Right.ASK_PROVIDER)
    def ask(self, ref: str) -> ResponseReturnValue:
        with units.read():
            refund_id = refunds.by_ref(ref).id

        return run(
            lambda: learn_now(refunds.learn, refund_id, by=access.by()), asked("refund"), self.get_url(".one", ref=ref)
        )

    @expose("/<ref>/again", methods=["POST"])
    @needs(Right.REFUND)
    def again(self, ref: str) -> ResponseReturnValue:
        """Send a refund once more that came back: the same sum, no second credit note, once."""
        return self._carry_out(
            lambda: refunds.send_again(ref, reason=reason(), by=access.by()), self.get_url(".one", ref=ref)
        )

    @expose("/<ref>/otherwise", methods=["POST"])
    @needs(Right.REFUND)
    def otherwise(self, ref: str) -> ResponseReturnValue:
        """Note a transfer that somebody made in place of a refund that came back."""
        return run(
            lambda: refunds.pay_otherwise(ref, how=reason(), by=access.by()),
            "Noted: it is posted from our bank, the customer is told, and it cannot be sent again.",
            self.get_url(".one", ref=ref),
        )

    @expose("/<ref>/leave", methods=["POST"])
    @needs(Right.REFUND)
    def leave(self, ref: str) -> ResponseReturnValue:
        """Let the customer keep a sum that went twice."""
        return run(
            lambda: refunds.leave(ref, why=reason(), by=access.by()),
            "It is the customer's now: credited as far as the invoice has so much left.",
            self.get_url(".one", ref=ref),
        )

    def _offers(self, refund: Refund, payment: Payment) -> list[Action]:
        ask = Action(
            "Ask the provider now",
            self.get_url(".ask", ref=refund.ref),
            Right.ASK_PROVIDER,
            first=refund.is_open,
        )
        if refund.is_gone and refund.is_twice:
            asks, url = "Why may they keep it?", self.get_url(".leave", ref=refund.ref)
            what = "it" if refund.twice == refund.money else formatting.money(refund.twice)
            return [Action(f"Leave {what} to the customer", url, Right.REFUND, asks=asks), ask]
        if refund.is_gone:
            return [ask]
        if refund.owed and not refund.accepted_at:  # what came back is owed still, and sent or paid from its own page
            place = self.page_of(refund.owed.ref)
            return [Action("Go on with what came back", place, Right.REFUND, first=True, is_link=True), ask]
        if not refund.accepted_at:  # it never left: what is wished now is another refund
            return [offer(payment, "Give it back in another refund"), ask]
        if booking.went_twice(refund) and booking.came_back(refund):  # more came back than is owed of it
            return [offer(payment, "Give it back in another refund"), ask]
        why_not = ""
        if debts.successor(refund):
            why_not = "it was"
        elif refund.paid_otherwise_at:
            why_not = "it was paid another way"
        elif booking.went_twice(refund):
            why_not = "the customer had it twice"
        elif not booking.is_owed(refund, payment, invoices.get(payment.invoice_id)):
            why_not = "its money was given back since"
        return [
            Action(
                f"Send {formatting.money(refund.money)} again",
                self.get_url(".again", ref=refund.ref),
                Right.REFUND,
                why_not,
                asks=f"Why does it go out again, to {payment.method or 'the way they paid'}?",
            ),
            Action(
                "It was paid another way",
                self.get_url(".otherwise", ref=refund.ref),
                Right.REFUND,
                why_not,
                asks="How and when: the transfer's date and reference",
            ),
            ask,
        ]


def words_of(reason: RefundReason) -> str:
    return REASONS.get(reason, "Made at the provider, not here")


def offer(payment: Payment, words: str = "Give money back", disputed: Sequence[Dispute] = ()) -> Action:
    """The way to the page that gives back money of a payment."""
    why_not = ""
    if payment.state != PaymentState.SETTLED:
        why_not = "nothing was captured"
    elif not payment.refundable:
        why_not = "all of it was given back, or is on its way"
    elif any(refuses_refund(item) for item in disputed):
        why_not = "the customer's bank disputes it"
    return Action(f"{words} …", f"/admin/refunds/of/{payment.ref}", Right.REFUND, why_not, is_link=True)
