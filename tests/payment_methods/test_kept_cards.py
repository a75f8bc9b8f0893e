"""Cards that customers keep: entered at the provider, known here by brand, last four and expiry, replaced and removed."""

import pytest
from sqlalchemy import select

from backoffice.core import units
from backoffice.models import MethodSetup, PaymentMethod, Person, WebhookEvent
from backoffice.payment_methods import service as methods
from tests.support import staff
from tests.support.accounts import registers
from tests.support.consistency import problems
from tests.support.kept_cards import PAGE, enters, goes, keeps, states
from tests.support.meanwhile import once_at
from tests.support.shop import hidden, paid

on_one_engine = pytest.mark.parametrize("engine_name", ["sqlite"])


def test_a_card_is_entered_at_the_provider_and_kept_by_brand_last_four_and_expiry(shop, ada):
    answer = goes(ada)
    assert answer.location.startswith(shop.provider.url)
    page = ada.client.get(enters(shop, answer.location), follow_redirects=True).text
    for words in ("Visa ·· 4242 is kept.", "Visa ·· 4242", "good until 11/2029"):
        assert words in page, words
    (kept,) = shop.all(select(PaymentMethod))
    assert (kept.state, kept.is_preferred) == ("kept", True)
    assert shop.tags(kept.ref) == ["payment_method.kept"]
    assert "Visa ·· 4242" in ada.client.get("/account").text
    shop.works()
    assert problems() == []


def test_the_webhook_alone_keeps_it_and_both_keep_it_once(shop, ada):
    back = enters(shop, goes(ada).location)
    shop.works()
    assert states(shop) == ["4242 kept"]
    ada.client.get(back)
    ada.client.get(back)
    assert states(shop) == ["4242 kept"]
    assert len(shop.all(select(MethodSetup))) == 1


@on_one_engine
def test_without_webhook_and_return_the_task_finds_out(shop, ada):
    shop.provider.switch(webhooks="never")
    enters(shop, goes(ada).location)
    shop.clock.forward(minutes=11)
    shop.works()
    assert states(shop) == ["4242 kept"]


@on_one_engine
def test_the_address_back_proves_nothing(shop, ada):
    location = goes(ada).location
    setup = shop.all(select(MethodSetup))[0]
    page = ada.client.get(f"{PAGE}/{setup.ref}", follow_redirects=True).text
    assert "Nothing was entered" in page
    assert states(shop) == []
    stranger = shop.buyer("eve@example.org")
    registers(shop, stranger.client, "eve@example.org")
    assert stranger.client.get(enters(shop, location)).status_code == 404


@on_one_engine
def test_a_double_click_opens_one_page_and_a_lost_answer_is_asked_for_with_the_same_key(shop, ada):
    form = hidden(ada.client.get(PAGE).text, "request_key")
    shop.provider.switch(lose_create=1)
    refused = ada.client.post(f"{PAGE}/add", data=form)
    assert (refused.status_code, "does not answer just now" in refused.text) == (503, True)
    first, again = (ada.client.post(f"{PAGE}/add", data=form).location for _ in range(2))
    assert first == again
    with shop.provider.books.transaction() as db:
        assert db.execute("SELECT COUNT(*) FROM setups").fetchone()[0] == 1


@on_one_engine
def test_a_provider_that_says_nothing_for_days_is_asked_until_it_does(shop, ada):
    enters(shop, goes(ada).location)
    shop.provider.switch(outage=True)
    shop.clock.forward(days=5)
    shop.works()
    assert shop.all(select(MethodSetup.state)) == ["open"]
    shop.provider.switch(outage=False)
    shop.minutes_pass(6 * 60)
    assert states(shop) == ["4242 kept"]


def test_a_page_that_nobody_filled_in_is_over_and_leaves_nothing(shop, ada):
    goes(ada)
    shop.clock.forward(hours=1)
    shop.works()
    assert [row.state for row in shop.all(select(MethodSetup))] == ["expired"]
    assert states(shop) == []
    assert shop.waiting_tasks() == []


