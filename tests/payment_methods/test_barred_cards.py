"""Cards that are not charged: refused by their bank, disputed, over, or barred by a colleague."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from backoffice.collection import service as collection
from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import session
from backoffice.core.ports import ports
from backoffice.models import PaymentMethod, Person
from backoffice.payment_methods import bars
from backoffice.payment_methods import service as methods
from integrations.sandbox.cards import BY_LAST4
from tests.support import staff
from tests.support.accounts import logs_in, registers
from tests.support.consistency import problems
from tests.support.kept_cards import PAGE, enters, goes, keeps, states
from tests.support.shop import hidden, paid

on_one_engine = pytest.mark.parametrize("engine_name", ["sqlite"])


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
def test_what_is_said_of_an_attempt_bars_the_card_where_its_bank_says_so_itself(shop, ada):
    kept = keeps(shop, ada)
    units.write(lambda: bars.refused_for_good(kept.card, "transaction_not_allowed", "pay_x", by=SYSTEM))
    assert states(shop) == ["4242 kept"]
    code = "transaction_not_allowed"
    units.write(lambda: bars.refused_for_good(kept.card, code, "pay_y", by=SYSTEM, is_advised=True))
    assert states(shop) == ["4242 barred"]


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
    assert "was disputed at the bank" in ada.client.get(PAGE).text
    shop.provider.books.disputes.close(taken, "won")
    shop.works()
    assert states(shop) == ["4242 kept"]
    assert shop.tags(kept.ref)[-2:] == ["payment_method.barred", "payment_method.allowed"]
    assert problems() == []


@on_one_engine
def test_of_somebody_elses_dispute_nothing_is_said_and_of_several_bars_the_last_that_stands(shop, ada):
    eve = shop.buyer("eve@example.org")
    registers(shop, eve.client, "eve@example.org")
    keeps(shop, eve)
    eve.fills_cart()
    taken = shop.is_disputed(paid(shop, eve))
    shop.works()
    mine = keeps(shop, ada)  # the same card, in other hands
    assert (mine.state, mine.barred_because) == ("barred", "disputed")
    assert "was disputed at the bank" in eve.client.get(PAGE).text
    page = ada.client.get(PAGE).text
    assert "We do not charge this card any more. Keep another" in page
    assert "disputed" not in page
    units.write(lambda: bars.refused_for_good(mine.card, "lost_card", "pay_x", by=SYSTEM))
    assert {row.barred_because for row in shop.all(select(PaymentMethod))} == {"lost_card"}
    units.write(lambda: bars.lift(mine.card, "pay_x", by=SYSTEM, words="found"))
    assert {row.barred_because for row in shop.all(select(PaymentMethod))} == {"disputed"}
    shop.provider.books.disputes.close(taken, "won")
    shop.works()
    assert states(shop) == ["4242 kept", "4242 kept"]


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
    page = ada.client.get(PAGE).text
    assert "Keep another, or write to us." in page
    assert "ask your bank" not in page
    office.post(f"{address}/cards/{kept.ref}/allow", data={**token, "reason": "it was a mistake"})
    assert states(shop) == ["4242 kept"]
    office.post(f"{address}/close", data={**token, "reason": "asked for it"})
    shop.works()
    assert states(shop) == ["4242 removed"]
    assert shop.tags(kept.ref)[-2:] == ["payment_method.removed", "payment_method.forgotten"]


@on_one_engine
def test_allowing_again_what_was_removed_is_refused(shop, ada):
    kept = keeps(shop, ada)
    goes(ada, f"{PAGE}/{kept.ref}", remove="1")
    with pytest.raises(bars.NotKept):
        units.write(lambda: bars.allow(methods.by_ref(kept.ref), by=SYSTEM, words="why not"))


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
    units.write(lambda: bars.allow(methods.by_ref(kept.ref), by=SYSTEM, words="found again"))
    collection.learn(shop.payment(sale).id, by=SYSTEM)
    assert states(shop) == ["9987 kept"]


@on_one_engine
def test_what_was_barred_before_it_had_a_name_of_its_own_stays_barred_under_it(shop, ada):
    """A wallet was kept when wallets were not known again, and a colleague barred it by our own reference."""
    kept = keeps(shop, ada)

    def as_it_was() -> None:
        row = session.get_one(PaymentMethod, kept.id)
        snapshot = ports().payments.methods.retrieve(row.provider_ref)
        methods.follow(row, replace(snapshot, fingerprint=""), by=SYSTEM)
        bars.forbid(row, by=SYSTEM, words="the customer asked")
        assert row.card == row.ref
        methods.follow(row, snapshot, by=SYSTEM)
        assert [bar.card for bar in bars.standing(row.card)] == [kept.card]
        assert bars.standing(row.ref) == []

    units.write(as_it_was)
    assert states(shop) == ["4242 barred"]
    units.write(lambda: bars.allow(session.get_one(PaymentMethod, kept.id), by=SYSTEM, words="they found it"))
    assert states(shop) == ["4242 kept"]
    assert problems() == []
