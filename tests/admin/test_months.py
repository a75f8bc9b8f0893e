"""What belongs to a month: an invoice that was drafted on its last evening and issued after midnight is of the next."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from backoffice.staff.roles import Role
from tests.support.office import taken
from tests.support.staff import colleague

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"])
EVENING = datetime(2026, 11, 30, 23, 55, tzinfo=ZoneInfo("Europe/Berlin"))
NOVEMBER, DECEMBER = "from=2026-11-01&to=2026-11-30", "from=2026-12-01&to=2026-12-31"


@pytest.fixture
def sale(shop):
    shop.clock.time = EVENING
    sale = shop.buyer().orders()
    shop.clock.forward(minutes=10)
    shop.pays(sale)
    shop.works()
    return sale


@pytest.mark.parametrize("desk", ["invoices", "credit_notes"])
def test_papers_are_of_the_month_in_which_they_were_issued(shop, sale, desk):
    shop.refunds(sale)
    finance = colleague(shop, Role.FINANCE)
    numbers = [
        taken(finance, f"/admin/{desk}/export.csv?{month}&show=number&show=issued_on")[1:]
        for month in (NOVEMBER, DECEMBER)
    ]
    assert [[issued for _number, issued in rows] for rows in numbers] == [[], ["2026-12-01"]]
    for month, is_there in ((NOVEMBER, False), (DECEMBER, True)):
        assert (numbers[1][0][0] in finance.get(f"/admin/{desk}/?{month}").text) == is_there
    assert "Issued from" in finance.get(f"/admin/{desk}/").text


def test_pages_of_a_month_lead_to_each_other(shop, sale, monkeypatch):
    monkeypatch.setattr("backoffice.admin.paging.ROWS", 1)
    for number in range(2):
        other = shop.buyer(f"eve{number}@example.org").orders()
        shop.pays(other)
    shop.works()
    finance = colleague(shop, Role.FINANCE)
    page = finance.get(f"/admin/invoices/?{DECEMBER}").text
    for number in ("S-2026-000003", "S-2026-000002", "S-2026-000001"):
        assert number in page
        older = page.split('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
        if number != "S-2026-000001":
            page = finance.get(older).text
    assert 'rel="next"' not in page


def test_money_is_of_the_day_on_which_it_came(shop, sale):
    """Begun at five to midnight, paid five minutes after it, given back at noon."""
    shop.clock.forward(hours=12)
    shop.refunds(sale, 1_000)
    page = colleague(shop, Role.FINANCE).get("/admin/").text
    told = dict(re.findall(r"<b>€\N{NO-BREAK SPACE}([0-9.]+)</b> ([a-z ]+)<br>", page))
    assert told == {"129.00": "money in", "10.00": "given back"}


def test_what_is_on_its_way_back_is_not_given_back_yet(shop, sale):
    shop.provider.switch(lose_refund=1, outage=False)
    shop.refunds(sale, 1_000)
    page = colleague(shop, Role.FINANCE).get("/admin/").text
    assert re.search(r"<b>€\N{NO-BREAK SPACE}0.00</b> given back", page)
