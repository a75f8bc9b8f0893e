"""The data of a printed invoice or credit note: plain text and numbers, formatted here, laid out by
``templates/document.typ``."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import session
from backoffice.core.formatting import country, day, figure, percent
from backoffice.core.money import Money
from backoffice.core.ports import ports
from backoffice.core.steps import ask_and_record
from backoffice.files import service as files
from backoffice.invoices import credit_notes
from backoffice.invoices import service as invoices
from backoffice.invoices.credit_note_models import CreditNote, CreditNoteLine
from backoffice.invoices.models import Invoice, InvoiceState
from backoffice.tasks import service as tasks

TEMPLATE = Path(__file__).with_name("templates") / "document.typ"


class NotIssued(Exception):
    """Only an issued invoice is typeset; the task tries again."""


def typeset(invoice_id: int) -> None:
    """Make the PDF of an issued invoice, store it, enter it. Made twice it is the same file, entered once."""
    with units.read():
        invoice = session.get_one(Invoice, invoice_id)
        if invoice.state != InvoiceState.ISSUED:
            raise NotIssued(invoice.ref)
        data = printed(invoice)

    def enter(file_id: int, sha256: str) -> None:
        invoices.enter_paper(session.get_one(Invoice, invoice_id), file_id, by=SYSTEM, sha256=sha256)

    _make("invoices.typeset", data, enter)


def typeset_credit_note(credit_note_id: int) -> None:
    """Make the PDF of a credit note, in the same way."""
    with units.read():
        data = printed_credit_note(credit_notes.get(credit_note_id))

    def enter(file_id: int, sha256: str) -> None:
        credit_notes.enter_paper(credit_notes.get(credit_note_id), file_id, sha256=sha256)

    _make("credit_notes.typeset", data, enter)


def _make(name: str, data: dict[str, Any], enter: Callable[[int, str], None]) -> None:
    def make(data: dict[str, Any]) -> tuple[str, int]:
        content = ports().papers.pdf(TEMPLATE, data)
        return files.put(content), len(content)

    def record(_data: dict[str, Any], stored: tuple[str, int]) -> None:
        sha256, size = stored
        row = files.enter(sha256, size, name=f"{data['number']}.pdf", media_type="application/pdf")
        enter(row.id, sha256)
        tasks.finish_running()

    ask_and_record(name, data, ask=make, record=record)


def printed(invoice: Invoice) -> dict[str, Any]:
    """Everything the paper shows, as text. Amounts carry the decimals of the currency, without its sign."""
    assert invoice.issued_on is not None
    assert invoice.supplied_on is not None
    return {
        **_parties(invoice),
        "title": "Invoice",
        "dates": [["Date of issue", day(invoice.issued_on)], ["Date of supply", day(invoice.supplied_on)]],
        "lines": [
            [line.name, line.sku, str(line.quantity), figure(Money(line.unit_gross_amount, invoice.currency)),
             percent(line.vat_hundredths), figure(line.net), figure(line.gross)]
            for line in invoice.lines
        ],
        "ends": [
            [f"Paid {day(invoice.issued_on)}", figure(invoice.paid)],
            ["Still to pay", figure(max(invoice.gross - invoice.paid, Money.zero(invoice.currency)))],
        ],
        "words": "Paid in full, with thanks. Prices include VAT at the rates shown; the net amounts are rounded once for "
        "each rate.",
    }  # fmt: skip


def printed_credit_note(note: CreditNote) -> dict[str, Any]:
    """The same of a credit note, which names the invoice it takes back from (BT-25, BT-26)."""
    invoice = note.invoice
    assert invoice.issued_on is not None
    return {
        **_parties(note),
        "title": "Credit note",
        "dates": [
            ["Date of issue", day(note.issued_on)], ["For invoice", str(invoice.number)], ["dated", day(invoice.issued_on)],
        ],
        "lines": [
            [line.name, line.sku, str(line.quantity), _each(line), percent(line.vat_hundredths), figure(line.net),
             figure(line.gross)]
            for line in note.lines
        ],
        "ends": [],
        "words": f"Reason: {note.because}. The sum goes back the way it was paid. The VAT shown is taken back from the "
        "VAT of the invoice.",
    }  # fmt: skip


def _each(line: CreditNoteLine) -> str:
    """The price of a piece, where the line is whole pieces at their price."""
    each, rest = divmod(line.gross_amount, line.quantity)
    return figure(Money(each, line.credit_note.currency)) if line.sku and not rest else ""


def _parties(document: Invoice | CreditNote) -> dict[str, Any]:
    assert document.issued_on is not None
    return {
        "number": document.number,
        "dated": document.issued_on.isoformat(),
        "seller": {**document.seller, "country": country(document.seller["country"])},
        "buyer": {**document.buyer, "country": country(document.buyer["country"])},
        "currency": document.currency,
        "taxes": [
            {"rate": percent(tax.vat_hundredths), "net": figure(tax.net), "vat": figure(tax.vat)}
            for tax in document.taxes
        ],
        "net": figure(document.net),
        "vat": figure(document.vat),
        "gross": figure(document.gross),
    }
