"""Carts that are kept, meet an account or another tab, and hold what is no longer sold."""

import re

from sqlalchemy import select

from backoffice.carts import service as carts
from backoffice.carts.models import CartLine
from backoffice.catalog import service as catalog
from backoffice.checkout import service as checkout
from backoffice.core import units
from backoffice.core.actor import SYSTEM, staff
from backoffice.core.db import session
from backoffice.demo import pictures
from backoffice.models import Order, OrderLine, Person, Variant
from tests.support.accounts import logs_in, registers
from tests.support.shop import LEVEL, hidden, paid, product_path

OLIVE = staff("stf_olive")
NBSP = "\N{NO-BREAK SPACE}"


def test_an_account_that_comes_after_a_guests_order_shows_it(shop):
    buyer = shop.buyer()
    buyer.fills_cart()
    sale = paid(shop, buyer)
    registers(shop, buyer.client, "Ada@Example.org")
    page = buyer.client.get("/account").text
    number = shop.order(sale).number
    assert f"Order {number}" in page
    assert shop.invoice(sale).number in buyer.client.get("/account/orders").text
    assert shop.count(Person) == 1


def test_what_another_tab_puts_in_while_the_order_is_placed_stays_in_the_cart(shop, monkeypatch):
    buyer = shop.buyer()
    buyer.fills_cart()
    draft = checkout.invoices.draft_for

    def meanwhile(order, *more, **named):
        variant = catalog.variant("SR-300")
        session.add(CartLine(cart_id=order.cart_id, variant_id=variant.id, quantity=2))
        session.flush()
        return draft(order, *more, **named)

    monkeypatch.setattr(checkout.invoices, "draft_for", meanwhile)
    buyer.places()
    assert shop.all(select(OrderLine.sku).where(OrderLine.variant_id.is_not(None))) == [LEVEL]
    assert shop.cart_pieces() == 2


def test_two_carts_become_one_at_login(shop):
    buyer = shop.buyer()
    registers(shop, buyer.client, "ada@example.org")
    buyer.fills_cart(2)
    other = shop.buyer()
    other.fills_cart(1)
    other.fills_cart(3, "SR-300")
    before = other.client.get_cookie("cart").value
    assert logs_in(other.client).status_code == 303
    assert other.client.get_cookie("cart").value != before, "a token from before the login opens nothing"
    page = other.client.get("/cart").text
    assert f"€{NBSP}300.00" in page, "two levels and three rules"
    assert "Your cart is empty" in shop_with_cookie(shop, before).get("/cart").text


def test_a_full_cart_lets_its_customer_in_and_says_what_did_not_fit(shop, monkeypatch):
    monkeypatch.setattr(carts, "MOST_LINES", 2)
    buyer = shop.buyer()
    registers(shop, buyer.client, "ada@example.org")
    for sku in ("SR-150", "SR-300"):
        buyer.fills_cart(1, sku)
    other = shop.buyer()
    other.fills_cart(1)
    other.fills_cart(3, "SR-150")
    assert logs_in(other.client).status_code == 303
    assert "not all of what you had chosen here fitted into it" in other.client.get("/account").text
    bought = select(Variant.sku, CartLine.quantity).join(Variant, Variant.id == CartLine.variant_id)
    with units.read():
        assert {tuple(row) for row in session.execute(bought)} == {("SR-150", 3), ("SR-300", 1)}


def test_who_logs_in_is_told_what_lay_in_the_cart_before(shop):
    buyer = shop.buyer()
    registers(shop, buyer.client, "ada@example.org")
    buyer.fills_cart(1, "SR-150")
    other = shop.buyer()
    other.fills_cart()
    logs_in(other.client)
    assert "from before is in it again" in other.client.get("/checkout").text
    assert "from before" not in other.client.get("/checkout").text
    third = shop.buyer()
    third.fills_cart()
    logs_in(third.client)
    assert "from before" in third.client.get("/cart").text, "the rule is still there"
    fourth = shop.buyer()
    logs_in(fourth.client)
    assert "from before" not in fourth.client.get("/cart").text, "nothing came together"


def test_a_cart_shows_the_picture_of_the_variant(shop):
    pictures.hang()
    buyer = shop.buyer()
    for sku in ("SL-30-OAK", "SL-60-OAK"):
        buyer.fills_cart(1, sku)
    shown = re.findall(r'<img [^>]*src="([^"]+)"', buyer.client.get("/cart").text)
    assert len(set(shown)) == 2
    for sku, source in zip(("SL-30-OAK", "SL-60-OAK"), shown, strict=True):
        page = buyer.client.get(f"/products/spirit-level-oak?variant={sku}").text
        assert source in page.partition('id="picture-1"')[2].partition("</li>")[0], sku


def test_a_cart_is_kept_for_as_long_again_whenever_it_is_used(shop):
    buyer = shop.buyer()
    buyer.fills_cart()
    token = buyer.client.get_cookie("cart").value
    for path, more in (("/cart/add", {"quantity": "1"}), ("/cart/change", {})):
        page = buyer.client.get(product_path(LEVEL) if more else "/cart").text
        form = hidden(page, "variant") if more else hidden(page)
        kept = [
            item
            for item in buyer.client.post(path, data={**form, **more}).headers.getlist("Set-Cookie")
            if "cart=" in item
        ]
        assert [token in item and "Max-Age=5184000" in item for item in kept] == [True], path


def shop_with_cookie(shop, token: str):
    client = shop.app.test_client()
    client.set_cookie("cart", token)
    return client


def test_a_withdrawn_product_is_gone_and_carts_say_so(shop):
    buyer = shop.buyer()
    buyer.fills_cart()
    units.write(lambda: catalog.withdraw(catalog.by_slug("spirit-level-oak"), by=OLIVE, reason="no more oak"))
    assert buyer.client.get("/products/spirit-level-oak").status_code == 404
    assert "Spirit level, oak" not in buyer.client.get("/shop/levels").text
    assert "Spirit level, oak" not in buyer.client.get("/search?q=oak+spirit").text
    page = buyer.client.get("/cart").text
    assert "We do not sell this any more" in page
    assert "please correct the lines above" in page
    answer = buyer.client.post("/checkout", data=buyer.checkout_form())
    assert (answer.status_code, shop.count(Order)) == (409, 0)
    with units.read():
        ref = session.scalars(select(Variant.ref).where(Variant.sku == LEVEL)).one()
    assert buyer.client.post("/cart/add", data={"variant": ref, "quantity": "1"}).status_code == 404
    units.write(lambda: catalog.publish(catalog.by_slug("spirit-level-oak"), by=SYSTEM))
    assert buyer.client.get("/products/spirit-level-oak").status_code == 200
