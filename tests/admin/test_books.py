"""The trial balance: of all time and of some days, on a page and as a file."""

import csv
import io
import re
from decimal import Decimal

import pytest
from sqlalchemy import select

from backoffice.admin.cells import ZONE
from backoffice.admin.exports import MARK
from backoffice.audit.tags import Tag
from backoffice.core import clock
from backoffice.models import AuditEntry
from backoffice.staff.roles import Role
from tests.support.shop import hidden, paid
from tests.support.staff import colleague

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"])  # what is behind the page is tried by tests/ledger


@pytest.fixture
def sale(shop):
    buyer = shop.buyer()
    buyer.fills_cart(3)
    return paid(shop, buyer)


def test_the_trial_balance_of_some_days_begins_where_the_days_before_ended(shop, operator, sale):
    place = "/admin/ledger/balance"
    long_ago, sold_on = "from=2020-01-01&to=2020-01-31", clock.today(ZONE).isoformat()
    assert "Nothing was posted until the end of these days" in operator.get(f"{place}?{long_ago}").text
    shop.clock.forward(days=3)
    finance = colleague(shop, Role.FINANCE)
    refunded_on = clock.today(ZONE).isoformat()
    shop.refunds(sale)
    page = finance.get(f"{place}?from={refunded_on}&to={refunded_on}").text
    assert "In balance" in page
    opening, debit, credit, balance = cells_of(page, "Provider clearing")
    assert (opening, debit, credit, balance) == ("387.00", "0.00", "387.00", "0.00")
    assert cells_of(page, "Revenue")[0] == cells_of(page, "Revenue")[-1]
    page = finance.get(f"{place}?to={sold_on}").text
    assert cells_of(page, "Provider clearing") == ["387.00", "0.00", "387.00"]
    for wrong in ("from=nonsense", "to=9999-12-31", f"from={refunded_on}&to={sold_on}", "from=2026W011%22%3B"):
        page = finance.get(f"{place}?{wrong}").text
        assert 'role="alert"' in page
        assert "In balance" not in page


def test_the_trial_balance_is_taken_along_and_that_is_written_down(shop, sale):
    finance = colleague(shop, Role.FINANCE)
    token = hidden(finance.get("/admin/ledger/balance").text)
    day = clock.today(ZONE).isoformat()
    answer = finance.post(f"/admin/ledger/balance.csv?from={day}", data=token)
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix(MARK))))
    assert rows[0] == ["Account", "Currency", "Opening balance", "Debit", "Credit", "Balance"]
    assert ["Provider clearing", "EUR", "0.00", "387.00", "0.00", "387.00"] in rows
    assert sum(Decimal(row[-1]) for row in rows[1:]) == 0
    assert f"trial-balance-{day}.csv" in answer.headers["Content-Disposition"]
    for junk in (
        f"from={day}%0d%0aX-Mine:%20yes",
        "from=2026W011%22%3B",
        "from=2026W011%0a%22",
        "from=never&endpoint=x",
    ):
        answer = finance.post(f"/admin/ledger/balance.csv?{junk}", data=token)
        assert answer.status_code == 303, junk
        assert "cannot be read" in finance.get(answer.location).text
    answer = finance.post(f"/admin/ledger/balance.csv?from={day}%0a", data=token)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="trial-balance-{day}.csv"'
    entries = shop.all(select(AuditEntry).where(AuditEntry.tag == Tag.LIST_EXPORTED))
    told = [entry.changes["narrowed_by"][1] for entry in entries]
    assert told == [str({"from": day})] * 2, "none of those that were refused"
    viewer = colleague(shop, Role.VIEWER)
    assert "Take it as a file" not in viewer.get("/admin/ledger/balance").text


def cells_of(page: str, account: str) -> list[str]:
    """The figures of one account."""
    row = re.search(rf"<tr><td[^>]*>(?:(?!</tr>).)*{account}.*?</tr>", page, re.S).group(0)
    return re.findall(r'class="number"[^>]*>(?:<b>)?([^<]*)', row)
