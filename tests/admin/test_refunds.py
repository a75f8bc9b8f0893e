"""Giving money back in the office: choose, see, confirm; and every answer is said."""

import re

import pytest
from sqlalchemy import select

from backoffice.core import units
from backoffice.core.db import session
from backoffice.core.formatting import money
from backoffice.core.money import Money
from backoffice.invariants import service as invariants
from backoffice.models import Case, CreditNote, Refund, RefundLine, WebhookEvent
from backoffice.orders import service as orders
from tests.support.office import refund_form, taken
from tests.support.sending import send
from tests.support.shop import hidden, paid
from tests.support.staff import logged_in

# Pages on SQLite; what is behind them is tried on both engines by tests/scenarios and tests/concurrency.
pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"])


@pytest.fixture
def sale(shop):
    buyer = shop.buyer()
    buyer.fills_cart(3)
    return paid(shop, buyer)


def test_what_is_damaged_is_not_put_up_for_sale_again(shop, operator, sale):
    (line,) = shop.line_ids(sale)
    place = f"/admin/refunds/of/{sale.payment_ref}?what=pieces&line{line}=1"
    form = refund_form(operator.get(place).text, reason="damaged", note="cracked vial")
    answer = operator.post(place, data={**form, f"shelve{line}": "y"})
    page = operator.get(answer.location).text
    assert "What is damaged is not sold again" in page
    assert "cracked vial" in page  # nothing typed is lost
    assert shop.all(select(Refund)) == []
    operator.post(place, data=refund_form(page, reason="damaged", note="cracked vial"))
    assert [item.shelved for item in shop.all(select(RefundLine))] == [0]


