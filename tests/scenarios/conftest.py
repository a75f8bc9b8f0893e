"""Who buys, and what was bought."""

import pytest

from tests.support.shop import Buyer, Sale, Shop, paid


@pytest.fixture
def buyer(shop: Shop) -> Buyer:
    return shop.buyer()


@pytest.fixture
def sale(shop: Shop) -> Sale:
    buyer: Buyer = shop.buyer()
    buyer.fills_cart()
    return paid(shop, buyer)
