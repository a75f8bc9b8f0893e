"""Money that goes back: whole, in parts, twice at once, lost on the way, and come back. Told in the words of the business."""

import pytest
from sqlalchemy import select

from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import session
from backoffice.core.ports import ports
from backoffice.fulfilment import parcels
from backoffice.models import CreditNote, CreditNoteLine, Fulfilment, Mail, OrderLine, Refund, Task
from backoffice.orders import service as orders
from backoffice.orders.models import OrderState
from backoffice.refunds import service as refunds
from backoffice.refunds.beginning import AnotherAccount, FormUsed, NotOwed, NotRefundable, RefundedMeanwhile
from backoffice.refunds.models import RefundReason, RefundState
from backoffice.refunds.wishes import NothingToRefund, Pieces, PiecesRefunded
from backoffice.webhooks import service as webhooks
from integrations.payments.port import OutcomeUnknown
from tests.support.consistency import problems
from tests.support.shop import Buyer, Sale, Shop, paid


@pytest.fixture
def buyer(shop: Shop) -> Buyer:
    return shop.buyer()


def bought(buyer: Buyer, quantity: int = 1) -> Sale:
    buyer.fills_cart(quantity)
    return paid(buyer.shop, buyer)


def given_back(shop: Shop) -> int:
    """What the provider's own books say has left."""
    return sum(item["refunded"] for item in shop.provider.payments())


def notes(shop: Shop) -> list[tuple[str, int, int]]:
    return [
        (note.number, note.gross_amount, note.vat_amount)
        for note in shop.all(select(CreditNote).order_by(CreditNote.id))
    ]


def test_the_whole_order_goes_back_with_its_credit_note_and_a_mail(shop, buyer):
    sale = bought(buyer)
    (line,) = shop.line_ids(sale)
    refund = shop.refunds(sale, pieces=[Pieces(line, 1, shelved=1)], reason=RefundReason.WITHDRAWN)
    assert refund.state == RefundState.SUCCEEDED
    assert given_back(shop) == 12_900
    assert notes(shop) == [("C-2026-000001", 12_900, 2_060)]
    assert shop.stock() == (25, 0)
    assert [row.state for row in shop.all(select(Fulfilment))] == ["withdrawn"]
    shop.minutes_pass(1)
    assert shop.mails().count("refunded") == 1
    (mail,) = shop.all(select(Mail).where(Mail.template == "refunded"))
    assert mail.attachments["files"][0][0] == "C-2026-000001.pdf"
    assert "C-2026-000001" in mail.text
    assert shop.open_cases() == []
    assert problems() == []


def test_parts_add_up_and_the_notes_credit_the_vat_to_the_cent(shop, buyer):
    sale = bought(buyer, 3)  # 387.00, of which 61.79 VAT
    for amount in (1, 7, 3_333, 10_000, 4):
        shop.refunds(sale, amount, reason=RefundReason.GOODWILL)
    shop.refunds(sale)
    assert given_back(shop) == 38_700
    assert sum(gross for _number, gross, _vat in notes(shop)) == 38_700
    assert sum(vat for _number, _gross, vat in notes(shop)) == shop.invoice(sale).vat_amount
    assert problems() == []
    with pytest.raises(RefundedMeanwhile):
        shop.refunds(sale, 1)


def test_one_of_three_pieces_goes_back_before_it_is_sent_and_two_are_sent(shop, buyer):
    sale = bought(buyer, 3)
    (line,) = shop.line_ids(sale)
    assert shop.stock() == (22, 0)
    shop.refunds(sale, pieces=[Pieces(line, 1, shelved=1)])
    assert shop.stock() == (23, 0)
    with units.read():
        (credited,) = session.scalars(select(CreditNoteLine))
        assert (credited.sku, credited.quantity, credited.gross_amount) == ("SL-60-OAK", 1, 12_900)

    def ship(count: int) -> None:
        parcels.ship(orders.by_ref(sale.order_ref), {line: count}, request_key=f"k{count}", tracking="", by=SYSTEM)

    with pytest.raises(parcels.TooMany):
        units.write(lambda: ship(3))
    units.write(lambda: ship(2))
    assert [row.state for row in shop.all(select(Fulfilment))] == ["done"]
    assert problems() == []


