"""Payments: one attempt, one key, one claim on its invoice; what is told late or twice changes nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from backoffice import wiring
from backoffice.collection import service as collection
from backoffice.core import actor, units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import session
from backoffice.core.ports import EXTENSION
from backoffice.invoices import service as invoices
from backoffice.models import Payment
from backoffice.payments import service as payments
from backoffice.payments.models import PaymentState
from backoffice.payments.service import NotCollectible
from tests.support.shop import hidden


def prepare_another(shop, sale):
    """Begin one more attempt, whatever the code above thinks of it."""

    def work():
        invoice = invoices.by_ref(ref)
        return payments.prepare(
            invoice, description="again", expires_at=shop.clock() + timedelta(minutes=30), by=SYSTEM
        ).ref

    ref = shop.invoice(sale).ref
    return units.write(work)


def test_the_database_refuses_a_second_open_attempt(shop):
    sale = shop.buyer().orders()
    with pytest.raises(IntegrityError):
        prepare_another(shop, sale)
    assert shop.count(Payment) == 1


def test_an_attempt_that_ended_without_money_makes_room_for_another(shop):
    sale = shop.buyer().orders()
    shop.is_declined(sale)
    shop.works()
    assert prepare_another(shop, sale)


def test_the_database_refuses_an_attempt_for_an_invoice_that_was_paid(shop, monkeypatch):
    sale = shop.buyer().orders()
    shop.pays(sale)
    shop.works()
    with pytest.raises(NotCollectible):
        prepare_another(shop, sale)
    monkeypatch.setattr(payments, "COLLECTIBLE", {"open", "paid"})
    with pytest.raises(IntegrityError):
        prepare_another(shop, sale)


def test_the_key_and_the_parameters_are_written_before_anyone_is_asked(shop):
    shop.provider.switch(outage=True)
    sale = shop.buyer().orders()
    payment = shop.payment(sale)
    assert payment.request["key"] == payment.idempotency_key == f"{payment.ref}-open"
    assert payment.request["amount"] == 12_900
    assert "unanswered" in payment.last_answer


@pytest.mark.parametrize(
    "late", [PaymentState.SENT, PaymentState.PROCESSING, PaymentState.DECLINED, PaymentState.UNKNOWN]
)
def test_what_is_told_after_the_money_came_changes_nothing(shop, late):
    sale = shop.buyer().orders()
    shop.pays(sale)
    shop.works()

    def tell():
        payment = session.scalars(select(Payment)).one()
        return payments.move(payment, late, by=SYSTEM)

    assert units.write(tell) is False
    assert shop.payment(sale).state == PaymentState.SETTLED


def test_a_settled_payment_stays_settled_while_the_provider_is_silent(shop):
    sale = shop.buyer().orders()
    shop.pays(sale)
    shop.works()
    shop.provider.switch(outage=True)
    assert collection.learn(shop.payment(sale).id, by=actor.SYSTEM) == PaymentState.SETTLED


def test_more_money_on_a_settled_payment_is_noticed(shop):
    sale = shop.buyer().orders()
    shop.pays(sale)
    shop.works()
    shop.provider.books.force_capture(shop.payment(sale).provider_ref, 25_800)
    shop.works()
    assert shop.payment(sale).captured_amount == 25_800
    assert shop.open_cases() == ["amount_differs"]
    assert shop.tags(sale.payment_ref).count("payment.settled") == 1


def test_late_money_for_one_attempt_closes_the_page_of_the_next(shop):
    """Declined, tried again, and then the first attempt captures after all: nobody may pay on the second page any more."""
    buyer = shop.buyer()
    first = buyer.orders()
    shop.is_declined(first)
    buyer.returns_from(first)
    second = buyer.tries_again(first)
    shop.provider.books.force_capture(shop.payment(first).provider_ref, 12_900)
    shop.works()
    assert shop.order(first).state == "paid"
    page = shop.provider.payments(second.payment_ref)[0]
    assert page["status"] == "cancelled"
    assert not shop.provider.books.pay(page["id"], "Visa")
    assert shop.provider.captured() == [12_900]
    assert shop.open_cases() == []


def test_nobody_holds_stock_for_ever_by_trying_again(shop):
    buyer = shop.buyer()
    sale = buyer.orders()
    for _ in range(12):
        shop.is_declined(sale)
        buyer.returns_from(sale)
        token = shop.order_path(sale.order_ref)
        page = buyer.client.get(token).text
        answer = buyer.client.post(f"{token}/pay", data=hidden(page))
        if answer.status_code == 409:
            assert "tried too often" in answer.text
            break
        sale = shop.sale_of(buyer, answer.location)
    assert shop.count(Payment) == 10
    shop.minutes_pass(60)
    assert shop.order(sale).state == "expired"
    assert shop.mails() == ["payment_declined", "order_ended"]


def test_a_refused_payment_page_opens_a_case_and_the_customer_may_try_again(shop):
    """A wrong parameter of ours: the provider will never open it, so the attempt is over and a person is told."""
    buyer = shop.buyer()
    buyer.fills_cart()
    form = buyer.checkout_form()
    original = payments.PageRequest.as_json

    def broken(self):
        return {**original(self), "currency": 5}

    payments.PageRequest.as_json = broken
    try:
        sale = buyer.places(form)
    finally:
        payments.PageRequest.as_json = original
    assert shop.payment(sale).state == PaymentState.CANCELLED
    assert shop.open_cases() == ["payment_refused"]
    again = buyer.tries_again(sale)
    assert again.page.startswith(shop.provider.url)


def test_a_wrong_api_key_says_nothing_about_the_payment(shop):
    sale = shop.buyer().orders()
    runtime = shop.app.extensions[EXTENSION]
    wrong = wiring.build(replace(runtime.settings, sandbox_api_key="sk_wrong"))
    shop.app.extensions[EXTENSION] = replace(runtime, ports=wrong)
    shop.clock.forward(minutes=1)
    assert collection.learn(shop.payment(sale).id, by=SYSTEM) == PaymentState.UNKNOWN
    assert shop.stock() == (25, 1)


def test_after_the_keys_life_a_payment_is_looked_up_and_never_created_anew(shop):
    shop.provider.switch(outage=True, webhooks="never")
    sale = shop.buyer().orders()
    shop.clock.forward(hours=30)
    shop.provider.switch(outage=False)
    assert collection.learn(shop.payment(sale).id, by=SYSTEM) == PaymentState.CANCELLED
    assert shop.provider.payments() == []
