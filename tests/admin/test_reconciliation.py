"""Reconciliation in the office: both sides of a difference, its explanation, and the sign-off of a payout."""

import json
import re

import pytest
from sqlalchemy import select

from backoffice.core.money import Money
from backoffice.models import Break, Payout, ProviderLine
from tests.support import staff
from tests.support.office import taken
from tests.support.shop import hidden, paid

# Pages on SQLite; what is behind them is tried on both engines by tests/scenarios.
pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"])


@pytest.fixture
def sale(shop):
    buyer = shop.buyer()
    buyer.fills_cart()
    return paid(shop, buyer)


def log_in(shop):
    return staff.logged_in(shop, "fiona@plumb-and-level.example")


@pytest.fixture
def finance(shop):
    return log_in(shop)


@pytest.fixture
def difference(shop, sale):
    payment = shop.payment(sale).provider_ref
    with shop.provider.books.transaction() as db:
        shop.provider.books.balance.post(db, "charge", payment, payment, -900, "EUR")
    shop.clock.forward(hours=2)
    shop.reconciles()
    return shop.all(select(Break))[0]


def payout(shop):
    shop.clock.forward(days=3)
    shop.works()
    shop.clock.forward(days=3)
    shop.works()
    shop.reconciles()
    return shop.all(select(Payout))[0]


def test_a_difference_shows_both_sides_its_age_and_what_to_do(shop, finance, difference):
    listed = finance.get("/admin/breaks/").text
    for words in ("What a payment collected", "120.00", "129.00", "−€\N{NO-BREAK SPACE}9.00", "ask about the payment"):
        assert words in listed, words
    page = finance.get(f"/admin/breaks/{difference.ref}").text
    for words in (
        "Collected, by the provider",
        "120.00",
        "129.00",
        "−9.00",
        "We count on money",
        f"/admin/payments/{difference.about_ref}",
    ):
        assert words in page, words
    case = finance.get("/admin/cases/").text
    assert difference.ref in case


def test_an_explanation_settles_it_and_a_missing_one_does_not(shop, finance, difference):
    address = f"/admin/breaks/{difference.ref}"
    token = hidden(finance.get(address).text, "seen")
    refused = finance.post(f"{address}/explain", data={**token, "reason": " "}, follow_redirects=True)
    assert "Say in a few words why" in refused.text
    done = finance.post(f"{address}/explain", data={**token, "reason": "Goodwill of nine euro."}, follow_redirects=True)
    assert "The difference is explained" in done.text
    assert "Goodwill of nine euro." in done.text
    assert "Explain · it is explained" in done.text
    assert "No difference is listed" in finance.get("/admin/breaks/?state=open").text
    again = finance.post(f"{address}/explain", data={**token, "reason": "Twice."}, follow_redirects=True)
    assert "not open any more" in again.text


def test_operations_may_compare_and_not_explain(shop, difference):
    operations = staff.logged_in(shop, "otto@plumb-and-level.example")
    page = operations.get(f"/admin/breaks/{difference.ref}").text
    assert "Explain · ask finance or an administrator" in page
    token = hidden(page)
    assert operations.post(f"/admin/breaks/{difference.ref}/explain", data={**token, "reason": "x"}).status_code == 403
    told = operations.post("/admin/breaks/compare", data={**token, "key": "k1"}, follow_redirects=True)
    assert "A worker compares both books now" in told.text
    operations.post("/admin/breaks/compare", data={**token, "key": "k1"})
    assert shop.waiting_tasks().count("reconciliation.run") == 1


def test_both_books_stand_beside_each_other_with_what_is_listed(shop, finance, difference):
    page = re.sub(r"\s+", " ", finance.get("/admin/breaks/books").text)
    row = re.search(r"<tr><td[^>]*><b>EUR</b></td>.*?</tr>", page)[0]
    held, ours, apart, listed, moving = re.findall(r'class="number"[^>]*>(?:<\w[^>]*>)?([−\d.,]+)', row)
    fees = shop.all(select(ProviderLine))[0].fee
    assert (held, ours) == (f"{(12_000 - fees) / 100:.2f}", f"{(12_900 - fees) / 100:.2f}")
    assert (apart, listed, moving) == ("−9.00", "−9.00", "0.00")


def test_before_the_first_round_the_page_says_so(shop, finance):
    assert "Nothing was compared yet" in finance.get("/admin/breaks/books").text
    assert "No difference is listed" in finance.get("/admin/breaks/").text


def test_a_payout_says_what_it_is_made_of_and_is_signed_off_once(shop, sale):
    item = payout(shop)
    finance = log_in(shop)
    address = f"/admin/payouts/{item.ref}"
    page = finance.get(address).text
    assert "126.94" in page
    assert sale.payment_ref in page
    assert "Not signed off" in page
    token = hidden(page)
    form = {**token, "note": "Arrived on the statement of the 29th."}
    done = finance.post(f"{address}/sign-off", data=form, follow_redirects=True)
    assert "The payout is signed off." in done.text
    assert "Arrived on the statement of the 29th." in done.text
    assert "Sign off · it is signed off" in done.text
    assert finance.post(f"{address}/sign-off", data=form).status_code == 303
    assert shop.tags(item.ref).count("payout.signed_off") == 1


