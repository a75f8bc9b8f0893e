"""Prices and currencies that change under the hands of whoever is buying."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from backoffice.catalog import pricing
from backoffice.catalog import service as catalog
from backoffice.core import units
from backoffice.core.actor import staff
from backoffice.core.money import Money
from backoffice.models import Order, Price, Product, Variant
from backoffice.orders.models import OrderState
from tests.support.shop import LEVEL, hidden, paid, product_path
from tests.support.staff import logged_in

OLIVE = staff("stf_olive")
NBSP = "\N{NO-BREAK SPACE}"


def test_a_price_that_changes_during_checkout_is_shown_before_it_is_charged(shop):
    buyer = shop.buyer()
    buyer.fills_cart()
    form = buyer.checkout_form()
    shop.clock.forward(minutes=1)
    units.write(
        lambda: pricing.set_price(catalog.variant(LEVEL), pricing.list_in("EUR"), Money(13_900, "EUR"), by=OLIVE)
    )
    with pytest.raises(pricing.PriceSetAlready):
        units.write(
            lambda: pricing.set_price(catalog.variant(LEVEL), pricing.list_in("EUR"), Money(1, "EUR"), by=OLIVE)
        )
    answer = buyer.client.post("/checkout", data=form)
    assert (answer.status_code, f"the total is €{NBSP}139.00 now" in answer.text) == (409, True)
    assert 'value="Analytical Way 1"' in answer.text
    assert shop.count(Order) == 0
    sale = buyer.places({**form, **hidden(answer.text, "total")})
    assert shop.order(sale).total_amount == 13_900


def test_a_price_that_was_announced_counts_from_its_moment_on(shop):
    since = shop.clock() + timedelta(hours=1)
    units.write(
        lambda: pricing.set_price(
            catalog.variant(LEVEL), pricing.list_in("EUR"), Money(9_900, "EUR"), by=OLIVE, since=since
        )
    )
    client = shop.app.test_client()
    assert f"€{NBSP}129.00" in client.get(product_path(LEVEL)).text
    shop.minutes_pass(61)
    assert f"€{NBSP}99.00" in client.get(product_path(LEVEL)).text
    with pytest.raises(pricing.PriceInThePast):
        units.write(
            lambda: pricing.set_price(
                catalog.variant(LEVEL), pricing.list_in("EUR"), Money(1, "EUR"), by=OLIVE, since=since
            )
        )


def test_a_price_that_was_announced_by_mistake_is_replaced_before_anybody_buys_at_it(shop):
    """1.39 instead of 139: the right one for the same moment, or what it costs until then."""
    since = shop.clock() + timedelta(hours=1)

    def announces(cents: int) -> int:
        """How many prices there are afterwards."""

        def act() -> None:
            level, euro = catalog.variant(LEVEL), pricing.list_in("EUR")
            pricing.set_price(level, euro, Money(cents, "EUR"), by=OLIVE, since=since)

        units.write(act)
        return shop.count(Price)

    client = shop.app.test_client()
    assert announces(139) + 1 == announces(13_900) == announces(13_900), "pressed twice"
    product = shop.all(select(Product.ref).join(Variant).where(Variant.sku == LEVEL))[0]
    page = logged_in(shop).get(f"/admin/products/{product}").text
    assert f"<s>€{NBSP}1.39</s>" in page
    shop.clock.forward(minutes=60, seconds=1)
    assert f"€{NBSP}1.39" not in client.get(product_path(LEVEL)).text
    buyer = shop.buyer()
    buyer.fills_cart()
    assert f"€{NBSP}139.00" in buyer.client.get("/cart").text
    shop.minutes_pass(1)
    assert f"€{NBSP}139.00" in client.get(product_path(LEVEL)).text
    assert f"€{NBSP}1.39" not in client.get("/shop/levels").text


def test_the_currency_is_switched_with_a_full_cart_and_the_order_is_in_it(shop):
    buyer = shop.buyer()
    buyer.fills_cart()
    assert f"€{NBSP}129.00" in buyer.client.get("/cart").text
    buyer.client.post("/currency", data={"code": "DKK", "back": "/cart"})
    page = buyer.client.get("/cart").text
    assert f"DKK{NBSP}965.00" in page
    assert "€" not in page
    sale = buyer.places()
    shop.clock.forward(seconds=5)
    shop.provider.books.pay(shop.provider.payments(sale.payment_ref)[0]["id"], "Visa ·· 4242", None)
    buyer.returns_from(sale)
    order, invoice = shop.order(sale), shop.invoice(sale)
    assert (order.state, order.currency, order.total_amount) == (OrderState.PAID, "DKK", 96_500)
    assert (invoice.currency, invoice.gross_amount) == ("DKK", 96_500)


def test_an_order_counts_in_the_currency_that_stood_beside_the_button(shop):
    buyer = shop.buyer()
    buyer.fills_cart()
    form = buyer.checkout_form()
    buyer.client.post("/currency", data={"code": "DKK", "back": "/cart"})  # in another tab
    sale = buyer.places(form)
    assert (shop.order(sale).currency, shop.order(sale).total_amount) == ("EUR", 12_900)


@pytest.mark.parametrize(
    ("currency", "amount", "words"),
    [("JPY", 20_640, "¥\N{NO-BREAK SPACE}20,640"), ("KWD", 43_255, "KWD\N{NO-BREAK SPACE}43.255")],
)
def test_currencies_without_and_with_three_decimals_are_right_from_shelf_to_invoice(shop, currency, amount, words):
    def sell_in():
        new = pricing.create_list(currency.lower(), currency, 3, by=OLIVE)
        pricing.set_price(catalog.variant("HB-PDF"), new, Money(amount, currency), by=OLIVE)

    units.write(sell_in)
    buyer = shop.buyer()
    buyer.client.post("/currency", data={"code": currency, "back": "/"})
    assert words in buyer.client.get("/shop/handbook").text
    assert words in buyer.client.get(product_path("HB-PDF")).text
    assert "Not for sale in this currency" in buyer.client.get(product_path(LEVEL)).text
    buyer.fills_cart(1, "HB-PDF")
    sale = paid(shop, buyer)
    invoice = shop.invoice(sale)
    assert (invoice.gross_amount, invoice.currency, invoice.paid_amount) == (amount, currency, amount)
    assert invoice.net_amount + invoice.vat_amount == amount
    assert words in buyer.client.get(shop.order_path(sale.order_ref)).text
