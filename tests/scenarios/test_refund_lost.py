"""Money that was refused, or that came back: it is owed until it is sent again."""

import pytest
from sqlalchemy import select, update

from backoffice.core.actor import SYSTEM
from backoffice.core.db import session
from backoffice.ledger.models import Account
from backoffice.models import Fulfilment
from backoffice.refunds import beginning
from backoffice.refunds import service as refunds
from backoffice.refunds.beginning import RefundedMeanwhile
from backoffice.refunds.debts import NotOwed
from backoffice.refunds.models import Refund, RefundReason, RefundState
from backoffice.refunds.wishes import Pieces
from tests.support.consistency import problems
from tests.support.refunds import bought, given_back, notes


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


def came_back(shop, sale) -> Refund:
    """A refund of the dashboard that its customer's bank sent back."""
    shop.provider.switch(refunds="fails_later")
    shop.provider.books.refunds.create(shop.provider.payments(sale.payment_ref)[0]["id"], 2_900)
    shop.works()
    shop.minutes_pass(5)
    shop.provider.switch(refunds="")
    (lost,) = shop.all(select(Refund))
    assert (lost.reason, lost.state) == (RefundReason.ELSEWHERE, RefundState.FAILED)
    return lost


def test_a_refund_of_the_dashboard_that_is_sent_again_and_refused_is_a_case(shop, buyer):
    lost = came_back(shop, bought(buyer))
    shop.provider.switch(refuse_refund=1)
    again = refunds.send_again(lost.ref, reason="the account is open again", by=SYSTEM)
    assert (shop.refund(again.ref).state, "refund_refused" in shop.open_cases()) == (RefundState.FAILED, True)
    assert problems() == []


def test_a_refund_of_the_dashboard_that_came_back_is_sent_again_as_one_of_ours(shop, buyer):
    sale = bought(buyer)
    lost = came_back(shop, sale)
    refunds.send_again(lost.ref, reason="the account is open again", by=SYSTEM)
    shop.minutes_pass(2)
    assert given_back(shop) == 2_900
    assert problems() == []


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
    first, second = (refunds.send_again(refund.ref, reason="a new try", by=SYSTEM) for _ in range(2))
    assert first.ref == second.ref  # pressed twice, it is sent once
    assert given_back(shop) == 12_900
    assert len(notes(shop)) == 1  # what was credited stays credited, once
    assert shop.stock() == (25, 0)  # and what came back came back once
    assert shop.open_cases() == []
    assert problems() == []


def test_only_what_came_back_is_sent_again_and_never_a_second_time(shop, buyer):
    sale = bought(buyer, 3)
    good = shop.refunds(sale, 500)
    with pytest.raises(NotOwed):
        refunds.send_again(good.ref, reason="a new try", by=SYSTEM)
    shop.provider.switch(outage=True)
    unknown = shop.refunds(sale, 400)
    shop.provider.switch(outage=False)
    with pytest.raises(NotOwed):
        refunds.send_again(unknown.ref, reason="a new try", by=SYSTEM)
    shop.minutes_pass(4)
    shop.provider.switch(refunds="fails_later")
    lost = shop.refunds(sale, 1_000)
    shop.minutes_pass(4)
    again = refunds.send_again(lost.ref, reason="a new try", by=SYSTEM)
    shop.minutes_pass(4)
    shop.provider.switch(refunds="")
    assert shop.refund(again.ref).state == RefundState.FAILED  # it came back once more
    assert refunds.send_again(lost.ref, reason="a new try", by=SYSTEM).ref == again.ref
    last = refunds.send_again(again.ref, reason="a new try", by=SYSTEM)
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
    refunds.send_again(lost.ref, reason="a new try", by=SYSTEM)
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
        refunds.send_again(lost.ref, reason="a new try", by=SYSTEM)
    assert sum(gross for _number, gross, _vat in notes(shop)) == 12_900
    assert problems() == []


def test_what_was_overpaid_is_spoken_for_while_it_is_sent_again(shop, buyer):
    """A day of the simulator (1:3826): another refund took the euro that the one on its way took as well."""
    buyer.fills_cart()
    sale = buyer.places()
    shop.pays(sale, captured=13_000)
    shop.works()
    shop.provider.switch(refunds="fails_later")
    lost = shop.refunds(sale, 10_000)
    shop.minutes_pass(2)
    shop.provider.switch(refunds="", lose_refund=1, webhooks="never")
    assert refunds.send_again(lost.ref, reason="a new try", by=SYSTEM).state == RefundState.UNKNOWN
    shop.refunds(sale, 1_000)
    shop.minutes_pass(60)
    assert given_back(shop) == 11_000
    assert [gross for _number, gross, _vat in notes(shop)] == [9_900, 1_000]  # a hundred was never part of the invoice
    assert shop.balance(Account.CUSTOMER_MONEY) == 0
    assert problems() == []


