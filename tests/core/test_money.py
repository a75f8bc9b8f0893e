"""Money loses nothing and mixes nothing."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.core.formatting import figure, moment, money, percent
from backoffice.core.money import CurrencyMismatch, Money, NotAnAmount, exponent, total

currencies = st.sampled_from(["EUR", "JPY", "KWD", "USD"])
amounts = st.integers(-(10**12), 10**12)
moneys = st.builds(Money, amounts, currencies)


@given(moneys, st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_a_split_sums_to_the_whole(whole, weights):
    parts = whole.split(weights)
    assert total(parts, whole.currency) == whole
    assert len(parts) == len(weights)


@given(moneys, st.lists(st.integers(0, 1000), min_size=1, max_size=12))
def test_no_part_is_more_than_one_minor_unit_from_its_exact_share(whole, weights):
    shares = weights if sum(weights) else [1] * len(weights)
    for part, share in zip(whole.split(weights), shares, strict=True):
        assert abs(part.amount * sum(shares) - whole.amount * share) < sum(shares)


@given(moneys)
def test_what_is_written_is_read_back(value):
    assert Money.parse(value.plain(), value.currency) == value


@given(amounts, amounts)
def test_addition_and_subtraction_undo_each_other(left, right):
    assert Money(left, "EUR") + Money(right, "EUR") - Money(right, "EUR") == Money(left, "EUR")


@pytest.mark.parametrize(("text", "amount"), [("12,50", 1_250), ("-1,5", -150), (" 7,05 ", 705), ("12.5", 1_250)])
def test_a_comma_before_one_or_two_digits_is_a_point(text, amount):
    assert Money.parse(text, "EUR") == Money(amount, "EUR")


@pytest.mark.parametrize("text", ["1,500", "1,234.50", "1.234,50", "1,2,3", ",50", "1,", "1,x"])
@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
def test_a_comma_that_may_mean_thousands_is_refused(text, currency):
    with pytest.raises(NotAnAmount):
        Money.parse(text, currency)


@pytest.mark.parametrize("text", ["", "1.234", "1.500", "12.340", "ten", "nan", "inf", "1e400", "--1", "0x10"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(NotAnAmount):
        Money.parse(text, "EUR")


def test_currencies_do_not_mix():
    with pytest.raises(CurrencyMismatch):
        Money(1, "EUR") + Money(1, "JPY")
    with pytest.raises(CurrencyMismatch):
        _ = Money(1, "EUR") < Money(1, "USD")


@pytest.mark.parametrize("amount", [1.0, "1", True])
def test_only_whole_numbers_are_amounts(amount):
    with pytest.raises(TypeError):
        Money(amount, "EUR")


def test_money_is_not_multiplied_by_fractions():
    with pytest.raises(TypeError):
        Money(1, "EUR") * 1.5


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Money(123_456, "EUR"), "€\N{NO-BREAK SPACE}1,234.56"),
        (Money(-500, "EUR"), "−€\N{NO-BREAK SPACE}5.00"),
        (Money(1_234, "JPY"), "¥\N{NO-BREAK SPACE}1,234"),
        (Money(1_234_567, "KWD"), "KWD\N{NO-BREAK SPACE}1,234.567"),
    ],
)
def test_money_is_shown_with_the_decimals_of_its_currency(value, shown):
    assert money(value) == shown


def test_times_tell_their_zone():
    assert moment(datetime(2026, 7, 1, 10, 0, tzinfo=UTC), "Europe/Berlin") == "1 July 2026, 12:00 CEST"
    assert moment(datetime(2026, 12, 1, 10, 0, tzinfo=UTC), "Europe/Berlin") == "1 December 2026, 11:00 CET"


def test_figures_and_rates():
    assert figure(Money(-1_234_50, "EUR")) == "−1,234.50"
    assert percent(1900) == "19\N{NO-BREAK SPACE}%"
    assert percent(550) == "5.5\N{NO-BREAK SPACE}%"
    assert [exponent(code) for code in ("EUR", "JPY", "KWD")] == [2, 0, 3]