def test_pieces_are_refunded_once(shop, buyer):
    sale = bought(buyer, 2)
    (line,) = shop.line_ids(sale)
    shop.refunds(sale, pieces=[Pieces(line, 2)])
    with pytest.raises(RefundedMeanwhile):
        shop.refunds(sale, pieces=[Pieces(line, 1)])
    other = bought(shop.buyer("eve@example.org"), 2)
    (theirs,) = shop.line_ids(other)
    shop.refunds(other, pieces=[Pieces(theirs, 1)])
    with pytest.raises(PiecesRefunded):
        shop.refunds(other, 12_900, pieces=[Pieces(theirs, 2)])
    with pytest.raises(NothingToRefund):
        shop.refunds(other, 100, pieces=[Pieces(line, 1)])
    assert given_back(shop) == 25_800 + 12_900


def test_a_double_click_and_a_second_tab_give_back_once(shop, buyer):
    sale = bought(buyer)
    first = shop.refunds(sale, 5_000, request_key="form-1")
    again = shop.refunds(sale, 5_000, request_key="form-1")
    assert first.ref == again.ref
    with pytest.raises(RefundedMeanwhile):  # the other tab showed that nothing was refunded yet
        shop.refunds(sale, 5_000, request_key="form-2", seen=shop.payment(sale).captured - shop.payment(sale).captured)
    assert given_back(shop) == 5_000
    assert shop.count(Refund) == 1


def test_a_lost_answer_is_asked_for_and_nothing_is_given_back_twice(shop, buyer):
    sale = bought(buyer)
    shop.provider.switch(lose_refund=1, webhooks="never")
    refund = shop.refunds(sale, 5_000)
    assert refund.state == RefundState.UNKNOWN
    assert given_back(shop) == 5_000
    assert notes(shop) == []
    shop.minutes_pass(5)
    assert shop.refund(refund.ref).state == RefundState.SUCCEEDED
    assert given_back(shop) == 5_000
    assert len(notes(shop)) == 1
    assert problems() == []


def test_the_webhook_tells_what_the_lost_answer_did_not(shop, buyer):
    sale = bought(buyer)
    shop.provider.switch(lose_refund=1)
    refund = shop.refunds(sale)
    shop.works()
    assert shop.refund(refund.ref).state == RefundState.SUCCEEDED
    assert shop.count(Refund) == 1
    assert shop.open_cases() == []


def test_the_same_event_twice_and_out_of_order_changes_nothing(shop, buyer):
    sale = bought(buyer)
    shop.provider.switch(webhooks="twice", refunds="pending")
    refund = shop.refunds(sale)
    assert refund.state == RefundState.PENDING
    shop.minutes_pass(2)
    assert shop.refund(refund.ref).state == RefundState.SUCCEEDED
    assert shop.tags(refund.ref) == ["refund.prepared", "refund.accepted", "refund.succeeded"]
    assert shop.mails().count("refunded") == 1
    assert len(notes(shop)) == 1


def test_a_silent_provider_opens_a_case_and_its_answer_closes_it(shop, buyer):
    sale = bought(buyer)
    shop.provider.switch(outage=True)
    refund = shop.refunds(sale)
    shop.minutes_pass(60)
    assert shop.open_cases() == ["refund_unknown"]
    assert shop.payment(sale).refundable.amount == 0  # reserved: nobody can give it back a second time meanwhile
    shop.provider.switch(outage=False)
    refunds.learn(refund.id, by=SYSTEM)
    assert shop.refund(refund.ref).state == RefundState.SUCCEEDED
    assert shop.open_cases() == []
    assert given_back(shop) == 12_900


