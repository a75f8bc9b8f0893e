"""Who keeps cards."""

import pytest

from tests.support.accounts import registers


@pytest.fixture
def ada(shop):
    """A customer who is logged in."""
    buyer = shop.buyer()
    registers(shop, buyer.client)
    return buyer
