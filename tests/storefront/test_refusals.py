"""Pages of what did not work: they say what helps, and come back when it may work again."""

from dataclasses import replace

import pytest
from werkzeug.exceptions import Forbidden

from backoffice.core.ports import EXTENSION
from backoffice.models import Withdrawal
from tests.support.accounts import logs_in, registers
from tests.support.shop import hidden


@pytest.fixture
def counting(shop, valkey):
    """Limits are counted in Redis; the shop of a test has none otherwise."""
    runtime = shop.app.extensions[EXTENSION]
    shop.app.extensions[EXTENSION] = replace(runtime, settings=replace(runtime.settings, redis_url=valkey.url))
    return shop


def asks_for_orders(shop, network: str = "192.0.2.7", times: int = 1) -> list:
    client = shop.app.test_client()
    form = hidden(client.get("/orders/find").text)
    asked = {**form, "order_number": "10001", "email": "ada@example.org"}
    return [client.post("/orders/find", data=asked, environ_overrides={"REMOTE_ADDR": network}) for _ in range(times)]


def test_a_network_that_asks_too_often_is_told_when_to_come_back(counting):
    *within, beyond = asks_for_orders(counting, times=21)
    assert {answer.status_code for answer in within} == {200}
    assert beyond.status_code == 429
    assert "Too many requests came from your network" in beyond.text
    assert 'value="10001"' in beyond.text, "what was typed stays"
    assert 'value="ada@example.org"' in beyond.text
    assert 3_500 < int(beyond.headers["Retry-After"]) <= 3_600
    (elsewhere,) = asks_for_orders(counting, network="198.51.100.7")
    assert elsewhere.status_code != 429


def test_a_withdrawal_that_a_network_may_not_send_any_more_is_not_lost(counting):
    client = counting.app.test_client()
    form = hidden(client.get("/withdraw").text)
    words = "Only the level, please: it is too long for its drawer."
    typed = {**form, "order_number": "10001", "email": "ada@example.org", "name": "Ada", "words": words}
    answers = [client.post("/withdraw", data={**typed, "request_key": f"wdk_{number}"}) for number in range(31)]
    assert [answer.status_code for answer in answers] == [303] * 30 + [429]
    assert words in answers[-1].text
    assert "Too many requests came from your network" in answers[-1].text
    assert counting.count(Withdrawal) == 30


def test_without_redis_nobody_is_refused(shop):
    assert 429 not in {answer.status_code for answer in asks_for_orders(shop, times=25)}


def test_a_form_that_is_tried_too_often_says_when_to_come_back_too(shop):
    client = shop.app.test_client()
    registers(shop, client)
    client.post("/account/logout")
    for _ in range(5):
        logs_in(client, password="wrong")
    refused = logs_in(client)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "900")
    assert 'name="password"' in refused.text


def test_a_lost_visitor_can_search_and_find_an_order(shop):
    page = shop.app.test_client().get("/products/there-is-no-such")
    assert page.status_code == 404
    assert 'action="/search"' in page.text
    assert 'href="/orders/find"' in page.text
    assert "noindex" in page.text


@pytest.mark.parametrize(
    ("path", "words", "way"),
    [("/somewhere", "its number and your e-mail address", "/orders/find"), ("/admin/x", "ask a colleague", "/admin/")],
)
def test_a_closed_door_of_the_shop_speaks_to_customers_and_one_of_the_office_to_staff(shop, path, words, way):
    with shop.app.test_request_context(path):
        answer = shop.app.make_response(shop.app.handle_user_exception(Forbidden()))
        page = answer.get_data(as_text=True)
    assert answer.status_code == 403
    assert words in page
    assert f'href="{way}"' in page


def test_an_error_of_ours_offers_another_try_and_a_number_to_tell(shop, monkeypatch):
    monkeypatch.setattr("storefront.products._first", lambda *_: 1 / 0)
    shop.app.config["PROPAGATE_EXCEPTIONS"] = False
    client = shop.app.test_client()
    answer = client.get("/products/pocket-level")
    assert answer.status_code == 500
    assert 'href="/products/pocket-level"' in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
