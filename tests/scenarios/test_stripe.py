"""A sale and a refund through Stripe's side of the world: pages, webhooks and the dashboard, with the test server behind the
adapter."""

import logging
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from backoffice import commands
from backoffice.core import logs
from backoffice.models import (
    AuditEntry,
    CardBar,
    Case,
    CreditNote,
    Dispute,
    Payment,
    PaymentMethod,
    Refund,
    WebhookEvent,
)
from backoffice.tasks import runner
from backoffice.webhooks import service as webhooks
from integrations.payments import stripe_objects
from tests.support import stripe_server
from tests.support.accounts import registers
from tests.support.consistency import problems
from tests.support.kept_cards import goes, states
from tests.support.stripe_shop import delivers, hears, sold


@pytest.fixture
def shop(shop_on_stripe):
    return shop_on_stripe


def test_a_sale_is_settled_by_the_webhook(shop, stripe):
    sale = sold(shop, stripe)
    payment = shop.payment(sale)
    assert (payment.state, payment.captured_amount, payment.method) == ("settled", 12_900, "Visa ·· 4242")
    assert payment.provider_ref in stripe.intents
    assert shop.order(sale).state == "paid"
    assert shop.open_cases() == []
    assert {event.state for event in shop.all(select(WebhookEvent))} == {"handled"}
    assert problems() == []


def test_the_success_page_proves_nothing(shop, stripe):
    buyer = shop.buyer()
    sale = buyer.orders()
    assert "Thank you" not in buyer.returns_from(sale)
    assert shop.order(sale).state == "placed"
    stripe.pay(shop.payment(sale).provider_ref)
    assert "Thank you" in buyer.returns_from(sale)


def test_a_card_that_is_declined_on_the_page_is_told_once_and_kept_when_another_pays(shop, stripe):
    sale = shop.buyer().orders()
    session = shop.payment(sale).provider_ref
    stripe.decline(session, "insufficient_funds")
    for _ in range(2):
        delivers(shop, stripe)
    assert (shop.payment(sale).state, shop.payment(sale).decline_code) == ("sent", "insufficient_funds")
    stripe.decline(session, "do_not_honor")
    delivers(shop, stripe)
    stripe.pay(session)
    delivers(shop, stripe)
    assert (shop.payment(sale).state, shop.payment(sale).decline_code) == ("settled", "do_not_honor")
    assert shop.tags(sale.payment_ref).count("payment.card_declined") == 2
    told = shop.all(select(AuditEntry.reason).where(AuditEntry.tag == "payment.card_declined").order_by(AuditEntry.id))
    assert told == ["insufficient_funds", "do_not_honor"]
    assert problems() == []


@pytest.mark.parametrize("heard", ["at once", "after another card has paid"])
def test_a_card_that_is_refused_for_good_is_barred_whatever_pays_instead(shop, stripe, heard):
    ada = shop.buyer()
    registers(shop, ada.client)
    stripe.keeping.enter(goes(ada).location.rpartition("/")[2], "9987")
    delivers(shop, stripe)
    assert states(shop) == ["9987 kept"]
    sale = ada.orders()
    session = shop.payment(sale).provider_ref
    stripe.pay(session, "9987")
    if heard == "at once":
        delivers(shop, stripe)
    stripe.pay(session, "4242")
    delivers(shop, stripe)
    assert (shop.payment(sale).state, shop.payment(sale).method) == ("settled", "Visa ·· 4242")
    (kept,) = shop.all(select(PaymentMethod))
    assert (kept.state, kept.barred_because) == ("barred", "lost_card")
    bars = shop.count(CardBar)
    delivers(shop, stripe, backwards=True)
    assert shop.count(CardBar) == bars == 1
    assert problems() == []


def test_a_page_that_the_provider_does_not_tell_of_waits_for_its_refusals(shop, stripe):
    """Who was refused is asked before the payment is: while the provider is silent, the event waits."""
    ada = shop.buyer()
    sale = ada.orders()
    stripe.pay(shop.payment(sale).provider_ref, "9987")
    stripe.faults["outage"] = True
    delivers(shop, stripe)
    assert {event.state for event in shop.all(select(WebhookEvent))} == {"received"}
    stripe.faults["outage"] = False
    shop.minutes_pass(5)
    assert {event.state for event in shop.all(select(WebhookEvent))} == {"handled"}
    assert shop.payment(sale).decline_code == "lost_card"
    assert shop.count(CardBar) == 1