def test_three_ways_lead_to_what_will_happen_and_then_it_does(shop, operator, sale):
    (line,) = shop.line_ids(sale)
    place = f"/admin/refunds/of/{sale.payment_ref}"
    page = operator.get(place).text
    assert "387.00" in page
    assert 'name="key"' not in page  # nothing can be confirmed before something is chosen
    page = operator.get(f"{place}?what=pieces&line{line}=1").text
    assert "129.00" in re.search(r'id="confirm">([^<]+)', page).group(1)
    assert "was not sent yet, and stays here" in page
    assert re.search(rf'name="shelve{line}"[^>]*checked', page)
    answer = operator.post(f"{place}?what=pieces&line{line}=1", data=refund_form(page, **{f"shelve{line}": "y"}))
    (refund,) = shop.all(select(Refund))
    assert answer.location.endswith(f"/admin/refunds/{refund.ref}")
    assert "is on its way back to the customer" in operator.get(answer.location).text
    assert shop.stock() == (23, 0)
    page = operator.get(f"{place}?what=sum&amount=12,50").text
    operator.post(f"{place}?what=sum&amount=12,50", data=refund_form(page, reason="goodwill", note="a scratch"))
    page = operator.get(f"{place}?what=all").text
    assert "Nothing is left of the payment then" in page
    operator.post(f"{place}?what=all", data=refund_form(page))
    assert [item.amount for item in shop.all(select(Refund).order_by(Refund.id))] == [12_900, 1_250, 24_550]
    assert "All of this payment was given back" in operator.get(place).text
    page = operator.get(f"/admin/orders/{sale.order_ref}").text
    assert "All given back" in page
    for note in shop.all(select(CreditNote)):
        assert note.number in page
        assert operator.get(f"/admin/credit_notes/{note.ref}").status_code == 200
    shop.minutes_pass(1)
    note = shop.all(select(CreditNote))[0]
    assert operator.get(f"/admin/credit_notes/{note.ref}/paper.pdf").data.startswith(b"%PDF")
    assert note.number in operator.get(f"/admin/invoices/{shop.invoice(sale).ref}").text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("what=sum&amount=one", "is not an amount in EUR"),
        ("what=sum&amount=0", "Say what is given back"),
        ("what=sum&amount=387.01", "is more than the"),
        ("what=sum&amount=1.000,00", "“1.000,00” is not an amount"),
        ("what=sum&amount=1.234", "is not an amount"),
        ("what=sum&amount=1.500", "is not an amount"),
        ("what=sum&amount=1,500", "is not an amount"),
        ("what=pieces", "Say what is given back"),
        ("what=pieces&line{line}=4", "can still be refunded"),
        ("what=pieces&line{line}=-1", "Say what is given back"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_confirmed(shop, operator, sale, query, words):
    (line,) = shop.line_ids(sale)
    page = operator.get(f"/admin/refunds/of/{sale.payment_ref}?{query.format(line=line)}").text
    assert words in page
    assert 'name="key"' not in page
    assert shop.count(Refund) == 0


def test_what_was_typed_stays_when_it_is_refused(shop, operator, sale):
    place = f"/admin/refunds/of/{sale.payment_ref}?what=sum&amount=5"
    page = operator.get(place).text
    answer = operator.post(place, data=refund_form(page, reason="", note="said by phone"), follow_redirects=True)
    assert "Choose why the money goes back." in answer.text
    assert "said by phone" in answer.text
    answer = operator.post(place, data=refund_form(page, note="card 4242 4242 4242 4242"), follow_redirects=True)
    assert "4242 4242" not in answer.text
    assert shop.count(Refund) == 0


def test_pressing_twice_and_two_operators_give_back_once(shop, operator, sale):
    place = f"/admin/refunds/of/{sale.payment_ref}?what=sum&amount=50"
    mine, theirs = operator.get(place).text, operator.get(place).text
    for page in (mine, mine, theirs):
        answer = operator.post(place, data=refund_form(page, more="y"), follow_redirects=True)
    assert "Look at it again before you decide" in answer.text
    assert shop.provider.payments()[0]["refunded"] == 5_000


def test_who_gives_all_of_it_back_in_a_second_tab_hears_that_it_was_done(shop, operator, sale):
    place = f"/admin/refunds/of/{sale.payment_ref}?what=all"
    mine, theirs = operator.get(place).text, operator.get(place).text
    operator.post(place, data=refund_form(mine))
    answer = operator.post(place, data=refund_form(theirs), follow_redirects=True)
    assert "of this payment are left" in answer.text
    assert shop.count(Refund) == 1


def test_of_an_unknown_payment_nobody_claims_what_was_captured(shop, operator):
    sale = shop.buyer("eve@example.org").orders()
    shop.provider.switch(outage=True, webhooks="never")
    shop.pays(sale)
    shop.minutes_pass(3)
    assert shop.payment(sale).state == "unknown"
    assert "whether it was captured is not known" in operator.get(f"/admin/payments/{sale.payment_ref}").text
    assert "not known" in operator.get("/admin/payments/?state=unknown").text


def test_every_answer_of_the_provider_is_said(shop, operator, sale):
    place = f"/admin/refunds/of/{sale.payment_ref}?what=sum&amount=1"
    for switch, words in [
        ({"refuse_refund": 1}, "The provider refused: refund_refused. No money moved."),
        ({"lose_refund": 1}, "The provider did not answer."),
        ({"refunds": "pending"}, "has accepted to give"),
    ]:
        shop.provider.switch(**switch)
        page = operator.get(place).text
        assert words in operator.post(place, data=refund_form(page, more="y"), follow_redirects=True).text
    unknown = shop.all(select(Refund).where(Refund.state == "unknown"))[0]
    operator.post(f"/admin/refunds/{unknown.ref}/ask", data=hidden(operator.get("/admin/refunds/").text))
    assert shop.refund(unknown.ref).state == "succeeded"  # it had gone through: only its answer was lost


def test_a_refund_that_came_back_is_sent_again_with_a_reason_and_once(shop, operator, sale):
    shop.provider.switch(refunds="fails_later")
    refund = shop.refunds(sale, 1_000)
    shop.minutes_pass(2)
    shop.provider.switch(refunds="")
    (case,) = shop.all(select(Case).where(Case.open_key.is_not(None)))
    page = operator.get(f"/admin/cases/{case.ref}").text
    assert "Send it again" in page
    operator.post(f"/admin/refunds/{refund.ref}/again", data=hidden(page))
    assert shop.open_cases() == ["refund_failed"]  # nobody said why
    for _ in range(3):
        operator.post(f"/admin/refunds/{refund.ref}/again", data={**hidden(page), "reason": "a new card"})
    assert shop.open_cases() == []
    assert shop.provider.payments()[0]["refunded"] == 1_000
    assert shop.count(CreditNote) == 1


def test_a_try_that_was_refused_leads_back_to_what_is_owed(shop, operator, sale):
    shop.provider.switch(refunds="fails_later")
    lost = shop.refunds(sale, 1_000)
    shop.minutes_pass(2)
    shop.provider.switch(refunds="", refuse_refund=1)
    place = f"/admin/refunds/{lost.ref}"
    operator.post(f"{place}/again", data={**hidden(operator.get(place).text), "reason": "a new card"})
    shop.provider.switch(refuse_refund=0)
    again = shop.all(select(Refund).where(Refund.again_of_id.is_not(None)))[0]
    page = operator.get(f"/admin/refunds/{again.ref}").text
    assert f'href="{place}">Go on with what came back</a>' in page
    assert "Was to send" in page
    assert "in another refund" not in page, "which would be credited a second time"
    operator.post(f"{place}/again", data={**hidden(operator.get(place).text), "reason": "and once more"})
    assert shop.provider.payments()[0]["refunded"] == 1_000
    assert (shop.count(CreditNote), shop.open_cases()) == (1, [])
    third = shop.all(select(Refund).order_by(Refund.id))[-1]
    assert f'Sends <a href="{place}">' in operator.get(f"/admin/refunds/{third.ref}").text
    assert f'Sent again as <a href="/admin/refunds/{third.ref}">' in operator.get(place).text


def test_what_came_back_is_noted_as_paid_another_way_and_not_offered_any_more(shop, operator, sale):
    shop.provider.switch(refunds="fails_later")
    refund = shop.refunds(sale, 1_000)
    shop.minutes_pass(2)
    place = f"/admin/refunds/{refund.ref}"
    done = operator.post(
        f"{place}/otherwise", data={**hidden(operator.get(place).text), "reason": "transfer of 3 November, TRF-1"}
    )
    assert done.status_code == 303
    page = operator.get(place).text
    assert "it was paid another way" in page
    assert "transfer of 3 November, TRF-1" in page
    assert shop.open_cases() == []
    left = shop.payment(sale).refundable.amount - 1_000
    form = operator.get(f"/admin/refunds/of/{sale.payment_ref}?what=all").text
    assert money(Money(left, "EUR")) in form
    shop.works()
    assert "we sent it to you another way" in sale.buyer.client.get(shop.order_path(sale.order_ref)).text


def test_the_customer_sees_what_went_back_and_has_the_note(shop, sale):
    shop.refunds(sale, 1_000)
    shop.minutes_pass(1)
    path = shop.order_path(sale.order_ref)
    page = sale.buyer.client.get(path).text
    assert ">Refunds<" in page
    (note,) = shop.all(select(CreditNote))
    assert note.number in page
    assert sale.buyer.client.get(f"{path}/credit/{note.ref}.pdf").data.startswith(b"%PDF")
    stranger = shop.buyer("eve@example.org")
    stranger.fills_cart()
    other = paid(shop, stranger)
    assert stranger.client.get(f"{shop.order_path(other.order_ref)}/credit/{note.ref}.pdf").status_code == 404


def test_the_jump_box_finds_refund_and_note(shop, operator, sale):
    refund = shop.refunds(sale, 1_000)
    (note,) = shop.all(select(CreditNote))
    for wish in (refund.ref, refund.provider_ref, note.number.lower(), note.ref):
        assert operator.get(f"/admin/jump?q={wish}").location.endswith((refund.ref, note.ref)), wish


def test_the_same_sum_a_moment_later_asks_whether_it_is_meant(shop, operator, sale):
    place = f"/admin/refunds/of/{sale.payment_ref}?what=sum&amount=7"
    operator.post(place, data=refund_form(operator.get(place).text))
    page = operator.get(place).text  # somebody went back in the browser
    assert "Once more" in page
    assert "Olive" in page
    answer = operator.post(place, data=refund_form(page), follow_redirects=True)
    assert "Tick “once more” if you mean it" in answer.text
    assert shop.count(Refund) == 1
    operator.post(place, data=refund_form(page, more="y"))
    assert shop.count(Refund) == 2


def test_a_form_without_its_key_gives_nothing_back(shop, operator, sale):
    place = f"/admin/refunds/of/{sale.payment_ref}?what=sum&amount=7"
    form = refund_form(operator.get(place).text)
    operator.post(place, data={**form, "key": ""})
    assert shop.count(Refund) == 0


def test_a_piece_can_be_given_back_after_a_part_of_its_price(shop, operator, sale):
    (line,) = shop.line_ids(sale)
    shop.refunds(sale, 5_000)
    place = f"/admin/refunds/of/{sale.payment_ref}?what=pieces&line{line}=3"
    page = operator.get(place).text
    assert "less what was given back before" in page
    operator.post(place, data=refund_form(page, **{f"shelve{line}": "y"}))
    assert [item.amount for item in shop.all(select(Refund).order_by(Refund.id))] == [5_000, 33_700]
    assert shop.stock() == (25, 0)
    with units.read():
        note = session.scalars(select(CreditNote).order_by(CreditNote.id.desc())).first()
        assert note.lines[0].sku == "SL-60-OAK"


def test_what_was_sent_is_not_offered_for_sale_again_by_itself(shop, operator, sale):
    (line,) = shop.line_ids(sale)
    units.write(lambda: send(orders.by_ref(sale.order_ref), {line: 3}))
    page = operator.get(f"/admin/refunds/of/{sale.payment_ref}?what=pieces&line{line}=1").text
    assert re.search(rf'name="shelve{line}"', page)
    assert not re.search(rf'name="shelve{line}"[^>]*checked', page)


def test_of_a_half_sent_order_the_customer_may_return_what_arrived(shop, operator, sale):
    """Three were bought, one arrived and comes back: the other two are still awaited."""
    (line,) = shop.line_ids(sale)
    order = f"/admin/orders/{sale.order_ref}"
    form = {**hidden(operator.get(order).text), "key": "shk_1", f"line{line}": "1", "tracking": "JD1"}
    operator.post(f"{order}/ship", data=form)
    place = f"/admin/refunds/of/{sale.payment_ref}?what=pieces&line{line}=1"
    page = operator.get(place).text
    assert "stays here, unless you say otherwise below" in page
    assert f'name="send{line}" value="y">' in page
    operator.post(place, data=refund_form(page, **{f"send{line}": "y", f"shelve{line}": "y"}))
    assert "(2 left)" in operator.get(order).text
    page = operator.get(place).text
    operator.post(place, data=refund_form(page, more="y"))
    assert "(1 left)" in operator.get(order).text, "not said otherwise, one stays here"
    assert [finding.check.key for finding in invariants.check() if not finding.holds] == []


def test_the_page_promises_no_note_where_none_is_written(shop, operator, sale):
    shop.provider.switch(refunds="fails_later")
    shop.refunds(sale)
    shop.minutes_pass(2)
    page = operator.get(f"/admin/refunds/of/{sale.payment_ref}?what=sum&amount=5").text
    assert "No credit note: this is credited already" in page
    assert "Send it again" in page


def test_no_link_of_a_customer_is_readable_in_the_office(shop, operator, sale):
    token = shop.return_path(sale.payment_ref).rsplit("/", 1)[1]
    event = shop.all(select(WebhookEvent.ref))[0]
    for address in (f"/admin/payments/{sale.payment_ref}", f"/admin/webhooks/{event}"):
        page = operator.get(address).text
        assert "/pay/…" in page
        assert token not in page


def test_lists_say_who_and_for_what(shop, operator, sale):
    place = f"/admin/refunds/of/{sale.payment_ref}?what=sum&amount=7"
    operator.post(place, data=refund_form(operator.get(place).text, note="a scratch"))
    page = operator.get("/admin/refunds/").text
    number = str(shop.order(sale).number)
    assert all(words in page for words in ("Olive", "a scratch", number))
    assert shop.invoice(sale).number in operator.get("/admin/credit_notes/").text
    found = operator.get(f"/admin/ledger/?about={shop.invoice(sale).number.lower()}").text
    assert found.count(shop.invoice(sale).ref) >= 5  # three postings of its issue, two of its payment


def test_the_lists_of_refunds_and_credit_notes_name_each_other(shop, operator, sale):
    refund = shop.refunds(sale, 1_000)
    (note,) = shop.all(select(CreditNote))
    assert note.number in operator.get("/admin/refunds/?show=order_number&show=paper").text
    assert refund.ref in operator.get("/admin/credit_notes/?show=number&show=refund").text
    assert [note.number, refund.ref] in taken(operator, "/admin/refunds/export.csv?show=ref&show=paper")


def test_the_order_leads_to_the_paper_of_a_credit_note_once_there_is_one(shop):
    buyer = shop.buyer()
    buyer.fills_cart()
    sale = paid(shop, buyer)
    shop.refunds(sale, 1_000)
    olive = logged_in(shop)
    links = lambda: re.findall(r"credit_notes/[^/]+/paper.pdf", olive.get(f"/admin/orders/{sale.order_ref}").text)  # noqa: E731
    assert links() == [], "nothing leads to what is not made yet"
    shop.works()
    assert len(links()) == 1
