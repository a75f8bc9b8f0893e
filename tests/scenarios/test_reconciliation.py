"""The provider's books beside ours: what agrees, what does not and who is told, and a payout signed off."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from backoffice.core import borders, units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import session
from backoffice.core.ports import ports
from backoffice.ledger.models import Account, LedgerEntry
from backoffice.payments.models import Payment
from backoffice.reconciliation import breaks, intake, rounds, signing
from backoffice.reconciliation import service as reconciliation
from backoffice.reconciliation.breaks import ExplanationMissing, NotOpen, SumsChanged
from backoffice.reconciliation.models import Break, Payout, ProviderLine, ReconciliationRound
from backoffice.reconciliation.signing import NotSignable
from backoffice.webhooks import service as webhooks
from integrations.payments.port import OutcomeUnknown
from tests.support.consistency import problems
from tests.support.shop import Buyer, Sale, Shop, paid

on_one_engine = pytest.mark.parametrize("engine_name", ["sqlite"])


@pytest.fixture
def sale(shop: Shop) -> Sale:
    buyer: Buyer = shop.buyer()
    buyer.fills_cart()
    return paid(shop, buyer)


def provider_holds(shop: Shop) -> int:
    """By the provider's own books, not by what we took in of them."""
    with shop.provider.books.transaction() as db:
        return db.execute("SELECT SUM(amount - fee) FROM balance").fetchone()[0] or 0


def provider_books(shop: Shop, sale: Sale, amount: int) -> None:
    """The provider books another sum for a payment, and says nothing else of it."""
    payment = shop.payment(sale).provider_ref
    with shop.provider.books.transaction() as db:
        shop.provider.books.balance.post(db, "charge", payment, payment, amount, "EUR")


def explains(shop: Shop, words: str) -> None:
    (item,) = shop.all(select(Break).where(Break.state == "open"))
    seen = breaks.sums_of(item)
    units.write(lambda: breaks.explain(breaks.by_ref(item.ref), words, seen=seen, by=SYSTEM))


def is_paid_out(shop: Shop) -> Payout:
    """What is available goes out, arrives, and is known here."""
    shop.clock.forward(days=3)
    shop.works()
    shop.clock.forward(days=3)
    shop.works()
    shop.reconciles()
    (payout,) = shop.all(select(Payout))
    return payout


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


def test_another_sum_at_the_provider_is_a_break_with_both_sides_and_closes_when_both_agree(shop, sale):
    provider_books(shop, sale, -900)
    shop.reconciles()
    assert shop.breaks() == []  # books that are written one after the other differ for a while
    shop.clock.forward(hours=1)
    shop.reconciles()
    assert shop.breaks() == ["capture 12000 12900"]
    assert shop.open_cases() == ["reconciliation_break"]
    provider_books(shop, sale, 900)
    shop.reconciles()
    assert (shop.breaks(), shop.open_cases()) == ([], [])
    (item,) = shop.all(select(Break))
    assert shop.tags(item.ref) == ["break.found", "case.opened", "break.closed", "case.resolved"]
    assert problems() == []


def test_a_refund_in_the_dashboard_that_nobody_told_us_of_is_found_and_closes_once_we_know(shop, sale):
    shop.provider.switch(webhooks="never")
    shop.provider.books.refunds.create(shop.payment(sale).provider_ref, 2_900, reason="requested_by_customer")
    shop.clock.forward(hours=2)
    shop.reconciles()
    assert shop.breaks() == ["unknown_line -2900 0"]
    webhooks.poll()
    shop.works()
    shop.reconciles()
    assert shop.breaks() == []
    assert problems() == []


