"""Disputes in the office: what is at stake, until when, the answer as it is filled in, and what is said of it."""

import html
import re

import pytest
from sqlalchemy import select

from backoffice.models import CreditNote, DisputeAnswer, Refund, Shipment
from tests.support.office import fields, refund_form
from tests.support.refunds import bought
from tests.support.shop import hidden, paid

# Pages on SQLite; what is behind them is tried on both engines by tests/scenarios.
pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"])


@pytest.fixture
def sale(shop):
    buyer = shop.buyer()
    buyer.fills_cart()
    sale = paid(shop, buyer)
    shop.minutes_pass(1)  # the invoice is printed
    shop.is_disputed(sale)
    shop.works()
    return sale


def filled(page: str) -> dict[str, str]:
    """The form as it is filled in: what a colleague sends who changes nothing."""
    areas = re.findall(r'<textarea name="(\w+)"[^>]*>\n(.*?)</textarea>', page, re.S)
    inputs = re.findall(r'<input name="(\w+)" maxlength="\d+" value="([^"]*)"', page)
    return {**hidden(page, "key"), **{name: html.unescape(text) for name, text in [*areas, *inputs]}, "receipt": "y"}


def test_the_page_says_what_is_at_stake_and_until_when(shop, operator, sale):
    page = operator.get(f"/admin/disputes/{shop.dispute().ref}").text
    assert "129.00" in page
    assert "The holder of the card says that they did not pay" in page
    assert "6 days left to answer" in page
    assert "Needs an answer" in page
    assert f'href="/admin/disputes/{shop.dispute().ref}"' in operator.get("/admin/disputes/").text
    assert "Fee of the provider" not in page, "no line has told of it yet"
    shop.reconciles()
    assert (
        "Fee of the provider</dt><dd>€\N{NO-BREAK SPACE}15.00"
        in operator.get(f"/admin/disputes/{shop.dispute().ref}").text
    )


def test_a_disputed_order_says_so_and_offers_no_refund(shop, operator, sale):
    assert (
        "Mark as shipped, though the bank disputes the payment" in operator.get(f"/admin/orders/{sale.order_ref}").text
    )
    for place in (f"/admin/orders/{sale.order_ref}", f"/admin/payments/{sale.payment_ref}"):
        page = operator.get(place).text
        assert f"/admin/disputes/{shop.dispute().ref}" in page
        assert "the customer&#39;s bank disputes it" in page
        assert "A customer&#39;s bank disputes a payment." in page
    answer = operator.get(f"/admin/refunds/of/{sale.payment_ref}?what=all")
    form = refund_form(answer.text)
    refused = operator.post(f"/admin/refunds/of/{sale.payment_ref}?what=all", data=form, follow_redirects=True)
    assert "the dispute decides" in refused.text
    assert shop.payment(sale).refunded_amount == 0


def test_a_provider_that_is_silent_about_a_dispute_is_not_said_to_have_answered(shop, operator, sale):
    form = hidden(operator.get("/admin/disputes/").text)
    place = f"/admin/disputes/{shop.dispute().ref}"
    payment = f"/admin/payments/{sale.payment_ref}"  # settled: nobody asks about it by itself
    shop.provider.switch(outage=True)
    for page, next_step in ((place, "asks again by itself"), (payment, "Ask again in a moment")):
        said = operator.post(f"{page}/ask", data=form, follow_redirects=True).text
        assert "The provider did not answer, so nothing new is known." in said
        assert next_step in said
        assert "The provider was asked" not in said
    shop.provider.switch(outage=False)
    for page, what in ((place, "the dispute is"), (payment, "the payment is settled")):
        said = operator.post(f"{page}/ask", data=form, follow_redirects=True).text
        assert f"The provider was asked: {what}" in said


