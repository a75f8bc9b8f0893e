"""Accounts: strangers learn nothing, links work once, sessions end, addresses are one's own."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from backoffice.core import units
from backoffice.core.db import session
from backoffice.customers import accounts, addresses
from backoffice.customers import service as customers
from backoffice.customers.models import Address
from backoffice.logins import passwords
from backoffice.models import AuditEntry, LoginSession, Order, Person, SavedAddress
from tests.support.accounts import SENTENCE, asks, link_in, logs_in, mails, registers
from tests.support.shop import hidden
from tests.support.statements import statements


def test_registering_a_known_and_an_unknown_address_looks_the_same(shop):
    registers(shop, shop.app.test_client())
    pages = []
    for email in ("ada@example.org", "new@example.org"):
        answer = asks(shop.app.test_client(), "/account/register", email=email, name="X")
        pages.append((answer.status_code, answer.text.replace(email, "…")))
    assert pages[0] == pages[1]
    assert len(mails(shop, "account_known")) == 1
    assert "/account/password/" not in mails(shop, "account_known")[0].text


def test_a_mail_to_a_stranger_says_nothing_of_whoever_asked_for_it(shop):
    """An address is typed by anybody, and so is a name: nobody writes to others through ours."""
    asks(shop.app.test_client(), "/account/register", email="stranger@example.org", name="Buy at evil example")
    (mail,) = mails(shop, "account_link")
    assert "evil" not in f"{mail.subject_line} {mail.text} {mail.html}"


def test_asking_for_a_link_and_logging_in_tell_nothing_either(shop):
    registers(shop, shop.app.test_client())
    for path, more in (("/account/forgot", {}), ("/account/login", {"password": "wrong password"})):
        pages = set()
        for email in ("ada@example.org", "nobody@example.org"):
            answer = asks(shop.app.test_client(), path, email=email, **more)
            pages.add((answer.status_code, re.sub(r'value="[^"]*"', "", answer.text.replace(email, "…"))))
        assert len(pages) == 1, path
    assert len(mails(shop, "account_reset")) == 1


@pytest.mark.parametrize("path", ["/account/register", "/account/forgot"])
def test_a_known_and_an_unknown_address_cost_the_same(shop, path):
    """The time of an answer tells nothing, because the same is asked of the database."""
    registers(shop, shop.app.test_client())
    client = shop.app.test_client()
    asks(client, path, email="warm@example.org", name="Warm")
    form = hidden(client.get(path).text)
    costs = []
    for email in ("ada@example.org", "nobody@example.org"):
        with statements() as seen:
            client.post(path, data={**form, "email": email, "name": "X"})
        costs.append(seen)
    assert costs[0] == costs[1]
    assert len(costs[0]) == 1, costs[0]


def test_a_link_works_once_and_for_a_day(shop, clock):
    client = shop.app.test_client()
    registers(shop, client)
    path = link_in(mails(shop, "account_link")[0])
    again = client.get(path)
    assert (again.status_code, "used already" in again.text, "Send me the link" in again.text) == (404, True, True)
    client.post("/account/logout")
    asks(client, "/account/forgot", email="ada@example.org")
    reset = link_in(mails(shop, "account_reset")[0])
    assert client.get(reset).status_code == 200
    clock.forward(hours=25)
    assert client.get(reset).status_code == 404
    assert client.get(reset[:-2] + "xx").status_code == 404


def test_a_form_of_the_account_that_is_sent_twice_is_sent_once(shop):
    client = shop.app.test_client()
    asks(client, "/account/register", email="ada@example.org", name="Ada")
    path = link_in(mails(shop, "account_link")[0])
    form = {**hidden(client.get(path).text), "password": SENTENCE}
    assert [client.post(path, data=form).location for _ in range(2)] == ["/account", "/account"]
    stranger = shop.app.test_client()
    late = stranger.post(path, data={**hidden(stranger.get("/account/login").text), "password": SENTENCE})
    assert (late.status_code, "used already" in late.text, "Send me the link" in late.text) == (404, True, True)
    form = {**hidden(client.get("/account").text), "old": SENTENCE, "password": "another sentence"}
    assert [client.post("/account/change-password", data=form).status_code for _ in range(2)] == [303, 303]
    assert len(mails(shop, "account_password")) == 1
    assert logs_in(shop.app.test_client(), password="another sentence").status_code == 303
    form["old"] = "something else"
    assert client.post("/account/change-password", data={**form, "password": "a third sentence"}).status_code == 422


def test_many_requests_send_one_mail(shop):
    client = shop.app.test_client()
    for _ in range(5):
        asks(client, "/account/register", email="ada@example.org", name="Ada")
    assert len(mails(shop, "account_link")) == 1


def test_a_weak_password_is_refused_and_the_link_stays_good(shop):
    client = shop.app.test_client()
    asks(client, "/account/register", email="ada@example.org", name="Ada")
    path = link_in(mails(shop, "account_link")[0])
    for password in ("short", "ada@example.org"):
        answer = asks(client, path, password=password)
        assert (answer.status_code, "at least 10 characters" in answer.text) == (422, True)
    assert asks(client, path, password=SENTENCE).status_code == 303


def test_a_new_password_logs_every_other_device_out(shop):
    first, second = shop.app.test_client(), shop.app.test_client()
    registers(shop, first)
    logs_in(second)
    assert second.get("/account").status_code == 200
    form = hidden(first.get("/account").text)
    answer = first.post("/account/change-password", data={**form, "old": "wrong one", "password": "another sentence"})
    assert (answer.status_code, "not your present password" in answer.text) == (422, True)
    first.post("/account/change-password", data={**form, "old": SENTENCE, "password": "another sentence"})
    assert first.get("/account").status_code == 200
    assert second.get("/account").status_code == 303
    assert logs_in(second).status_code == 401
    assert logs_in(second, password="another sentence").status_code == 303
    assert len(mails(shop, "account_password")) == 1


def test_a_password_that_was_reset_meanwhile_stays(shop, monkeypatch):
    """While the old password is checked, its owner sets another one by a link: whoever knew the old one changes nothing."""
    client = shop.app.test_client()
    registers(shop, client)
    form = hidden(client.get("/account").text)
    fits = passwords.fits

    def fits_slowly(stored, password):
        right = fits(stored, password)
        monkeypatch.setattr(passwords, "fits", fits)
        units.write(lambda: setattr(session.scalars(select(Person)).one(), "password_hash", "the owner's own"))
        return right

    monkeypatch.setattr(passwords, "fits", fits_slowly)
    monkeypatch.setattr(units, "_checks", [])  # the owner's change is told without its audit row here
    answer = client.post("/account/change-password", data={**form, "old": SENTENCE, "password": "another sentence"})
    assert answer.status_code == 422
    assert shop.all(select(Person.password_hash)) == ["the owner's own"]


def test_one_device_is_logged_out_from_another_and_nobody_elses(shop):
    first, second, thief = (shop.app.test_client() for _ in range(3))
    registers(shop, first)
    logs_in(second)
    registers(shop, thief, "eve@example.org")
    (session_id,) = shop.all(select(LoginSession.id).order_by(LoginSession.id).offset(1).limit(1))
    end = f"/account/sessions/{session_id}/end"
    assert thief.post(end, data=hidden(thief.get("/account").text)).status_code == 404
    assert second.get("/account").status_code == 200
    first.post(end, data=hidden(first.get("/account").text))
    assert second.get("/account").status_code == 303


def test_guessing_is_throttled_for_customers_too(shop, clock):
    client = shop.app.test_client()
    registers(shop, client)
    client.post("/account/logout")
    for _ in range(5):
        assert logs_in(client, password="wrong").status_code == 401
    assert logs_in(client).status_code == 429
    clock.forward(minutes=16)
    assert logs_in(client).status_code == 303


def test_customers_and_staff_never_meet(shop):
    client = shop.app.test_client()
    registers(shop, client)
    token = client.get_cookie("account").value
    other = shop.app.test_client()
    other.set_cookie("office", token, path="/admin")
    assert "login" in other.get("/admin/orders/").location
    staff = shop.app.test_client()
    asks(staff, "/admin/login", email="olive@plumb-and-level.example", password="measure twice")
    office = staff.get_cookie("office", path="/admin").value
    shopper = shop.app.test_client()
    shopper.set_cookie("account", office)
    assert shopper.get("/account").location.startswith("/account/login")


def test_login_leads_back_inside_only(shop):
    client = shop.app.test_client()
    registers(shop, client)
    for wish, place in [
        ("/checkout", "/checkout"),
        ("//evil.example", "/account"),
        ("https://evil.example", "/account"),
        ("/\\evil", "/account"),
        ("/admin/", "/account"),
    ]:
        client.post("/account/logout")
        assert logs_in(client, next=wish).location == place, wish


def test_a_form_that_stood_open_is_worth_nothing_after_the_logout(shop):
    client = shop.app.test_client()
    registers(shop, client)
    left_open = client.get("/account/addresses/new").text
    client.post("/account/logout")
    logs_in(client)
    home = {"name": "Eve", "street": "Way 1", "postcode": "10115", "city": "Berlin", "country": "DE"}
    assert client.post("/account/addresses/new", data={**hidden(left_open), **home}).status_code == 422
    assert shop.count(SavedAddress) == 0


@pytest.mark.parametrize(
    ("name", "is_taken"),
    [
        ("Win a prize at evil.example/x now", False), ("ada.com", False), ("WWW.ADA", False), ("http://x", False),
        ("Dr.med. Ada St.John", True), ("J.R.R. Tolkien", True), ("Ada c/o Babbage", True),
    ],
)  # fmt: skip
def test_a_name_that_mail_programs_would_make_a_link_of_is_refused(shop, name, is_taken):
    client = shop.app.test_client()
    form = {**hidden(client.get("/account/register").text), "email": "ada@example.org", "name": name}
    assert client.post("/account/register", data=form).status_code == (200 if is_taken else 422)


def test_addresses_are_kept_changed_preferred_and_removed_by_their_owner_alone(shop):
    client, thief = shop.app.test_client(), shop.app.test_client()
    registers(shop, client)
    registers(shop, thief, "eve@example.org")
    home = {"name": "Ada", "street": "Analytical Way 1", "postcode": "10115", "city": "Berlin", "country": "DE"}
    asks(client, "/account/addresses/new", **home)
    asks(client, "/account/addresses/new", **home)
    asks(client, "/account/addresses/new", **{**home, "street": "Second Street 2"})
    first, second = shop.all(select(SavedAddress).order_by(SavedAddress.id))
    assert (first.preferred, second.preferred) == (True, False)
    assert thief.get(f"/account/addresses/{first.ref}").status_code == 404
    assert (
        thief.post(
            f"/account/addresses/{first.ref}", data={**hidden(thief.get("/account").text), "remove": "1"}
        ).status_code
        == 404
    )
    form = hidden(client.get("/account").text)
    answer = client.post(f"/account/addresses/{second.ref}", data={**form, **home, "postcode": "1"})
    assert (answer.status_code, "not a postcode" in answer.text) == (422, True)
    client.post(f"/account/addresses/{second.ref}", data={**form, "prefer": "1"})
    buyer = shop.buyer()
    buyer.client = client
    buyer.fills_cart()
    assert 'value="Second Street 2"' in client.get("/checkout").text
    typed = {
        **buyer.checkout_form(),
        "phone": "+49 30 1234",
        "elsewhere": "y",
        "to_street": "Nygade 3",
        "address": first.ref,
    }
    page = client.post("/checkout", data=typed).text
    assert 'value="Analytical Way 1"' in page
    assert 'value="Second Street 2"' not in page
    assert all(kept in page for kept in ('value="+49 30 1234"', 'value="Nygade 3"', 'value="y" checked'))
    assert 'class="notice bad"' not in page, "nothing was ordered, so nothing was wrong with it"
    assert shop.all(select(Order)) == []
    client.post(f"/account/addresses/{second.ref}", data={**form, "remove": "1"})
    assert [row.preferred for row in shop.all(select(SavedAddress))] == [True]


def test_an_address_book_ends_somewhere(shop):
    registers(shop, shop.app.test_client())

    def keep(number: int) -> None:
        person = customers.find("ada@example.org")
        addresses.keep(person, Address("A", f"Street {number}", "1", "B", "DE"), by=accounts.actor.SYSTEM)

    for number in range(addresses.MOST):
        units.write(lambda n=number: keep(n))
    with pytest.raises(addresses.TooManyAddresses):
        units.write(lambda: keep(99))


def test_asking_for_deletion_opens_a_case_once(shop):
    client = shop.app.test_client()
    registers(shop, client)
    form = hidden(client.get("/account").text)
    client.post("/account/delete", data=form)
    client.post("/account/delete", data=form)
    assert shop.open_cases() == ["account_deletion"]
    assert shop.mails().count("deletion_asked") == 1
    assert "We have your request" in client.get("/account").text


def test_what_is_personal_stands_sealed_in_the_audit_log(shop):
    client = shop.app.test_client()
    registers(shop, client)
    form = hidden(client.get("/account").text)
    client.post("/account/name", data={**form, "name": "Ada Lovelace"})
    entries = shop.all(select(AuditEntry).where(AuditEntry.tag == "account.changed"))
    assert "Lovelace" not in str([entry.changes for entry in entries])
    (person,) = shop.all(select(Person).where(Person.email == "ada@example.org"))
    assert person.name == "Ada Lovelace"


def test_a_session_ends_after_a_month_unused(shop, clock):
    client = shop.app.test_client()
    registers(shop, client)
    clock.time += timedelta(days=29)
    assert client.get("/account").status_code == 200
    clock.time += timedelta(days=29)
    assert client.get("/account").status_code == 200
    clock.time += timedelta(days=31)
    assert client.get("/account").status_code == 303


def test_pages_of_an_account_are_kept_by_nobody(shop):
    client = shop.app.test_client()
    registers(shop, client)
    for path in ("/account", "/account/orders", "/account/addresses/new"):
        assert "no-store" in client.get(path).headers["Cache-Control"]
    assert client.get("/").headers["Cache-Control"] == "private, no-cache"