@on_one_engine
def test_money_of_somebody_elses_payment_is_a_break_until_it_is_explained(shop, sale):
    row = {
        "reference": "pay_elsewhere", "amount": 5_000, "currency": "EUR", "description": "other shop",
        "return_url": "https://x.example", "expires_at": shop.clock().replace(year=2027).isoformat(),
    }  # fmt: skip
    foreign = shop.provider.books.create(row)
    shop.provider.books.pay(foreign["id"], "Visa ·· 4242")
    shop.clock.forward(hours=2)
    shop.works()
    shop.reconciles()
    assert shop.breaks() == ["unknown_line 5000 0"]
    with pytest.raises(ExplanationMissing):
        explains(shop, "  ")
    explains(shop, "The shop of our sister company uses the same account.")
    shop.reconciles(everything=True)
    assert shop.breaks() == []
    assert "reconciliation_break" not in shop.open_cases()
    (item,) = shop.all(select(Break))
    assert (item.state, item.explanation) == ("explained", "The shop of our sister company uses the same account.")
    with pytest.raises(NotOpen):
        units.write(lambda: breaks.explain(breaks.by_ref(item.ref), "Again.", seen="", by=SYSTEM))


def test_what_was_explained_opens_again_when_its_sums_change(shop, sale):
    provider_books(shop, sale, -900)
    shop.clock.forward(hours=2)
    shop.reconciles()
    explains(shop, "A goodwill of nine euro, agreed by telephone.")
    assert shop.breaks() == []
    provider_books(shop, sale, -1_000)
    shop.clock.forward(hours=2)
    shop.reconciles()
    assert shop.breaks() == ["capture 11000 12900"]
    (item,) = shop.all(select(Break))
    assert shop.tags(item.ref)[-2:] == ["break.changed", "case.opened"]


@on_one_engine
def test_money_that_pays_no_invoice_is_a_break_between_payment_and_invoice(shop):
    buyer = shop.buyer()
    buyer.fills_cart()
    sale = buyer.places()
    payment = shop.provider.payments(sale.payment_ref)[0]["id"]
    shop.clock.forward(hours=2)
    shop.works()
    shop.provider.books.force_capture(payment, 12_900)
    shop.works()
    assert shop.open_cases() == ["unexpected_money"]
    shop.clock.forward(hours=2)
    shop.reconciles()
    assert shop.breaks() == ["invoice 12900 0"]
    shop.refunds(sale, 12_900)
    shop.works()
    shop.reconciles()
    assert shop.breaks() == []


def test_a_payout_is_the_sum_of_its_lines_and_is_signed_off_once(shop, sale):
    payout = is_paid_out(shop)
    assert (payout.state, payout.amount, payout.is_itemised) == ("paid", 12_694, True)
    assert (shop.balance(Account.BANK), shop.balance(Account.CLEARING)) == (12_694, 0)
    assert units.write(lambda: signing.sign_off(payout.ref, "", by=SYSTEM))
    assert not units.write(lambda: signing.sign_off(payout.ref, "", by=SYSTEM))
    assert shop.tags(payout.ref) == ["payout.made", "payout.itemised", "payout.changed", "payout.signed_off"]
    assert problems() == []


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
    assert (shop.balance(Account.BANK), shop.balance(Account.CLEARING)) == (0, 12_694)
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
        return [replace(line, currency="USD", amount=14_000, fee=220) for line in lines_between(begin, end)]

    monkeypatch.setattr(ports().payments.balance, "lines_between", in_dollars)
    shop.clock.forward(hours=2)
    shop.reconciles()
    assert shop.breaks() == []
    assert (shop.balance(Account.CLEARING), shop.balance(Account.CLEARING, "USD")) == (0, 13_780)
    assert (shop.balance(Account.EXCHANGE), shop.balance(Account.EXCHANGE, "USD")) == (12_900, -14_000)
    assert problems() == []


@on_one_engine
def test_what_the_provider_moves_for_reasons_of_its_own_waits_in_suspense_for_a_person(shop, sale):
    with shop.provider.books.transaction() as db:
        shop.provider.books.balance.post(db, "adjustment", "adj_1", "", 300, "EUR")
    shop.clock.forward(hours=2)
    shop.reconciles()
    assert shop.breaks() == ["other_line 300 0"]
    assert shop.balance(Account.SUSPENSE) == -300
    assert shop.balance(Account.CLEARING) == provider_holds(shop)
    explains(shop, "Interest for March.")
    shop.reconciles(everything=True)
    assert (shop.breaks(), shop.open_cases()) == ([], [])


