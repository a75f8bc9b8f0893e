"""Who buys, and what was bought."""

from collections.abc import Iterator

import pytest

from tests.support.shop import Buyer, Sale, Shop, paid
from tests.support.stripe_server import StripeServer
from tests.support.stripe_shop import selling_by_stripe


@pytest.fixture
def stripe(clock) -> Iterator[StripeServer]:
    server = StripeServer(clock)
    yield server
    server.stop()


@pytest.fixture
def shop_on_stripe(database_url, stripe, provider, clock, tmp_path, demo_rows) -> Iterator[Shop]:
    with selling_by_stripe(stripe, database_url, tmp_path, provider, clock, demo_rows) as shop:
        yield shop


@pytest.fixture
def buyer(shop: Shop) -> Buyer:
    return shop.buyer()


@pytest.fixture
def sale(shop: Shop) -> Sale:
    buyer: Buyer = shop.buyer()
    buyer.fills_cart()
    return paid(shop, buyer)
