"""Who keeps cards."""

import pytest

from tests.customers.test_accounts import registers


@pytest.fixture
def ada(shop):
    """A customer who is logged in."""
    buyer = shop.buyer()
    registers(shop, buyer.client)
    return buyer
