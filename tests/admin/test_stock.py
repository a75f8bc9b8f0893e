"""A page of the stockroom: what is on the shelf, what of it is sold already, and its story however long that is."""

import pytest
from sqlalchemy import select

from backoffice.core import units
from backoffice.models import StockItem, Variant
from backoffice.orders import service as orders
from backoffice.staff.roles import Role
from tests.support.office import post, press
from tests.support.refunds import bought
from tests.support.sending import send
from tests.support.shop import LEVEL
from tests.support.staff import colleague

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"])


@pytest.fixture
def place(shop) -> str:
    query = select(StockItem.ref).join(Variant, Variant.id == StockItem.variant_id).where(Variant.sku == LEVEL)
    return f"/admin/stock/{shop.all(query)[0]}"


def test_what_is_sold_and_has_not_left_is_told_to_whoever_counts(shop, carl, place):
    assert "still to be sent" not in carl.get(place).text
    sale = bought(shop.buyer(), 3)  # they are no stock any more, and stand on the shelf
    (line,) = shop.line_ids(sale)
    page = carl.get(place).text
    assert "besides, 3 sold and still to be sent" in page
    assert "Counted on the shelf, without the 3 that are sold" in page
    units.write(lambda: send(orders.by_ref(sale.order_ref), {line: 1}).ref)
    assert "besides, 2 sold and still to be sent" in carl.get(place).text
    units.write(lambda: send(orders.by_ref(sale.order_ref), {line: 2}, "k2").ref)
    assert "still to be sent" not in carl.get(place).text


def test_pieces_that_were_received_are_named(shop, carl):
    said = post(carl, "/admin/stock/receive", "/admin/stock/", sku=LEVEL.lower(), pieces="2", reason="Meyer, 4711")
    assert f"2 × {LEVEL} are on the shelf" in said


def test_a_story_that_is_longer_than_a_page_leads_on(shop, carl, place):
    assert "Older entries" not in carl.get(place).text
    for number in range(51):
        press(carl, place, "note", text=f"counted, and again {number}")
    page = colleague(shop, Role.ADMINISTRATOR).get(place).text
    assert "Older entries stand in the audit" in page
    assert f'href="/admin/audit/?subject={place.rpartition("/")[2]}"' in page
