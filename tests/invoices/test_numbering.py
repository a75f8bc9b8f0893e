"""Numbers: no gaps, dates that rise with them, a new series each year in the seller's own time zone."""

from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.core.ports import ports
from backoffice.invoices import service as invoices
from backoffice.invoices.models import NumberFate
from backoffice.invoices.paper import TEMPLATE, printed


def sold(shop):
    sale = shop.buyer().orders()
    shop.pays(sale)
    shop.works()
    return sale


def numbers(shop) -> list[tuple[str, date]]:
    return [(row.number, row.issued_on) for row in shop.all(select(NumberFate).order_by(NumberFate.id))]


def test_an_issue_that_is_rolled_back_takes_no_number(shop):
    first = shop.buyer().orders()
    shop.pays(first)

    def issue_and_fail():
        invoice = invoices.by_ref(shop_invoice)
        invoices.issue_paid(invoice, invoice.gross, by=SYSTEM)
        raise RuntimeError("after the number was taken")

    shop_invoice = shop.invoice(first).ref
    with pytest.raises(RuntimeError):
        units.write(issue_and_fail)
    assert numbers(shop) == []
    shop.works()
    assert [number for number, _ in numbers(shop)] == ["S-2026-000001"]


def test_the_year_turns_in_the_sellers_time_zone(shop):
    shop.clock.time = datetime(2026, 12, 31, 22, 30, tzinfo=UTC)
    sold(shop)
    shop.clock.time = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)  # 0:30 in Berlin
    sold(shop)
    assert numbers(shop) == [("S-2026-000001", date(2026, 12, 31)), ("S-2027-000001", date(2027, 1, 1))]


def test_a_clock_that_goes_back_does_not_turn_the_dates_back(shop):
    shop.clock.forward(days=4)
    sold(shop)
    shop.clock.forward(days=-3)
    sold(shop)
    (_, first), (_, second) = numbers(shop)
    assert second >= first


def test_issuing_twice_is_once(shop):
    sale = sold(shop)
    ref = shop.invoice(sale).ref
    assert (
        units.write(lambda: invoices.issue_paid(invoices.by_ref(ref), invoices.by_ref(ref).gross, by=SYSTEM)) is False
    )
    assert len(numbers(shop)) == 1


def test_the_paper_shows_what_the_law_asks_for(shop):
    """Directive 2006/112/EC, Art. 226: number, dates, both parties, VAT id, quantity, rate, net, VAT, total."""
    sale = sold(shop)
    with units.read():
        data = printed(invoices.by_ref(shop.invoice(sale).ref))
    assert data["number"] == "S-2026-000001"
    assert data["dates"] == [["Date of issue", "22 November 2026"], ["Date of supply", "22 November 2026"]]
    assert data["seller"]["vat_id"] == "DE136695976"
    assert (data["buyer"]["name"], data["buyer"]["country"]) == ("Ada Lovelace", "Germany")
    assert data["lines"][0][2:] == ["1", "129.00", "19\N{NO-BREAK SPACE}%", "108.40", "129.00"]
    assert data["taxes"] == [{"rate": "19\N{NO-BREAK SPACE}%", "net": "108.40", "vat": "20.60"}]
    assert data["gross"] == "129.00"
    assert data["ends"] == [["Paid 22 November 2026", "129.00"], ["Still to pay", "0.00"]]


def test_the_printed_paper_holds_those_words_and_is_the_same_every_time(shop):
    sale = sold(shop)
    with units.read():
        data = printed(invoices.by_ref(shop.invoice(sale).ref))
    data["buyer"]["name"] = "Łukasz Ἀριστοτέλης O’Neil <b>&"
    pdf = ports().papers.pdf(TEMPLATE, data)
    text = PdfReader(BytesIO(pdf)).pages[0].extract_text()
    for words in ("S-2026-000001", "Łukasz Ἀριστοτέλης O’Neil <b>&", "108.40", "20.60", "129.00", "DE136695976"):
        assert words in text
    assert ports().papers.pdf(TEMPLATE, data) == pdf
