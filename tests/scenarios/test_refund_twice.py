"""Sums that go twice: a refund that was refused, and that the provider makes after all."""

import pytest
from sqlalchemy import select

from backoffice.core.actor import SYSTEM
from backoffice.ledger.models import Account
from backoffice.models import Task
from backoffice.refunds import service as refunds
from backoffice.refunds.debts import NotOwed
from backoffice.refunds.leaving import NotTwice
from backoffice.refunds.models import Refund, RefundState
from tests.support.consistency import problems
from tests.support.refunds import bought, given_back, notes


def made_after_all(shop, sale, refused: Refund) -> None:
    """The provider makes what it had refused, and tells of it."""
    page = shop.provider.payments(sale.payment_ref)[0]
    shop.provider.books.refunds.create(page["id"], refused.amount, reference=refused.ref)
    shop.minutes_pass(4)


def twice(shop, refused: Refund) -> None:
    """It is a fact with a case, credited by no paper, and what it was to pay is paid once."""
    late = shop.refund(refused.ref)
    assert (late.state, late.is_twice) == (RefundState.SUCCEEDED, True)
    assert shop.open_cases() == ["refund_twice"]
    assert len(notes(shop)) == 1
    assert (shop.balance(Account.REFUNDS_PAYABLE), shop.balance(Account.PAID_TWICE)) == (0, 1_000)
    assert problems() == []


def test_a_refused_try_that_is_made_after_all_pays_what_came_back(shop, sale, refused_again):
    lost, again = refused_again
    made_after_all(shop, sale, again)
    assert shop.refund(again.ref).settles_id == lost.id
    assert refunds.send_again(lost.ref, reason="nobody told me", by=SYSTEM).ref == again.ref
    assert (given_back(shop), shop.balance(Account.REFUNDS_PAYABLE), shop.open_cases()) == (1_000, 0, [])
    assert problems() == []


def test_a_refused_try_that_is_made_after_another_was_sent_is_told_as_paid_twice(shop, sale, refused_again):
    lost, again = refused_again
    third = refunds.send_again(lost.ref, reason="the bank is awake", by=SYSTEM)
    made_after_all(shop, sale, again)
    assert given_back(shop) == 2_000
    twice(shop, again)
    assert shop.refund(third.ref).settles_id == lost.id
    assert refunds.send_again(lost.ref, reason="nobody told me", by=SYSTEM).ref == third.ref


def test_a_refused_try_that_is_made_after_it_was_paid_by_hand_is_told_as_paid_twice(shop, sale, refused_again):
    lost, again = refused_again
    refunds.pay_otherwise(lost.ref, how="transfer of 3 November, TRF-4", by=SYSTEM)
    made_after_all(shop, sale, again)
    assert given_back(shop) == 1_000
    twice(shop, again)


def test_what_went_twice_and_came_back_is_owed_to_nobody(shop, sale, refused_again):
    lost, again = refused_again
    refunds.pay_otherwise(lost.ref, how="transfer of 3 November, TRF-5", by=SYSTEM)
    shop.provider.switch(refunds="fails_later")
    told = shop.mails().count("refund_failed")
    made_after_all(shop, sale, again)
    shop.minutes_pass(4)
    assert shop.refund(again.ref).state == RefundState.FAILED
    assert (shop.open_cases(), shop.balance(Account.PAID_TWICE), given_back(shop)) == ([], 0, 0)
    assert shop.mails().count("refund_failed") == told
    with pytest.raises(NotOwed):
        refunds.send_again(again.ref, reason="it failed", by=SYSTEM)
    assert problems() == []


