"""Customers who withdraw from their contract: taken down, confirmed, a case; and nobody writes to strangers with it."""

import re

from sqlalchemy import select

from backoffice.models import Mail
from tests.support.shop import hidden, paid


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


def test_the_link_in_the_confirmation_fills_in_which_contract(shop):
    buyer = shop.buyer()
    buyer.fills_cart()
    sale = paid(shop, buyer)
    shop.works()
    (mail,) = shop.all(select(Mail).where(Mail.template == "order_confirmed"))
    way = re.search(r"http://shop.example(/withdraw\?\S+)", mail.text).group(1)
    page = shop.app.test_client().get(way).text
    assert re.search(rf'name="order_number"[^>]*value="{shop.order(sale).number}"', page)
