"""Money that goes back, whole and in parts, with its note, its mail and its pieces. Told in the words of the business."""

import pytest
from sqlalchemy import select

from backoffice.core import units
from backoffice.core.db import session
from backoffice.core.errors import FormUsed
from backoffice.core.ports import ports
from backoffice.fulfilment import parcels
from backoffice.fulfilment.parcels import InQuestion
from backoffice.models import CreditNote, CreditNoteLine, Fulfilment, Mail, OrderLine, Refund
from backoffice.orders import service as orders
from backoffice.orders.models import OrderState
from backoffice.refunds.beginning import AnotherAccount, NotRefundable, RefundedMeanwhile
from backoffice.refunds.models import RefundReason, RefundState
from backoffice.refunds.wishes import NothingToRefund, Pieces, PiecesRefunded, SentMeanwhile
from tests.support.consistency import problems
from tests.support.refunds import bought, given_back, notes
from tests.support.sending import send
from tests.support.shop import paid


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
    for text in (mail.text, mail.html.replace("×", "x")):
        assert "1 x Spirit level, oak, 60 cm" in text
        assert "What of this had not left yet is not sent any more." in text
    assert shop.open_cases() == []
    assert problems() == []


def test_what_was_delivered_stays_delivered_though_all_of_it_is_paid_back(shop, buyer):
    sale = bought(buyer)
    (line,) = shop.line_ids(sale)
    units.write(lambda: send(orders.by_ref(sale.order_ref), {line: 1}).order_id)
    shop.refunds(sale, reason=RefundReason.FRAUD)
    assert [row.state for row in shop.all(select(Fulfilment))] == ["done"]
    assert "fulfilment.withdrawn" not in [tag for row in shop.all(select(Fulfilment)) for tag in shop.tags(row.ref)]
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
        send(orders.by_ref(sale.order_ref), {line: count}, key=f"k{count}")

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


def test_a_payment_of_another_account_is_not_refunded_through_this_one(shop, buyer, monkeypatch):
    sale = bought(buyer)
    monkeypatch.setattr(type(ports().payments), "account", "acct_other")
    with pytest.raises(AnotherAccount):
        shop.refunds(sale, 100)
    assert shop.count(Refund) == 0


def test_the_key_of_a_form_makes_no_other_refund(shop, buyer):
    sale = bought(buyer)
    shop.refunds(sale, 100, request_key="form-1")
    with pytest.raises(FormUsed):
        shop.refunds(sale, 200, request_key="form-1")
    assert given_back(shop) == 100


def ships(shop, sale, key: str, tracking: str = "JD1"):
    order = orders.by_ref(sale.order_ref)
    pieces = {order.lines[0].id: 1}
    return send(order, pieces, key=key, tracking=tracking)


def test_what_left_since_the_page_was_opened_does_not_stay_here(shop, buyer):
    sale = bought(buyer)
    (line,) = shop.line_ids(sale)
    on_hand = shop.stock()
    units.write(lambda: ships(shop, sale, "ship-1"))
    with pytest.raises(SentMeanwhile):
        shop.refunds(sale, pieces=[Pieces(line, 1, shelved=1, sent_seen=0)])
    assert given_back(shop) == 0
    assert shop.stock() == on_hand
    shop.refunds(sale, pieces=[Pieces(line, 1, shelved=1, sent_seen=1)])  # the customer sent it back
    assert shop.stock() == (on_hand[0] + 1, on_hand[1])


def test_what_may_have_to_stay_is_not_sent_while_the_provider_is_silent(shop, buyer):
    sale = bought(buyer)
    (line,) = shop.line_ids(sale)
    shop.provider.switch(outage=True)
    refund = shop.refunds(sale, pieces=[Pieces(line, 1, shelved=1, sent_seen=0)])
    assert refund.state == "unknown"
    with pytest.raises(InQuestion):
        units.write(lambda: ships(shop, sale, "ship-1"))
    shop.provider.switch(outage=False, refuse_refund=1)
    shop.minutes_pass(5)
    assert shop.refund(refund.ref).state == "failed"  # it was refused: the piece may leave
    units.write(lambda: ships(shop, sale, "ship-1"))


def test_nothing_is_sent_while_nobody_knows_whether_all_of_the_money_goes_back(shop, buyer):
    sale = bought(buyer)
    shop.provider.switch(outage=True)
    shop.refunds(sale)  # a sum, of no pieces
    with pytest.raises(InQuestion):
        units.write(lambda: ships(shop, sale, "ship-1"))
    shop.provider.switch(outage=False, refuse_refund=1)
    shop.minutes_pass(5)
    units.write(lambda: ships(shop, sale, "ship-1"))


def test_the_key_of_a_parcel_packs_no_other(shop, buyer):
    sale = bought(buyer)
    first = units.write(lambda: ships(shop, sale, "ship-1").ref)
    assert units.write(lambda: ships(shop, sale, "ship-1").ref) == first
    with pytest.raises(FormUsed):
        units.write(lambda: ships(shop, sale, "ship-1", tracking="JD2"))


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
