"""Cards that customers keep: entered at the provider, asked for and never believed, barred when a bank says never, removed."""

from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from backoffice.collection import service as collection
from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.models import MethodSetup, PaymentMethod, Person
from backoffice.payment_methods import service as methods
from integrations.sandbox.cards import BY_LAST4
from tests.customers.test_accounts import logs_in, registers
from tests.support import staff
from tests.support.consistency import problems
from tests.support.shop import hidden, paid

PAGE = "/account/payment-methods"
on_one_engine = pytest.mark.parametrize("engine_name", ["sqlite"])


@pytest.fixture
def ada(shop):
    """A customer who is logged in."""
    buyer = shop.buyer()
    registers(shop, buyer.client)
    return buyer


def goes(buyer, path: str = f"{PAGE}/add", **pressed: str):
    """Press a button of the page; the provider's answer."""
    form = hidden(buyer.client.get(PAGE).text, "request_key")
    return buyer.client.post(path, data={**form, **pressed})


def enters(shop, location: str, last4: str = "4242") -> str:
    """At the provider; the address it leads back to."""
    setup = location.rpartition("/")[2]
    shop.clock.forward(seconds=5)
    assert shop.provider.books.methods.enter(setup, BY_LAST4[last4])
    return urlsplit(shop.provider.books.methods.setup(setup)["return_url"]).path


def keeps(shop, buyer, last4: str = "4242", **pressed: str) -> PaymentMethod:
    back = enters(shop, goes(buyer, **pressed).location, last4)
    buyer.client.get(back)
    shop.works()
    return shop.all(select(PaymentMethod).order_by(PaymentMethod.id.desc()))[0]


def states(shop) -> list[str]:
    return [f"{row.last4} {row.state}" for row in shop.all(select(PaymentMethod).order_by(PaymentMethod.id))]


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


def test_a_card_that_its_bank_refuses_for_good_is_barred_for_everybody_until_it_is_replaced(shop, ada):
    kept = keeps(shop, ada, "9987")
    ada.fills_cart()
    sale = ada.places()
    payment = shop.provider.payments(sale.payment_ref)[0]["id"]
    shop.provider.books.decline(payment, BY_LAST4["9987"].method, "lost_card")
    shop.works()
    assert states(shop) == ["9987 barred"]
    page = ada.client.get(PAGE).text
    assert "We do not charge this card any more." in page
    with units.read():
        assert methods.usable(kept.person_id) is None
    again = keeps(shop, ada, "9987")  # the same card entered anew is the same card
    assert (again.state, again.barred_because) == ("barred", "lost_card")
    enters_new = enters(shop, goes(ada, f"{PAGE}/{again.ref}", replace="1").location, "4242")
    ada.client.get(enters_new)
    shop.works()
    with units.read():
        assert methods.usable(kept.person_id).last4 == "4242"


@on_one_engine
def test_a_decline_that_may_pass_another_time_bars_nothing(shop, ada):
    keeps(shop, ada, "9995")
    ada.fills_cart()
    sale = ada.places()
    payment = shop.provider.payments(sale.payment_ref)[0]["id"]
    shop.provider.books.decline(payment, BY_LAST4["9995"].method, "insufficient_funds")
    shop.works()
    assert states(shop) == ["9995 kept"]


def test_while_a_payment_is_disputed_its_card_is_not_charged_and_afterwards_it_is_as_the_bank_decided(shop, ada):
    keeps(shop, ada)
    ada.fills_cart()
    sale = paid(shop, ada)
    taken = shop.is_disputed(sale)
    shop.works()
    (kept,) = shop.all(select(PaymentMethod))
    assert (kept.state, kept.barred_because) == ("barred", "disputed")
    shop.provider.books.disputes.close(taken, "won")
    shop.works()
    assert states(shop) == ["4242 kept"]
    assert shop.tags(kept.ref)[-2:] == ["payment_method.barred", "payment_method.allowed"]
    assert problems() == []


@on_one_engine
def test_a_lost_dispute_leaves_the_card_barred(shop, ada):
    keeps(shop, ada)
    ada.fills_cart()
    sale = paid(shop, ada)
    taken = shop.is_disputed(sale)
    shop.works()
    shop.provider.books.disputes.close(taken, "lost")
    shop.works()
    assert states(shop) == ["4242 barred"]


@on_one_engine
def test_a_bank_that_sends_a_new_card_and_a_dashboard_that_takes_one_off_are_heard(shop, ada):
    kept = keeps(shop, ada)
    shop.provider.books.methods.renew(kept.provider_ref)
    shop.works()
    assert "good until 11/2032" in ada.client.get(PAGE).text
    shop.provider.books.methods.detach(kept.provider_ref)
    shop.works()
    assert states(shop) == ["4242 removed"]
    assert shop.tags(kept.ref)[-2:] == ["payment_method.renewed", "payment_method.removed"]


