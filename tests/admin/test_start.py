"""The start: what is broken, what waits, and how the day goes, for each role."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from backoffice.admin import today
from backoffice.admin.cells import ZONE
from backoffice.core import units
from backoffice.core.db import db, session
from backoffice.models import (
    Order,
    StockItem,
)
from backoffice.staff.roles import Role
from tests.support.office import post
from tests.support.staff import colleague
from tests.support.statements import statements


def test_the_start_shows_what_is_broken_what_waits_and_how_the_day_goes(shop, otto, sale):
    shop.clock.forward(days=7)
    otto = colleague(shop, Role.OPERATIONS)
    second = shop.buyer("eve@example.org").orders()
    shop.pays(second, captured=13_000)
    shop.works()
    olive = colleague(shop, Role.ADMINISTRATOR)
    post(
        olive,
        f"/admin/orders/{second.order_ref}/note",
        f"/admin/orders/{second.order_ref}",
        text="@otto, too much?",
        key="nok_1",
    )
    page = otto.get("/admin/").text
    assert "The provider captured another amount than we asked for" in page
    assert "€\N{NO-BREAK SPACE}1.00" in page
    assert "Olive Ops calls you" in page
    told = re.findall(r"<b>([^<]+)</b> ([a-z ]+)<br><span class=\"soft\">([^<]+)</span>", page)
    one, nothing, sum_now, sum_then = (
        "1 by now last week, 1 that whole day",
        "€\N{NO-BREAK SPACE}0.00",
        "€\N{NO-BREAK SPACE}130.00",
        "€\N{NO-BREAK SPACE}129.00",
    )
    assert told == [
        ("1", "order", one),
        (sum_now, "money in", f"{sum_then} by now last week, {sum_then} that whole day"),
        (nothing, "given back", f"{nothing} by now last week, {nothing} that whole day"),
        ("0", "payments declined", one.replace("1", "0")),
    ]
    assert page.count("<polyline") == 2 * len(told)
    table = page.partition("As a table")[2]
    heads = [head.strip() for head in re.findall(r"<th[^>]*>([^<]+)</th>", table)]
    assert heads[:4] == ["Hour", "Orders", "Last week", "Money in EUR"]
    assert table.count("129.00") == 1
    note = re.search(r"/admin/notes/(nte_\w+)/seen", page).group(1)
    fiona = colleague(shop, Role.FINANCE)
    assert "no such note for you" in post(fiona, f"/admin/notes/{note}/seen", "/admin/")
    assert "It is off your list" in post(otto, f"/admin/notes/{note}/seen", "/admin/")
    assert "calls you" not in otto.get("/admin/").text


@pytest.mark.parametrize("role", list(Role))
def test_the_start_asks_at_most_ten_questions(shop, sale, role):
    client = colleague(shop, role)
    with statements() as seen:
        assert client.get("/admin/").status_code == 200
    assert len(seen) <= 10, "\n".join(seen)


def test_what_is_nearly_sold_out_waits_for_the_catalogue(shop):
    def empty():
        session.execute(StockItem.__table__.update().values(on_hand=2, held=1))

    units.write(empty)
    assert "Nearly sold out" in colleague(shop, Role.CATALOGUE).get("/admin/").text
    assert "Nearly sold out" not in colleague(shop, Role.FINANCE).get("/admin/").text


def test_the_start_of_each_role_says_what_waits_at_its_desks(shop):
    """Each line leads to exactly what it counts."""
    for email in ("ada@example.org", "eve@example.org"):
        sale = shop.buyer(email).orders()
        shop.pays(sale)
        shop.works()
    shop.is_disputed(sale)
    shop.minutes_pass(1)
    shop.reconciles()
    with db.engine.begin() as connection:
        connection.execute(StockItem.__table__.update().where(StockItem.id == 1).values(on_hand=0))
    told = {}
    for role in Role:
        client = colleague(shop, role)
        page = client.get("/admin/").text.partition("What waits at your desks")[2].partition("</ul>")[0]
        found = re.findall(r'<a href="([^"]+)">([^<]+)</a><span class="number">(\d+)', page)
        told[role] = {words for _place, words, _count in found}
        for place, words, count in found:
            listed = client.get(place.replace("&amp;", "&")).text
            assert len(re.findall(r"<tr>", listed.partition("<tbody>")[2])) == int(count), (role, words)
    assert told[Role.VIEWER] == set()
    assert told[Role.CATALOGUE] == {"Sold out on the shelf"}
    assert told[Role.OPERATIONS] == {"Orders to be delivered", "Disputes to answer"}
    assert {"Disputes to answer"} <= told[Role.FINANCE]
    assert "Orders to be delivered" not in told[Role.FINANCE]
    assert told[Role.OPERATIONS] | told[Role.CATALOGUE] <= told[Role.ADMINISTRATOR]


@pytest.mark.parametrize(("day", "hours"), [((2026, 10, 25), 25), ((2027, 3, 28), 23), ((2026, 11, 24), 24)])
def test_every_hour_of_a_day_counts_once_also_when_clocks_change(shop, clock, day, hours):
    """Each hour of the office's day gets an order; none of them lands in another hour of the same day."""
    begins = datetime(*day, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
    sale = shop.buyer().orders()
    with db.engine.begin() as connection:
        row = connection.execute(select(Order.__table__).where(Order.ref == sale.order_ref)).one()
        for hour in range(1, hours):
            copy = {**row._mapping, "id": 1000 + hour, "ref": f"ord_{hour}", "number": 90_000 + hour,
                    "checkout_key": f"chk_{hour}", "placed_at": begins + timedelta(hours=hour, minutes=5)}  # fmt: skip
            connection.execute(Order.__table__.insert().values(**copy))
        connection.execute(
            Order.__table__.update().where(Order.id == row.id).values(placed_at=begins + timedelta(minutes=5))
        )
    clock.time = begins + timedelta(hours=hours - 1, minutes=50)
    with units.read():
        orders = next(series for series in today.compare(ZONE) if series.name == "orders")
    expected = [1] * 24
    if hours == 25:
        expected[2] = 2
    if hours == 23:
        expected[2] = 0
    assert list(orders.today) == expected
    assert orders.hour == 24
