"""What is particular to Stripe: shapes that change, currencies it counts otherwise, advice of banks, its limits."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from integrations.payments.pace import Pace
from integrations.payments.port import OutcomeUnknown, PaymentStatus, Refused, Throttled, Topic
from integrations.payments.stripe import TOPICS
from integrations.payments.stripe_calls import API_VERSION, RETRIES, mode_of
from integrations.payments.stripe_declines import decline_of
from integrations.payments.stripe_objects import from_failed_charge, from_intent, from_method, to_stripe
from tests.support.stripe_shapes import SHAPES
from tests.support.worlds import StripeWorld


@pytest.fixture
def world(tmp_path, clock):
    made = StripeWorld(tmp_path, clock)
    yield made
    made.stop()


def test_what_is_sent_names_our_version_our_key_and_no_static_methods(world, port, page):
    port.open_page(page)
    port.open_page(page)  # the library tells of a call with the next one
    method, path, params, headers = world.server.requests[-1]
    assert (method, path) == ("POST", "v1/checkout/sessions")
    assert headers["Stripe-Version"] == API_VERSION == "2026-10-28.endive"
    assert headers["Idempotency-Key"] == page.key
    assert "X-Stripe-Client-Telemetry" not in headers
    assert "payment_method_types" not in params
    assert params["client_reference_id"] == params["metadata"]["reference"] == "pay_1"
    assert params["payment_intent_data"]["metadata"]["reference"] == "pay_1"
    assert params["line_items"][0]["price_data"]["unit_amount"] == "12900"


def test_sent_again_it_is_equal_in_every_field(world, port, page, clock):
    port.open_page(page)
    first = world.server.requests[-1][2]
    clock.forward(minutes=5)
    port.open_page(page)
    assert world.server.requests[-1][2] == first


def test_nothing_secret_is_kept_of_what_it_says(world, port, page):
    opened = port.open_page(page)
    world.server.decline(opened.provider_ref, "insufficient_funds", advice_code="try_again_later")
    declined = port.retrieve(opened.provider_ref)
    world.happens("pay", opened.provider_ref)
    told = json.dumps([declined.raw, port.retrieve(opened.provider_ref).raw])
    assert "secret" not in told
    assert "fp" not in told
    assert "exp_month" not in told
    assert declined.raw["last_payment_error"]["advice_code"] == "try_again_later"


def test_another_card_on_the_same_page_pays_after_a_decline(world, port, page):
    opened = port.open_page(page)
    world.happens("decline", opened.provider_ref)
    assert port.retrieve(opened.provider_ref).page_url
    world.happens("pay", opened.provider_ref)
    assert port.retrieve(opened.provider_ref).status == PaymentStatus.PAID


def test_a_bank_debit_that_fails_days_later_is_declined(world, port, page, clock):
    opened = port.open_page(page).provider_ref
    world.happens("process", opened)
    clock.forward(days=4)
    world.server.fail_afterwards(opened)
    found = port.retrieve(opened)
    assert (found.status, found.decline.code, found.captured) == (PaymentStatus.DECLINED, "insufficient_funds", 0)


def test_a_page_that_ran_out_is_expired(world, port, page, clock):
    opened = port.open_page(page).provider_ref
    clock.forward(hours=1)
    assert port.retrieve(opened).status == PaymentStatus.EXPIRED


def test_a_request_with_the_same_key_that_still_runs_is_unknown(world, port, page):
    world.server.faults["in_use"] = True
    with pytest.raises(OutcomeUnknown):
        port.open_page(page)


def test_what_stripe_will_never_charge_is_refused(world, port, page):
    with pytest.raises(Refused) as refusal:
        port.open_page(replace(page, amount=10))
    assert refusal.value.code == "amount_too_small"
    with pytest.raises(Refused):
        port.open_page(replace(page, key="k2", expires_at=page.expires_at - timedelta(hours=2)))


@pytest.mark.parametrize(
    ("amount", "currency", "sent"),
    [(500, "JPY", 500), (5, "ISK", 500), (7, "UGX", 700), (12_340, "KWD", 12_340), (1_234, "EUR", 1_234)],
)
def test_amounts_are_counted_as_stripe_counts_them(amount, currency, sent):
    assert to_stripe(amount, currency) == sent
    intent = {
        "id": "pi_1",
        "status": "succeeded",
        "currency": currency.lower(),
        "amount": sent,
        "amount_received": sent,
    }
    assert from_intent(intent).captured == amount


SEPA = {"type": "sepa_debit", "sepa_debit": {"fingerprint": "fp_bank", "last4": "3000", "bank_code": "37040044"}}
LINK = {"type": "link", "link": {"country": "DE"}}


@pytest.mark.parametrize(
    ("details", "called", "same"),
    [
        (
            {"type": "card", "card": {"brand": "visa", "last4": "4242", "fingerprint": "fp_card"}},
            "Visa ·· 4242",
            "fp_card",
        ),
        (SEPA, "Sepa debit ·· 3000", "fp_bank"),
        (LINK, "Link", "pm_1"),
        ({"type": "a_method_of_tomorrow", "a_method_of_tomorrow": None}, "A method of tomorrow", "pm_1"),
    ],
    ids=["card", "account", "wallet", "unknown"],
)
def test_every_way_to_pay_is_known_again(details, called, same):
    """What a bank refuses or disputes is charged by itself no more, card or not: by a fingerprint, else by the method."""
    intent = {"id": "pi_1", "status": "succeeded", "currency": "eur", "amount": 100, "amount_received": 100}
    charge = {
        "payment_method": "pm_1",
        "payment_method_details": details,
        "outcome": {},
        "failure_code": "card_declined",
    }
    paid = from_intent({**intent, "latest_charge": charge})
    assert (paid.method, paid.fingerprint) == (called, same)
    failed = {"code": "card_declined", "payment_method": {"id": "pm_1", **details}}
    assert (
        from_intent({**intent, "status": "requires_payment_method", "last_payment_error": failed}).fingerprint == same
    )
    refusal = from_failed_charge(charge)
    assert (refusal.method, refusal.fingerprint) == (called, same)
    kept = from_method({"id": "pm_1", "customer": "cus_1", **{name: value or {} for name, value in details.items()}})
    assert kept.fingerprint == same


@pytest.mark.parametrize(("amount", "currency"), [(12_345, "KWD"), (500, "MGA")])
def test_amounts_it_cannot_count_are_refused(amount, currency):
    with pytest.raises(Refused):
        to_stripe(amount, currency)


@pytest.mark.parametrize(
    ("error", "code", "family"),
    [
        ({"code": "card_declined", "decline_code": "lost_card"}, "lost_card", "hard"),
        ({"code": "card_declined", "decline_code": "insufficient_funds"}, "insufficient_funds", "soft"),
        ({"code": "card_declined", "decline_code": "generic_decline", "advice_code": "do_not_try_again"}, "generic_decline",
         "hard"),
        ({"code": "card_declined", "decline_code": "lost_card", "advice_code": "try_again_later"}, "lost_card", "soft"),
        ({"code": "card_declined", "decline_code": "do_not_honor", "network_advice_code": "03"}, "do_not_honor", "hard"),
        ({"code": "authentication_required", "decline_code": "authentication_not_handled"}, "authentication_not_handled",
         "action"),
        ({"code": "expired_card"}, "expired_card", "data"),
        ({"code": "a_code_of_tomorrow"}, "a_code_of_tomorrow", "soft"),
        ({}, "unknown", "soft"),
    ],
)  # fmt: skip
def test_declines_are_told_apart_by_advice_first(error, code, family):
    found = decline_of(error)
    assert (found.code, found.family) == (code, family)
    assert found.is_advised == (family == "hard" and ("advice_code" in error or "network_advice_code" in error))


def read(world, port, **event):
    raw = json.dumps(event).encode()
    return port.verify(raw, world.signed(raw), now=world.clock())


def test_thin_events_types_of_tomorrow_and_other_modes_upset_nothing(world, port, clock):
    thin = read(world, port, object="v2.core.event", id="evt_2", type="v1.billing.meter.no_meter_found",
                created="2026-11-22T09:00:00.000Z", livemode=False, related_object=None)  # fmt: skip
    assert (thin.about, thin.event_id, thin.occurred_at) == (
        Topic.NOTHING,
        "evt_2",
        datetime(2026, 11, 22, 9, tzinfo=UTC),
    )
    about = {"object": {"object": "payment_intent", "id": "pi_1"}}
    new = read(world, port, object="event", id="evt_" + "x" * 250, type="payment_intent.teleported", created=1_795_000_000,
               livemode=True, account="acct_other", extra={}, data=about)  # fmt: skip
    assert (new.about, new.mode, new.account) == (Topic.NOTHING, "live", "acct_other")
    charge = read(world, port, object="event", id="evt_3", type="charge.refunded", created=1_795_000_000, livemode=False,
                  data={"object": {"object": "charge", "id": "ch_1", "payment_intent": "pi_1"}})  # fmt: skip
    assert (charge.about, charge.payment) == (Topic.NOTHING, "pi_1")


def test_a_key_says_its_mode():
    assert [mode_of(key) for key in ("sk_test_1", "rk_live_2")] == ["test", "live"]
    with pytest.raises(ValueError, match="sk_test_"):
        mode_of("pk_test_1")


def test_our_pace_makes_calls_wait_and_refuses_who_would_wait_too_long():
    now, slept = [100.0], []
    pace = Pace(10, patience=0.25, clock=lambda: now[0], sleep=slept.append)
    for _ in range(3):
        pace.wait()
    assert [round(seconds, 3) for seconds in slept] == [0.1, 0.2]
    with pytest.raises(Throttled):
        pace.wait()
        pace.wait()
    now[0] += 1
    pace.wait()
    assert len(slept) <= 3


def test_every_call_of_the_port_keeps_to_our_pace(world, port, page, monkeypatch):
    opened = port.open_page(page)
    waited = []
    monkeypatch.setattr(Pace, "wait", lambda pace: waited.append(pace))
    port.retrieve(opened.provider_ref)
    port.find(page.reference)
    port.events_since(world.clock() - timedelta(days=1))
    assert len(waited) >= 3

    def never(_pace: Pace) -> None:
        raise Throttled("pace")

    monkeypatch.setattr(Pace, "wait", never)
    asked = len(world.server.requests)
    with pytest.raises(Throttled):
        port.retrieve(opened.provider_ref)
    assert len(world.server.requests) == asked, "nothing was sent"


def test_the_librarys_own_repeats_keep_to_our_pace(world, port, page, monkeypatch):
    waited = []
    monkeypatch.setattr(Pace, "wait", lambda _pace, *, anyhow=False: waited.append(anyhow))
    world.server.faults["outage"] = True
    with pytest.raises(OutcomeUnknown):
        port.open_page(page)
    assert len(world.server.requests) == 1 + RETRIES
    assert waited == [False] + [True] * RETRIES
    world.server.faults["outage"] = False
    port.open_page(page)
    assert waited[1 + RETRIES :] == [False], "another call is no repeat"


def test_a_limit_that_was_hit_is_waited_for(world, port, page):
    world.server.faults["throttle"] = 2
    assert port.open_page(page).status == PaymentStatus.OPEN


def test_it_says_what_the_key_opens(world, port):
    found = port.describe()
    assert (found["account"], found["mode"]) == (port.account, "test")
    assert "webhooks/stripe" in found["endpoints"]
    assert found["problems"] == ""


def test_it_says_what_the_key_does_not_open(world, port):
    read = {
        "v1/checkout/sessions": "Checkout Sessions", "v1/payment_intents": "PaymentIntents", "v1/charges": "Charges",
        "v1/setup_intents": "SetupIntents", "v1/refunds": "Refunds", "v1/disputes": "Disputes",
        "v1/radar/early_fraud_warnings": "early fraud warnings", "v1/balance_transactions": "Balance transactions",
        "v1/payouts": "Payouts", "v1/events": "Events",
    }  # fmt: skip
    world.server.faults |= {"denied": set(read), "endpoint_speaks": "2020-08-27"}
    *problems, version = port.describe()["problems"].split("\n")
    assert problems == [f"The key may not read {what} (permission_denied)." for what in read.values()]
    assert "speaks 2020-08-27, and we speak 2026-10-28.endive" in version
    world.server.faults["denied"] = {"v1/charges"}
    assert port.describe()["problems"].startswith("The key may not read Charges (permission_denied).\nThe endpoint")


def test_it_says_which_events_an_endpoint_lacks(world, port):
    world.server.faults["endpoint_is_sent"] = sorted(
        {*TOPICS, "invoice.paid"} - {"refund.failed", "charge.dispute.closed"}
    )
    (problem,) = port.describe()["problems"].split("\n")
    assert "is not sent charge.dispute.closed, refund.failed: subscribe it to them" in problem
    world.server.faults["endpoint_is_sent"] = sorted(TOPICS)
    assert port.describe()["problems"] == ""


def unlike(row: dict, allowed: frozenset[str] = frozenset()) -> list[str]:
    """What an object of the test server has that Stripe's has not, or has as another kind of thing."""
    kinds = {name: kind for kind, names in SHAPES[row["object"]].items() for name in names.split()}
    fits = {
        "text": str, "number": int, "flag": bool, "object": dict, "list": list, "null": object,
    }  # fmt: skip
    found = []
    for name, value in row.items():
        if name.startswith(("_", "a_field_of_tomorrow")) or name in allowed:
            continue
        if name not in kinds:
            found.append(f"{row['object']}.{name} is no field of it")
        elif value is not None and not isinstance(value, fits[kinds[name]]):
            found.append(f"{row['object']}.{name} is {type(value).__name__}, not {kinds[name]}")
    return found


