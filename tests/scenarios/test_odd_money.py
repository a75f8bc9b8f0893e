"""Money that comes too late, too little or too much."""

from backoffice.invoices.models import CollectionState, NumberFate
from backoffice.models import Payment
from backoffice.orders.models import OrderState
from backoffice.payments.models import PaymentState


def test_late_money_is_not_forgotten_when_the_provider_falls_silent_after_its_event(shop):
    """The event arrives, the provider cannot be asked, and nothing else asks any more: the event waits for its answer."""
    sale = shop.buyer().orders()
    shop.minutes_pass(46)
    shop.provider.books.force_capture(shop.payment(sale).provider_ref, 12_900)
    shop.provider.switch(outage=True)
    shop.minutes_pass(5)
    assert shop.payment(sale).captured_amount == 0
    shop.provider.switch(outage=False)
    shop.minutes_pass(5)
    assert shop.payment(sale).captured_amount == 12_900
    assert shop.open_cases() == ["unexpected_money"]


def test_money_that_comes_after_the_order_expired_is_kept_and_opens_a_case(shop):
    sale = shop.buyer().orders()
    shop.minutes_pass(46)
    payment = shop.provider.payments(sale.payment_ref)[0]
    shop.provider.books.force_capture(payment["id"], 12_900)
    shop.works()
    assert shop.order(sale).state == OrderState.EXPIRED
    assert (shop.payment(sale).state, shop.payment(sale).captured_amount) == (PaymentState.SETTLED, 12_900)
    assert shop.open_cases() == ["unexpected_money"]
    assert shop.count(NumberFate) == 0


def test_too_little_money_puts_the_order_aside_and_no_second_payment_is_begun(shop):
    buyer = shop.buyer()
    sale = buyer.orders()
    shop.pays(sale, captured=12_800)
    page = buyer.returns_from(sale)
    assert "We are looking at your payment" in page
    assert shop.order(sale).state == OrderState.IN_REVIEW
    assert shop.invoice(sale).collection_state == CollectionState.PART_PAID
    assert shop.stock() == (25, 1)
    assert shop.open_cases() == ["amount_differs"]
    assert shop.count(Payment) == 1


def test_too_much_money_completes_the_sale_and_opens_a_case(shop):
    sale = shop.buyer().orders()
    shop.pays(sale, captured=13_000)
    shop.works()
    assert shop.order(sale).state == OrderState.PAID
    assert shop.payment(sale).captured_amount == 13_000
    assert shop.open_cases() == ["amount_differs"]
