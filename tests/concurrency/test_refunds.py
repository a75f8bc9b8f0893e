"""Many who give money back at once, on MariaDB."""

import pytest
from sqlalchemy import select

from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import session
from backoffice.core.money import Money
from backoffice.models import CreditNote, Payment, Refund
from backoffice.refunds import service as refunds
from backoffice.refunds.beginning import RefundedMeanwhile
from backoffice.refunds.models import RefundReason
from backoffice.refunds.wishes import Wish
from backoffice.tasks import runner
from backoffice.webhooks import service as webhooks
from tests.support.at_once import at_once
from tests.support.consistency import problems
from tests.support.shop import paid

pytestmark = pytest.mark.parametrize("engine_name", ["mariadb"])


@pytest.fixture
def sale(shop):
    buyer = shop.buyer()
    buyer.fills_cart(2)
    return paid(shop, buyer)


def wish(sale, amount: int, key: str, seen: int = 0) -> Wish:
    return Wish(
        sale.payment_ref, Money(amount, "EUR"), seen=Money(seen, "EUR"), reason=RefundReason.GOODWILL, request_key=key
    )


def given_back(shop) -> int:
    return sum(item["refunded"] for item in shop.provider.payments())


def test_of_operators_who_decide_at_once_one_gives_back(shop, sale):
    results = at_once(
        shop.app,
        *(lambda key=key: refunds.give_back(wish(sale, 10_000, key), by=SYSTEM) for key in ("a", "b", "c", "d")),
    )
    done = [result for result in results if isinstance(result, Refund)]
    assert len(done) == 1
    assert all(isinstance(result, RefundedMeanwhile) for result in results if result not in done)
    assert given_back(shop) == 10_000
    shop.works()
    assert problems() == []


def test_one_form_pressed_many_times_at_once_gives_back_once(shop, sale):
    results = at_once(shop.app, *(lambda: refunds.give_back(wish(sale, 10_000, "form"), by=SYSTEM) for _ in range(5)))
    assert len({result.ref for result in results}) == 1, results
    assert given_back(shop) == 10_000
    assert shop.count(Refund) == shop.count(CreditNote) == 1
    assert problems() == []


def test_the_answer_the_webhook_the_task_and_the_poller_at_once_have_one_effect(shop, sale):
    shop.provider.switch(lose_refund=1)
    refund = refunds.give_back(wish(sale, 10_000, "form"), by=SYSTEM)
    shop.provider.courier.round()
    results = at_once(
        shop.app,
        lambda: refunds.learn(refund.id, by=SYSTEM),
        lambda: refunds.ask_again(refund.id),
        runner.run_due,
        webhooks.poll,
        runner.run_due,
    )
    assert not [result for result in results if isinstance(result, Exception)]
    shop.works()
    assert shop.tags(refund.ref).count("refund.accepted") == 1
    assert shop.count(CreditNote) == 1
    assert given_back(shop) == 10_000
    assert problems() == []


def test_refunds_from_the_dashboard_and_ours_at_once_add_up(shop, sale):
    page = shop.provider.payments(sale.payment_ref)[0]["id"]
    at_once(
        shop.app,
        lambda: shop.provider.books.refunds.create(page, 1_000),
        lambda: refunds.give_back(wish(sale, 2_000, "ours"), by=SYSTEM),
        lambda: shop.provider.books.refunds.create(page, 3_000),
    )
    shop.minutes_pass(6)
    with units.read():
        payment = session.scalars(select(Payment)).one()
        assert payment.refunded_amount == given_back(shop)
    assert payment.refunded_amount in (4_000, 6_000)
    assert problems() == []
