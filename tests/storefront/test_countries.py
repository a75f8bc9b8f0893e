"""Things that are sold into some countries only: a visit where somebody can go."""

import pytest

from backoffice.models import Order
from tests.support.shop import product_path

VISIT = "SV-HANG"


@pytest.fixture
def buyer(shop):
    buyer = shop.buyer()
    buyer.fills_cart(1, VISIT)
    return buyer


def test_its_page_says_where(shop):
    assert "Only in Austria, Denmark, and Germany." in shop.app.test_client().get(product_path(VISIT)).text
    assert "Only in" not in shop.app.test_client().get(product_path("PL-90")).text


def test_somebody_elsewhere_is_told_keeps_what_was_typed_and_orders_nothing(shop, buyer):
    form = {**buyer.checkout_form(), "country": "SE", "postcode": "111 22", "city": "Stockholm"}
    answer = buyer.client.post("/checkout", data=form)
    assert answer.status_code == 409
    assert "“Hanging and setting” is offered in Austria, Denmark, and Germany only." in answer.text
    assert 'value="Stockholm"' in answer.text
    assert " disabled>Order and pay" in answer.text
    assert shop.count(Order) == 0
    assert buyer.client.get("/checkout/quote?country=SE").json["possible"] is False
    assert buyer.client.get("/checkout/quote?country=DK").json["possible"] is True


def test_it_goes_by_where_it_is_done_not_by_who_pays(shop, buyer):
    abroad = {"country": "SE", "postcode": "111 22", "city": "Stockholm"}
    there = {"elsewhere": "y", "to_name": "Bo", "to_street": "Gade 1", "to_postcode": "1050", "to_city": "København"}
    answer = buyer.client.post("/checkout", data={**buyer.checkout_form(), **abroad, **there, "to_country": "DK"})
    assert answer.status_code == 303
    assert shop.count(Order) == 1
