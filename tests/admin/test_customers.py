"""Customers: found by whatever they say on the phone, flagged, barred, closed."""

import re

import pytest
from sqlalchemy import select

from backoffice.core import units
from backoffice.customers import finding
from backoffice.models import (
    AuditEntry,
    Order,
    Person,
)
from tests.support.accounts import known
from tests.support.office import post


def names(rows) -> list[str]:
    return [row.name for row in rows]


def test_people_are_found_by_the_words_of_their_names(shop):
    known(shop, "Zoë Müller-Lüdenscheidt", "zoe@example.org")
    known(shop, "Otto Müller", "otto@example.org")
    known(shop, "Anna Oesterle", "anna@example.org")
    with units.read():
        assert names(finding.by_words("Österle")) == names(finding.by_words("oesterle")) == ["Anna Oesterle"]
        assert names(finding.by_words("MULLER")) == ["Otto Müller", "Zoë Müller-Lüdenscheidt"]
        assert names(finding.by_words("zoe lud")) == ["Zoë Müller-Lüdenscheidt"]
        assert finding.by_words("uller") == []
        assert names(finding.by_words("Mueller")) == ["Otto Müller", "Zoë Müller-Lüdenscheidt"]
        assert finding.by_words("Joe") == [], "Otto is not found by every o"
        assert finding.by_words("  ") == []


@pytest.mark.parametrize(
    "typed", ["0151 12345678", "+49 151 1234 5678", "0049-151-12345678", "(0151)12345678", "12345678"]
)
def test_a_phone_number_is_found_however_it_is_written(shop, typed):
    known(shop, "Ada", "ada@example.org", "+49 151 12345678")
    known(shop, "Eve", "eve@example.org", "0151 87654321")
    with units.read():
        assert names(finding.by_phone(typed)) == ["Ada"]
        assert finding.by_phone("678") == [], "too few digits fit half the world"


def test_a_later_order_adds_the_name_and_phone_it_was_placed_with(shop):
    shop.buyer("ada@example.org").orders()
    second = shop.buyer("Ada@Example.org")
    second.fills_cart()
    sale = second.places({**second.checkout_form(), "name": "Countess Lovelace", "phone": "0341 555 777"})
    with units.read():
        assert finding.by_words("countess") == []  # an order that nobody paid says nothing about her
    shop.pays(sale)
    shop.works()
    with units.read():
        assert [person.email for person in finding.by_words("countess")] == ["ada@example.org"]
        assert [person.email for person in finding.by_phone("+49 341 555777")] == ["ada@example.org"]
    assert shop.all(select(Order.phone)) == ["", "0341 555 777"]


@pytest.mark.parametrize("phone", ["call me", "12", "1" * 16, "0151 1234567 ext. 9"])
def test_what_nobody_can_dial_is_refused_and_stays(shop, phone):
    buyer = shop.buyer()
    buyer.fills_cart()
    answer = buyer.client.post("/checkout", data={**buyer.checkout_form(), "phone": phone})
    assert answer.status_code == 422
    assert "does not look like a phone number" in answer.text
    assert f'value="{phone}"' in answer.text


def test_the_page_of_a_customer_tells_all_of_it(shop, otto, sale):
    person = shop.all(select(Person))[0]
    page = otto.get(f"/admin/customers/{person.ref}").text
    for words in (
        "Ada Lovelace",
        "paid in 1 order",
        "Order 10001",
        "S-2026-000001",
        "Guest",
        "Order placed",
        "Provider told us",
    ):
        assert words in page, words
    looked = shop.all(select(AuditEntry).where(AuditEntry.tag == "person.viewed"))[-1]
    assert looked.changes == {"page": [None, f"person {person.ref}"]}


def test_a_barred_customer_buys_nothing_until_they_are_admitted_again(shop, otto, sale):
    person = shop.all(select(Person))[0]
    address = f"/admin/customers/{person.ref}"
    assert "Say in a few words why" in post(otto, f"{address}/bar", address, reason="")
    page = post(otto, f"{address}/bar", address, reason="three chargebacks")
    assert "three chargebacks" in page
    assert "▲</span> Barred" in page
    again = shop.buyer("ADA@example.org")
    again.fills_cart()
    answer = again.client.post("/checkout", data=again.checkout_form())
    assert answer.status_code == 409
    assert "Please write to us" in answer.text
    assert "chargeback" not in answer.text
    assert re.findall(r"/admin/customers/(per_\w+)", otto.get("/admin/customers/?flag=barred").text) == [person.ref]
    post(otto, f"{address}/admit", address, reason="a mistake of ours")
    assert again.places().order_ref
    assert [tag for tag in shop.tags(person.ref) if tag.endswith("ed") and tag != "person.viewed"] == [
        "person.created", "person.barred", "person.admitted",
    ]  # fmt: skip


def test_customers_are_listed_by_name_and_address(shop, otto):
    for name, email in (("Ada Lovelace", "ada@example.org"), ("Eve Adams", "eve@example.org")):
        known(shop, name, email)
    listed = lambda query: re.findall(r">([^<]+)</a></td>", otto.get(f"/admin/customers/?{query}").text)  # noqa: E731
    assert listed("name=ada") == ["Eve Adams", "Ada Lovelace"]
    assert listed("name=ada+lov") == ["Ada Lovelace"]
    assert listed("email=EVE@example.org") == ["Eve Adams"]
    assert "cannot be read as “Name”" in otto.get("/admin/customers/?name=%21%21").text
