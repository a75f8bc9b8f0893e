"""Unpaid orders that are cancelled, and a provider that is asked by hand first."""

from datetime import timedelta

from sqlalchemy import select

from backoffice.checkout import endings
from backoffice.checkout import service as checkout
from backoffice.core.actor import SYSTEM
from backoffice.models import (
    AuditEntry,
)
from tests.support.office import press


def test_an_operator_cancels_an_unpaid_order_with_a_reason(shop, operator):
    sale = shop.buyer().orders()
    page = f"/admin/orders/{sale.order_ref}"
    assert "Say in a few words why" in press(operator, page, "cancel", reason=" ")
    refused = press(operator, page, "cancel", reason="card 4242 4242 4242 4242")
    assert "looks like a card number" in refused
    assert "4242 4242 4242 4242" not in refused
    assert "The order is cancelled" in press(operator, page, "cancel", reason="customer called")
    assert shop.order(sale).state == "cancelled"
    assert shop.stock() == (25, 0)
    assert shop.provider.payments()[0]["status"] == "cancelled"
    (entry,) = [row for row in shop.all(select(AuditEntry)) if row.tag == "order.cancelled"]
    assert (entry.actor_kind, entry.reason, entry.via) == ("staff", "customer called", "office")
    assert "customer called" in operator.get(page).text


def test_an_order_that_was_paid_meanwhile_is_not_cancelled(shop, operator):
    sale = shop.buyer().orders()
    shop.pays(sale)
    text = press(operator, f"/admin/orders/{sale.order_ref}", "cancel", reason="too late")
    assert "cannot be cancelled" in text
    assert shop.order(sale).state == "paid"


def test_nothing_is_cancelled_while_the_provider_is_silent(shop, operator):
    sale = shop.buyer().orders()
    shop.provider.switch(outage=True)
    text = press(operator, f"/admin/orders/{sale.order_ref}", "cancel", reason="customer called")
    assert "has not confirmed" in text
    assert 'value="customer called"' in text, "what was typed stays"
    assert shop.order(sale).state == "placed"
    assert shop.stock() == (25, 1)


def test_asking_the_provider_by_hand_finds_what_was_lost(shop, operator):
    shop.provider.switch(webhooks="never")
    sale = shop.buyer().orders()
    shop.pays(sale)
    said = press(operator, f"/admin/orders/{sale.order_ref}", "ask")
    assert "The provider was asked: the payment is settled." in said
    assert shop.order(sale).state == "paid"
    assert "nothing to ask" in press(operator, f"/admin/orders/{sale.order_ref}", "ask")


def test_a_provider_that_does_not_answer_is_not_said_to_have_answered(shop, operator):
    sale = shop.buyer().orders()
    shop.pays(sale)
    shop.provider.switch(outage=True)
    address, payment = f"/admin/orders/{sale.order_ref}", f"/admin/payments/{sale.payment_ref}"
    for page in (address, payment):
        said = press(operator, page, "ask")
        assert "The provider did not answer, so nothing new is known" in said
        assert "The provider was asked" not in said
    page = operator.get(address).text
    assert "whether the card was charged is not known" in page
    assert "card not known" in page
    assert "captured €" not in page


def test_cancelling_says_so_when_another_attempt_slipped_in(shop, operator, monkeypatch):
    """Between looking and cancelling the customer begins to pay again: the order goes on, and nobody is told otherwise."""
    sale = shop.buyer().orders()
    shop.is_declined(sale)
    shop.works()
    original = endings._end

    def customer_is_faster(*arguments):
        again = checkout._retry(sale.order_ref, SYSTEM)
        assert again.order_ref == sale.order_ref
        return original(*arguments)

    monkeypatch.setattr(endings, "_end", customer_is_faster)
    text = press(operator, f"/admin/orders/{sale.order_ref}", "cancel", reason="customer called")
    assert "has not confirmed" in text
    assert "The order is cancelled" not in text
    assert shop.order(sale).state == "placed"


def test_cancelling_learns_of_money_although_an_earlier_cancel_came_too_early(shop, operator):
    sale = shop.buyer().orders()
    reference = shop.payment(sale).provider_ref
    shop.provider.switch(webhooks="never")
    shop.provider.books.process(reference, "Bank debit", shop.clock() + timedelta(minutes=1))
    page = f"/admin/orders/{sale.order_ref}"
    assert "has not confirmed" in press(operator, page, "cancel", reason="first try")
    shop.clock.forward(minutes=2)
    assert "cannot be cancelled" in press(operator, page, "cancel", reason="second try")
    assert shop.order(sale).state == "paid"
