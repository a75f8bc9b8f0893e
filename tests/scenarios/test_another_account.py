"""A shop that changed its account: what the old one holds is asked of nobody else, and a person is told."""

import pytest
from sqlalchemy import select

from backoffice.collection import service as collection
from backoffice.core.actor import SYSTEM
from backoffice.core.ports import ports
from backoffice.disputes import answering
from backoffice.disputes import service as disputes
from backoffice.models import MethodSetup, PaymentMethod
from backoffice.refunds import service as refunds
from integrations.payments.disputes import EvidenceField
from tests.support.accounts import registers
from tests.support.kept_cards import PAGE, goes, keeps
from tests.support.shop import paid

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"])
CASE_AFTER = 5


@pytest.fixture
def moves(monkeypatch):
    """From now on another account is configured."""
    return lambda: monkeypatch.setattr(type(ports().payments), "account", "acct_other")


def test_an_attempt_of_the_old_account_is_never_opened_at_the_new_one(shop, moves):
    shop.provider.switch(outage=True)
    sale = shop.buyer().orders()
    shop.provider.switch(outage=False)
    moves()
    for _ in range(CASE_AFTER):
        collection.learn(shop.payment(sale).id, by=SYSTEM)
    assert shop.payment(sale).state == "unknown"
    assert shop.provider.payments() == []
    assert "payment_unknown" in shop.open_cases()
    shop.clock.forward(days=3)
    collection.learn(shop.payment(sale).id, by=SYSTEM)
    assert shop.payment(sale).state == "unknown", "nobody who could know was asked"


def test_a_card_of_the_old_account_is_not_looked_for_at_the_new_one(shop, moves):
    ada = shop.buyer()
    registers(shop, ada.client)
    kept = keeps(shop, ada)
    goes(ada)
    goes(ada, f"{PAGE}/{kept.ref}", remove="1")
    moves()
    shop.clock.forward(days=1)
    shop.works()
    assert shop.all(select(PaymentMethod.state)) == ["removing"], "nobody who could take it off was asked"
    assert shop.all(select(MethodSetup.state).order_by(MethodSetup.id.desc()))[0] == "open"
    assert shop.open_cases() == []


def test_a_refund_of_the_old_account_is_not_made_or_given_up_by_the_new_one(shop, moves):
    buyer = shop.buyer()
    buyer.fills_cart(2)
    sale = paid(shop, buyer)
    shop.provider.switch(outage=True)
    refund = shop.refunds(sale, 1_000)
    shop.provider.switch(outage=False)
    moves()
    for days in (0, 3):
        shop.clock.forward(days=days)
        refunds.learn(refund.id, by=SYSTEM)
        assert shop.refund(refund.ref).state == "unknown"
    assert shop.provider.payments()[0]["refunded"] == 0


def test_a_dispute_of_the_old_account_is_neither_asked_about_nor_answered_at_the_new_one(shop, moves):
    buyer = shop.buyer()
    buyer.fills_cart(2)
    sale = paid(shop, buyer)
    shop.is_disputed(sale)
    shop.works()
    moves()
    dispute = shop.dispute()
    assert disputes.learn(dispute.id, by=SYSTEM) == "needs_response"
    row = answering.answer(
        dispute.ref, {EvidenceField.TEXT: "It was sent."}, with_receipt=False, request_key="k", by=SYSTEM
    )
    assert row.state == "unknown"
