"""The desk of credit notes: what was taken back of invoices. Nothing is edited."""

from types import MappingProxyType
from typing import Any

from flask import Response
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from backoffice.admin import looks, sold, taxes, timeline, whose
from backoffice.admin.cells import ZONE, code
from backoffice.admin.filters import equals
from backoffice.admin.notes import Noted
from backoffice.core.errors import NotFound
from backoffice.core.tracking import Subject
from backoffice.files import service as files
from backoffice.invoices import credit_notes
from backoffice.invoices.credit_note_models import CreditNote
from backoffice.refunds.models import Refund
from backoffice.staff.roles import Right

_REFUND = select(Refund.ref).where(Refund.credit_note_id == CreditNote.id).scalar_subquery()


class CreditNoteDesk(Noted):
    sees = Right.SEE_MONEY
    moment, moment_label = "issued_on", "issued"
    column_list = ("number", "issued_on", "invoice_number", "because", "net", "vat", "gross")
    column_more = ("vat_by_rate", "refund", "created_at", "currency", "ref")
    column_labels = {
        "issued_on": "Issued",
        "because": "Reason",
        "invoice_number": "Of invoice",
        "vat": "VAT",
        "vat_by_rate": "VAT by rate",
        "ref": "Reference",
    }
    column_formatters = MappingProxyType(
        {"refund": code, "vat_by_rate": lambda _view, _context, row, _name: taxes.shown(row)}
    )
    filed = MappingProxyType({"vat_by_rate": taxes.filed})
    looked_up = MappingProxyType(
        {"refund": (CreditNote.refund, _REFUND), "vat_by_rate": (CreditNote.taxed, taxes.of_credit_notes())}
    )
    numbers = frozenset({"net", "vat", "gross"})
    narrows = (equals("number", "Number", CreditNote.number), *whose.by_invoice(CreditNote.invoice_id))
    blank = "No credit note fits. One is written when money of an issued invoice goes back."
    one_template = "office/credit_note.html"

    def rows(self) -> Select[Any]:
        return select(CreditNote).options(joinedload(CreditNote.invoice, innerjoin=True))

    def subject_of(self, ref: str) -> Subject:
        return credit_notes.by_ref(ref).subject()

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        found, paper, refund = sold.credit_note(ref)
        note = found.thing
        looks.at(found.person, note)
        return self.render(
            self.one_template,
            note=note,
            order=found.order,
            flags=found.flags,
            refund=refund,
            paper=paper,
            days=timeline.by_day(timeline.of([note.subject()]), ZONE),
            actions=[self.note_offer(ref)],
        )

    @expose("/<ref>/paper.pdf")
    def paper(self, ref: str) -> ResponseReturnValue:
        found, paper, _refund = sold.credit_note(ref)
        if paper is None:
            raise NotFound("paper yet")
        looks.at(found.person, found.thing)
        answer = Response(files.read(paper.file.sha256), mimetype="application/pdf")
        answer.headers["Content-Disposition"] = f'inline; filename="{paper.file.name}"'
        return answer
