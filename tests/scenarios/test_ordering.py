"""Orders: gifts, the last piece, what goes nowhere, what is given up before it is paid, and what is found again."""

import re

from sqlalchemy import select, update

from backoffice.catalog import service as catalog
from backoffice.core import units
from backoffice.core.actor import staff
from backoffice.core.db import db
from backoffice.models import Mail, Order
from backoffice.stock.models import StockItem
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