def test_a_payout_with_an_open_difference_cannot_be_signed_and_says_why(shop, difference):
    item = payout(shop)
    finance = log_in(shop)
    page = finance.get(f"/admin/payouts/{item.ref}").text
    assert "Sign off · 1 open difference goes with it" in page
    assert f"/admin/breaks/{difference.ref}" in page
    answer = finance.post(f"/admin/payouts/{item.ref}/sign-off", data=hidden(page), follow_redirects=True)
    assert "cannot be signed off" in answer.text
    assert shop.all(select(Payout))[0].signed_at is None


def test_lines_are_found_by_payment_payout_and_the_providers_id(shop, sale):
    item = payout(shop)
    finance = log_in(shop)
    (charge,) = [line for line in shop.all(select(ProviderLine)) if line.kind == "charge"]
    for narrowed in (f"payment={sale.payment_ref}", f"payout={item.ref}", f"source={charge.source_ref}", "kind=charge"):
        assert finance.get(f"/admin/provider_lines/?{narrowed}").text.count("<tr>") == 2, narrowed
    page = finance.get(f"/admin/provider_lines/{charge.ref}").text
    for words in (sale.payment_ref, item.provider_ref, "126.94", "2.06"):
        assert words in page, words
    assert f"/admin/ledger/?about={charge.ref}" in page
    assert "Fee" in finance.get(f"/admin/ledger/?about={charge.ref}").text
    assert "Fee" in finance.get(f"/admin/ledger/?about={sale.payment_ref}").text, "what the provider kept of a payment"


def test_the_command_ends_with_1_while_something_differs(shop, sale):
    run = shop.app.test_cli_runner().invoke
    assert run(args=["reconcile"]).exit_code == 0
    payment = shop.payment(sale)
    with shop.provider.books.transaction() as db:
        shop.provider.books.balance.post(db, "charge", payment.provider_ref, payment.provider_ref, -900, "EUR")
    shop.clock.forward(hours=2)
    answer = run(args=["reconcile"])
    assert answer.exit_code == 1
    assert f"What a payment collected, {sale.payment_ref}: collected, by the provider's lines" in answer.output
    assert "1 differences are open" not in answer.output
    shop.provider.switch(outage=True)
    assert "did not show its books" in run(args=["reconcile"]).output
    assert Money(900, "EUR") == shop.all(select(Break))[0].ours - shop.all(select(Break))[0].theirs


def test_a_sale_and_a_payout_are_followed_through_the_books(shop, sale):
    item = payout(shop)
    finance = log_in(shop)  # days passed
    refund = shop.refunds(sale, 1_000)
    order, invoice = shop.order(sale), shop.invoice(sale)
    page = finance.get(f"/admin/ledger/?about={order.number}").text
    for ref in (invoice.ref, sale.payment_ref, refund.ref):
        assert ref in page, ref
    assert "Fee" in page
    assert f'href="/admin/ledger/?about={order.number}"' in finance.get(f"/admin/orders/{order.ref}").text
    for wish in (item.ref, item.provider_ref):
        assert "In transit" in finance.get(f"/admin/ledger/?about={wish}").text, wish
    assert f'href="/admin/ledger/?about={item.ref}"' in finance.get(f"/admin/payouts/{item.ref}").text
    assert finance.get(f"/admin/jump?q={item.provider_ref}").location.endswith(item.ref)


def test_the_audit_of_an_order_has_its_money_and_is_taken_along_with_names(shop, finance, sale):
    shop.refunds(sale, 1_000)
    shop.clock.forward(minutes=1)
    olive = staff.logged_in(shop)
    olive.get(f"/admin/orders/{sale.order_ref}")
    place = f"/admin/audit/?subject={shop.order(sale).number}"
    page = finance.get(place).text
    assert "refund.accepted" in page
    assert "invoice.issued" in page
    rows = taken(finance, place.replace("/?", "/export.csv?") + "&show=tag&show=who&show=changes")
    assert rows[0] == ["What", "Who", "Before and after"]
    issued = next(row for row in rows if row[0] == "Invoice issued")
    assert json.loads(issued[2])["state"] == ["draft", "issued"]
    who = {row[0] for row in taken(finance, "/admin/audit/export.csv?show=who")}
    assert "Olive Ops" in who  # she looked at the order
    assert not [name for name in who if name.startswith("stf_")]


def test_while_the_provider_is_away_both_books_are_as_they_were_compared_last(shop, sale, finance):
    def row() -> str:
        return re.search(r"<tr><td[^>]*><b>EUR</b></td>.*?</tr>", finance.get("/admin/breaks/books").text, re.S)[0]

    shop.reconciles()
    before = row()
    shop.clock.forward(hours=1)
    shop.provider.switch(outage=True)
    shop.reconciles()
    assert row() == before
    assert "The provider did not show its books" in finance.get("/admin/breaks/books").text
