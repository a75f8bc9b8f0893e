"""What happens to people who buy: gifts, prices and currencies that change under their hands, accounts that come after the
order. Told in the words of the business."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from backoffice.carts import service as carts
from backoffice.carts.models import CartLine
from backoffice.catalog import pricing
from backoffice.catalog import service as catalog
from backoffice.checkout import service as checkout
from backoffice.core import units
from backoffice.core.actor import SYSTEM, staff
from backoffice.core.db import db, session
from backoffice.core.money import Money
from backoffice.demo import pictures
from backoffice.models import Mail, Order, OrderLine, Person, Variant
from backoffice.orders.models import OrderState
from backoffice.stock.models import StockItem
from tests.customers.test_accounts import logs_in
from tests.support.shop import LEVEL, hidden, paid, product_path

OLIVE = staff("stf_olive")
NBSP = "\N{NO-BREAK SPACE}"


def test_a_gift_goes_elsewhere_and_the_invoice_stays(shop):
    buyer = shop.buyer()
    buyer.fills_cart(1, "PL-90")
    buyer.contact = {
        "elsewhere": "y", "to_name": "Grace Hopper", "to_street": "Harbour 3", "to_postcode": "2100",
        "to_city": "København", "to_country": "DK", "gift_note": "For your new shelf",
    }  # fmt: skip
    answer = buyer.client.post("/checkout", data=buyer.checkout_form())
    assert (answer.status_code, f"€{NBSP}47.90" in answer.text) == (409, True), "Denmark costs more than was shown"
    assert 'value="Harbour 3"' in answer.text
    buyer.contact |= hidden(answer.text, "total")
    sale = paid(shop, buyer)
    order = shop.order(sale)
    assert (order.total_amount, order.destination.city, order.city) == (4_790, "København", "Berlin")
    assert shop.invoice(sale).buyer["city"] == "Berlin"
    page = buyer.client.get(shop.order_path(sale.order_ref)).text
    assert "Harbour 3" in page
    assert "For your new shelf" in page
    (mail,) = shop.all(select(Mail).where(Mail.template == "order_confirmed"))
    assert "Harbour 3" in mail.text


def test_the_last_piece_is_sold_once_and_the_other_customer_gets_a_kind_page(shop):
    with db.engine.begin() as connection:
        connection.execute(update(StockItem).values(on_hand=1))
    first, second = shop.buyer(), shop.buyer("grace@example.org")
    for buyer in (first, second):
        assert "the last one" in buyer.client.get(product_path(LEVEL)).text
        buyer.fills_cart()
    form = second.checkout_form()
    first.places()
    answer = second.client.post("/checkout", data=form)
    assert (answer.status_code, "sold out just now" in answer.text) == (409, True)
    assert "Somebody else took the last one" in second.client.get("/cart").text
    assert shop.count(Order) == 1


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


def register(shop, client, email: str, password: str = "a short sentence") -> None:
    client.post(
        "/account/register", data={**hidden(client.get("/account/register").text), "email": email, "name": "Ada"}
    )
    shop.works()
    (mail,) = shop.all(select(Mail).where(Mail.template == "account_link", Mail.recipient == email.lower()))
    path = re.search(r"http://shop.example(/account/password/\S+)", mail.text).group(1)
    answer = client.post(path, data={**hidden(client.get(path).text), "password": password})
    assert answer.status_code == 303, answer.text


def test_an_account_that_comes_after_a_guests_order_shows_it(shop):
    buyer = shop.buyer()
    buyer.fills_cart()
    sale = paid(shop, buyer)
    register(shop, buyer.client, "Ada@Example.org")
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
    register(shop, buyer.client, "ada@example.org")
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
    register(shop, buyer.client, "ada@example.org")
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
    register(shop, buyer.client, "ada@example.org")
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


def test_an_order_that_is_cancelled_to_be_changed_is_not_typed_again(shop):
    buyer = shop.buyer()
    buyer.fills_cart()
    typed = {
        **buyer.checkout_form(), "phone": "+49 30 1234567", "elsewhere": "y", "to_name": "Grace", "to_street": "Nygade 3",
        "to_postcode": "1164", "to_city": "København", "to_country": "DK", "gift_note": "For your new shelf",
    }  # fmt: skip
    wrong = buyer.client.post("/checkout", data=typed)
    typed["total"] = hidden(wrong.text, "total")["total"]
    sale = shop.sale_of(buyer, buyer.client.post("/checkout", data=typed).location)
    path = shop.order_path(sale.order_ref)
    page = buyer.client.get(path).text
    assert buyer.client.post(f"{path}/cancel", data=hidden(page)).location == "/cart"
    page = buyer.client.get("/checkout").text
    for name in (
        "email",
        "name",
        "street",
        "postcode",
        "city",
        "phone",
        "to_name",
        "to_street",
        "to_postcode",
        "to_city",
    ):
        assert f'value="{typed[name]}"' in page, name
    assert "For your new shelf" in page
    assert '<option selected value="DK">' in page
    assert "Nygade" not in shop.app.test_client().get("/checkout").text, "nobody else's browser knows of it"


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


def test_what_is_only_downloaded_goes_nowhere(shop):
    buyer = shop.buyer()
    buyer.fills_cart(1, "HB-PDF")
    page = buyer.client.get("/checkout").text
    assert "Send it to another address" not in page
    assert "Address and delivery" not in page
    buyer.fills_cart(1, "SV-HANG")
    assert "Send it to another address" in buyer.client.get("/checkout").text


def test_delivery_says_what_it_costs_to_every_country(shop):
    client = shop.app.test_client()
    page = client.get("/delivery").text
    first, second, *_ = page.split('class="region"')[1:]
    assert "Germany" in first
    assert f"€{NBSP}4.90" in first
    assert "Denmark" in second
    assert f"€{NBSP}9.90" in second
    client.post("/currency", data={"code": "DKK", "back": "/delivery"})
    assert "DKK" in client.get("/delivery").text
    assert 'href="/delivery"' in client.get(product_path(LEVEL)).text


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


def test_a_withdrawal_of_an_order_that_nobody_finds_says_so_and_repeats_its_number_alone(shop):
    client = shop.app.test_client()
    for number in ("99999", "visit http://evil.example"):
        form = hidden(client.get("/withdraw").text, "request_key")
        typed = {**form, "order_number": number, "email": "ada@example.org", "name": "Ada", "words": "evil words"}
        assert client.post("/withdraw", data=typed).status_code == 303
    shop.works()
    texts = shop.all(select(Mail.text).where(Mail.template == "withdrawal_received").order_by(Mail.id))
    assert ["Order: 99999" in text for text in texts] == [True, False]
    assert all("do not find an order of this address" in text for text in texts)
    assert not any("evil" in text for text in texts)


def test_a_withdrawal_is_taken_down_confirmed_and_becomes_a_case(shop):
    buyer = shop.buyer()
    buyer.fills_cart()
    sale = paid(shop, buyer)
    order_page = shop.order_path(sale.order_ref)
    way = re.search(r'href="(/withdraw[^"]+)"', buyer.client.get(order_page).text).group(1)
    page = buyer.client.get(way).text
    form = {
        **hidden(page, "request_key", "order_number", "email", "name"), "words": "The level is fine, my wall is not.",
    }  # fmt: skip
    for _ in range(2):
        assert buyer.client.post("/withdraw", data=form).location == "/withdraw/received"
    assert "my wall is not" in buyer.client.get("/withdraw/received").text
    page = buyer.client.get(order_page).text
    assert "We have your withdrawal" in page
    assert "Nothing has left our workshop yet" in page
    assert "The level is fine, my wall is not." in page
    assert shop.open_cases() == ["withdrawal"]
    (mail,) = shop.all(select(Mail).where(Mail.template == "withdrawal_received"))
    assert "Arrived: 22 November 2026" in mail.text
    assert "my wall is not" in mail.text
    stranger = shop.app.test_client()
    form = {**form, **hidden(stranger.get("/withdraw").text, "request_key"), "order_number": "99999"}
    assert stranger.post("/withdraw", data=form).location == "/withdraw/received", "the answer tells nothing"


def test_nobody_writes_to_strangers_through_the_withdrawal_form(shop):
    """Not a word that was typed beside an address without an order, and no more than three mails a day."""
    client = shop.app.test_client()
    for number in range(5):
        form = {
            **hidden(client.get("/withdraw").text, "request_key"), "order_number": f"www.evil.example/claim-{number}",
            "name": "Winner", "email": "victim@example.org", "words": "claim 500",
        }  # fmt: skip
        assert client.post("/withdraw", data=form).location == "/withdraw/received"
    mails = shop.all(select(Mail).where(Mail.template == "withdrawal_received"))
    assert len(mails) == 3
    for mail in mails:
        assert "evil" not in mail.text + mail.html
        assert "claim" not in mail.text + mail.html
    assert shop.open_cases() == ["withdrawal"] * 5, "every declaration is taken down"


def test_a_customer_cancels_before_paying_and_the_pieces_are_free_again(shop):
    buyer = shop.buyer()
    sale = buyer.orders()
    path = shop.order_path(sale.order_ref)
    form = hidden(buyer.client.get(path).text)
    for _ in range(2):  # pressed twice, it is in the cart once
        assert buyer.client.post(f"{path}/cancel", data=form).status_code == 303
    assert "is in your cart again" in buyer.client.get("/cart").text
    assert "This order was cancelled" in buyer.client.get(path).text
    assert (shop.stock(), shop.cart_pieces()) == ((25, 0), 1)


def test_what_was_ordered_and_never_paid_goes_into_a_cart_again(shop):
    buyer = shop.buyer()
    sale = buyer.orders(2)
    shop.minutes_pass(50)
    buyer.client.delete_cookie("cart")  # on another device, by the link in the mail
    path = shop.order_path(sale.order_ref)
    page = buyer.client.get(path).text
    assert "This order is closed" in page
    for _ in range(2):
        buyer.client.post(f"{path}/again", data=hidden(page))
    assert "€\N{NO-BREAK SPACE}258.00" in buyer.client.get("/cart").text
    units.write(lambda: catalog.withdraw(catalog.by_slug("spirit-level-oak"), by=OLIVE, reason="no more oak"))
    other = shop.buyer()
    answer = other.client.post(f"{path}/again", data=hidden(other.client.get(path).text), follow_redirects=True)
    assert "is not sold any more, or did not fit" in answer.text


def test_somebody_who_lost_the_mail_finds_the_order_and_strangers_learn_nothing(shop):
    buyer = shop.buyer()
    sale = buyer.orders()
    number = str(shop.order(sale).number)
    client = shop.app.test_client()

    def asks(**form) -> str:
        page = client.get("/orders/find").text
        return client.post("/orders/find", data={**hidden(page), **form}).text

    right = {"order_number": f"#{number}", "email": "ADA@example.org"}
    same = "a link to it is in your mail in a minute"
    for form in (
        {**right, "email": "eve@example.org"},
        {**right, "order_number": "99999"},
        {**right, "order_number": "x"},
    ):
        assert same in asks(**form)
    assert "order_link" not in shop.mails()
    for _ in range(2):
        assert same in asks(**right)
    shop.works()
    (mail,) = shop.all(select(Mail).where(Mail.template == "order_link"))
    assert mail.recipient == "ada@example.org"
    path = re.search(r"http://shop.example(/orders/\S+)", mail.text).group(1)
    assert f"Order {number}" in client.get(path).text
    assert "Which order is it?" in asks(order_number="", email="ada@example.org")


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


def test_the_link_in_the_confirmation_fills_in_which_contract(shop):
    buyer = shop.buyer()
    buyer.fills_cart()
    sale = paid(shop, buyer)
    shop.works()
    (mail,) = shop.all(select(Mail).where(Mail.template == "order_confirmed"))
    way = re.search(r"http://shop.example(/withdraw\?\S+)", mail.text).group(1)
    page = shop.app.test_client().get(way).text
    assert re.search(rf'name="order_number"[^>]*value="{shop.order(sale).number}"', page)