@on_one_engine
def test_a_card_that_is_over_is_not_charged_and_its_owner_is_told(shop, ada):
    kept = keeps(shop, ada)
    for days, words in ((0, ""), (1_060, "over soon"), (60, "This card is over.")):
        shop.clock.forward(days=days)
        with units.read():
            assert (methods.usable(kept.person_id) is None) == ("is over." in words)
        logs_in(ada.client)
        assert words in ada.client.get(PAGE).text
    (row,) = shop.all(select(PaymentMethod))
    assert row.good_until.isoformat() == "2029-11-30"


@on_one_engine
def test_a_colleague_bars_and_allows_a_card_and_a_closed_account_keeps_none(shop, ada):
    kept = keeps(shop, ada)
    office = staff.logged_in(shop)
    person = shop.all(select(Person).where(Person.email == "ada@example.org"))[0]
    address = f"/admin/customers/{person.ref}"
    page = office.get(address).text
    assert "Visa ·· 4242" in page
    token = hidden(page)
    refused = office.post(f"{address}/cards/{kept.ref}/bar", data={**token, "reason": ""}, follow_redirects=True)
    assert "Say in a few words why" in refused.text
    office.post(f"{address}/cards/{kept.ref}/bar", data={**token, "reason": "asked by telephone"})
    assert states(shop) == ["4242 barred"]
    assert "barred by a colleague" in office.get(address).text
    office.post(f"{address}/cards/{kept.ref}/allow", data={**token, "reason": "it was a mistake"})
    assert states(shop) == ["4242 kept"]
    office.post(f"{address}/close", data={**token, "reason": "asked for it"})
    shop.works()
    assert states(shop) == ["4242 removed"]
    assert shop.tags(kept.ref)[-2:] == ["payment_method.removed", "payment_method.forgotten"]


@on_one_engine
def test_nobody_keeps_more_than_ten(shop, ada, monkeypatch):
    monkeypatch.setattr("backoffice.payment_methods.setups.MOST", 1)
    keeps(shop, ada)
    refused = ada.client.post(f"{PAGE}/add", data={**hidden(ada.client.get(PAGE).text), "request_key": "mtk_more"})
    assert (refused.status_code, "Remove one first" in refused.text) == (409, True)
    with units.read():
        person = methods.by_ref(shop.all(select(PaymentMethod.ref))[0]).person_id
        assert len(methods.of(person)) == 1


@on_one_engine
def test_allowing_again_what_was_removed_is_refused(shop, ada):
    kept = keeps(shop, ada)
    goes(ada, f"{PAGE}/{kept.ref}", remove="1")
    with pytest.raises(methods.NotKept):
        units.write(lambda: methods.allow(methods.by_ref(kept.ref), by=SYSTEM, words="why not"))


def test_an_order_keeps_its_card_where_its_customer_ticked_that_and_nobody_elses(shop, ada):
    ada.fills_cart()
    assert "Keep the card" in ada.client.get("/checkout").text
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
    assert "Keep the card" not in guest.client.get("/checkout").text
    sale = guest.places(guest.checkout_form() | {"keep_card": "y"})
    shop.pays(sale)
    shop.works()
    assert states(shop) == ["4242 kept", "9995 kept"]
    assert problems() == []


def test_a_bar_outlives_who_keeps_the_card_and_each_source_lifts_its_own(shop, ada):
    """Two disputes of one card: one is won, one is lost; the card was kept by nobody when they began."""
    taken = []
    for email in ("bob@example.org", "eve@example.org"):
        buyer = shop.buyer(email)
        buyer.fills_cart()
        taken.append(shop.is_disputed(paid(shop, buyer)))
        shop.works()
    kept = keeps(shop, ada)
    assert kept.state == "barred"
    shop.provider.books.disputes.close(taken[0], "lost")
    shop.provider.books.disputes.close(taken[1], "won")
    shop.works()
    assert states(shop) == ["4242 barred"]
    goes(ada, f"{PAGE}/{kept.ref}", remove="1")
    shop.works()
    assert keeps(shop, ada).state == "barred"


@on_one_engine
def test_a_colleagues_word_stands_although_the_same_decline_is_asked_about_again(shop, ada):
    kept = keeps(shop, ada, "9987")
    ada.fills_cart()
    sale = ada.places()
    payment = shop.provider.payments(sale.payment_ref)[0]["id"]
    shop.provider.books.decline(payment, BY_LAST4["9987"].method, "lost_card")
    shop.works()
    units.write(lambda: methods.allow(methods.by_ref(kept.ref), by=SYSTEM, words="found again"))
    collection.learn(shop.payment(sale).id, by=SYSTEM)
    assert states(shop) == ["9987 kept"]


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
