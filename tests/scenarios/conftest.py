"""Who buys, and what was bought."""

import pytest

from backoffice.core.actor import SYSTEM
from backoffice.models import Refund
from backoffice.refunds import service as refunds
from tests.support.consistency import problems
from tests.support.shop import Buyer, Sale, Shop, paid


@pytest.fixture
def buyer(shop: Shop) -> Buyer:
    return shop.buyer()


@pytest.fixture
def sale(shop: Shop) -> Sale:
    buyer: Buyer = shop.buyer()
    buyer.fills_cart()
    return paid(shop, buyer)


@pytest.fixture
def refused_again(shop: Shop, sale: Sale) -> tuple[Refund, Refund]:
    """A refund that came back, and the one that was sent again and refused."""
    shop.provider.switch(refunds="fails_later")
    lost = shop.refunds(sale, 1_000)
    shop.minutes_pass(4)
    shop.provider.switch(refunds="", refuse_refund=1)
    again = refunds.send_again(lost.ref, reason="a new try", by=SYSTEM)
    shop.provider.switch(refuse_refund=0)
    assert shop.refund(again.ref).is_refused
    assert sorted(shop.open_cases()) == ["refund_failed", "refund_refused"]
    assert problems() == []
    return lost, again
