"""Clearing ends where the provider's balance does, whatever lines it writes."""

from hypothesis import given
from hypothesis import strategies as st

from backoffice.core.money import Money
from backoffice.ledger import entries
from backoffice.ledger.models import Account, EntryKind
from backoffice.reconciliation.postings import FACTS, of_line
from integrations.payments.balance import LineKind

amounts = st.integers(-1_000_000, 1_000_000)
currencies = st.sampled_from(["EUR", "JPY", "KWD"])


def on(account: Account, currency: str, postings) -> int:
    sides = [side for _kind, _part, sides in postings for side in sides]
    return sum(money.amount for where, money in sides if where == account and money.currency == currency)


@given(st.sampled_from(list(LineKind)), amounts, st.integers(-5_000, 5_000), amounts, currencies, currencies)
def test_a_line_and_its_fact_move_clearing_by_what_the_balance_moved(kind, amount, fee, charged, mine, customers):
    moved, kept = Money(amount, mine), Money(fee, mine)
    paid = Money(charged, customers) if customers != mine else moved
    postings = list(of_line(kind, moved, kept, paid))
    if kind in FACTS:  # what the fact itself posted, in the customer's currency
        postings.append((EntryKind.PAYMENT_SETTLED, "", entries.settlement(paid)))
    assert on(Account.CLEARING, mine, postings) == amount - fee
    if customers != mine:
        assert on(Account.CLEARING, customers, postings) == 0


@given(st.sampled_from(list(LineKind)), amounts, st.integers(-5_000, 5_000), amounts, currencies, currencies)
def test_every_entry_balances_in_one_currency(kind, amount, fee, charged, mine, customers):
    for _kind, _part, sides in of_line(kind, Money(amount, mine), Money(fee, mine), Money(charged, customers)):
        assert len({money.currency for _account, money in sides}) == 1
        assert sum(money.amount for _account, money in sides) == 0


def test_a_fee_that_is_a_line_of_its_own_costs_its_amount():
    ((kind, _part, sides),) = of_line(LineKind.FEE, Money(-2_000, "EUR"), Money(0, "EUR"), Money(-2_000, "EUR"))
    assert kind == EntryKind.FEE
    assert list(sides) == [(Account.FEES, Money(2_000, "EUR")), (Account.CLEARING, Money(-2_000, "EUR"))]


def test_what_the_provider_moved_for_reasons_of_its_own_waits_in_suspense():
    ((kind, _part, sides),) = of_line(LineKind.OTHER, Money(300, "EUR"), Money(0, "EUR"), Money(300, "EUR"))
    assert (kind, dict(sides)[Account.SUSPENSE]) == (EntryKind.PROVIDER_OTHER, Money(-300, "EUR"))
