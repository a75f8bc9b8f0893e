"""A refund that was refused, and that the provider makes after all when something else was done about it."""

import pytest
from sqlalchemy import select

from backoffice.core import units
from backoffice.models import Mail
from backoffice.orders import service as orders
from backoffice.refunds import wishes
from backoffice.refunds.models import Refund
from backoffice.refunds.wishes import Pieces
from tests.support.consistency import problems
from tests.support.refunds import given_back, notes
from tests.support.sending import send
from tests.support.shop import paid


@pytest.fixture
def sale(shop, buyer):
    """One level, and more than its worth of something else."""
    buyer.fills_cart(1)
    buyer.fills_cart(2, "SL-30-OAK")
    return paid(shop, buyer)


def refused(shop, sale) -> Refund:
    """The refund of the level, which comes back to the shelf."""
    shop.provider.switch(refuse_refund=1)
    refund = shop.refunds(sale, pieces=[Pieces(shop.line_ids(sale)[0], 1, 1)])
    shop.provider.switch(refuse_refund=0)
    assert refund.is_refused
    shop.minutes_pass(1)
    return refund


def made_after_all(shop, sale, refund: Refund, **switches: object) -> Refund:
    shop.provider.switch(**switches)
    page = shop.provider.payments(sale.payment_ref)[0]
    shop.provider.books.refunds.create(page["id"], refund.amount, reference=refund.ref)
    shop.works()
    shop.minutes_pass(4)
    return shop.refund(refund.ref)


def left(shop, sale) -> int:
    """How many of the levels no refund was made for."""
    with units.read():
        return wishes.left_of_lines(orders.by_ref(sale.order_ref))[shop.line_ids(sale)[0]]


def test_where_nothing_was_done_meanwhile_it_is_as_it_was_meant(shop, sale):
    on_hand, _held = shop.stock()
    late = made_after_all(shop, sale, refused(shop, sale))
    assert (late.is_gone, late.without_pieces, left(shop, sale)) == (True, False, 0)
    assert (shop.open_cases(), shop.stock()[0]) == ([], on_hand + 1)
    assert problems() == []


def test_where_another_gave_its_piece_back_it_is_a_sum_and_a_case(shop, sale):
    on_hand, _held = shop.stock()
    first = refused(shop, sale)
    shop.refunds(sale, pieces=[Pieces(shop.line_ids(sale)[0], 1, 1)])
    late = made_after_all(shop, sale, first)
    assert (late.is_gone, late.without_pieces, left(shop, sale)) == (True, True, 0)
    assert (shop.open_cases(), shop.stock()[0]) == (["refund_overtaken"], on_hand + 1)
    assert (given_back(shop), [gross for _number, gross, _vat in notes(shop)]) == (25_800, [12_900, 12_900])
    told = [mail.text for mail in shop.all(select(Mail).where(Mail.template == "refunded").order_by(Mail.id))]
    assert ["is for" in text for text in told] == [True, False]
    assert problems() == []


def test_where_its_piece_has_left_nothing_comes_to_the_shelf(shop, sale):
    first = refused(shop, sale)
    units.write(lambda: send(orders.by_ref(sale.order_ref), {shop.line_ids(sale)[0]: 1}))
    on_hand, _held = shop.stock()
    late = made_after_all(shop, sale, first)
    assert (late.without_pieces, left(shop, sale), shop.stock()[0]) == (True, 1, on_hand)
    assert shop.open_cases() == ["refund_overtaken"]
    assert problems() == []


def test_where_other_pieces_have_left_its_own_comes_to_the_shelf(shop, sale):
    first = refused(shop, sale)
    units.write(lambda: send(orders.by_ref(sale.order_ref), {shop.line_ids(sale)[1]: 1}))
    on_hand, _held = shop.stock()
    late = made_after_all(shop, sale, first)
    assert (late.without_pieces, left(shop, sale), shop.stock()[0]) == (False, 0, on_hand + 1)
    assert shop.open_cases() == ["refund_overtaken"], "a parcel left since: somebody looks"
    assert problems() == []


def test_where_another_sum_was_given_back_it_keeps_its_piece_and_is_a_case(shop, sale):
    first = refused(shop, sale)
    shop.refunds(sale, 1_000)
    late = made_after_all(shop, sale, first)
    assert (late.without_pieces, left(shop, sale)) == (False, 0)
    assert shop.open_cases() == ["refund_overtaken"]
    assert problems() == []


def test_its_case_ends_when_its_sum_comes_back(shop, sale):
    first = refused(shop, sale)
    shop.refunds(sale, 1_000)
    assert made_after_all(shop, sale, first, refunds="fails_later").accepted_at
    assert shop.open_cases() == ["refund_failed"]
    assert problems() == []


def test_a_refund_of_another_payment_of_the_order_may_have_been_meant_in_its_place(shop, buyer):
    """Charged on two pages: of the one that paid the refund is refused, so the other one's money goes back."""
    first = buyer.orders()
    shop.is_declined(first)
    buyer.returns_from(first)
    second = buyer.tries_again(first)
    shop.pays(second)
    shop.works()
    shop.provider.books.force_capture(shop.payment(first).provider_ref, 12_900)
    shop.works()
    shop.provider.switch(refuse_refund=1)
    refund = shop.refunds(second)
    shop.provider.switch(refuse_refund=0)
    shop.minutes_pass(1)
    shop.refunds(first)
    made_after_all(shop, second, refund)
    assert (given_back(shop), [gross for _number, gross, _vat in notes(shop)]) == (25_800, [12_900])
    assert "refund_overtaken" in shop.open_cases()
    assert problems() == []
