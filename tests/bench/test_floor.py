"""The floor programs write into our tables by hand: a migration that they were not told of must not pass unseen."""

import importlib

import pytest

from backoffice.models import Order
from bench.shop import FIELD
from tests.support.shop import Shop


@pytest.mark.parametrize("engine_name", ["mariadb"])
def test_a_whole_order_goes_through_the_floor(shop: Shop, database_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", database_url)
    client = importlib.import_module("bench.floor.app").app.test_client()
    assert client.get("/shop/levels").status_code == 200
    assert client.get("/search?q=spirit+level").status_code == 200
    page = client.get("/products/spirit-level-oak").text
    variant = dict(FIELD.findall(page))["variant"]
    assert client.post("/cart/add", data={"variant": variant}).status_code == 303
    assert client.get("/cart").status_code == client.get("/checkout").status_code == 200
    contact = {"email": "a@example.org", "name": "A", "street": "S 1", "postcode": "1", "city": "B"}
    answer = client.post("/checkout", data=contact)
    assert answer.status_code == 303
    ref = client.get_cookie("order").value
    assert client.get(f"/orders/{ref}").status_code == 200
    assert shop.count(Order) == 1
