"""VAT of a document: rounded once per category, nothing lost between lines and totals."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.core.money import Money, total
from backoffice.tax.arithmetic import Category, GrossLine, break_down, net_of
from backoffice.tax.rates import NoRate, rate

categories = st.sampled_from([Category("S", 1900), Category("S", 700), Category("Z", 0), Category("S", 2550)])
lines = st.lists(
    st.builds(GrossLine, st.builds(Money, st.integers(0, 10**9), st.just("EUR")), categories), min_size=1, max_size=30
)


@given(lines)
def test_net_and_vat_sum_to_what_the_customer_pays(items):
    result = break_down(items, "EUR")
    assert result.gross == total([item.gross for item in items], "EUR")
    assert result.net + result.vat == result.gross


@given(lines)
def test_line_nets_sum_to_the_taxable_amount_of_their_category(items):
    result = break_down(items, "EUR")
    for item in result.categories:
        mine = [net for line, net in zip(items, result.line_nets, strict=True) if line.category == item.category]
        assert total(mine, "EUR") == item.net


@given(st.integers(0, 10**12), st.integers(0, 5000))
def test_the_net_is_the_nearest_to_the_exact_one_half_up(gross, hundredths):
    exact = Fraction(gross * 10_000, 10_000 + hundredths)
    net = net_of(Money(gross, "EUR"), hundredths).amount
    assert -Fraction(1, 2) < exact - net <= Fraction(1, 2) or exact == net
    assert Fraction(-1, 2) < net - exact <= Fraction(1, 2)


def test_the_level_of_the_demo_shop():
    result = break_down([GrossLine(Money(12_900, "EUR"), Category("S", 1900))], "EUR")
    assert (result.net.amount, result.vat.amount) == (10_840, 2_060)


def test_a_rate_that_is_not_known_is_refused():
    assert rate("DE", "standard", date(2026, 1, 1)).hundredths == 1900
    with pytest.raises(NoRate):
        rate("DE", "standard", date(1990, 1, 1))
    with pytest.raises(NoRate):
        rate("XX", "standard", date(2026, 1, 1))
