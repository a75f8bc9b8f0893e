"""The money desk: payments and invoices. Nothing is edited; there are actions."""

import json
from types import MappingProxyType
from typing import Any

from flask import Response
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import func, select

from backoffice.admin import access, dossier, looks, questions, sold, taxes, timeline, troubles, whose
from backoffice.admin import refunds as refunding
from backoffice.admin.actions import Action, asked, needs, request_key, run
from backoffice.admin.batches import ForMany, Many
from backoffice.admin.cells import ZONE, choices, code, state
from backoffice.admin.filters import equals
from backoffice.admin.notes import Noted
from backoffice.collection import notices
from backoffice.collection import service as collection
from backoffice.core import links, references, units
from backoffice.core.errors import NotFound
from backoffice.core.formatting import money
from backoffice.core.money import total
from backoffice.core.steps import learn_now
from backoffice.core.tracking import Subject
from backoffice.disputes import service as disputes
from backoffice.files import service as files
from backoffice.invoices import service as invoices
from backoffice.invoices.credit_note_models import CreditNote
from backoffice.invoices.models import CollectionState, Invoice, InvoiceState
from backoffice.mail import service as mail
from backoffice.orders import service as orders
from backoffice.payments import service as payments
from backoffice.payments.models import Payment, PaymentState
from backoffice.refunds import service as refunds
from backoffice.staff.roles import Right, Role


def _captured(_view: object, _context: object, payment: Payment, _name: str) -> str:
    return "not known" if payment.state == PaymentState.UNKNOWN else money(payment.captured)


WITH_INVOICE = ("order_confirmed", "invoice_sent")  # mails that carry it
LATEST = 5


class PaymentDesk(Noted, Many):
    sees = Right.SEE_MONEY
    moment = "created_at"
    column_more = ("provider", "provider_ref", "refunded", "currency", *questions.COLUMNS)
    column_narrowed = MappingProxyType(
        {("state", "unknown"): ("ref", "created_at", "asked_for", "captured", *questions.COLUMNS)}
    )
    column_list = ("ref", "created_at", "state", "method", "decline_code", "asked_for", "captured")
    column_labels = {
        "ref": "Payment", "created_at": "Begun", "method": "With", "decline_code": "Reason", "asked_for": "Asked",
        "provider_ref": "Provider's id", **questions.LABELS,
    }  # fmt: skip
    column_formatters = {"state": state, "ref": code, "captured": _captured, **questions.CELLS}
    filed = questions.WORDS
    numbers = frozenset({"asked_for", "captured", "refunded", "unanswered"})
    made_of = MappingProxyType(
        {
            "asked_for": ("amount", "currency"),
            "captured": ("captured_amount", "currency", "state"),
            "refunded": ("refunded_amount", "currency"),
            **questions.MADE_OF,
        }
    )
    narrows = (
        *whose.by_invoice(Payment.invoice_id),
        equals("ref", "Our reference", Payment.ref, is_short=True),
        equals("provider_ref", "Provider's id", Payment.provider_ref),
        equals("state", "State", Payment.state, choices(PaymentState), PaymentState),
    )
    blank = "No payment fits."
    for_many = (ForMany("payments.ask", "Ask the provider", asks=False),)
    one_template = "office/payment.html"

    def subject_of(self, ref: str) -> Subject:
        return payments.by_ref(ref).subject()

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        found = sold.payment(ref)
        payment = found.thing
        returned, disputed = refunds.of([payment]), disputes.of([payment])
        looks.at(found.person, payment)  # what was sent names the customer
        return self.render(
            self.one_template,
            payment=payment,
            invoice=found.invoice,
            order=found.order,
            flags=found.flags,
            answer=links.hidden(json.dumps(payments.answered(payment.last_answer), indent=2)),
            asked=questions.told(payment, f"payments.ask:{ref}"),
            request_sent=links.hidden(json.dumps(payment.request, indent=2)),
            refunds=returned,
            disputes=disputed,
            troubles=troubles.of(
                [payment.subject(), *(row.subject() for row in returned), *(row.subject() for row in disputed)]
            ),
            days=timeline.by_day(timeline.of([payment.subject()], [payment]), ZONE),
            actions=[
                Action(
                    "Ask the provider now",
                    self.get_url(".ask", ref=ref),
                    Right.ASK_PROVIDER,
                    "",
                    first=payment.is_open,
                ),
                *([refunding.offer(payment, disputed=disputed)] if payment.captured_amount else []),
                self.note_offer(ref),
            ],
        )

    @expose("/<ref>/ask", methods=["POST"])
    @needs(Right.ASK_PROVIDER)
    def ask(self, ref: str) -> ResponseReturnValue:
        with units.read():
            payment_id = payments.by_ref(ref).id

        return run(
            lambda: learn_now(collection.learn, payment_id, by=access.by()),
            asked("payment"),
            self.get_url(".one", ref=ref),
        )


_CREDITED = select(func.sum(CreditNote.gross_amount)).where(CreditNote.invoice_id == Invoice.id).scalar_subquery()


