"""The provider's books beside ours: rounds in which they are taken in and compared, and payouts signed off."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from backoffice.cases import service as cases
from backoffice.core import borders, units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import session
from backoffice.core.ports import ports
from backoffice.ledger.models import Account, LedgerEntry
from backoffice.models import Case
from backoffice.reconciliation import rounds, signing
from backoffice.reconciliation import service as reconciliation
from backoffice.reconciliation.models import Payout, ProviderLine, ReconciliationRound
from backoffice.reconciliation.signing import NotSignable
from integrations.payments.port import OutcomeUnknown
from tests.support.consistency import problems
from tests.support.reconciling import explains, is_paid_out, provider_books, provider_holds
from tests.support.shop import paid

on_one_engine = pytest.mark.parametrize("engine_name", ["sqlite"])


def test_a_day_of_sales_refunds_and_disputes_agrees_and_clearing_ends_where_the_balance_does(shop, sale):
    second = shop.buyer("bob@example.org")
    second.fills_cart()
    other = paid(shop, second)
    shop.refunds(sale, 2_900)
    shop.is_disputed(other)
    shop.works()
    shop.clock.forward(hours=3)
    outcome = shop.reconciles()
    assert (outcome.new_lines, outcome.failure) == (4, "")
    assert shop.breaks() == []
    assert shop.balance(Account.FEES) == 206 + 206 + 1_500
    assert shop.balance(Account.CLEARING) == provider_holds(shop) == 12_900 - 2_900 - 206 - 206 - 1_500
    with units.read():
        (sums,) = rounds.balances(rounds.last())
    assert not sums.difference
    assert problems() == []


def test_a_line_is_taken_in_once_however_often_it_is_told(shop, sale):
    for _ in range(3):
        shop.reconciles()
    assert shop.count(ProviderLine) == 1
    assert len([row for row in shop.all(select(LedgerEntry)) if row.kind == "fee"]) == 1


def test_a_round_that_dies_after_taking_in_leaves_nothing_uncompared(shop, sale):
    provider_books(shop, sale, -900)
    shop.clock.forward(hours=2)

    class Dead(BaseException):
        pass

    def die(border: str) -> None:
        if border == "reconciliation.taken_in":
            raise Dead

    with borders.watched_by(die), pytest.raises(Dead):
        reconciliation.run()
    assert shop.count(ProviderLine) == 2
    assert shop.breaks() == []
    shop.clock.forward(hours=5)
    shop.reconciles()
    assert shop.breaks() == ["capture 12000 12900"]


def test_a_payout_is_the_sum_of_its_lines_and_is_signed_off_once(shop, sale):
    payout = is_paid_out(shop)
    assert (payout.state, payout.amount, payout.is_itemised) == ("paid", 12_694, True)
    assert (shop.balance(Account.BANK), shop.balance(Account.CLEARING)) == (12_694, 0)
    assert units.write(lambda: signing.sign_off(payout.ref, "", by=SYSTEM))
    assert not units.write(lambda: signing.sign_off(payout.ref, "", by=SYSTEM))
    assert shop.tags(payout.ref) == ["payout.made", "payout.itemised", "payout.changed", "payout.signed_off"]
    assert problems() == []


def test_money_is_in_transit_until_it_arrives(shop, sale):
    shop.clock.forward(days=3)
    shop.works()
    shop.reconciles()
    assert [row.state for row in shop.all(select(Payout))] == ["in_transit"]
    where = (Account.CLEARING, Account.IN_TRANSIT, Account.BANK)
    assert [shop.balance(account) for account in where] == [0, 12_694, 0]
    assert problems() == []
    is_paid_out(shop)
    assert [shop.balance(account) for account in where] == [0, 0, 12_694]


def test_a_payout_is_not_signed_off_while_something_in_it_differs(shop, sale):
    provider_books(shop, sale, -900)
    payout = is_paid_out(shop)
    assert shop.breaks() == ["capture 12000 12900"]
    with pytest.raises(NotSignable, match="1 open difference"):
        units.write(lambda: signing.sign_off(payout.ref, "", by=SYSTEM))
    explains(shop, "A goodwill of nine euro, agreed by telephone.")
    assert units.write(lambda: signing.sign_off(payout.ref, "", by=SYSTEM))


def test_a_payout_that_comes_back_is_in_the_balance_again_and_a_case(shop, sale):
    payout = is_paid_out(shop)
    shop.provider.books.balance.fail_payout(payout.provider_ref)
    shop.works()  # its event has a round run
    assert shop.open_cases() == ["payout_failed"]
    units.write(
        lambda: cases.resolve(session.scalars(select(Case)).one(), "The account number was put right.", by=SYSTEM)
    )
    shop.clock.forward(hours=1)
    assert not shop.reconciles().failure
    assert shop.open_cases() == [], "what a person decided stands"
    assert (shop.balance(Account.BANK), shop.balance(Account.CLEARING)) == (0, 12_694)
    assert shop.balance(Account.IN_TRANSIT) == 0
    with pytest.raises(NotSignable, match="failed"):
        units.write(lambda: signing.sign_off(payout.ref, "", by=SYSTEM))
    assert problems() == []


@on_one_engine
def test_a_provider_that_shows_no_books_is_no_difference_and_after_a_day_a_case(shop, sale):
    shop.reconciles()
    shop.provider.switch(outage=True)
    shop.clock.forward(hours=3)
    assert reconciliation.run().failure
    assert (shop.breaks(), shop.open_cases()) == ([], [])
    shop.clock.forward(days=1)
    assert reconciliation.run().failure
    assert shop.open_cases() == ["books_silent"]
    shop.provider.switch(outage=False)
    assert not shop.reconciles().failure
    assert shop.open_cases() == []
    (first, *_, latest) = shop.all(select(ReconciliationRound).order_by(ReconciliationRound.id))
    assert latest.complete_until > first.complete_until


@on_one_engine
def test_years_of_lines_come_in_pieces_and_a_backfill_that_is_cut_off_goes_on(shop, sale, monkeypatch):
    shop.clock.forward(days=100)
    asked = []
    port = ports().payments.balance
    lines_between = port.lines_between

    def listen(begin, end):
        asked.append((begin, end))
        if len(asked) == 4:
            shop.provider.switch(outage=True)
        return lines_between(begin, end)

    monkeypatch.setattr(port, "lines_between", listen)
    assert reconciliation.run().failure
    shop.provider.switch(outage=False)
    assert not reconciliation.run().failure
    assert all(end - begin <= reconciliation.WINDOW for begin, end in asked)
    assert asked[4][0] == asked[3][0] - reconciliation.OVERLAP
    assert asked[-1][1] == shop.clock()


@on_one_engine
def test_money_in_another_currency_than_the_balance_is_exchanged_and_agrees(shop, sale, monkeypatch):
    lines_between = ports().payments.balance.lines_between

    def in_dollars(begin, end):
        return [
            replace(line, currency="USD", amount=14_000, fee=220, exchange_rate="1.08527")
            for line in lines_between(begin, end)
        ]

    monkeypatch.setattr(ports().payments.balance, "lines_between", in_dollars)
    shop.clock.forward(hours=2)
    shop.reconciles()
    assert shop.breaks() == []
    assert (shop.balance(Account.CLEARING), shop.balance(Account.CLEARING, "USD")) == (0, 13_780)
    assert (shop.balance(Account.EXCHANGE), shop.balance(Account.EXCHANGE, "USD")) == (12_900, -14_000)
    assert shop.all(select(ProviderLine.exchange_rate)) == ["1.08527"]
    assert problems() == []


@on_one_engine
def test_what_the_provider_moves_for_reasons_of_its_own_waits_in_suspense_for_a_person(shop, sale):
    with shop.provider.books.transaction() as db:
        shop.provider.books.balance.post(db, "adjustment", "adj_1", "", 300, "EUR")
    shop.clock.forward(hours=2)
    shop.reconciles()
    assert shop.breaks() == ["other_line 300 0"]
    assert shop.all(select(ProviderLine.category).where(ProviderLine.kind == "other")) == ["adjustment"]
    assert shop.balance(Account.SUSPENSE) == -300
    assert shop.balance(Account.CLEARING) == provider_holds(shop)
    explains(shop, "Interest for March.")
    shop.reconciles(everything=True)
    assert (shop.breaks(), shop.open_cases()) == ([], [])


@on_one_engine
def test_a_round_that_fails_of_itself_while_it_takes_lines_in_is_ended_and_tells(shop, sale, monkeypatch):
    def broken(*_lines):
        raise ValueError("a line nobody foresaw")

    monkeypatch.setattr("backoffice.reconciliation.intake.take_in", broken)
    for _ in range(2):
        with pytest.raises(ValueError, match="nobody foresaw"):
            shop.reconciles()
        shop.clock.forward(days=2)
    (first, second) = shop.all(select(ReconciliationRound).order_by(ReconciliationRound.id))
    assert "a line nobody foresaw" in first.failure
    assert second.ended_at is not None
    assert "books_silent" in shop.open_cases()


@on_one_engine
def test_payouts_that_a_cut_left_out_are_asked_for_again(shop, sale, monkeypatch):
    shop.provider.switch(webhooks="never")
    shop.clock.forward(days=3)
    shop.works()
    balance = ports().payments.balance
    real = balance.payouts_since

    def silent(_moment):
        raise OutcomeUnknown("busy")

    monkeypatch.setattr(balance, "payouts_since", silent)
    assert reconciliation.run().failure == "busy"
    shop.clock.forward(hours=8)
    assert reconciliation.run().failure == "busy"
    monkeypatch.setattr(balance, "payouts_since", real)
    shop.reconciles()
    assert len(shop.all(select(Payout))) == 1
