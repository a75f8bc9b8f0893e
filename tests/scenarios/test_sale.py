"""A sale, from the cart to the invoice, and everything that can go wrong on the way. Told in the words of the business."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from backoffice.collection import service as collection
from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import session
from backoffice.core.ports import ports
from backoffice.invoices import service as invoices
from backoffice.invoices.models import NumberFate
from backoffice.models import Mail, Payment, WebhookEvent
from backoffice.orders.models import OrderState
from backoffice.payments.models import PaymentState
from backoffice.webhooks import service as webhooks
from tests.support.meanwhile import once_at
from tests.support.sales import is_sold


def test_a_guest_buys_and_everything_follows_in_one_go(shop):
    buyer = shop.buyer()
    sale = buyer.orders()
    assert sale.page.startswith(shop.provider.url)
    assert shop.stock() == (25, 1)
    shop.pays(sale)
    assert "Thank you" in buyer.returns_from(sale)
    shop.minutes_pass(1)
    is_sold(shop, sale)
    assert shop.mails() == ["order_confirmed"]
    with units.read():
        invoice = invoices.by_ref(shop.invoice(sale).ref)
        assert invoices.paper(invoice) is not None
        (mail,) = session.scalars(select(Mail))
        assert mail.sent_at is not None
        assert mail.attachments["files"][0][0] == "S-2026-000001.pdf"
    page = buyer.client.get(shop.order_path(sale.order_ref)).text
    assert "S-2026-000001" in page
    answer = buyer.client.get(shop.order_path(sale.order_ref) + "/invoice.pdf")
    assert answer.data.startswith(b"%PDF")


def test_the_webhook_alone_completes_the_sale_when_the_customer_never_returns(shop):
    sale = shop.buyer().orders()
    shop.pays(sale)
    shop.works()
    is_sold(shop, sale)


def test_the_task_completes_the_sale_when_neither_customer_nor_webhook_comes(shop):
    shop.provider.switch(webhooks="never")
    sale = shop.buyer().orders()
    shop.pays(sale)
    assert shop.order(sale).state == OrderState.PLACED
    shop.minutes_pass(3)
    is_sold(shop, sale)


def test_the_poller_fetches_the_event_that_never_came(shop):
    shop.provider.switch(webhooks="never")
    sale = shop.buyer().orders()
    shop.pays(sale)
    assert webhooks.poll() == 2
    assert webhooks.poll() == 0
    shop.works()
    is_sold(shop, sale)
    assert {event.heard_by for event in shop.all(select(WebhookEvent))} == {"poller"}


@pytest.mark.parametrize("way", ["twice", "reversed", "late"])
def test_webhooks_twice_out_of_order_and_late_change_nothing(shop, way):
    shop.provider.switch(webhooks=way)
    sale = shop.buyer().orders()
    shop.pays(sale)
    sale.buyer.returns_from(sale)
    shop.minutes_pass(2)
    for event in shop.provider.books.events():
        shop.provider.books.deliver(event["id"], shop.clock())
    shop.works()
    is_sold(shop, sale)
    assert {event.deliveries for event in shop.all(select(WebhookEvent))} == ({3} if way == "twice" else {2})


def test_a_provider_that_counts_in_whole_seconds_is_not_taken_for_silent(shop, monkeypatch):
    """It lists the second that has begun when the last round looked; what is stored of that second is known."""
    listed = ports().payments.events_since
    monkeypatch.setattr(ports().payments, "events_since", lambda moment: listed(moment.replace(microsecond=0)))
    sale = shop.buyer().orders()
    shop.pays(sale)
    shop.works()
    shop.clock.forward(minutes=10, milliseconds=400)
    assert webhooks.poll() == 0
    assert webhooks.poll() == 0
    assert shop.open_cases() == []
    assert {event.deliveries for event in shop.all(select(WebhookEvent))} == {1}


def test_the_poller_looks_back_to_its_last_complete_round_whatever_came_by_webhook(shop):
    sale = shop.buyer().orders()
    shop.minutes_pass(46)
    webhooks.poll()
    shop.provider.switch(webhooks="never")
    shop.provider.books.force_capture(shop.payment(sale).provider_ref, 12_900)
    shop.clock.forward(minutes=15)
    shop.provider.switch(webhooks="normal")
    shop.pays(shop.buyer("eve@example.org").orders())
    shop.works()
    webhooks.poll()
    shop.works()
    assert shop.payment(sale).captured_amount == 12_900


def test_who_found_nothing_does_not_end_a_payment_that_another_was_told_of_meanwhile(shop):
    """One asks days later, when the provider has forgotten the key, and stands there; another's question, with the key, was
    still on its way."""
    shop.provider.switch(fail=1)
    sale = shop.buyer().orders()
    payment = shop.payment(sale)
    assert payment.state == PaymentState.UNKNOWN

    def meanwhile() -> None:
        shop.clock.forward(days=-3)
        collection.learn(payment.id, by=SYSTEM)

    shop.clock.forward(days=3)
    with once_at("collection.learn.asked", meanwhile):
        collection.learn(payment.id, by=SYSTEM)
    assert shop.payment(sale).state == PaymentState.SENT
    assert shop.open_cases() == []


def test_the_lost_answer_to_the_new_payment_is_asked_for_with_the_same_key(shop):
    shop.provider.switch(lose_create=1)
    buyer = shop.buyer()
    sale = buyer.orders()
    assert "/pay/" in sale.page
    assert not sale.page.startswith(shop.provider.url)
    assert shop.payment(sale).state == PaymentState.UNKNOWN
    page = buyer.returns_from(sale)
    assert shop.payment(sale).state == PaymentState.SENT
    assert "still open" in page
    assert len(shop.provider.payments()) == 1
    shop.pays(sale)
    buyer.returns_from(sale)
    shop.works()
    is_sold(shop, sale)


def test_an_outage_leaves_the_payment_unknown_and_opens_a_case_that_closes_itself(shop):
    shop.provider.switch(outage=True, webhooks="never")
    sale = shop.buyer().orders()
    assert shop.payment(sale).state == PaymentState.UNKNOWN
    shop.minutes_pass(30)
    assert "payment_unknown" in shop.open_cases()
    assert shop.stock() == (25, 1)
    assert "We are waiting for the payment provider" in sale.buyer.returns_from(sale)
    shop.provider.switch(outage=False)
    shop.minutes_pass(21)
    assert shop.payment(sale).state in (PaymentState.SENT, PaymentState.CANCELLED)
    assert shop.open_cases() == []


def test_a_declined_customer_tries_again_on_the_same_order(shop):
    buyer = shop.buyer()
    first = buyer.orders()
    shop.is_declined(first, "insufficient_funds")
    assert "does not hold enough" in buyer.returns_from(first)
    second = buyer.tries_again(first)
    assert second.order_ref == first.order_ref
    assert second.payment_ref != first.payment_ref
    assert shop.stock() == (25, 1)
    shop.pays(second)
    buyer.returns_from(second)
    shop.minutes_pass(1)
    is_sold(shop, second)
    assert shop.mails() == ["order_confirmed"]
    assert [payment.state for payment in shop.all(select(Payment).order_by(Payment.id))] == ["declined", "settled"]


def test_a_customer_who_was_declined_and_left_gets_a_mail(shop):
    sale = shop.buyer().orders()
    shop.is_declined(sale)
    shop.works()
    assert shop.mails() == ["payment_declined"]


def test_a_customer_whose_bank_takes_its_time_knows_that_the_order_is_here(shop):
    sale = shop.buyer().orders()
    settles = shop.clock() + timedelta(hours=3)
    assert shop.provider.books.process(shop.provider.payments(sale.payment_ref)[0]["id"], "Bank debit", settles)
    assert "Your bank is working on it" in sale.buyer.returns_from(sale)
    shop.minutes_pass(1)
    assert shop.mails() == [], "most banks answer within seconds"
    shop.minutes_pass(9)
    assert shop.mails() == ["order_received"], "once, however often it is asked meanwhile"
    (text,) = shop.all(select(Mail.text))
    assert f"{shop.order(sale).number}" in text
    assert "/orders/" in text
    shop.clock.forward(hours=3)
    shop.works()
    shop.minutes_pass(1)
    is_sold(shop, sale)
    assert shop.mails() == ["order_received", "order_confirmed"]


def test_a_customer_hears_of_a_silent_provider_only_while_it_is_silent(shop):
    first = shop.buyer().orders()
    shop.provider.switch(outage=True, webhooks="never")
    first.buyer.returns_from(first)
    shop.provider.switch(outage=False)
    shop.pays(first)
    shop.minutes_pass(5)
    assert shop.mails() == ["order_confirmed"]
    another = shop.buyer("eve@example.org").orders()
    shop.provider.switch(outage=True)
    another.buyer.returns_from(another)
    shop.provider.switch(outage=False)
    another.buyer.returns_from(another)
    shop.minutes_pass(5)
    assert shop.payment(another).state == PaymentState.SENT
    assert shop.mails() == ["order_confirmed"], "its page is open again: nothing is on its way"
    second = shop.buyer("grace@example.org").orders()
    shop.provider.switch(outage=True)
    second.buyer.returns_from(second)
    shop.minutes_pass(5)
    assert shop.mails() == ["order_confirmed", "order_received"]
    shop.provider.switch(outage=False)
    shop.minutes_pass(6)
    assert shop.mails() == ["order_confirmed", "order_received", "order_payable"], "nobody has paid: it is their turn"


def test_a_customer_who_never_saw_a_page_to_pay_is_told_so_and_called_when_there_is_one(shop):
    shop.provider.switch(outage=True, webhooks="never")
    sale = shop.buyer().orders()
    shop.minutes_pass(3)
    assert shop.mails() == ["order_waits"]
    assert "nothing was charged" in shop.all(select(Mail.text))[0]
    shop.provider.switch(outage=False)
    shop.minutes_pass(6)
    assert shop.mails() == ["order_waits", "order_payable"]
    assert "Pay " in sale.buyer.client.get(shop.order_path(sale.order_ref)).text
    shop.pays(sale)
    shop.minutes_pass(3)
    is_sold(shop, sale)
    assert shop.mails() == ["order_waits", "order_payable", "order_confirmed"]


def test_a_bank_that_takes_its_time_is_waited_for(shop):
    buyer = shop.buyer()
    sale = buyer.orders()
    assert "waits for its payment" in buyer.client.get("/cart").text
    payment = shop.provider.payments(sale.payment_ref)[0]
    shop.provider.books.process(payment["id"], "Bank debit ·· 0123", shop.clock() + timedelta(minutes=50))
    shop.clock.forward(seconds=5)
    assert "Your bank is working on it" in buyer.returns_from(sale)
    cart = buyer.client.get("/cart").text
    assert "Please do not pay again" in cart
    assert "cancel it there" not in cart
    shop.minutes_pass(48)
    assert shop.order(sale).state == OrderState.PLACED, "the time to pay is over, but the bank has not answered"
    shop.minutes_pass(12)
    is_sold(shop, sale)


def test_payments_of_other_months_number_their_invoices_without_gaps(shop):
    for _ in range(3):
        sale = shop.buyer().orders()
        shop.pays(sale)
        shop.works()
        abandoned = shop.buyer("eve@example.org").orders()
        shop.minutes_pass(50)
        assert shop.order(abandoned).state == OrderState.EXPIRED
        shop.clock.forward(days=30)
    numbers = shop.all(select(NumberFate.number).order_by(NumberFate.id))
    assert numbers == ["S-2026-000001", "S-2026-000002", "S-2027-000001"]