def test_a_disputing_customer_is_flagged(shop, operator, sale):
    """Wherever somebody decides about them: on their page, and on every order of theirs."""
    other = bought(shop.buyer())
    order = f"/admin/orders/{other.order_ref}"
    form = fields(operator.get(order).text, f"{order}/ship")
    line = next(name for name in form if name.startswith("line"))
    operator.post(f"{order}/ship", data={**form, line: "1", "tracking": "JD1"})
    give_back = f"/admin/refunds/of/{other.payment_ref}"
    operator.post(
        f"{give_back}?what=sum&amount=5", data=refund_form(operator.get(f"{give_back}?what=sum&amount=5").text)
    )
    page = operator.get(f"/admin/orders/{other.order_ref}").text
    assert "Disputed</span>" in page
    person = re.search(r"/admin/customers/(per_\w+)", page).group(1)
    assert "Disputed</span>" in operator.get(f"/admin/customers/{person}").text
    dispute = shop.dispute().ref
    pages = (
        f"/admin/payments/{other.payment_ref}", give_back, f"/admin/shipments/{shop.all(select(Shipment.ref))[0]}",
        f"/admin/refunds/{shop.all(select(Refund.ref))[0]}", f"/admin/credit_notes/{shop.all(select(CreditNote.ref))[0]}",
        f"/admin/invoices/{shop.invoice(other).ref}", f"/admin/disputes/{dispute}", f"/admin/disputes/{dispute}/answer",
    )  # fmt: skip
    for place in pages:
        head = operator.get(place).text.partition('<header class="head">')[2].partition("</header>")[0]
        assert "Disputed</span>" in head, place
    stranger = shop.buyer("eve@example.org").orders()
    for place in (f"/admin/orders/{stranger.order_ref}", f"/admin/refunds/of/{stranger.payment_ref}"):
        assert "Disputed</span>" not in operator.get(place).text


def test_the_answer_is_filled_in_and_submitted_as_it_stands(shop, operator, sale):
    place = f"/admin/disputes/{shop.dispute().ref}"
    page = operator.get(f"{place}/answer").text
    form = filled(page)
    assert form["customer_name"] == "Ada Lovelace"
    assert "S-2026-000001.pdf" in page
    form["uncategorized_text"] = "She asked for it.\r\nTwice."
    answer = operator.post(f"{place}/answer", data=form)
    assert answer.status_code == 303
    page = operator.get(answer.location).text
    assert "The answer was submitted." in page
    assert "She asked for it.\nTwice." in page
    assert "Answer … · under review" in page
    again = operator.post(f"{place}/answer", data=form)
    assert again.status_code == 303  # the same showing of the form: nothing more happened
    other = operator.post(f"{place}/answer", data={**form, "uncategorized_text": "She never did."})
    assert (other.status_code, "with something else in it" in other.text) == (409, True)
    assert shop.count(DisputeAnswer) == 1
    late = operator.post(f"{place}/answer", data={**form, "key": "another"})
    assert (late.status_code, "takes no answer any more" in late.text) == (409, True)
    assert "<dd>She asked for it." in late.text, "what was written is not lost"


def test_a_refusal_keeps_what_was_typed(shop, operator, sale):
    place = f"/admin/disputes/{shop.dispute().ref}/answer"
    form = filled(operator.get(place).text)
    long = "They wrote to us. " * 200
    answer = operator.post(
        place, data={**form, "uncategorized_text": f"{long} 4242 4242 4242 4242", "customer_name": "<b>"}
    )
    assert answer.status_code == 422
    assert long in answer.text
    assert "&lt;b&gt;" in answer.text
    empty = operator.post(place, data={"csrf_token": form["csrf_token"], "key": form["key"]})
    assert (empty.status_code, "must say something" in empty.text) == (422, True)
    assert shop.count(DisputeAnswer) == 0


def test_what_came_of_it_can_be_asked_for(shop, operator, sale):
    place = f"/admin/disputes/{shop.dispute().ref}"
    shop.provider.switch(webhooks="never")
    shop.provider.books.disputes.close(shop.dispute().provider_ref, "won")
    token = hidden(operator.get(place).text)
    page = operator.post(f"{place}/ask", data=token, follow_redirects=True).text
    assert "Dispute won" in page
    assert shop.dispute().ref in operator.get("/admin/disputes/?state=won").text
    assert shop.dispute().ref not in operator.get("/admin/disputes/?state=lost").text


def test_the_jump_box_finds_it_by_both_references(shop, operator, sale):
    for wish in (shop.dispute().ref, shop.dispute().provider_ref):
        found = operator.get("/admin/jump", query_string={"q": wish})
        assert shop.dispute().ref in (found.headers.get("Location", "") + found.text)