def test_another_comes_first_replacing_removes_the_old_one_and_removing_has_the_provider_forget_it(shop, ada):
    first = keeps(shop, ada)
    second = keeps(shop, ada, "9995")
    assert (first.is_preferred, second.is_preferred) == (True, False)
    goes(ada, f"{PAGE}/{second.ref}", prefer="1")
    assert shop.all(select(PaymentMethod.ref).where(PaymentMethod.preferred_key.is_not(None))) == [second.ref]
    back = enters(shop, goes(ada, f"{PAGE}/{second.ref}", replace="1").location, "3184")
    ada.client.get(back)
    shop.works()
    assert states(shop) == ["4242 kept", "9995 removed", "3184 kept"]
    third = shop.all(select(PaymentMethod).order_by(PaymentMethod.id))[-1]
    assert third.is_preferred
    assert shop.provider.books.methods.method(second.provider_ref)["customer"] == ""
    goes(ada, f"{PAGE}/{third.ref}", remove="1")
    assert "3184" not in ada.client.get(PAGE).text
    shop.works()
    assert states(shop) == ["4242 kept", "9995 removed", "3184 removed"]
    assert [row.is_preferred for row in shop.all(select(PaymentMethod).order_by(PaymentMethod.id))] == [
        True,
        False,
        False,
    ]
    assert shop.tags(third.ref)[-2:] == ["payment_method.removed", "payment_method.forgotten"]


@on_one_engine
def test_a_removed_card_stays_removed_here_while_the_provider_is_silent(shop, ada):
    kept = keeps(shop, ada)
    shop.provider.switch(outage=True)
    goes(ada, f"{PAGE}/{kept.ref}", remove="1")
    shop.works()
    assert states(shop) == ["4242 removing"]
    assert "4242" not in ada.client.get(PAGE).text
    shop.provider.switch(outage=False)
    shop.clock.forward(minutes=11)
    shop.works()
    assert states(shop) == ["4242 removed"]


@on_one_engine
def test_somebody_elses_card_is_not_there(shop, ada):
    kept = keeps(shop, ada)
    eve = shop.buyer("eve@example.org")
    registers(shop, eve.client, "eve@example.org")
    assert goes(eve, f"{PAGE}/{kept.ref}", remove="1").status_code == 404
    assert states(shop) == ["4242 kept"]
    assert shop.app.test_client().get(PAGE).status_code == 303


@on_one_engine
def test_no_form_works_without_its_token(shop, ada):
    kept = keeps(shop, ada)
    for path in (f"{PAGE}/add", f"{PAGE}/{kept.ref}"):
        answer = ada.client.post(path, data={"request_key": "k", "remove": "1"})
        assert answer.status_code == 422
    assert states(shop) == ["4242 kept"]


@on_one_engine
def test_nobody_keeps_more_than_ten(shop, ada, monkeypatch):
    monkeypatch.setattr("backoffice.payment_methods.setups.MOST", 1)
    keeps(shop, ada)
    refused = ada.client.post(f"{PAGE}/add", data={**hidden(ada.client.get(PAGE).text), "request_key": "mtk_more"})
    assert (refused.status_code, "Remove one first" in refused.text) == (409, True)
    with units.read():
        person = methods.by_ref(shop.all(select(PaymentMethod.ref))[0]).person_id
        assert len(methods.of(person)) == 1


def test_an_order_keeps_its_card_where_its_customer_ticked_that_and_nobody_elses(shop, ada):
    ada.fills_cart()
    assert "Keep this payment card" in ada.client.get("/checkout").text
    sale = ada.places(ada.checkout_form() | {"keep_card": "y"})
    shop.pays(sale)
    ada.returns_from(sale)
    shop.works()
    assert states(shop) == ["4242 kept"]
    (kept,) = shop.all(select(PaymentMethod))
    ada.fills_cart()
    paid(shop, ada)
    assert states(shop) == ["4242 kept"]
    second = keeps(shop, ada, "9995")
    assert second.customer_ref == kept.customer_ref
    guest = shop.buyer("guest@example.org")
    guest.fills_cart()
    assert "Keep this payment card" not in guest.client.get("/checkout").text
    sale = guest.places(guest.checkout_form() | {"keep_card": "y"})
    shop.pays(sale)
    shop.works()
    assert states(shop) == ["4242 kept", "9995 kept"]
    assert problems() == []


