"""Stripe's books beside ours, by the test server: balance transactions taken in and compared, payouts explained."""

import pytest
from sqlalchemy import select

from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.ledger.models import Account
from backoffice.reconciliation import rounds, signing
from backoffice.reconciliation.models import Payout, ProviderLine
from backoffice.reconciliation.signing import NotSignable
from tests.support.consistency import problems
from tests.support.reconciling import explains
from tests.support.stripe_books import DISPUTE_FEE
from tests.support.stripe_server import StripeServer
from tests.support.stripe_shop import delivers, sold

FEE = 206  # of a level


@pytest.fixture
def shop(shop_on_stripe):
    return shop_on_stripe


def stripe_holds(stripe: StripeServer) -> int:
    """By its own books, not by what we took in of them."""
    return sum(line["net"] for line in stripe.books.lines.values())


def intent_of(shop, sale) -> str:
    return shop.payment(sale).provider_ref


def test_sales_refunds_and_a_dispute_agree_and_clearing_ends_where_the_balance_does(shop, stripe):
    sale, other = sold(shop, stripe), sold(shop, stripe, "bob@example.org")
    shop.refunds(sale, 2_900)
    stripe.books.dispute(intent_of(shop, other))
    delivers(shop, stripe)
    shop.clock.forward(hours=3)
    outcome = shop.reconciles()
    assert (outcome.new_lines, outcome.failure) == (4, "")
    assert shop.breaks() == []
    assert shop.balance(Account.FEES) == 2 * FEE + DISPUTE_FEE
    assert shop.balance(Account.CLEARING) == stripe_holds(stripe) == 12_900 - 2_900 - 2 * FEE - DISPUTE_FEE
    with units.read():
        (sums,) = rounds.balances(rounds.last())
    assert not sums.difference
    assert problems() == []


def test_a_dispute_that_is_won_and_a_refund_that_fails_come_back_in_both_books(shop, stripe):
    sale, other = sold(shop, stripe), sold(shop, stripe, "bob@example.org")
    stripe.course = "fails_later"
    shop.refunds(sale)
    dispute = stripe.books.dispute(intent_of(shop, other))["id"]
    delivers(shop, stripe)
    shop.clock.forward(minutes=1)
    stripe.advance()
    stripe.books.decide(dispute, "won")
    delivers(shop, stripe)
    shop.clock.forward(hours=3)
    shop.reconciles()
    assert shop.breaks() == []
    assert shop.balance(Account.CLEARING) == stripe_holds(stripe)
    assert problems() == []


def test_money_that_moved_in_the_dashboard_is_a_difference_until_we_heard_of_it(shop, stripe):
    sale = sold(shop, stripe)
    stripe.refund(intent_of(shop, sale), 2_900)
    shop.reconciles()
    shop.clock.forward(hours=2)
    shop.reconciles()
    assert shop.breaks() == ["unknown_line -2900 0"]
    delivers(shop, stripe)
    shop.clock.forward(hours=1)
    shop.reconciles()
    assert shop.breaks() == []
    assert shop.open_cases() == ["refund_elsewhere"]
    assert shop.balance(Account.CLEARING) == stripe_holds(stripe)


def test_a_charge_of_another_system_is_explained_by_a_person(shop, stripe):
    sold(shop, stripe)
    theirs = {"id": "ch_theirs", "object": "charge", "currency": "eur", "payment_intent": "pi_theirs"}
    stripe.books.post("charge", theirs, 4_200, fee=100)
    shop.reconciles()
    shop.clock.forward(hours=2)
    shop.reconciles()
    assert [item.partition(" ")[0] for item in shop.breaks()] == ["unknown_line"]
    explains(shop, "the till in the workshop uses the account too")
    assert (shop.breaks(), shop.open_cases()) == ([], [])
    assert shop.balance(Account.CLEARING) == stripe_holds(stripe)


def test_a_payout_arrives_is_itemised_and_signed_off(shop, stripe):
    sold(shop, stripe)
    shop.clock.forward(days=3)
    (payout,) = stripe.books.pay_out()
    delivers(shop, stripe)
    shop.reconciles()
    (row,) = shop.all(select(Payout))
    assert (row.provider_ref, row.amount) == (payout, 12_900 - FEE)
    with pytest.raises(NotSignable):
        units.write(lambda: signing.sign_off(row.ref, note="too early", by=SYSTEM))
    stripe.books.payouts[payout]["status"] = "paid"
    shop.clock.forward(days=2)
    shop.reconciles()
    units.write(lambda: signing.sign_off(row.ref, note="bank paper 11", by=SYSTEM))
    assert len([line for line in shop.all(select(ProviderLine)) if line.payout_id == row.id]) == 1
    assert shop.breaks() == []
    assert shop.balance(Account.CLEARING) == stripe_holds(stripe) == 0
    assert problems() == []