def test_the_test_server_invents_no_field_of_stripes_objects(world, port, page, clock):
    """Against the shapes of Stripe's own published fixtures: what the adapter reads here is there."""
    server = world.server
    opened = port.open_page(page)
    server.decline(opened.provider_ref, "insufficient_funds")
    server.pay(opened.provider_ref)
    intent = server.sessions[opened.provider_ref]["payment_intent"]
    server.course = "fails_later"
    server.refund(intent, 1_000)
    clock.forward(minutes=1)
    server.advance()
    server.books.pay_out()
    server.books.dispute(intent)
    rows = [
        *server.sessions.values(), *server.intents.values(), *server.refunds.values(), *server.books.disputes.values(),
        *server.books.lines.values(), *server.books.payouts.values(), *server.keeping.methods.values(), *server.events,
        *(row["latest_charge"] for row in server.intents.values() if isinstance(row["latest_charge"], dict)),
    ]  # fmt: skip
    more = {  # what is expanded, and what only a refund has that failed
        "payment_intent": frozenset({"latest_charge"}), "balance_transaction": frozenset({"source"}),
        "refund": frozenset({"failure_reason"}),
    }  # fmt: skip
    assert {row["object"] for row in rows} >= {
        "checkout.session", "payment_intent", "charge", "refund", "dispute", "balance_transaction", "payout", "event",
    }  # fmt: skip
    assert [words for row in rows for words in unlike(row, more.get(row["object"], frozenset()))] == []