def test_what_was_paid_another_way_is_booked_told_and_never_sent_again(shop, buyer):
    sale = bought(buyer, 2)
    (line,) = shop.line_ids(sale)
    shop.provider.switch(refunds="fails_later")
    lost = shop.refunds(sale, pieces=[Pieces(line, 1)])
    shop.minutes_pass(4)
    shop.provider.switch(refunds="")
    assert shop.balance(Account.REFUNDS_PAYABLE) == -12_900
    for _ in range(2):
        refunds.pay_otherwise(lost.ref, how="transfer of 3 November, TRF-1", by=SYSTEM)
    assert shop.open_cases() == []
    assert (shop.balance(Account.REFUNDS_PAYABLE), shop.balance(Account.BANK)) == (0, -12_900)
    assert shop.tags(lost.ref).count("refund.paid_otherwise") == 1
    shop.works()
    assert shop.mails().count("refund_paid") == 1
    with pytest.raises(NotOwed):
        refunds.send_again(lost.ref, reason="nobody told me", by=SYSTEM)
    with pytest.raises(RefundedMeanwhile, match="129"):
        shop.refunds(sale, 12_901)  # the provider has both pieces' money, and one of them is the customer's no more
    assert shop.refunds(sale, 12_900).state == RefundState.SUCCEEDED
    assert given_back(shop) == 12_900
    assert [row.state for row in shop.all(select(Fulfilment))] == ["withdrawn"]  # all of the money is the customer's
    assert problems() == []


def test_who_waited_for_the_lock_sees_what_was_paid_by_hand_meanwhile(shop, buyer, monkeypatch):
    """Another refund is owed too, so that the sums alone would let it pass."""
    sale = bought(buyer, 3)
    shop.provider.switch(refunds="fails_later")
    lost, _other = shop.refunds(sale, 1_000), shop.refunds(sale, 2_000)
    shop.minutes_pass(4)
    shop.provider.switch(refunds="")
    real = beginning.payments.lock

    def lock(payment_id: int):
        monkeypatch.setattr(beginning.payments, "lock", real)
        payment = real(payment_id)
        rows = Refund.__table__  # as another unit would have committed it while this one waited
        session.execute(update(rows).where(rows.c.ref == lost.ref).values(paid_otherwise_at=shop.clock()))
        return payment

    monkeypatch.setattr(beginning.payments, "lock", lock)
    with pytest.raises(NotOwed):
        refunds.send_again(lost.ref, reason="nobody told me", by=SYSTEM)
    assert given_back(shop) == 0


def test_what_came_back_is_sent_once_more_after_a_try_that_was_refused(shop, refused_again):
    lost, again = refused_again
    first, second = (refunds.send_again(lost.ref, reason="the bank is awake", by=SYSTEM) for _ in range(2))
    assert first.ref == second.ref != again.ref  # pressed twice, it is sent once
    shop.minutes_pass(2)
    assert given_back(shop) == 1_000
    assert len(notes(shop)) == 1, "what was credited stays credited, once"
    assert shop.balance(Account.REFUNDS_PAYABLE) == 0
    assert shop.open_cases() == []
    assert problems() == []


def test_every_try_may_be_refused_and_the_debt_stays_one(shop, refused_again):
    lost, _again = refused_again
    shop.provider.switch(refuse_refund=1)
    third = refunds.send_again(lost.ref, reason="and again", by=SYSTEM)
    assert shop.refund(third.ref).is_refused
    shop.provider.switch(refuse_refund=0)
    fourth = refunds.send_again(lost.ref, reason="at last", by=SYSTEM)
    assert shop.refund(fourth.ref).accepted_at
    assert (given_back(shop), len(notes(shop)), shop.open_cases(), problems()) == (1_000, 1, [], [])


def test_what_came_back_is_paid_by_hand_after_a_try_that_was_refused(shop, refused_again):
    lost, again = refused_again
    with pytest.raises(NotOwed):
        refunds.pay_otherwise(again.ref, how="x", by=SYSTEM)  # it never left: the debt is that of the first
    refunds.pay_otherwise(lost.ref, how="transfer of 3 November, TRF-3", by=SYSTEM)
    assert shop.balance(Account.REFUNDS_PAYABLE) == 0
    with pytest.raises(NotOwed):
        refunds.send_again(lost.ref, reason="nobody told me", by=SYSTEM)
    assert (given_back(shop), shop.open_cases(), problems()) == (0, [], [])


def test_only_what_came_back_and_is_still_owed_can_be_paid_another_way(shop, buyer):
    sale = bought(buyer)
    good = shop.refunds(sale, 500)
    with pytest.raises(NotOwed):
        refunds.pay_otherwise(good.ref, how="x", by=SYSTEM)
    shop.provider.switch(refunds="fails_later")
    lost = shop.refunds(sale, 1_000)
    shop.minutes_pass(4)
    shop.provider.switch(lose_refund=1, lose_read=1)
    again = refunds.send_again(lost.ref, reason="a new try", by=SYSTEM)
    assert again.state == RefundState.UNKNOWN
    with pytest.raises(NotOwed):  # it may be on its way a second time
        refunds.pay_otherwise(lost.ref, how="x", by=SYSTEM)
    shop.provider.switch(lose_read=0)
    shop.minutes_pass(6)
    assert shop.refund(again.ref).state == RefundState.FAILED
    refunds.pay_otherwise(again.ref, how="transfer of 3 November, TRF-2", by=SYSTEM)
    assert shop.balance(Account.REFUNDS_PAYABLE) == 0
    assert shop.open_cases() == []
    assert problems() == []