def test_days_later_the_refund_is_found_by_our_reference_and_never_made_with_a_new_key(shop, buyer):
    sale = bought(buyer)
    shop.provider.switch(lose_refund=1, webhooks="never")
    refund = shop.refunds(sale)
    shop.clock.forward(days=3)
    refunds.learn(refund.id, by=SYSTEM)
    assert shop.refund(refund.ref).state == RefundState.SUCCEEDED
    assert given_back(shop) == 12_900


def test_a_refund_that_never_arrived_is_given_up_after_the_life_of_its_key(shop, buyer):
    sale = bought(buyer)
    shop.provider.switch(fail=1)
    refund = shop.refunds(sale)
    assert refund.state == RefundState.UNKNOWN
    shop.clock.forward(days=3)
    refunds.learn(refund.id, by=SYSTEM)
    assert shop.refund(refund.ref).failure_code == "never_arrived"
    assert shop.payment(sale).refundable.amount == 12_900
    assert shop.open_cases() == ["refund_refused"]
    assert given_back(shop) == 0
    shop.refunds(sale)
    assert shop.open_cases() == []
    assert problems() == []


def test_a_refused_refund_moves_nothing_and_its_sum_can_be_refunded_again(shop, buyer):
    sale = bought(buyer)
    shop.provider.switch(refuse_refund=1)
    refund = shop.refunds(sale)
    assert (refund.state, refund.failure_code) == (RefundState.FAILED, "refund_refused")
    assert notes(shop) == []
    assert shop.open_cases() == ["refund_refused"]
    assert [row.state for row in shop.all(select(Fulfilment))] == ["open"]
    shop.refunds(sale)
    assert given_back(shop) == 12_900
    assert shop.open_cases() == []


def test_a_refund_that_fails_after_it_succeeded_leaves_its_note_and_a_debt(shop, buyer):
    sale = bought(buyer)
    (line,) = shop.line_ids(sale)
    shop.provider.switch(refunds="fails_later")
    refund = shop.refunds(sale, pieces=[Pieces(line, 1, shelved=1)])
    assert refund.state == RefundState.SUCCEEDED
    shop.minutes_pass(2)
    assert shop.refund(refund.ref).state == RefundState.FAILED
    assert len(notes(shop)) == 1
    assert shop.open_cases() == ["refund_failed"]
    assert "refund_failed" in shop.mails()
    assert given_back(shop) == 0
    assert shop.payment(sale).refundable.amount == 12_900
    shop.provider.switch(refunds="")
    first, second = (refunds.send_again(refund.ref, by=SYSTEM) for _ in range(2))
    assert first.ref == second.ref  # pressed twice, it is sent once
    assert given_back(shop) == 12_900
    assert len(notes(shop)) == 1  # what was credited stays credited, once
    assert shop.stock() == (25, 0)  # and what came back came back once
    assert shop.open_cases() == []
    assert problems() == []


def test_money_given_back_in_the_providers_dashboard_appears_as_a_fact_with_a_case(shop, buyer):
    sale = bought(buyer)
    page = shop.provider.payments(sale.payment_ref)[0]
    shop.provider.books.refunds.create(page["id"], 2_900)
    shop.works()
    (refund,) = shop.all(select(Refund))
    assert (refund.reason, refund.state, refund.amount) == (RefundReason.ELSEWHERE, RefundState.SUCCEEDED, 2_900)
    assert shop.open_cases() == ["refund_elsewhere"]
    assert [gross for _number, gross, _vat in notes(shop)] == [2_900]
    assert shop.payment(sale).refunded_amount == 2_900
    shop.refunds(sale)
    assert given_back(shop) == 12_900
    assert problems() == []


def test_the_poller_finds_a_refund_nobody_told_us_of(shop, buyer):
    sale = bought(buyer)
    shop.provider.switch(webhooks="never")
    shop.provider.books.refunds.create(shop.provider.payments(sale.payment_ref)[0]["id"], 2_900)
    assert webhooks.poll() > 0
    shop.works()
    assert shop.payment(sale).refunded_amount == 2_900


