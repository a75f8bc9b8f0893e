"""Sums that the office tells: the VAT of papers by its rates, and what is broken by what it costs."""

import pytest
from sqlalchemy import select

from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.core import formatting, units
from backoffice.core.db import session
from backoffice.core.money import Money
from backoffice.models import InvoiceTax
from backoffice.staff.roles import Role
from tests.support.office import taken
from tests.support.shop import paid
from tests.support.staff import colleague


def test_papers_tell_their_vat_by_rate_on_the_list_and_in_the_file(shop):
    buyer = shop.buyer()
    for sku, pieces in (("SL-60-OAK", 10), ("HB-PDF", 1)):
        buyer.fills_cart(pieces, sku)
    sale = paid(shop, buyer)
    shop.refunds(sale)
    with units.read():
        taxes = [(tax.vat_hundredths, tax.net, tax.vat) for tax in session.scalars(select(InvoiceTax))]
    by_rate = "; ".join(
        f"{rate // 100}\N{NO-BREAK SPACE}%: {net.plain()} + {vat.plain()}"
        for rate, net, vat in sorted(taxes, reverse=True)
    )
    assert by_rate.startswith("19\N{NO-BREAK SPACE}%: 1084.03 + 205.97")
    assert "; 7\N{NO-BREAK SPACE}%: " in by_rate
    finance = colleague(shop, Role.FINANCE)
    for desk in ("invoices", "credit_notes"):
        (_head, row) = taken(finance, f"/admin/{desk}/export.csv?show=number&show=vat_by_rate")
        assert row[1] == by_rate
        page = finance.get(f"/admin/{desk}/?show=number&show=vat_by_rate").text
        assert by_rate.replace("1084", "1,084") in page, "in a list as every other sum there"


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_what_is_broken_is_ordered_by_what_it_costs_and_a_yen_is_no_hundredth(shop):
    subject = shop.order(shop.buyer().orders()).subject()
    about = [
        (CaseKind.WITHDRAWAL, Money(9_000, "JPY")),
        (CaseKind.HOLD_PROLONGED, Money(5_000_000, "KWD")),  # of a thousand each
        (CaseKind.DATE_DECLINED, Money(100_000, "EUR")),
    ]
    for kind, sum in about:
        units.write(lambda kind=kind, sum=sum: cases.open_case(kind, subject, at_risk=sum))
    page = colleague(shop, Role.ADMINISTRATOR).get("/admin/").text
    places = [page.index(formatting.money(sum)) for _kind, sum in about]
    assert places == sorted(places)
