"""What a balance transaction of Stripe says, read as a line of the provider's books."""

from integrations.payments.balance import LineKind
from integrations.payments.stripe_balance import from_line

CHARGED_ABROAD = {
    "id": "txn_1", "object": "balance_transaction", "amount": 14_000, "fee": 220, "net": 13_780, "currency": "usd",
    "exchange_rate": 1.08527, "reporting_category": "charge", "type": "charge", "created": 1_795_516_800,
    "available_on": 1_795_689_600, "description": None,
    "source": {"id": "ch_1", "object": "charge", "amount": 12_900, "currency": "eur", "payment_intent": "pi_1"},
}  # fmt: skip


def test_money_of_another_currency_keeps_both_sums_and_the_rate_between_them():
    line = from_line(CHARGED_ABROAD)
    assert (line.kind, line.category, line.exchange_rate) == (LineKind.CHARGE, "charge", "1.08527")
    assert (line.amount, line.currency, line.charged, line.charged_currency) == (14_000, "USD", 12_900, "EUR")


def test_a_movement_of_a_kind_that_we_do_not_know_keeps_stripes_word_for_it():
    row = {**CHARGED_ABROAD, "reporting_category": "risk_reserved_funds", "exchange_rate": None, "source": None}
    line = from_line(row)
    assert (line.kind, line.category, line.exchange_rate) == (LineKind.OTHER, "risk_reserved_funds", "")
    assert from_line({**row, "reporting_category": None, "type": "adjustment"}).category == "adjustment"