def test_ours_and_one_from_the_dashboard_never_give_back_more_than_was_captured(shop, buyer):
    sale = bought(buyer)
    shop.provider.switch(outage=True)
    ours = shop.refunds(sale)  # reserved here, unknown there
    shop.provider.switch(outage=False)
    shop.provider.books.refunds.create(shop.provider.payments(sale.payment_ref)[0]["id"], 2_900)
    shop.works()  # it waits for ours to end
    assert {row.last_error for row in shop.all(select(Task))} == {""}
    shop.minutes_pass(10)
    assert shop.refund(ours.ref).state == RefundState.FAILED  # too much was left to ask for
    assert given_back(shop) == 2_900
    assert shop.payment(sale).refunded_amount == 2_900
    assert set(shop.open_cases()) == {"refund_elsewhere", "refund_refused"} or shop.open_cases() == ["refund_elsewhere"]
    assert problems() == []


def test_money_for_an_order_that_had_ended_goes_back_without_a_note_and_closes_its_case(shop, buyer):
    sale = buyer.orders()
    shop.provider.books.cancel(shop.provider.payments(sale.payment_ref)[0]["id"])
    shop.minutes_pass(46)
    assert shop.order(sale).state == OrderState.EXPIRED
    page = shop.provider.payments(sale.payment_ref)[0]
    shop.provider.books.force_capture(page["id"], 12_900)
    shop.works()
    assert shop.open_cases() == ["unexpected_money"]
    shop.refunds(sale)
    assert given_back(shop) == 12_900
    assert notes(shop) == []
    assert shop.open_cases() == []


def test_an_order_in_review_ends_when_its_money_was_given_back(shop, buyer):
    sale = buyer.orders()
    shop.pays(sale, captured=10_000)
    shop.works()
    assert shop.order(sale).state == OrderState.IN_REVIEW
    assert shop.stock() == (25, 1)
    shop.refunds(sale)
    assert shop.order(sale).state == OrderState.CANCELLED
    assert shop.stock() == (25, 0)
    assert notes(shop) == []
    assert shop.open_cases() == []


def test_what_came_too_much_goes_back_first_and_is_not_credited(shop, buyer):
    sale = buyer.orders()
    shop.pays(sale, captured=13_900)
    shop.works()
    assert shop.open_cases() == ["amount_differs"]
    shop.refunds(sale, 1_000)
    assert notes(shop) == []
    assert shop.open_cases() == []
    shop.refunds(sale, 900)
    assert [gross for _number, gross, _vat in notes(shop)] == [900]


def test_nothing_is_given_back_of_what_was_not_captured(shop, buyer):
    sale = buyer.orders()
    with pytest.raises(NotRefundable):
        shop.refunds(sale, 100)
    assert shop.count(Refund) == 0


def test_a_provider_that_crashes_us_between_asking_and_writing_gives_back_once(shop, buyer, monkeypatch):
    sale = bought(buyer)
    with monkeypatch.context() as patch:
        patch.setattr(
            "backoffice.refunds.recording.record", lambda *_args, **_kwargs: (_ for _ in ()).throw(OutcomeUnknown)
        )
        with pytest.raises(OutcomeUnknown):
            shop.refunds(sale)
    assert given_back(shop) == 12_900
    (refund,) = shop.all(select(Refund))
    assert refund.state == RefundState.CREATED
    shop.minutes_pass(5)
    assert shop.refund(refund.ref).state == RefundState.SUCCEEDED
    assert given_back(shop) == 12_900
    assert problems() == []


def test_a_payment_of_another_account_is_not_refunded_through_this_one(shop, buyer, monkeypatch):
    sale = bought(buyer)
    monkeypatch.setattr(type(ports().payments), "account", "acct_other")
    with pytest.raises(AnotherAccount):
        shop.refunds(sale, 100)
    assert shop.count(Refund) == 0


