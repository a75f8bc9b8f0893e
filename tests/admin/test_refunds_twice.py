"""What a customer was given back twice, on the pages of the office: said, explained, and ended."""

import re

import pytest
from sqlalchemy import select

from backoffice.core.actor import SYSTEM
from backoffice.core.formatting import money
from backoffice.core.money import Money
from backoffice.models import CreditNote, Refund
from backoffice.refunds import service as refunds
from tests.support.shop import hidden, paid
from tests.support.staff import logged_in

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"])
WORDS = f"Send {money(Money(1_000, 'EUR'))} again"


@pytest.fixture
def operator(shop):
    return logged_in(shop)


@pytest.fixture
def sale(shop):
    buyer = shop.buyer()
    buyer.fills_cart(3)
    return paid(shop, buyer)


@pytest.fixture
def place(shop, operator, sale) -> str:
    """The page of a try that was refused, and made after all when its sum had been paid by hand; it will come back, too."""
    shop.provider.switch(refunds="fails_later")
    lost = f"/admin/refunds/{shop.refunds(sale, 1_000).ref}"
    shop.minutes_pass(2)
    shop.provider.switch(refunds="", refuse_refund=1)
    operator.post(f"{lost}/again", data={**hidden(operator.get(lost).text), "reason": "a new card"})
    page = operator.get(lost).text
    assert WORDS in page
    operator.post(f"{lost}/otherwise", data={**hidden(page), "reason": "transfer of 3 November"})
    again = shop.all(select(Refund).where(Refund.again_of_id.is_not(None)))[0]
    shop.provider.switch(refunds="fails_later")
    captured = shop.provider.payments(sale.payment_ref)[0]["id"]
    shop.provider.books.refunds.create(captured, 1_000, reference=again.ref)
    shop.works()
    return f"/admin/refunds/{again.ref}"


def test_what_went_twice_says_so_and_what_came_back_of_it_cannot_be_sent_again(shop, operator, sale, place):
    page = operator.get(place).text
    assert "the customer has it twice" in page
    assert "A sum was given back twice." in page
    assert "No credit note: nothing more was to be given back." in page
    shop.minutes_pass(2)
    page = operator.get(place).text
    assert "the customer had it twice" in page
    assert re.search(WORDS + ".{0,80}the customer had it twice", page, re.S)
    assert "Leave it to the customer" not in page
    story = shop.buyer().client.get(shop.order_path(sale.order_ref)).text
    assert story.count("Your bank returned it") == 1, "of what is owed to nobody the customer is not told"


def test_what_went_twice_is_left_to_the_customer_with_a_reason(shop, operator, place):
    page = operator.get(place).text
    assert "Leave it to the customer" in page
    operator.post(f"{place}/leave", data=hidden(page))
    assert shop.open_cases() == ["refund_twice"], "nobody said why"
    for _ in range(2):
        operator.post(f"{place}/leave", data={**hidden(page), "reason": "the bag was torn as well"})
    assert (shop.open_cases(), shop.count(CreditNote)) == ([], 2)
    page = operator.get(place).text
    assert "or was left to them" in page
    assert "Leave it to the customer" not in page
    assert "the bag was torn as well" in page


def test_of_what_went_twice_in_part_that_part_is_left(shop, sale, operator):
    shop.provider.switch(refunds="fails_later")
    lost = shop.refunds(sale, 3_000)
    shop.minutes_pass(4)
    shop.provider.switch(refunds="")
    refunds.pay_otherwise(lost.ref, how="transfer of 3 November", by=SYSTEM)
    shop.provider.books.refunds.create(shop.provider.payments(sale.payment_ref)[0]["id"], 38_700)
    shop.works()
    (beyond,) = shop.all(select(Refund).where(Refund.twice_amount > 0))
    place = f"/admin/refunds/{beyond.ref}"
    page = operator.get(place).text
    sum_ = money(Money(3_000, "EUR"))
    for words in (f"Leave {sum_} to the customer", f"{sum_} of it went to the customer a second time", lost.ref):
        assert words in page, words
    operator.post(f"{place}/leave", data={**hidden(page), "reason": "not worth a letter"})
    assert shop.open_cases() == ["refund_elsewhere"]
    assert "to the customer …" not in operator.get(place).text
