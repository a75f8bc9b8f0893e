"""Where the provider's books and ours differ: who is told, with both sides, and how it is settled."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import session
from backoffice.ledger.models import Account
from backoffice.payments.models import Payment
from backoffice.reconciliation import breaks, intake
from backoffice.reconciliation.breaks import ExplanationMissing, NotOpen, SumsChanged
from backoffice.reconciliation.models import Break
from backoffice.webhooks import service as webhooks
from tests.support.consistency import problems
from tests.support.reconciling import explains, provider_books, provider_holds

on_one_engine = pytest.mark.parametrize("engine_name", ["sqlite"])


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
    assert shop.balance(Account.CLEARING) == provider_holds(shop) - 5_000
    explains(shop, "The shop of our sister company uses the same account.")
    shop.reconciles(everything=True)
    assert shop.breaks() == []
    assert "reconciliation_break" not in shop.open_cases()
    assert (shop.balance(Account.CLEARING), shop.balance(Account.SUSPENSE)) == (provider_holds(shop), -5_000)
    assert problems() == []
    (item,) = shop.all(select(Break))
    assert (item.state, item.explanation) == ("explained", "The shop of our sister company uses the same account.")
    with pytest.raises(NotOpen):
        units.write(lambda: breaks.explain(breaks.by_ref(item.ref), "Again.", seen="", by=SYSTEM))


def test_what_was_explained_opens_again_when_its_sums_change(shop, sale):
    provider_books(shop, sale, -900)
    shop.clock.forward(hours=2)
    shop.reconciles()
    explains(shop, "A goodwill of nine euro, agreed by telephone.")
    assert (shop.breaks(), shop.balance(Account.SUSPENSE)) == ([], 900)
    provider_books(shop, sale, -1_000)
    shop.clock.forward(hours=2)
    shop.reconciles()
    assert (shop.breaks(), shop.balance(Account.SUSPENSE)) == (["capture 11000 12900"], 0)
    (item,) = shop.all(select(Break))
    assert shop.tags(item.ref)[-2:] == ["break.changed", "case.opened"]
    explains(shop, "And ten for the second parcel.")
    shop.reconciles()
    assert (shop.balance(Account.SUSPENSE), shop.balance(Account.CLEARING)) == (1_900, provider_holds(shop))
    assert problems() == []


def test_what_was_explained_is_taken_from_suspense_when_its_fact_is_known_after_all(shop, sale):
    """Finance took it for somebody else's; then the event came."""
    shop.provider.switch(webhooks="never")
    shop.provider.books.refunds.create(shop.payment(sale).provider_ref, 2_900, reason="requested_by_customer")
    shop.clock.forward(hours=2)
    shop.reconciles()
    explains(shop, "The office in Graz gave it back.")
    assert (shop.balance(Account.SUSPENSE), shop.balance(Account.CLEARING)) == (2_900, provider_holds(shop))
    webhooks.poll()
    shop.works()
    shop.reconciles()
    (item,) = shop.all(select(Break).where(Break.kind == "unknown_line"))
    assert item.state == "closed"
    assert (shop.balance(Account.SUSPENSE), shop.balance(Account.CLEARING)) == (0, provider_holds(shop))
    assert problems() == []


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