@on_one_engine
def test_a_customer_who_paid_too_much_is_a_break_until_the_rest_is_given_back(shop):
    buyer = shop.buyer()
    buyer.fills_cart()
    sale = buyer.places()
    shop.pays(sale, captured=13_000)
    shop.works()
    shop.clock.forward(hours=2)
    shop.reconciles()
    assert shop.breaks() == ["invoice 13000 12900"]
    shop.refunds(sale, 100)
    shop.works()
    shop.reconciles()
    assert shop.breaks() == []


@on_one_engine
def test_a_difference_that_is_found_from_both_of_its_payments_is_one(shop, monkeypatch):
    """An order that ended and was paid after all, by two attempts: the invoice differs, whichever payment is looked at."""
    monkeypatch.setattr(intake, "PIECE", 1)
    buyer = shop.buyer()
    buyer.fills_cart()
    first = buyer.places()
    shop.is_declined(first)
    shop.works()
    second = buyer.tries_again(first)
    shop.clock.forward(hours=2)
    shop.works()
    for sale in (first, second):
        shop.provider.books.force_capture(shop.provider.payments(sale.payment_ref)[0]["id"], 12_900)
    shop.works()
    shop.clock.forward(hours=2)
    for everything in (False, True):
        shop.reconciles(everything=everything)
        assert shop.breaks() == ["invoice 25800 0"]


@on_one_engine
def test_a_line_whose_payment_becomes_ours_is_settled_as_nobodys_and_looked_at_as_somebodys(shop, sale):
    payment = shop.payment(sale)
    with shop.provider.books.transaction() as db:
        shop.provider.books.balance.post(db, "refund", "srf_unheard", "sbx_later", -500, "EUR")
    shop.clock.forward(hours=2)
    shop.reconciles()
    assert shop.breaks() == ["unknown_line -500 0"]
    units.write(lambda: session.execute(
        update(Payment).where(Payment.id == payment.id).values(provider_ref="sbx_later").execution_options(moved=True)
    ))  # fmt: skip
    shop.reconciles()
    (before, after) = shop.all(select(Break).where(Break.kind == "unknown_line").order_by(Break.id))
    assert (before.state, before.payment_id) == ("closed", None)
    assert (after.state, after.payment_id) == ("open", payment.id)


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


@on_one_engine
def test_who_explains_has_seen_the_sums(shop, sale):
    provider_books(shop, sale, -900)
    shop.clock.forward(hours=2)
    shop.reconciles()
    (item,) = shop.all(select(Break))
    seen = breaks.sums_of(item)
    provider_books(shop, sale, -1_000)
    shop.clock.forward(hours=2)
    shop.reconciles()
    with pytest.raises(SumsChanged):
        units.write(lambda: breaks.explain(breaks.by_ref(item.ref), "Goodwill.", seen=seen, by=SYSTEM))
    assert shop.breaks() == ["capture 11000 12900"]


@on_one_engine
def test_money_for_a_payment_that_we_hold_to_be_over_is_found_by_looking_at_everything(shop):
    buyer = shop.buyer()
    buyer.fills_cart()
    sale = buyer.places()
    shop.clock.forward(hours=2)
    shop.works()
    assert shop.payment(sale).state == "cancelled"
    provider_books(shop, sale, 12_900)
    shop.clock.forward(days=2)
    shop.reconciles(everything=True)
    assert "capture 12900 0" in shop.breaks()


@on_one_engine
def test_a_refund_that_succeeded_long_after_it_was_accepted_and_has_no_line_is_a_break(shop, sale):
    shop.reconciles()
    shop.provider.switch(refunds="pending")
    made = shop.refunds(sale, 1_000)
    with shop.provider.books.transaction() as db:
        db.execute("DELETE FROM balance WHERE kind = 'refund'")
        db.execute("UPDATE refunds SET changes_at = ?", ((shop.clock() + timedelta(days=5)).isoformat(),))
    for _ in range(5):
        shop.clock.forward(days=1)
        shop.works()
        shop.reconciles()
        assert shop.breaks() == []  # on its way
    shop.clock.forward(hours=13)
    shop.works()
    assert shop.refund(made.ref).state == "succeeded"
    shop.clock.forward(hours=1, minutes=1)
    shop.reconciles()
    assert shop.breaks() == ["refund 0 1000"]
