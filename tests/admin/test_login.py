"""Who may enter the office, how, and where it leads."""

import pytest

from tests.support.office import filled, office_rules
from tests.support.shop import hidden
from tests.support.staff import EMAIL, PASSWORD


def test_nobody_enters_without_logging_in(shop, sale):
    client = shop.app.test_client()
    for rule in office_rules(shop.app):
        if rule.endpoint.startswith("office."):
            continue
        answer = client.get(filled(rule, shop, sale))
        if "GET" in rule.methods:
            assert (answer.status_code, "/admin/login" in answer.headers.get("Location", "")) == (303, True), rule
        answer = client.post(filled(rule, shop, sale))
        assert answer.status_code in (303, 400, 405), rule
    assert shop.order(sale).state == "paid"


def test_logging_in_wrongly_keeps_the_address_and_says_one_thing(shop):
    client = shop.app.test_client()
    form = hidden(client.get("/admin/login").text)
    for email in (EMAIL, "nobody@example.org"):
        answer = client.post("/admin/login", data={**form, "email": email, "password": "wrong", "next": ""})
        assert answer.status_code == 401
        assert f'value="{email}"' in answer.text
        assert "do not belong together" in answer.text


@pytest.mark.parametrize(
    "wish", ["https://evil.example/", "//evil.example", "/\\evil.example", "/admin/\\..", "javascript:x"]
)
def test_login_never_leads_outside(shop, wish):
    client = shop.app.test_client()
    form = hidden(client.get("/admin/login").text)
    answer = client.post("/admin/login", data={**form, "email": EMAIL, "password": PASSWORD, "next": wish})
    assert answer.location == "/admin/"


def test_login_leads_back_to_where_one_wanted_to_go(shop):
    client = shop.app.test_client()
    place = client.get("/admin/orders/?state=paid").location
    form = hidden(client.get(place).text, "next")
    answer = client.post("/admin/login", data={**form, "email": EMAIL, "password": PASSWORD})
    assert answer.location == "/admin/orders/?state=paid"


def test_logging_out_ends_it_on_the_server_too(shop, operator):
    token = operator.get_cookie("office", path="/admin").value
    form = hidden(operator.get("/admin/orders/").text)
    operator.post("/admin/logout", data=form)
    operator.set_cookie("office", token, path="/admin")
    assert operator.get("/admin/orders/").status_code == 303


def test_the_cookie_of_the_office_cannot_be_read_by_script_or_sent_by_others(shop):
    client = shop.app.test_client()
    form = hidden(client.get("/admin/login").text)
    answer = client.post("/admin/login", data={**form, "email": EMAIL, "password": PASSWORD, "next": ""})
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith("office="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/admin" in cookie