class InvoiceDesk(Noted, Many):
    sees = Right.SEE_MONEY
    opens = MappingProxyType({Role.FINANCE: {"state": "issued"}})
    moment, moment_label = "issued_on", "issued"
    personal = True
    column_more = ("vat_by_rate", "credited", "country", "created_at", "currency", "ref")
    column_list = ("number", "issued_on", "customer", "state", "collection_state", "net", "vat", "gross")
    column_labels = {
        "issued_on": "Issued",
        "state": "Document",
        "collection_state": "Money",
        "vat": "VAT",
        "vat_by_rate": "VAT by rate",
        "created_at": "Drafted",
        "ref": "Reference",
    }
    column_formatters = {
        "state": state,
        "collection_state": state,
        "number": lambda _view, _context, row, _name: row.number or "draft, no number",
        "vat_by_rate": lambda _view, _context, row, _name: taxes.shown(row),
    }
    filed = MappingProxyType({"vat_by_rate": taxes.filed})
    numbers = frozenset({"net", "vat", "gross", "credited"})
    looked_up = MappingProxyType(
        {"credited": (Invoice.credited_amount, _CREDITED), "vat_by_rate": (Invoice.taxed, taxes.of_invoices())}
    )
    made_of = MappingProxyType(
        {
            "customer": ("buyer",),
            "country": ("buyer",),
            "credited": ("currency",),
            "vat_by_rate": ("currency",),
            **{name: (f"{name}_amount", "currency") for name in ("net", "vat", "gross")},
        }
    )
    narrows = (
        equals("number", "Number", Invoice.number),
        *whose.by_order(Invoice.order_id),
        equals("state", "Document", Invoice.state, choices(InvoiceState), InvoiceState),
        equals("collection", "Money", Invoice.collection_state, choices(CollectionState), CollectionState),
    )
    blank = "No invoice fits."
    for_many = (
        ForMany("invoices.send", "Send to the customer", asks=False),
        ForMany("invoices.typeset", "Make the PDF", asks=False),
    )

    one_template = "office/invoice.html"

    def subject_of(self, ref: str) -> Subject:
        return invoices.by_ref(ref).subject()

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        found, paper = sold.invoice(ref)
        invoice = found.thing
        attempts, returned, notes, disputed, _typeset = dossier.money_of(invoice)
        looks.at(found.person, invoice)
        papers: list[Any] = [invoice, *attempts, *notes]
        others: list[Any] = [found.order, *returned, *disputed]
        paid = [row.subject() for row in papers]
        return self.render(
            self.one_template,
            invoice=invoice,
            order=found.order,
            flags=found.flags,
            attempts=attempts,
            credit_notes=notes,
            credited=total([note.gross for note in notes], invoice.currency),
            paper=paper,
            sent=[item for item in mail.about([found.order.subject()]) if item.template in WITH_INVOICE][-LATEST:],
            troubles=troubles.of([*paid, *(row.subject() for row in others)]),
            days=timeline.by_day(timeline.of(paid, attempts), ZONE),
            actions=[*self._paper_offers(invoice, paper is not None), self.note_offer(ref)],
        )

    @expose("/<ref>/send", methods=["POST"])
    @needs(Right.SEND_MAILS)
    def send(self, ref: str) -> ResponseReturnValue:
        def act() -> str:
            order = orders.get(invoices.by_ref(ref).order_id)
            sent = notices.send_invoice(order, by=access.by(), request_key=request_key())
            return sent.recipient  # of the first press, wherever mails go by now

        return run(
            lambda: units.write(act), lambda to: f"The invoice is on its way to {to}.", self.get_url(".one", ref=ref)
        )

    @expose("/<ref>/typeset", methods=["POST"])
    @needs(Right.SEND_MAILS)
    def typeset(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            invoices.ask_for_paper(invoices.by_ref(ref), by=access.by())

        return run(
            lambda: units.write(act), "The PDF is made as soon as a worker is free.", self.get_url(".one", ref=ref)
        )

    def _paper_offers(self, invoice: Invoice, has_paper: bool) -> list[Action]:
        why_not = "" if has_paper else "there is no paper yet" if invoice.number else "it is a draft"
        url = self.get_url(".send", ref=invoice.ref)
        offers = [Action("Send it to the customer", url, Right.SEND_MAILS, why_not, key=references.new("inv"))]
        if invoice.state == InvoiceState.ISSUED and not has_paper:
            being_made = "a worker has been told" if invoices.is_paper_ordered(invoice) else ""
            offers.append(
                Action("Make the PDF", self.get_url(".typeset", ref=invoice.ref), Right.SEND_MAILS, being_made)
            )
        return offers

    @expose("/<ref>/paper.pdf")
    def paper(self, ref: str) -> ResponseReturnValue:
        found, paper = sold.invoice(ref)
        if paper is None:
            raise NotFound("paper yet")
        looks.at(found.person, found.thing)
        answer = Response(files.read(paper.file.sha256), mimetype="application/pdf")
        answer.headers["Content-Disposition"] = f'inline; filename="{paper.file.name}"'
        return answer