def test_of_two_tries_the_first_that_is_made_pays_and_the_other_is_told_as_paid_twice(shop, sale, refused_again):
    lost, again = refused_again
    shop.provider.switch(lose_refund=1, lose_read=9, webhooks="never")
    third = refunds.send_again(lost.ref, reason="the bank is awake", by=SYSTEM)
    assert third.state == RefundState.UNKNOWN
    shop.provider.switch(lose_read=0, webhooks="normal")
    made_after_all(shop, sale, again)
    shop.minutes_pass(60)
    first, second = shop.refund(again.ref), shop.refund(third.ref)
    assert sorted([first.is_twice, second.is_twice]) == [False, True]
    twice(shop, first if first.is_twice else second)


def test_a_try_that_is_made_when_what_another_had_sent_came_back_too_pays_that(shop, sale, refused_again):
    lost, again = refused_again
    shop.provider.switch(refunds="fails_later")
    third = refunds.send_again(lost.ref, reason="the bank is awake", by=SYSTEM)
    shop.minutes_pass(4)
    assert shop.refund(third.ref).state == RefundState.FAILED
    shop.provider.switch(refunds="")
    made_after_all(shop, sale, again)
    assert shop.refund(again.ref).settles_id == third.id
    assert (given_back(shop), shop.open_cases(), shop.balance(Account.REFUNDS_PAYABLE)) == (1_000, [], 0)
    assert problems() == []


def test_a_refused_refund_that_is_made_while_another_has_its_sum_is_known_once_that_is_refused(shop, buyer):
    sale = bought(buyer)
    shop.provider.switch(refuse_refund=1)
    refused = shop.refunds(sale)
    shop.provider.switch(refuse_refund=0, outage=True)
    other = shop.refunds(sale)
    shop.provider.switch(outage=False)
    page = shop.provider.payments(sale.payment_ref)[0]
    shop.provider.books.refunds.create(page["id"], refused.amount, reference=refused.ref)
    shop.minutes_pass(30)
    assert shop.refund(other.ref).is_refused
    assert shop.refund(refused.ref).state == RefundState.SUCCEEDED
    assert (given_back(shop), shop.payment(sale).refunded_amount, problems()) == (12_900, 12_900, [])


def test_a_sum_that_went_twice_stands_for_the_other_when_that_comes_back(shop, sale, refused_again):
    lost, again = refused_again
    shop.provider.switch(refunds="fails_later")
    third = refunds.send_again(lost.ref, reason="the bank is awake", by=SYSTEM)
    shop.provider.switch(refunds="")
    made_after_all(shop, sale, again)
    told = shop.mails().count("refund_failed")
    shop.minutes_pass(4)
    assert shop.refund(third.ref).state == RefundState.FAILED
    stands = shop.refund(again.ref)
    assert (stands.is_twice, stands.settles_id) == (False, third.id)
    assert (given_back(shop), shop.open_cases(), shop.balance(Account.REFUNDS_PAYABLE)) == (1_000, [], 0)
    assert shop.balance(Account.PAID_TWICE) == 0
    assert shop.mails().count("refund_failed") == told, "the customer has the sum"
    for ref in (lost.ref, third.ref):  # both sent once more already: nobody gives it back a second time
        assert refunds.send_again(ref, reason="the case said so", by=SYSTEM).ref in (third.ref, again.ref)
    assert given_back(shop) == 1_000
    assert problems() == []


def test_what_stands_for_another_and_comes_back_too_is_owed_and_sent_again(shop, sale, refused_again):
    lost, again = refused_again
    shop.provider.switch(refunds="fails_later")
    third = refunds.send_again(lost.ref, reason="the bank is awake", by=SYSTEM)
    shop.provider.books.refunds.create(shop.provider.payments(sale.payment_ref)[0]["id"], 1_000, reference=again.ref)
    shop.minutes_pass(10)
    assert {shop.refund(ref).state for ref in (third.ref, again.ref)} == {RefundState.FAILED}
    assert (given_back(shop), shop.balance(Account.REFUNDS_PAYABLE)) == (0, -1_000)
    assert shop.balance(Account.PAID_TWICE) == 0
    shop.provider.switch(refunds="")
    assert problems() == []
    last = refunds.send_again(lost.ref, reason="a new card", by=SYSTEM)
    while shop.refund(last.ref).state == RefundState.FAILED:  # what paid it came back: that is sent again
        last = refunds.send_again(last.ref, reason="a new card", by=SYSTEM)
    assert (given_back(shop), shop.balance(Account.REFUNDS_PAYABLE)) == (1_000, 0)
    assert "refund_failed" not in shop.open_cases()
    assert problems() == []