@on_one_engine
def test_somebody_whose_account_is_closed_meanwhile_keeps_nothing(shop, ada):
    location = goes(ada).location
    office = staff.logged_in(shop)
    person = shop.all(select(Person).where(Person.email == "ada@example.org"))[0]
    token = hidden(office.get(f"/admin/customers/{person.ref}").text)
    office.post(f"/admin/customers/{person.ref}/close", data={**token, "reason": "asked for it"})
    enters(shop, location)
    shop.works()
    assert states(shop) == ["4242 removed"]


@on_one_engine
def test_a_page_that_the_provider_forgot_is_over(shop, ada):
    goes(ada)
    with shop.provider.books.transaction() as db:
        db.execute("DELETE FROM setups")
    shop.clock.forward(minutes=11)
    shop.works()
    assert [row.state for row in shop.all(select(MethodSetup))] == ["expired"]
    assert shop.waiting_tasks() == []


@on_one_engine
def test_the_button_of_an_old_page_pressed_again_says_so(shop, ada):
    form = hidden(ada.client.get(PAGE).text, "request_key")
    enters(shop, ada.client.post(f"{PAGE}/add", data=form).location)
    shop.works()
    answer = ada.client.post(f"{PAGE}/add", data=form, follow_redirects=True)
    assert "That page is over." in answer.text
    assert states(shop) == ["4242 kept"]


@on_one_engine
def test_a_card_that_was_taken_off_in_the_dashboard_before_we_heard_of_it_is_not_kept(shop, ada):
    back = enters(shop, goes(ada).location)
    shop.provider.books.methods.detach(shop.provider.books.methods.kept()[0]["id"])
    assert "Visa ·· 4242 was removed again, so it is not kept." in ada.client.get(back, follow_redirects=True).text
    shop.works()
    assert states(shop) == ["4242 removed"]
    assert problems() == []


@on_one_engine
def test_news_of_a_card_that_is_being_kept_waits_until_it_is(shop, ada):
    """Somebody asked about its page before it was taken off, and writes down afterwards what they were told."""
    shop.provider.switch(webhooks="never")
    back = enters(shop, goes(ada).location)

    def is_taken_off() -> None:
        shop.provider.switch(webhooks="normal")
        shop.provider.books.methods.detach(shop.provider.books.methods.kept()[0]["id"])
        shop.works()

    with once_at("payment_methods.learn.asked", is_taken_off):
        ada.client.get(back)
    assert states(shop) == ["4242 kept"]
    shop.minutes_pass(16)
    assert states(shop) == ["4242 removed"]


@on_one_engine
def test_a_page_of_which_the_provider_said_nothing_lets_its_event_be_handled(shop, ada):
    shop.provider.switch(outage=True)
    ada.client.post(f"{PAGE}/add", data=hidden(ada.client.get(PAGE).text, "request_key"))
    shop.provider.switch(outage=False, lose_create=1)
    shop.clock.forward(minutes=11)
    shop.works()
    assert [row.unanswered for row in shop.all(select(MethodSetup))] == [2]
    shop.provider.switch(lose_create=0)
    shop.minutes_pass(60)
    assert [row.state for row in shop.all(select(MethodSetup))] == ["expired"]
    assert shop.all(select(WebhookEvent.type).where(WebhookEvent.state == "received")) == []
    assert shop.waiting_tasks() == []


@on_one_engine
def test_a_card_stays_when_the_one_in_its_place_was_taken_off_again(shop, ada):
    first = keeps(shop, ada)
    back = enters(shop, goes(ada, f"{PAGE}/{first.ref}", replace="1").location, "3184")
    shop.provider.books.methods.detach(shop.provider.books.methods.kept()[-1]["id"])
    ada.client.get(back)
    shop.works()
    assert states(shop) == ["4242 kept", "3184 removed"]
    assert problems() == []
