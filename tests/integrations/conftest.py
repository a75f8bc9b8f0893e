from collections.abc import Iterator
from datetime import timedelta

import pytest

from integrations.payments.port import PageRequest
from tests.support.worlds import WORLDS, World


@pytest.fixture(params=WORLDS)
def world(request, tmp_path, clock) -> Iterator[World]:
    """A provider and its adapter, over real HTTP."""
    made = WORLDS[request.param](tmp_path, clock)
    yield made
    made.stop()


@pytest.fixture
def port(world):
    return world.port


@pytest.fixture
def page(clock) -> PageRequest:
    return PageRequest(
        key="pay_1-open",
        amount=12_900,
        currency="EUR",
        reference="pay_1",
        description="order 10001",
        return_url="http://shop.example/pay/x",
        expires_at=clock() + timedelta(minutes=30),
    )


@pytest.fixture
def paid(world, page) -> str:
    """The provider's reference of a payment of 129.00 that was captured."""
    opened = world.port.open_page(page).provider_ref
    world.happens("pay", opened)
    return world.port.retrieve(opened).provider_ref
