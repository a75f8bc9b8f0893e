"""Answers that arrive after a newer one was written down: what is known by then is not taken back."""

import pytest
from sqlalchemy import select

from backoffice.collection import service as collection
from backoffice.core.actor import SYSTEM
from backoffice.core.ports import ports
from backoffice.disputes import answering
from backoffice.disputes import service as disputes
from backoffice.ledger.models import Account
from backoffice.models import DisputeAnswer
from integrations.payments.disputes import EvidenceField
from tests.support.consistency import problems
from tests.support.refunds import bought
from tests.support.stripe_shop import delivers

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"])


def test_an_answer_from_before_the_money_came_takes_nothing_from_what_was_settled(shop_on_stripe, stripe, monkeypatch):
    """Asked while the page was open, written down after the webhook had settled the payment under its other name."""
    shop = shop_on_stripe
    sale = shop.buyer().orders()
    page, adapter = shop.payment(sale).provider_ref, type(ports().payments)
    real = adapter.retrieve

    def slow(self, provider_ref):
        answer = real(self, provider_ref)
        monkeypatch.setattr(adapter, "retrieve", real)
        shop.clock.forward(seconds=5)
        stripe.pay(page)
        delivers(shop, stripe)
        return answer

    monkeypatch.setattr(adapter, "retrieve", slow)
    collection.learn(shop.payment(sale).id, by=SYSTEM)
    payment = shop.payment(sale)
    assert (payment.state, payment.method) == ("settled", "Visa ·· 4242")
    assert payment.provider_ref in stripe.intents
    assert payment.method_fingerprint
    shop.refunds(sale, 1_000)
    assert stripe.intents[payment.provider_ref]["amount_received"] == 12_900
    assert shop.open_cases() == []
    assert problems() == []


def test_a_key_that_repeats_an_old_answer_does_not_open_a_dispute_that_was_decided(shop):
    sale = bought(shop.buyer())
    taken = shop.is_disputed(sale)
    shop.works()
    shop.provider.switch(lose_evidence=1, webhooks="never")
    texts = {EvidenceField.TEXT: "She asked for it."}
    answering.answer(shop.dispute().ref, texts, with_receipt=False, request_key="form-1", by=SYSTEM)
    shop.provider.books.disputes.close(taken, "won")
    disputes.learn(shop.dispute().id, by=SYSTEM)
    assert shop.dispute().state == "won"
    told = shop.tags(shop.dispute().ref)
    shop.minutes_pass(3)
    assert [row.state for row in shop.all(select(DisputeAnswer))] == ["accepted"]
    assert (shop.dispute().state, shop.balance(Account.DISPUTES)) == ("won", 0)
    assert [tag for tag in shop.tags(shop.dispute().ref)[len(told) :] if tag != "dispute.answered"] == []
    assert shop.open_cases() == []
    assert problems() == []
