"""Orders that nobody pays: they end once their page is closed, and more time that is given counts."""

from datetime import timedelta

from backoffice.checkout import endings
from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.invoices.models import InvoiceState
from backoffice.orders.models import OrderState
from backoffice.payments.models import PaymentState
from tests.support.meanwhile import once_at
from tests.support.sales import is_sold


def test_an_abandoned_order_expires_and_its_stock_is_released_once_the_page_is_closed(shop):
    sale = shop.buyer().orders()
    shop.minutes_pass(44)
    assert shop.order(sale).state == OrderState.PLACED
    shop.minutes_pass(2)
    assert shop.order(sale).state == OrderState.EXPIRED
    assert shop.stock() == (25, 0)
    assert shop.invoice(sale).state == InvoiceState.DISCARDED
    assert shop.payment(sale).state == PaymentState.CANCELLED
    assert shop.mails() == ["order_ended"]
    assert "This order is closed" in sale.buyer.returns_from(sale)


def test_more_time_that_is_given_while_the_order_is_being_ended_counts(shop):
    sale = shop.buyer().orders()
    order = shop.order(sale)
    shown = order.payable_until.isoformat()
    shop.clock.forward(minutes=46)

    def gives_an_hour() -> None:
        units.write(lambda: endings.extend(sale.order_ref, shown, by=SYSTEM, reason="she is on the telephone"))

    with once_at("collection.learn.asked", gives_an_hour):
        endings.expire(order.id)
    assert shop.order(sale).state == OrderState.PLACED
    assert shop.stock() == (25, 1)
    again = sale.buyer.tries_again(sale)
    shop.clock.forward(minutes=59)
    shop.pays(again)
    sale.buyer.returns_from(again)
    shop.works()
    assert shop.order(sale).state == OrderState.PAID


def test_more_time_that_is_given_just_before_an_order_without_a_page_ends_counts(shop):
    sale = shop.buyer().orders()
    shop.is_declined(sale)
    sale.buyer.returns_from(sale)
    order = shop.order(sale)
    shop.clock.forward(minutes=46)
    units.write(
        lambda: endings.extend(sale.order_ref, order.payable_until.isoformat(), by=SYSTEM, reason="she rings back")
    )
    units.write(lambda: endings._end(order.id, OrderState.EXPIRED, SYSTEM, "not paid in time"))
    assert shop.order(sale).state == OrderState.PLACED


def test_a_hold_does_not_end_while_the_provider_is_silent(shop):
    sale = shop.buyer().orders()
    shop.minutes_pass(20)
    shop.provider.switch(outage=True, webhooks="never")
    shop.minutes_pass(100)
    assert shop.order(sale).state == OrderState.PLACED
    assert shop.stock() == (25, 1)
    assert "hold_prolonged" in shop.open_cases()
    shop.provider.switch(outage=False)
    shop.minutes_pass(21)
    assert shop.order(sale).state == OrderState.EXPIRED
    assert shop.stock() == (25, 0)
    assert shop.open_cases() == ["webhooks_silent"]  # they never came again, and we fetched their events


def test_an_order_that_was_held_for_longer_and_paid_is_no_case_any_more(shop):
    sale = shop.buyer().orders()
    settles = shop.clock() + timedelta(hours=3)
    assert shop.provider.books.process(shop.provider.payments(sale.payment_ref)[0]["id"], "Bank debit", settles)
    shop.minutes_pass(170)
    assert shop.open_cases() == ["hold_prolonged"]
    shop.minutes_pass(40)
    is_sold(shop, sale)
    assert shop.open_cases() == []


def test_an_order_that_was_held_for_longer_and_paid_in_part_is_a_case_of_its_sum_alone(shop):
    sale = shop.buyer().orders()
    shop.provider.switch(outage=True)
    shop.minutes_pass(170)
    assert "hold_prolonged" in shop.open_cases()
    shop.provider.switch(outage=False)
    shop.provider.books.force_capture(shop.payment(sale).provider_ref, 12_800)
    shop.minutes_pass(70)
    assert shop.order(sale).state == OrderState.IN_REVIEW
    assert shop.open_cases() == ["amount_differs"]
