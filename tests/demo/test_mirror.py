"""The provider's side of a history: its books get the same payments, pay them out day by day, and both books agree."""

import pytest
import requests
from sqlalchemy import select

from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import db
from backoffice.core.money import Money
from backoffice.demo import afterwards, bulk, history, mirror
from backoffice.demo.history import History
from backoffice.demo.mirror import NoSandbox
from backoffice.ledger.models import Account
from backoffice.models import Dispute, Payment, Payout, ProviderLine, Refund
from backoffice.reconciliation import rounds
from backoffice.refunds import service as refunds
from backoffice.refunds.models import RefundReason
from backoffice.refunds.wishes import Wish
from tests.support.consistency import problems

SEED = 7


@pytest.fixture
def written(shop, monkeypatch) -> int:
    monkeypatch.setattr(history, "BATCH", 60)
    monkeypatch.setattr(afterwards, "DISPUTED", 0.15)  # enough of them to see every end
    History(bulk.writer(db.engine), seed=SEED, customers=20, orders=400).write()
    return mirror.settled(SEED)


def test_a_seeded_history_reconciles_line_by_line_and_payout_by_payout(shop, written):
    assert mirror.mirror(SEED) == mirror.mirror(SEED) == written > 300  # once, however often it is told
    outcome = shop.reconciles()
    payouts = shop.all(select(Payout))
    won = shop.all(select(Dispute.id).where(Dispute.state == "won"))
    beside = [shop.count(Refund), shop.count(Dispute), len(won)]
    assert all(beside)
    assert outcome.new_lines == shop.count(ProviderLine) == written + sum(beside) + len(payouts)
    assert shop.breaks() == []
    assert len(payouts) > 60
    paid = [payout for payout in payouts if payout.state == "paid"]
    assert len(payouts) - len(paid) <= 2  # of the last days, on their way
    assert all(payout.is_itemised for payout in payouts)
    with units.read():
        sums = rounds.balances(rounds.last())
    assert len(sums) == 2
    assert not any(item.difference for item in sums)
    assert shop.balance(Account.BANK) == sum(item.amount for item in paid if item.currency == "EUR")
    assert problems() == []


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_shop_that_compared_its_books_before_it_got_a_history_takes_it_in_by_comparing_everything(shop, request):
    assert shop.reconciles().compared == 0
    request.getfixturevalue("written")
    mirror.mirror(SEED)
    ran = shop.app.test_cli_runner().invoke(args=["reconcile"])
    assert "No difference is open. What only one side has" in ran.output
    assert shop.count(ProviderLine) == 0, "its lines are older than the last round"
    ran = shop.app.test_cli_runner().invoke(args=["reconcile", "--all"])
    assert ran.output.splitlines()[-1] == "Both books agree."
    assert (ran.exit_code, shop.breaks()) == (0, [])
    assert shop.count(ProviderLine) > 300
    assert problems() == []


def test_a_payment_of_the_history_can_be_asked_about(shop, written):
    mirror.mirror(SEED)
    row = shop.provider.payments()[0]
    assert (row["status"], row["captured"]) == ("paid", row["amount"])


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_what_was_given_back_since_is_in_the_books_once(shop, written):
    mirror.mirror(SEED)
    sale = shop.all(
        select(Payment).where(Payment.state == "settled", Payment.refunded_amount == 0).order_by(Payment.id.desc())
    )[0]
    wish = Wish(sale.ref, Money(100, sale.currency), Money(0, sale.currency), RefundReason.GOODWILL, "key-1")
    refund = refunds.give_back(wish, by=SYSTEM)
    mirror.mirror(SEED)
    lines = shop.provider.books.balance.lines(limit=5_000)
    assert [line["amount"] for line in lines if line["source"] == refund.provider_ref] == [-100]


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_without_the_sandbox_it_says_what_to_do(shop, written):
    shop.provider.stop()
    with pytest.raises(NoSandbox, match="run the same command again"):
        mirror.mirror(SEED)


@pytest.mark.parametrize("engine_name", ["sqlite"])
@pytest.mark.parametrize("row", [{}, {"id": "x"}, "text"])
def test_what_is_no_payment_is_refused_whole(shop, row):
    good = {"id": "sbx_1", "reference": "pay_1", "amount": 100, "currency": "EUR", "method": "Visa",
            "created": "2026-01-01T00:00:00+00:00", "settled": "2026-01-01T00:01:00+00:00", "refunds": [],
            "disputes": []}  # fmt: skip
    answer = requests.post(f"{shop.provider.url}/control/history", json={"payments": [good, row]}, timeout=5)
    assert answer.status_code == 400
    assert shop.provider.payments() == []