def test_events_backwards_and_twice_change_nothing(shop, stripe):
    sale = shop.buyer().orders()
    session = shop.payment(sale).provider_ref
    stripe.decline(session, "generic_decline")
    stripe.pay(session)
    for _ in range(2):
        delivers(shop, stripe, backwards=True)
    assert shop.tags(sale.payment_ref).count("payment.settled") == 1
    assert shop.order(sale).state == "paid"
    assert problems() == []


def test_money_goes_back_once_whoever_tells_of_it_first(shop, stripe):
    sale = sold(shop, stripe)
    stripe.faults["lose_refund"] = 3
    refund = shop.refunds(sale, 2_900)
    assert refund.state == "unknown"
    delivers(shop, stripe)
    assert shop.refund(refund.ref).state == "succeeded"
    assert stripe.refunded(shop.payment(sale).provider_ref) == 2_900
    assert shop.count(Refund) == shop.count(CreditNote) == 1
    assert problems() == []


def test_a_refund_from_stripes_dashboard_appears_with_a_case(shop, stripe):
    sale = sold(shop, stripe)
    stripe.refund(shop.payment(sale).provider_ref, 1_000)
    assert webhooks.poll() == 1
    for _ in range(3):
        runner.run_due()
    (refund,) = shop.all(select(Refund))
    assert (refund.reason, refund.amount) == ("elsewhere", 1_000)
    assert shop.open_cases() == ["refund_elsewhere"]
    assert problems() == []


def test_a_refund_that_fails_after_it_succeeded_is_told_by_stripe(shop, stripe):
    sale = sold(shop, stripe)
    stripe.course = "fails_later"
    refund = shop.refunds(sale)
    shop.clock.forward(minutes=1)
    stripe.advance()
    delivers(shop, stripe)
    assert shop.refund(refund.ref).state == "failed"
    assert shop.refund(refund.ref).failure_code == "expired_or_canceled_card"
    assert shop.open_cases() == ["refund_failed"]
    assert problems() == []


def test_an_order_ends_only_when_its_page_is_closed_at_stripe(shop, stripe):
    sale = shop.buyer().orders()
    shop.clock.forward(minutes=46)
    runner.run_due()
    (payment,) = shop.all(select(Payment))
    assert stripe.sessions[payment.provider_ref]["status"] == "expired"
    assert shop.order(sale).state == "expired"
    assert shop.stock() == (25, 0)


def test_forms_may_end_on_the_page_of_the_provider(shop, stripe):
    assert f"form-action 'self' {stripe.url}" in shop.app.test_client().get("/").headers["Content-Security-Policy"]


@pytest.mark.parametrize("what", ["refund", "dispute"])
def test_what_befell_a_payment_is_heard_before_the_payment_itself(shop, stripe, what):
    """Such an event names the PaymentIntent alone, and we know its page until somebody tells us more."""
    sale = shop.buyer().orders()
    session = shop.payment(sale).provider_ref
    shop.clock.forward(seconds=5)
    stripe.pay(session)
    intent = stripe.sessions[session]["payment_intent"]
    shop.clock.forward(seconds=5)
    _ = stripe.refund(intent, 1_000) if what == "refund" else stripe.books.dispute(intent)
    for event in stripe.events:  # the newest first, each handled before the next comes
        hears(shop, stripe, event)
        runner.run_due()
    shop.works()
    assert shop.payment(sale).state == "settled"
    assert shop.order(sale).state == "paid"
    expected = {"refund": (1, 0, ["refund_elsewhere"]), "dispute": (0, 1, ["dispute_open"])}
    assert (shop.count(Refund), shop.count(Dispute), shop.open_cases()) == expected[what]
    assert {event.state for event in shop.all(select(WebhookEvent))} == {"handled"}
    assert problems() == []


