"""The desk of payouts, what they are made of and their sign-off; and every line of the provider's balance."""

from typing import Any

from flask.typing import ResponseReturnValue
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import joinedload

from backoffice.admin import access, timeline, troubles
from backoffice.admin.actions import Action, Field, needs, run, typed_text
from backoffice.admin.badges import badge
from backoffice.admin.batches import ForMany, Many
from backoffice.admin.cells import ZONE, choices, code, plain, state
from backoffice.admin.filters import Filter, equals
from backoffice.admin.lists import DeskList
from backoffice.admin.notes import Noted
from backoffice.core import units
from backoffice.core.tracking import Subject
from backoffice.payments.models import Payment
from backoffice.reconciliation import breaks, lines, signing
from backoffice.reconciliation.models import Payout, ProviderLine
from backoffice.staff.roles import Right
from integrations.payments.balance import LineKind, PayoutStatus

KINDS = {
    LineKind.CHARGE: "Charge",
    LineKind.REFUND: "Refund",
    LineKind.REFUND_RETURNED: "Refund came back",
    LineKind.DISPUTE: "Dispute",
    LineKind.DISPUTE_RETURNED: "Dispute given back",
    LineKind.FEE: "Fee",
    LineKind.PAYOUT: "Payout",
    LineKind.PAYOUT_RETURNED: "Payout came back",
    LineKind.OTHER: "Other",
}


def _signed(wish: str) -> ColumnElement[bool]:
    if wish not in ("yes", "no"):
        raise ValueError(wish)
    return Payout.signed_at.is_not(None) if wish == "yes" else Payout.signed_at.is_(None)


def _of_payment(ref: str) -> ColumnElement[bool]:
    return ProviderLine.payment_id == select(Payment.id).where(Payment.ref == ref).scalar_subquery()


def _of_payout(ref: str) -> ColumnElement[bool]:
    return ProviderLine.payout_id == select(Payout.id).where(Payout.ref == ref).scalar_subquery()


def shown_sign_off(payout: Payout) -> Markup:
    return badge("done", "Signed off") if payout.is_signed else badge("waiting", "Not signed off")


class PayoutDesk(Noted, Many):
    sees = Right.SEE_MONEY
    moment = "arrives_at"
    column_list = ("arrives_at", "provider_ref", "state", "money", "is_signed")
    column_more = ("made_at", "signed_at", "signed_note", "ref")
    column_labels = {
        "arrives_at": "Arrives", "provider_ref": "Provider's id", "money": "Amount", "is_signed": "Sign-off",
        "made_at": "Made", "signed_at": "Signed off", "signed_note": "Note",
    }  # fmt: skip
    column_formatters = {
        "state": state,
        "provider_ref": code,
        "is_signed": lambda _view, _context, row, _name: shown_sign_off(row),
    }
    spoken = frozenset({"is_signed"})
    numbers = frozenset({"money"})
    narrows = (
        equals("state", "State", Payout.state, choices(PayoutStatus), PayoutStatus),
        Filter("signed", "Signed off", _signed, choices=(("no", "No"), ("yes", "Yes"))),
        equals("provider_ref", "Provider's id", Payout.provider_ref),
    )
    blank = "No payout fits."
    for_many = (ForMany("payouts.sign", "Sign off"),)
    one_template = "office/payout.html"

    def subject_of(self, ref: str) -> Subject:
        return signing.by_ref(ref).subject()

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        payout = signing.by_ref(ref)
        return self.render(
            self.one_template,
            payout=payout,
            signed=shown_sign_off(payout),
            made_of=lines.made_of(payout),
            members=lines.of_payout(payout),
            most=lines.MOST,
            kinds=KINDS,
            differences=breaks.open_within(payout),
            days=timeline.by_day(timeline.of([payout.subject()]), ZONE),
            troubles=troubles.of([payout.subject()]),
            actions=[
                Action(
                    "Sign off",
                    self.get_url(".sign_off", ref=ref),
                    Right.RECONCILE,
                    signing.why_not(payout),
                    fields=(Field("note", "Note (kept with the payout)", required=not payout.is_itemised),),
                ),
                self.note_offer(ref),
            ],
        )

    @expose("/<ref>/sign-off", methods=["POST"])
    @needs(Right.RECONCILE)
    def sign_off(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            words = typed_text("note", 255)
            units.write(lambda: signing.sign_off(ref, words, by=access.by()))

        return run(act, "The payout is signed off.", self.get_url(".one", ref=ref))


class LineDesk(DeskList):
    sees = Right.SEE_MONEY
    moment = "moved_at"
    column_list = ("moved_at", "kind", "source_ref", "our_payment", "moved", "kept", "net")
    column_more = (
        "line_ref", "category", "charged", "exchange_rate", "available_at", "description", "currency", "ref"
    )  # fmt: skip
    column_labels = {
        "moved_at": "Moved", "source_ref": "About (provider's id)", "our_payment": "Payment", "moved": "Amount",
        "kept": "Fee", "line_ref": "Line", "charged": "For the customer", "available_at": "Available",
        "category": "Provider's word", "exchange_rate": "Rate",
    }  # fmt: skip
    column_formatters = {
        "kind": lambda _view, _context, row, _name: KINDS[row.kind],
        "source_ref": code,
        "our_payment": code,
        "kept": lambda _view, _context, row, _name: plain(row.kept) if row.fee else "",
    }
    spoken = frozenset({"kind"})
    numbers = frozenset({"moved", "kept", "net", "charged"})
    narrows = (
        equals("kind", "Kind", ProviderLine.kind, [(str(kind), KINDS[kind]) for kind in LineKind], LineKind),
        equals("source", "About (provider's id)", ProviderLine.source_ref),
        Filter("payment", "Payment", _of_payment),
        Filter("payout", "Payout", _of_payout),
    )
    blank = "No line fits."
    one_template = "office/line.html"

    def rows(self) -> Select[Any]:
        return select(ProviderLine).options(joinedload(ProviderLine.payment))

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        line = lines.by_ref(ref)
        return self.render(
            self.one_template, line=line, kind=KINDS[line.kind], differences=lines.differences(line),
            own_payout=lines.payout_itself(line),
        )  # fmt: skip
