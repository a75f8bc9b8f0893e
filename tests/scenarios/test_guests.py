"""What guests may hold: strangers stop nobody from buying, and empty no shelf."""

from dataclasses import replace

from backoffice.core.ports import EXTENSION
from tests.support.accounts import registers


def many_orders(shop, count: int, email: str, client=None, **where) -> list[int]:
    """The answers to so many orders, each of a cart filled anew by the same or another visitor."""
    answers = []
    for _ in range(count):
        buyer = shop.buyer(email)
        if client:
            buyer.client = client
        buyer.client.environ_base.update(where)
        buyer.fills_cart(1, "HB-PDF")
        answers.append(buyer.client.post("/checkout", data=buyer.checkout_form()).status_code)
    return answers


def test_strangers_who_order_with_an_address_do_not_stop_its_owner(shop):
    owner = shop.buyer()
    registers(shop, owner.client, "ada@example.org")
    assert many_orders(shop, 6, "ada@example.org") == [303] * 5 + [409]
    assert many_orders(shop, 6, "ada@example.org", owner.client) == [303] * 5 + [409]


def test_guests_of_one_network_hold_so_much_and_no_more(shop, monkeypatch):
    monkeypatch.setitem(shop.app.extensions, EXTENSION, with_settings(shop.app, guest_orders=3))
    here, elsewhere = {"REMOTE_ADDR": "203.0.113.7"}, {"REMOTE_ADDR": "198.51.100.7"}
    for number in range(3):
        assert many_orders(shop, 1, f"nobody{number}@example.org", **here) == [303]
    assert many_orders(shop, 1, "nobody4@example.org", REMOTE_ADDR="203.0.113.99") == [429], "the same network"
    assert many_orders(shop, 1, "somebody@example.org", **elsewhere) == [303]
    shop.minutes_pass(50)
    assert many_orders(shop, 1, "nobody5@example.org", **here) == [303], "what was not paid is over"


def with_settings(app, **changes):
    running = app.extensions[EXTENSION]
    return replace(running, settings=replace(running.settings, **changes))
