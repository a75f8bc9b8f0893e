"""The VAT of papers by its rates, for lists and files: one subquery beside the rows, and what it says in words."""

from collections.abc import Callable

from sqlalchemy import ColumnElement, ScalarSelect, String, cast, func, select

from backoffice.core import formatting
from backoffice.core.money import Money
from backoffice.invoices.credit_note_models import CreditNote, CreditNoteTax
from backoffice.invoices.models import Invoice, InvoiceTax


def of_invoices() -> ScalarSelect[str]:
    return _told(InvoiceTax, InvoiceTax.invoice_id == Invoice.id)


def of_credit_notes() -> ScalarSelect[str]:
    return _told(CreditNoteTax, CreditNoteTax.credit_note_id == CreditNote.id)


def shown(paper: Invoice | CreditNote) -> str:
    """``19 %: 1,084.03 + 205.97; 7 %: 10.00 + 0.70`` in a list: net and VAT of each rate, the highest first."""
    return _in_words(paper, formatting.figure)


def filed(paper: Invoice | CreditNote) -> str:
    """The same in a file, where no number has commas: ``19 %: 1084.03 + 205.97``."""
    return _in_words(paper, Money.plain)


def _in_words(paper: Invoice | CreditNote, said_as: Callable[[Money], str]) -> str:
    parts = [[int(number) for number in part.split(":")] for part in (paper.taxed or "").split(",") if part]
    said = []
    for rate, net, vat in sorted(parts, reverse=True):
        sums = " + ".join(said_as(Money(amount, paper.currency)) for amount in (net, vat))
        said.append(f"{formatting.percent(rate)}: {sums}")
    return "; ".join(said)


def _told(tax: type[InvoiceTax | CreditNoteTax], of_paper: ColumnElement[bool]) -> ScalarSelect[str]:
    """``1900:8403:1597,700:1000:70``: rate in hundredths of a percent, net and VAT in minor units."""
    rate, net, vat = (cast(column, String(20)) for column in (tax.vat_hundredths, tax.net_amount, tax.vat_amount))
    return select(func.group_concat(rate + ":" + net + ":" + vat)).where(of_paper).scalar_subquery()