def test_only_what_came_back_is_sent_again_and_never_a_second_time(shop, buyer):
    sale = bought(buyer, 3)
    good = shop.refunds(sale, 500)
    with pytest.raises(NotOwed):
        refunds.send_again(good.ref, by=SYSTEM)
    shop.provider.switch(outage=True)
    unknown = shop.refunds(sale, 400)
    shop.provider.switch(outage=False)
    with pytest.raises(NotOwed):
        refunds.send_again(unknown.ref, by=SYSTEM)
    shop.minutes_pass(4)
    shop.provider.switch(refunds="fails_later")
    lost = shop.refunds(sale, 1_000)
    shop.minutes_pass(4)
    again = refunds.send_again(lost.ref, by=SYSTEM)
    shop.minutes_pass(4)
    shop.provider.switch(refunds="")
    assert shop.refund(again.ref).state == RefundState.FAILED  # it came back once more
    assert refunds.send_again(lost.ref, by=SYSTEM).ref == again.ref
    last = refunds.send_again(again.ref, by=SYSTEM)
    assert shop.refund(last.ref).state == RefundState.SUCCEEDED
    shop.minutes_pass(10)
    assert given_back(shop) == 500 + 400 + 1_000
    assert [gross for _number, gross, _vat in notes(shop)] == [500, 400, 1_000]
    assert shop.open_cases() == []
    assert problems() == []


def test_another_refund_does_not_settle_one_that_came_back(shop, buyer):
    sale = bought(buyer, 2)
    (line,) = shop.line_ids(sale)
    shop.provider.switch(refunds="fails_later")
    lost = shop.refunds(sale, 500, reason=RefundReason.GOODWILL)
    shop.minutes_pass(2)
    shop.provider.switch(refunds="")
    shop.refunds(sale, pieces=[Pieces(line, 1)])
    assert shop.open_cases() == ["refund_failed"]
    assert [gross for _number, gross, _vat in notes(shop)] == [500, 12_900]  # each its own, whole
    refunds.send_again(lost.ref, by=SYSTEM)
    assert shop.open_cases() == []
    assert given_back(shop) == 13_400
    assert problems() == []


def test_all_that_is_left_settles_what_came_back_too(shop, buyer):
    sale = bought(buyer)
    shop.provider.switch(refunds="fails_later")
    lost = shop.refunds(sale, 500)
    shop.minutes_pass(2)
    shop.provider.switch(refunds="")
    shop.refunds(sale)
    assert given_back(shop) == 12_900
    assert shop.open_cases() == []
    with pytest.raises(NotOwed):
        refunds.send_again(lost.ref, by=SYSTEM)
    assert sum(gross for _number, gross, _vat in notes(shop)) == 12_900
    assert problems() == []


def test_the_key_of_a_form_makes_no_other_refund(shop, buyer):
    sale = bought(buyer)
    shop.refunds(sale, 100, request_key="form-1")
    with pytest.raises(FormUsed):
        shop.refunds(sale, 200, request_key="form-1")
    assert given_back(shop) == 100


def test_a_piece_is_credited_at_its_own_rate_as_far_as_it_goes(shop, buyer):
    """A reduction of the price took from all rates; what a returned book lacks of its own comes from the others."""
    buyer.fills_cart(1, "HB-PDF")
    buyer.fills_cart(1)
    sale = paid(shop, buyer)
    lines = shop.all(select(OrderLine).order_by(OrderLine.position))
    book = next(line for line in lines if line.vat_hundredths == 700)
    shop.refunds(sale, 1_000, reason=RefundReason.GOODWILL)
    shop.refunds(sale, pieces=[Pieces(book.id, 1)])
    with units.read():
        note = session.scalars(select(CreditNote).order_by(CreditNote.id.desc())).first()
        left = {tax.vat_hundredths: tax.net_amount + tax.vat_amount for tax in note.taxes}
        assert note.lines[0].sku == book.sku
        assert note.lines[0].vat_hundredths == 700
    with units.read():
        first = session.scalars(select(CreditNote).order_by(CreditNote.id)).first()
        reduced = {tax.vat_hundredths: tax.net_amount + tax.vat_amount for tax in first.taxes}
    assert left[700] == book.unit_amount - reduced[700]  # all that was left at its rate
    assert sum(left.values()) == book.unit_amount
    assert problems() == []