@pytest.mark.parametrize("what", ["refund", "dispute"])
def test_what_befalls_money_of_the_dashboard_is_a_case(shop, stripe, what):
    sale = sold(shop, stripe)
    theirs = {**stripe.intents[shop.payment(sale).provider_ref], "id": "pi_theirs", "metadata": {}}
    stripe.intents["pi_theirs"] = theirs
    _ = stripe.refund("pi_theirs", 1_000) if what == "refund" else stripe.books.dispute("pi_theirs")
    delivers(shop, stripe)
    assert (shop.count(Refund), shop.count(Dispute)) == (0, 0)
    assert set(shop.open_cases()) == {"unmatched_money"}
    assert {case.detail["provider_payment"] for case in shop.all(select(Case))} == {"pi_theirs"}


def test_a_key_that_was_used_with_other_parameters_leaves_the_payment_unknown(shop, stripe, monkeypatch):
    """A new version of ours says the same thing in other words: what the old one asked for may have happened."""
    stripe.faults["lose_open"] = 3
    sale = shop.buyer().orders()
    (session,) = stripe.sessions
    monkeypatch.setattr(stripe_objects, "PAGE_MARGIN", timedelta(minutes=12))
    shop.minutes_pass(3)
    payment = shop.payment(sale)
    assert (payment.state, payment.claim is None) == ("unknown", False)
    assert payment.last_answer == {"unanswered": "idempotency_mismatch", "asked": "with the same key"}
    stripe.pay(session)
    delivers(shop, stripe)
    assert shop.payment(sale).state == "settled"
    assert problems() == []


def test_a_failure_that_stripe_keeps_under_our_key_ends_with_the_key(shop, stripe):
    """Asked again with the same key it says the same for a day; then nothing is found, and the order ends."""
    stripe.faults["fail_for_good"] = 1
    buyer = shop.buyer()
    sale = buyer.orders()
    shop.minutes_pass(90)
    assert (shop.payment(sale).state, shop.order(sale).state) == ("unknown", "placed")
    assert "payment_unknown" in shop.open_cases()
    assert {path for method, path, *_ in stripe.requests if method == "POST"} == {"v1/checkout/sessions"}
    for _ in range(26):
        shop.clock.forward(hours=1)
        shop.works()
    assert stripe.sessions == {}
    assert (shop.payment(sale).state, shop.order(sale).state) == ("cancelled", "expired")
    assert shop.open_cases() == []
    assert shop.stock()[1] == 0
    assert problems() == []


def test_events_of_other_kinds_do_not_stop_the_poller(shop, stripe):
    """The SDK makes decimals of what ends in _decimal, and JSON has none."""
    sale = shop.buyer().orders()
    shop.clock.forward(seconds=5)
    stripe.pay(shop.payment(sale).provider_ref)
    stripe.note("price.updated", {"id": "price_1", "object": "price", "unit_amount_decimal": "5.5"})
    line = {"id": "il_1", "object": "line_item", "pricing": {"unit_amount_decimal": "5.5"}}
    stripe.note("invoice.paid", {"id": "in_1", "object": "invoice", "lines": {"object": "list", "data": [line]}})
    webhooks.poll()
    shop.works()
    assert {row.type for row in shop.all(select(WebhookEvent))} >= {"price.updated", "invoice.paid"}
    assert shop.payment(sale).state == "settled"


def test_no_secret_and_no_card_is_in_any_log_even_at_debug(shop, stripe, capsys):
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    logs.configure("DEBUG", "json")
    try:
        sold(shop, stripe)
    finally:
        root.handlers = handlers
        root.setLevel(level)
    told = capsys.readouterr().err
    for secret in ("_secret_", stripe_server.KEY, stripe_server.SECRET, "fingerprint"):
        assert secret not in told


def test_the_command_says_what_the_key_opens_and_what_would_not_work(shop, stripe):
    commands.install(shop.app)
    check = partial(shop.app.test_cli_runner().invoke, args=["payments", "check"])
    good = check()
    assert (good.exit_code, "The key opens what is configured." in good.output) == (0, True), good.output
    stripe.faults["denied"] = {"v1/payouts"}
    bad = check()
    assert (bad.exit_code, "The key may not read Payouts" in bad.output) == (1, True), bad.output


def test_an_early_fraud_warning_is_a_case_until_the_money_is_given_back(shop, stripe):
    sale = sold(shop, stripe)
    stripe.books.warn(shop.payment(sale).provider_ref)
    delivers(shop, stripe, backwards=True)
    assert shop.open_cases() == ["fraud_warned"]
    shop.refunds(sale)
    delivers(shop, stripe)
    assert shop.open_cases() == []
    assert problems() == []
