"""What delivery costs: by zone, currency and worth of the parcel."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.core import units
from backoffice.core.money import Money
from backoffice.fulfilment import methods
from backoffice.fulfilment.methods import price_of

amounts = st.integers(0, 10**9)


@given(price=amounts, free_from=st.none() | amounts, shipped=amounts, more=amounts)
def test_a_dearer_parcel_never_costs_more_to_send(price, free_from, shipped, more):
    limit = Money(free_from, "EUR") if free_from is not None else None
    small, large = (price_of(Money(price, "EUR"), limit, Money(worth, "EUR")) for worth in (shipped, shipped + more))
    assert small in (Money(price, "EUR"), Money.zero("EUR"))
    assert large <= small
    assert (small == Money.zero("EUR")) == (price == 0 or (free_from is not None and shipped >= free_from))


@pytest.mark.parametrize(
    ("country", "worth", "parcel", "missing"),
    [
        ("DE", Money(9_999, "EUR"), Money(490, "EUR"), Money(1, "EUR")),
        ("DE", Money(10_000, "EUR"), Money(0, "EUR"), None),
        ("DK", Money(10_000, "EUR"), Money(990, "EUR"), Money(10_000, "EUR")),
        ("SE", Money(74_999, "DKK"), Money(7_400, "DKK"), Money(75_001, "DKK")),
    ],
)
def test_offers_by_zone_and_currency(shop, country, worth, parcel, missing):
    with units.read():
        first, express = methods.tariff().offers(country, worth)
    assert (first.code, first.price, first.missing_for_free(worth)) == ("parcel", parcel, missing)
    assert express.code == "express"
    assert express.missing_for_free(worth) is None


def test_nowhere_is_not_delivered_to(shop):
    with units.read():
        assert methods.tariff().offers("US", Money(1, "EUR")) == []
        assert methods.tariff().offers("DE", Money(1, "JPY")) == []
