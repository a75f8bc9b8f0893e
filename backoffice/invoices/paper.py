"""The data of a printed invoice: plain text and numbers, formatted here, laid out by ``templates/invoice.typ``."""

from collections.abc import Sequence
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
from backoffice.invoices import service as invoices
from backoffice.invoices.models import Invoice, InvoiceState
from backoffice.tasks import service as tasks

TEMPLATE = Path(__file__).with_name("templates") / "invoice.typ"


class NotIssued(Exception):
    """Only an issued invoice is typeset; the task tries again."""


def typeset(invoice_id: int) -> None:
    """Make the PDF of an issued invoice, store it, enter it. Made twice it is the same file, entered once."""
    with units.read():
        invoice = session.get_one(Invoice, invoice_id)
        if invoice.state != InvoiceState.ISSUED:
            raise NotIssued(invoice.ref)
        data = printed(invoice)
        name = f"{invoice.number}.pdf"

    def make(data: dict[str, Any]) -> tuple[str, int]:
        content = ports().papers.pdf(TEMPLATE, data)
        return files.put(content), len(content)

    def enter(_data: dict[str, Any], stored: tuple[str, int]) -> None:
        sha256, size = stored
        row = files.enter(sha256, size, name=name, media_type="application/pdf")
        invoices.enter_paper(session.get_one(Invoice, invoice_id), row.id, by=SYSTEM, sha256=sha256)
        tasks.finish_running()

    ask_and_record("invoices.typeset", data, ask=make, record=enter)


def printed(invoice: Invoice) -> dict[str, Any]:
    """Everything the paper shows, as text. Amounts carry the decimals of the currency, without its sign."""
    assert invoice.issued_on is not None
    assert invoice.supplied_on is not None
    return {
        "number": invoice.number,
        "dated": invoice.issued_on.isoformat(),
        "issued_on": day(invoice.issued_on),
        "supplied_on": day(invoice.supplied_on),
        "seller": {**invoice.seller, "country": country(invoice.seller["country"])},
        "buyer": {**invoice.buyer, "country": country(invoice.buyer["country"])},
        "currency": invoice.currency,
        "lines": [
            {
                "position": line.position,
                "name": line.name,
                "sku": line.sku,
                "quantity": line.quantity,
                "rate": percent(line.vat_hundredths),
                "unit": figure(Money(line.unit_gross_amount, invoice.currency)),
                "net": figure(line.net),
                "gross": figure(line.gross),
            }
            for line in invoice.lines
        ],
        "taxes": _taxes(invoice),
        "net": figure(invoice.net),
        "vat": figure(invoice.vat),
        "gross": figure(invoice.gross),
        "paid": figure(invoice.paid),
        "due": figure(invoice.gross - invoice.paid if invoice.paid < invoice.gross else Money.zero(invoice.currency)),
        "paid_on": day(invoice.issued_on),
    }


def _taxes(invoice: Invoice) -> Sequence[dict[str, str]]:
    return [
        {
            "rate": percent(tax.vat_hundredths),
            "net": figure(tax.net),
            "vat": figure(tax.vat),
        }
        for tax in invoice.taxes
    ]
