import pytest

from tests.support.staff import logged_in


@pytest.fixture
def operator(shop):
    """A logged-in administrator's browser."""
    return logged_in(shop)
