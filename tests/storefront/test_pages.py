"""The shop's pages: forms keep what was typed, links are guarded, nothing works twice, no card number enters."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import db
from backoffice.entities import service as entities
from backoffice.entities.models import LegalKind
from backoffice.models import Order, Payment, StockItem
from tests.storefront.test_cart import field_of
from tests.support.shop import LEVEL, hidden, product_path


def test_every_page_carries_a_strict_policy_and_is_not_kept(shop):
    for path in ("/", "/cart", "/terms", "/imprint", "/nothing"):
        answer = shop.app.test_client().get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-inline" not in policy
        expected = "public, max-age=0, s-maxage=60" if path == "/" else "no-store"
        assert expected in answer.headers["Cache-Control"], path
        assert not re.search(r"<script(?![^>]*(?:src=|ld\+json))|\son\w+=|style=", answer.text), path


@pytest.mark.parametrize("quantity", ["", "0", "-1", "1.5", "many", "100", "9" * 400])
def test_a_nonsense_quantity_is_said_on_the_page(shop, quantity):
    client = shop.app.test_client()
    form = hidden(client.get(product_path(LEVEL)).text, "variant")
    answer = client.post("/cart/add", data={**form, "quantity": quantity})
    assert answer.status_code == 422
    assert "Choose a quantity" in answer.text
    assert shop.cart_pieces() == 0


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("email", "", "We need your e-mail address"),
        ("email", "ada", "does not look like an e-mail address"),
        ("email", "ada@@example.org", "does not look like an e-mail address"),
        ("name", "   ", "What is your name?"),
        ("street", "", "The street is missing"),
        ("postcode", "", "The postcode is missing"),
        ("city", "", "The town is missing"),
        ("country", "US", "Not a valid choice"),
        ("terms", "", "Please accept the terms"),
        ("name", "4242 4242 4242 4242", "looks like a card number"),
        ("street", "x" * 500, "cannot be longer"),
        ("postcode", "-1", "not a postcode"),
        ("city", "12", "does not look right"),
        ("name", "WIN http://evil.example", "does not look right"),
    ],
)
def test_what_was_typed_stays_and_the_page_says_what_is_missing(shop, field, value, words):
    buyer = shop.buyer()
    buyer.fills_cart()
    form = {**buyer.checkout_form(), "city": "Köln am Rhein", field: value}
    if not value:
        form.pop("terms" if field == "terms" else "nothing", None)
    answer = buyer.client.post("/checkout", data=form)
    assert answer.status_code == 422
    assert words in answer.text
    assert field == "city" or 'value="Köln am Rhein"' in answer.text
    assert shop.count(Order) == 0
    assert shop.stock() == (25, 0)


def test_an_expired_token_keeps_what_was_typed_and_one_more_press_orders(shop, clock):
    buyer = shop.buyer()
    buyer.fills_cart()
    form = buyer.checkout_form()
    answer = buyer.client.post("/checkout", data={**form, "csrf_token": "expired"})
    assert answer.status_code == 422
    assert "Nothing is lost" in answer.text
    assert 'value="Analytical Way 1"' in answer.text
    assert shop.count(Order) == 0
    fresh = {**form, **hidden(answer.text, "checkout_key", "total", "terms_version")}
    assert buyer.client.post("/checkout", data=fresh).status_code == 303


def test_no_form_of_the_shop_works_without_its_token(shop):
    buyer = shop.buyer()
    sale = buyer.orders()
    shop.is_declined(sale)
    buyer.returns_from(sale)
    buyer.fills_cart()
    field = field_of(buyer.client.get("/cart").text)
    form = {**buyer.checkout_form(), "csrf_token": ""}
    for path, data in [
        ("/cart/change", {field: "5"}),
        ("/checkout", form),
        (shop.order_path(sale.order_ref) + "/pay", {}),
        (shop.order_path(sale.order_ref) + "/cancel", {}),
    ]:
        buyer.client.post(path, data=data)
    assert (shop.cart_pieces(), shop.count(Order), shop.count(Payment)) == (1, 1, 1)


def test_pressing_twice_is_pressing_once(shop):
    buyer = shop.buyer()
    buyer.fills_cart()
    form = buyer.checkout_form()
    first, second = buyer.client.post("/checkout", data=form), buyer.client.post("/checkout", data=form)
    assert first.location == second.location
    assert shop.count(Order) == 1


def test_leaving_the_payment_page_does_not_lose_the_order(shop):
    buyer = shop.buyer()
    buyer.orders()
    page = buyer.client.get("/checkout", follow_redirects=True).text
    assert "Your order 10001 is not paid yet" in page
    assert "Pay €" in buyer.client.get(re.search(r'href="(/orders/[^"]+)"', page).group(1)).text


def test_a_planted_cart_cookie_shows_nobody_elses_order(shop):
    victim = shop.buyer()
    victim.fills_cart()
    form = victim.checkout_form()
    thief = shop.buyer("thief@example.org")
    thief.client.set_cookie("cart", victim.client.get_cookie("cart").value)
    stolen = thief.checkout_form()
    victim.places(form)
    for data in (stolen, {**stolen, "name": ""}):
        answer = thief.client.post("/checkout", data=data)
        assert "/orders/" not in answer.headers.get("Location", "")
        assert "Ada" not in answer.text.replace('value="Ada Lovelace"', "")
    client = shop.app.test_client()
    client.set_cookie("cart", "chosen-by-somebody-else")
    variant = hidden(client.get(product_path(LEVEL)).text, "variant")
    client.post("/cart/add", data={**variant, "quantity": "1"})
    assert client.get_cookie("cart").value != "chosen-by-somebody-else"


def test_the_same_cart_ordered_again_with_another_street_shows_the_order_that_exists(shop):
    buyer = shop.buyer()
    buyer.fills_cart()
    form = buyer.checkout_form()
    buyer.places(form)
    answer = buyer.client.post("/checkout", data={**form, "street": "Second Street 2"})
    assert answer.location.startswith("/orders/")
    assert "Analytical Way 1" in buyer.client.get(answer.location).text
    assert shop.count(Order) == 1


def test_the_order_page_does_not_ask_for_money_that_is_on_its_way(shop):
    buyer = shop.buyer()
    sale = buyer.orders()
    shop.provider.books.process(shop.payment(sale).provider_ref, "Bank debit", shop.clock() + timedelta(minutes=1))
    shop.clock.forward(seconds=5)
    buyer.returns_from(sale)
    page = buyer.client.get(shop.order_path(sale.order_ref)).text
    assert "Your payment is on its way" in page
    assert "Pay €" not in page


def test_a_cart_that_changed_in_another_tab_is_shown_again_before_it_is_ordered(shop):
    buyer = shop.buyer()
    buyer.fills_cart()
    form = buyer.checkout_form()
    shop.clock.forward(seconds=5)
    buyer.fills_cart(2)
    answer = buyer.client.post("/checkout", data=form)
    assert (answer.status_code, "the total is €" in answer.text) == (409, True)
    assert "€\N{NO-BREAK SPACE}387.00" in answer.text
    assert shop.count(Order) == 0


def test_sold_out_between_cart_and_order_is_a_kind_page(shop):
    buyer = shop.buyer()
    buyer.fills_cart(2)
    form = buyer.checkout_form()
    with db.engine.begin() as connection:
        connection.execute(update(StockItem).values(on_hand=1))
    answer = buyer.client.post("/checkout", data=form)
    assert (answer.status_code, "Only 1 left" in answer.text) == (409, True)
    assert 'value="Analytical Way 1"' in answer.text
    assert "Only 1 left" in buyer.client.get("/cart").text
    with db.engine.begin() as connection:
        connection.execute(update(StockItem).values(on_hand=0))
    assert "Sold out just now" in buyer.client.get(product_path(LEVEL)).text


def test_another_customers_order_cannot_be_opened(shop):
    sale = shop.buyer().orders()
    path = shop.order_path(sale.order_ref)
    client = shop.app.test_client()
    altered = path[:20] + ("a" if path[20] != "a" else "b") + path[21:]
    for guess in (
        f"/orders/{sale.order_ref}",
        altered,
        path.replace("/orders/", "/pay/"),
        "/orders/",
        "/orders/x/invoice.pdf",
    ):
        assert client.get(guess).status_code == 404, guess
    assert client.get(path).status_code == 200
    shop.clock.forward(days=401)
    assert client.get(path).status_code == 404


def test_the_invoice_is_not_there_before_it_is_paid(shop):
    sale = shop.buyer().orders()
    path = shop.order_path(sale.order_ref)
    assert shop.app.test_client().get(path + "/invoice.pdf").status_code == 404
    assert "The invoice appears here once the order is paid" in shop.app.test_client().get(path).text


def test_the_waiting_page_learns_by_itself(shop):
    sale = shop.buyer().orders()
    path = shop.return_path(sale.payment_ref) + "/state"
    client = shop.app.test_client()
    assert client.get(path).json == {"state": "sent"}
    shop.pays(sale)
    assert client.get(path).json == {"state": "settled"}


def test_many_waiting_pages_ask_the_provider_seldom(shop):
    sale = shop.buyer().orders()
    client = shop.app.test_client()
    shop.clock.forward(seconds=3)
    path = shop.return_path(sale.payment_ref) + "/state"
    assert client.get(path).json == {"state": "sent"}
    shop.provider.switch(outage=True)
    assert [client.get(path).json["state"] for _ in range(5)] == ["sent"] * 5
    shop.clock.forward(seconds=3)
    assert client.get(path).json == {"state": "unknown"}


def test_the_terms_that_were_accepted_stay_readable(shop):
    buyer = shop.buyer()
    buyer.fills_cart()
    form = buyer.checkout_form()
    units.write(
        lambda: entities.publish(entities.seller(), LegalKind.TERMS, "1. New\nEverything is different.", by=SYSTEM)
    )
    assert buyer.client.post("/checkout", data=form).status_code == 409, "the customer must see what they agree to"
    assert "Everything is different" in buyer.client.get("/terms").text
    assert "Our pages are an invitation" in buyer.client.get("/terms/1").text
    assert buyer.client.get("/terms/3").status_code == 404


def test_script_in_an_address_is_text(shop):
    buyer = shop.buyer()
    buyer.contact = {"name": "<script>alert(1)</script>"}
    sale = buyer.orders()
    page = buyer.client.get(shop.order_path(sale.order_ref)).text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_an_empty_database_says_what_to_do(app):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = app.test_client().get("/")
    assert (answer.status_code, "no seller" in answer.text) == (503, True), answer.text
    assert answer.text.count("<h1>") == 1


def test_an_error_of_ours_is_a_page_with_a_number(shop, monkeypatch):
    shop.app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr("backoffice.catalog.shelves.newest", lambda *_: 1 / 0)
    answer = shop.app.test_client().get("/")
    assert answer.status_code == 500
    assert "Our mistake" in answer.text
    assert answer.headers["X-Request-Id"] in answer.text


@pytest.mark.parametrize("typed", ["50", "50,00", "€50", "50 €", "EUR 50", "50eur"])
def test_a_price_is_read_however_it_is_typed(shop, typed):
    page = shop.app.test_client().get("/shop/levels", query_string={"to": typed}).text
    assert 'name="to" inputmode="decimal" value="50.00"' in page


def test_a_price_that_cannot_be_read_is_said(shop):
    page = shop.app.test_client().get("/shop/levels?to=cheap").text
    assert "“cheap” is no price that we can read" in page


def test_a_limit_of_a_price_does_not_go_along_into_another_currency(shop):
    client = shop.app.test_client()
    back = "/shop/levels?t.Material=oak&from=10&to=50&sort=price"
    answer = client.post("/currency", data={"code": "DKK", "back": back})
    assert answer.location == "/shop/levels?t.Material=oak&sort=price"
    assert client.post("/currency", data={"code": "EUR", "back": "/cart"}).location == "/cart"
