"""The VAT of papers by its rates, for lists and files: one subquery beside the rows, and what it says in words."""

from sqlalchemy import ColumnElement, ScalarSelect, String, cast, func, select

from backoffice.core import formatting
from backoffice.core.money import Money
from backoffice.invoices.models import CreditNote, CreditNoteTax, Invoice, InvoiceTax


def of_invoices() -> ScalarSelect[str]:
    return _told(InvoiceTax, InvoiceTax.invoice_id == Invoice.id)


def of_credit_notes() -> ScalarSelect[str]:
    return _told(CreditNoteTax, CreditNoteTax.credit_note_id == CreditNote.id)


def in_words(paper: Invoice | CreditNote) -> str:
    """``19 %: 84.03 + 15.97; 7 %: 10.00 + 0.70``, net and VAT of each rate, the highest first."""
    parts = [[int(number) for number in part.split(":")] for part in (paper.taxed or "").split(",") if part]
    said = []
    for rate, net, vat in sorted(parts, reverse=True):
        sums = " + ".join(Money(amount, paper.currency).plain() for amount in (net, vat))
        said.append(f"{formatting.percent(rate)}: {sums}")
    return "; ".join(said)


def _told(tax: type[InvoiceTax | CreditNoteTax], of_paper: ColumnElement[bool]) -> ScalarSelect[str]:
    """``1900:8403:1597,700:1000:70``: rate in hundredths of a percent, net and VAT in minor units."""
    rate, net, vat = (cast(column, String(20)) for column in (tax.vat_hundredths, tax.net_amount, tax.vat_amount))
    return select(func.group_concat(rate + ":" + net + ":" + vat)).where(of_paper).scalar_subquery()
