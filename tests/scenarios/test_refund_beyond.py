"""More goes to a customer than is left: what came back was paid by hand, and then the provider gives back what it has."""

import pytest
from sqlalchemy import select

from backoffice.core.actor import SYSTEM
from backoffice.ledger.models import Account
from backoffice.models import Case, Refund
from backoffice.refunds import service as refunds
from backoffice.refunds.debts import NotOwed
from backoffice.refunds.models import RefundState
from tests.support.consistency import problems
from tests.support.refunds import bought, notes


def is_paid_by_hand(shop, sale, amount: int) -> Refund:
    """A refund that came back, and a transfer in its place."""
    shop.provider.switch(refunds="fails_later")
    lost = shop.refunds(sale, amount)
    shop.minutes_pass(4)
    shop.provider.switch(refunds="")
    refunds.pay_otherwise(lost.ref, how="transfer of 3 November", by=SYSTEM)
    return lost


def dashboard_gives_back(shop, sale, amount: int) -> Refund:
    shop.provider.books.refunds.create(shop.provider.payments(sale.payment_ref)[0]["id"], amount)
    shop.works()
    return shop.all(select(Refund).order_by(Refund.id.desc()))[0]


@pytest.fixture
def beyond(shop, buyer) -> Refund:
    """Of 129 euro 30 were paid by hand, and all 129 given back in the dashboard."""
    sale = bought(buyer)
    is_paid_by_hand(shop, sale, 3_000)
    return dashboard_gives_back(shop, sale, 12_900)


def credited(shop) -> list[int]:
    return [gross for _number, gross, _vat in notes(shop)]


def test_what_was_left_is_credited_and_the_rest_went_twice(shop, beyond):
    assert (beyond.twice_amount, credited(shop)) == (3_000, [3_000, 9_900])
    assert (shop.balance(Account.PAID_TWICE), shop.balance(Account.REFUNDS_PAYABLE)) == (3_000, 0)
    assert sorted(shop.open_cases()) == ["refund_elsewhere", "refund_twice"]
    (case,) = shop.all(select(Case).where(Case.kind == "refund_twice"))
    assert case.at_risk_amount == 3_000
    assert problems() == []


def test_it_is_left_to_the_customer_though_nothing_can_be_credited(shop, beyond):
    for _ in range(2):
        refunds.leave(beyond.ref, why="not worth asking for", by=SYSTEM)
    assert "refund_twice" not in shop.open_cases()
    assert (shop.balance(Account.PAID_TWICE), shop.balance(Account.GOODWILL)) == (0, 3_000)
    assert (credited(shop), shop.balance(Account.REFUNDS_PAYABLE)) == ([3_000, 9_900], 0)
    assert problems() == []


def test_all_of_it_went_twice_where_nothing_was_left(shop, buyer):
    sale = bought(buyer)
    is_paid_by_hand(shop, sale, 12_900)
    more = dashboard_gives_back(shop, sale, 500)
    assert (more.twice_amount, shop.balance(Account.PAID_TWICE), credited(shop)) == (500, 500, [12_900])
    assert problems() == []


def test_what_was_never_invoiced_goes_twice_as_well(shop, buyer):
    buyer.fills_cart()
    sale = buyer.places()
    shop.pays(sale, captured=12_000)  # less than was asked for: the order waits for a decision
    shop.works()
    is_paid_by_hand(shop, sale, 12_000)
    more = dashboard_gives_back(shop, sale, 500)
    assert (more.twice_amount, shop.balance(Account.PAID_TWICE), shop.balance(Account.CUSTOMER_MONEY)) == (500, 500, 0)
    assert problems() == []


@pytest.mark.parametrize("is_left", [False, True])
def test_when_it_comes_back_what_was_left_is_owed_and_nothing_went_twice(shop, buyer, is_left):
    sale = bought(buyer)
    is_paid_by_hand(shop, sale, 3_000)
    shop.provider.switch(refunds="fails_later")
    beyond = dashboard_gives_back(shop, sale, 12_900)
    if is_left:
        refunds.leave(beyond.ref, why="not worth asking for", by=SYSTEM)
    shop.minutes_pass(4)
    assert shop.refund(beyond.ref).state == RefundState.FAILED
    assert (shop.balance(Account.PAID_TWICE), shop.balance(Account.GOODWILL)) == (0, 0)
    assert shop.balance(Account.REFUNDS_PAYABLE) == -9_900
    assert "refund_twice" not in shop.open_cases()
    shop.provider.switch(refunds="")
    shop.refunds(sale, 9_900)
    assert (shop.balance(Account.REFUNDS_PAYABLE), credited(shop)) == (0, [3_000, 9_900])
    assert "refund_failed" not in shop.open_cases()
    assert problems() == []


def test_one_that_went_twice_in_part_is_not_sent_again_as_it_was(shop, buyer):
    """Two of the dashboard come back: what is owed of the second is less than its sum."""
    sale = bought(buyer)
    is_paid_by_hand(shop, sale, 3_000)
    shop.provider.switch(refunds="fails_later")
    _first, second = (dashboard_gives_back(shop, sale, amount) for amount in (5_000, 6_000))
    assert second.twice_amount == 1_100
    shop.minutes_pass(4)
    assert shop.balance(Account.REFUNDS_PAYABLE) == -9_900
    for act in (refunds.send_again, refunds.pay_otherwise):
        with pytest.raises(NotOwed):
            act(second.ref, by=SYSTEM, **({"how": "transfer"} if act is refunds.pay_otherwise else {"reason": "again"}))
    shop.provider.switch(refunds="")
    shop.refunds(sale, 9_900)
    assert (shop.balance(Account.REFUNDS_PAYABLE), problems()) == (0, [])
    assert "refund_failed" not in shop.open_cases()


def test_one_that_went_twice_stands_for_none_that_did_in_part(shop, buyer):
    sale = bought(buyer)
    is_paid_by_hand(shop, sale, 9_900)
    shop.provider.switch(refunds="fails_later")
    dashboard_gives_back(shop, sale, 4_000)
    shop.provider.switch(refunds="")
    dashboard_gives_back(shop, sale, 4_000)
    assert [row.twice_amount for row in shop.all(select(Refund).order_by(Refund.id))] == [0, 1_000, 4_000]
    shop.minutes_pass(4)
    assert shop.balance(Account.PAID_TWICE) == 4_000
    assert sorted(shop.open_cases()) == ["refund_elsewhere", "refund_elsewhere", "refund_failed", "refund_twice"]
    assert problems() == []


def test_a_gift_that_comes_back_is_owed_to_nobody(shop, buyer):
    sale = bought(buyer)
    is_paid_by_hand(shop, sale, 12_900)
    shop.provider.switch(refunds="fails_later")
    gift = dashboard_gives_back(shop, sale, 1_000)
    refunds.leave(gift.ref, why="not worth asking for", by=SYSTEM)
    told = shop.mails().count("refund_failed")
    shop.minutes_pass(4)
    assert shop.refund(gift.ref).state == RefundState.FAILED
    assert (shop.balance(Account.GOODWILL), shop.open_cases()) == (0, ["refund_elsewhere"])
    assert shop.mails().count("refund_failed") == told
    assert problems() == []