@pytest.mark.parametrize("presses", [1, 2])
def test_a_sum_that_went_twice_is_left_to_the_customer_and_credited(shop, sale, refused_again, presses):
    lost, again = refused_again
    refunds.pay_otherwise(lost.ref, how="transfer of 3 November, TRF-6", by=SYSTEM)
    with pytest.raises(NotTwice):
        refunds.leave(again.ref, why="nothing went", by=SYSTEM)
    made_after_all(shop, sale, again)
    for _ in range(presses):
        refunds.leave(again.ref, why="the bag was torn too", by=SYSTEM)
    assert (shop.refund(again.ref).is_twice, shop.open_cases()) == (False, [])
    assert [gross for _number, gross, _vat in notes(shop)] == [1_000, 1_000]
    assert (shop.balance(Account.REFUNDS_PAYABLE), shop.balance(Account.PAID_TWICE)) == (0, 0)
    assert shop.tags(again.ref).count("refund.left") == 1
    assert problems() == []


def test_what_is_made_after_all_and_is_the_customers_anyway_is_a_refund_of_its_own(shop, buyer):
    """More came than was asked for: what the invoice did not use is theirs, however they get it."""
    buyer.fills_cart()
    sale = buyer.places()
    shop.pays(sale, captured=14_900)
    shop.works()
    shop.provider.switch(refunds="fails_later")
    lost = shop.refunds(sale, 1_000)
    shop.minutes_pass(4)
    shop.provider.switch(refunds="", refuse_refund=1)
    again = refunds.send_again(lost.ref, reason="a new try", by=SYSTEM)
    refunds.pay_otherwise(lost.ref, how="transfer of 3 November, TRF-7", by=SYSTEM)
    made_after_all(shop, sale, again)
    own = shop.refund(again.ref)
    assert (own.is_twice, own.settles_id) == (False, None)
    assert "refund_twice" not in shop.open_cases()
    assert (shop.balance(Account.CUSTOMER_MONEY), shop.balance(Account.PAID_TWICE), notes(shop)) == (0, 0, [])
    assert problems() == []


def test_a_refund_that_is_refused_made_after_all_and_sent_back_is_booked_each_time(shop, buyer):
    """A refused refund that the provider knows is asked about each time, also while another is."""
    sale = bought(buyer)
    page = shop.provider.payments(sale.payment_ref)[0]["id"]
    shop.provider.switch(refuse_refund=2)
    first, second = shop.refunds(sale, 1_000), shop.refunds(sale, 2_000)
    shop.provider.switch(refuse_refund=0, refunds="fails")
    shop.provider.books.refunds.create(page, 1_000, reference=first.ref)
    shop.minutes_pass(4)
    assert shop.refund(first.ref).provider_ref
    shop.provider.switch(refuse_refund=1, refunds="")
    third = shop.refunds(sale, 3_000)
    shop.provider.switch(refunds="fails_later")
    shop.provider.books.refunds.create(page, 3_000, reference=third.ref)
    shop.works()
    shop.minutes_pass(10)
    assert shop.refund(third.ref).state == RefundState.FAILED
    assert (shop.refund(third.ref).accepted_at is not None, shop.payment(sale).refunded_amount) == (True, 0)
    assert "refund_failed" in shop.open_cases()
    assert shop.all(select(Task.last_error).where(Task.last_error != "")) == []
    assert shop.refund(second.ref).is_refused
    assert problems() == []
