"""The page of the cart: what is in it, changed, taken out, taken along."""

import re

from sqlalchemy import update

from backoffice.catalog import pricing
from backoffice.catalog import service as catalog
from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import db
from backoffice.core.money import Money
from backoffice.models import StockItem
from tests.support.shop import LEVEL, hidden, product_path


def test_the_cart_is_kept_changed_and_emptied(shop):
    buyer = shop.buyer()
    assert "Your cart is empty" in buyer.client.get("/cart").text
    buyer.fills_cart(2)
    page = buyer.client.get("/cart").text
    assert "€\N{NO-BREAK SPACE}258.00" in page
    form, field = hidden(page), field_of(page)
    buyer.client.post("/cart/change", data={**form, field: "3"})
    assert "€\N{NO-BREAK SPACE}387.00" in buyer.client.get("/cart").text
    for nonsense in ("100", "-1", "many", ""):
        answer = buyer.client.post("/cart/change", data={**form, field: nonsense})
        assert (answer.status_code, "between 1 and 99" in answer.text) == (422, True)
        assert f'value="{nonsense}" required' in answer.text, "what was typed stays"
    buyer.client.post("/cart/change", data={**form, field: "0"})
    assert "Your cart is empty" in buyer.client.get("/cart").text


def test_a_button_pressed_twice_puts_in_once_and_a_second_wish_adds(shop):
    """Without JavaScript nothing in the browser holds the second press back."""
    buyer = shop.buyer()
    buyer.fills_cart(2)
    buyer.fills_cart(2)
    shop.clock.forward(seconds=1)
    buyer.fills_cart(2)
    assert shop.cart_pieces() == 2
    shop.clock.forward(seconds=2)
    buyer.fills_cart(2)
    assert shop.cart_pieces() == 4
    buyer.fills_cart(1, "PL-90")
    assert shop.cart_pieces() == 5, "another thing is another press"
    buyer.fills_cart(3, "PL-90")
    assert shop.cart_pieces() == 8, "and so is another quantity"


def test_what_costs_nothing_is_a_line_like_others_but_no_order_of_its_own(shop):
    free = lambda: pricing.set_price(catalog.variant("LL-2"), pricing.list_in("EUR"), Money(0, "EUR"), by=SYSTEM)  # noqa: E731
    shop.clock.forward(seconds=1)
    units.write(free)
    buyer = shop.buyer()
    buyer.fills_cart(1, "LL-2")
    page = buyer.client.get("/cart").text
    assert "€\N{NO-BREAK SPACE}0.00" in page
    assert "Not for sale" not in page
    buyer.client.post(
        "/cart/add", data={**hidden(buyer.client.get(product_path(LEVEL)).text, "variant"), "quantity": "1"}
    )
    sale = buyer.places()
    assert shop.order(sale).total.amount == 12_900
    assert "Line level" in buyer.client.get(shop.order_path(sale.order_ref)).text


def test_a_download_that_costs_nothing_says_why_it_is_not_ordered_alone(shop):
    shop.clock.forward(seconds=1)
    units.write(
        lambda: pricing.set_price(catalog.variant("HB-PDF"), pricing.list_in("EUR"), Money(0, "EUR"), by=SYSTEM)
    )
    buyer = shop.buyer()
    buyer.fills_cart(1, "HB-PDF")
    page = buyer.client.get("/checkout").text
    assert "Nothing is to be paid for this" in page
    assert " disabled>Order and pay" in page


def field_of(page: str) -> str:
    """The name of the first quantity in a cart."""
    return re.search(r'name="(q-[^"]+)"', page).group(1)


def test_a_quantity_that_was_typed_goes_along_to_checkout(shop):
    buyer = shop.buyer()
    buyer.fills_cart(1)
    page = buyer.client.get("/cart").text
    answer = buyer.client.post("/cart/change", data={**hidden(page), field_of(page): "2", "then": "checkout"})
    assert answer.location == "/checkout"
    assert "2 × " in buyer.client.get("/checkout").text


def test_remove_takes_it_out(shop):
    buyer = shop.buyer()
    buyer.fills_cart(2)
    page = buyer.client.get("/cart").text
    field = field_of(page)
    buyer.client.post("/cart/change", data={**hidden(page), field: "2", "remove": field.removeprefix("q-")})
    assert shop.cart_pieces() == 0


def test_a_cart_that_wants_too_much_takes_what_is_left_with_one_press(shop):
    buyer = shop.buyer()
    buyer.fills_cart(2)
    with db.engine.begin() as connection:
        connection.execute(update(StockItem).values(on_hand=1))
    page = buyer.client.get("/cart").text
    offered = re.search(r'<button name="take" value="([^"]+)">Take 1', page).group(1)
    buyer.client.post("/cart/change", data={**hidden(page), field_of(page): "2", "take": offered})
    page = buyer.client.get("/cart").text
    assert ("Only 1 left" in page, "To checkout</button>" in page) == (False, True)
