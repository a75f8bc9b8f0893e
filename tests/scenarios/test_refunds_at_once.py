"""Two who ask about the same refund while time passes for one of them: a request that was on its way for longer than the
provider remembers its key."""

from sqlalchemy import select

from backoffice.core.actor import SYSTEM
from backoffice.models import CreditNote, Refund
from backoffice.refunds import service as refunds
from backoffice.refunds.models import RefundState
from integrations.payments.sandbox import SandboxPayments
from tests.support.consistency import problems
from tests.support.meanwhile import once_at
from tests.support.shop import paid


def unanswered(shop):
    """A refund that the provider has never heard of yet."""
    buyer = shop.buyer()
    buyer.fills_cart()
    sale = paid(shop, buyer)
    shop.provider.switch(fail=1)
    return sale, shop.refunds(sale)


def given_back_once(shop, sale) -> None:
    (refund,) = shop.all(select(Refund))
    assert [row["refunded"] for row in shop.provider.payments()] == [12_900]
    assert (refund.state, refund.failure_code) == (RefundState.SUCCEEDED, "")
    assert shop.payment(sale).refundable.amount == 0
    assert shop.count(CreditNote) == 1
    assert shop.open_cases() == []
    assert problems() == []


def test_a_refund_that_was_given_up_while_it_was_on_its_way_is_known_once_it_is_made(shop, monkeypatch):
    sale, refund = unanswered(shop)
    made = SandboxPayments.refund

    def slow(port, request):
        shop.clock.forward(days=3)
        refunds.learn(refund.id, by=SYSTEM)  # somebody else finds nothing there, and gives it up
        assert shop.refund(refund.ref).failure_code == "never_arrived"
        return made(port, request)

    monkeypatch.setattr(SandboxPayments, "refund", slow)
    refunds.learn(refund.id, by=SYSTEM)
    given_back_once(shop, sale)


def test_a_refund_that_was_made_after_all_and_takes_its_time_is_asked_about_until_its_end(shop, monkeypatch):
    sale, refund = unanswered(shop)
    made = SandboxPayments.refund

    def slow(port, request):
        shop.clock.forward(days=3)
        shop.works()
        assert shop.refund(refund.ref).failure_code == "never_arrived"
        shop.provider.switch(refunds="pending", webhooks="never")
        return made(port, request)

    monkeypatch.setattr(SandboxPayments, "refund", slow)
    refunds.learn(refund.id, by=SYSTEM)
    assert shop.refund(refund.ref).state == "pending"
    assert problems() == []
    shop.provider.books.advance()
    shop.clock.forward(days=2)
    shop.provider.books.advance()
    shop.works()
    given_back_once(shop, sale)


def test_who_found_nothing_does_not_give_up_what_another_was_told_of_meanwhile(shop):
    sale, refund = unanswered(shop)

    def meanwhile() -> None:
        shop.clock.forward(days=-3)
        refunds.learn(refund.id, by=SYSTEM)

    shop.clock.forward(days=3)
    with once_at("refunds.learn.asked", meanwhile):
        refunds.learn(refund.id, by=SYSTEM)
    given_back_once(shop, sale)
