"""The inbox: what it stores, what it refuses, and what it does with what it stored."""

import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from backoffice.core.ports import ports
from backoffice.models import Case, WebhookEvent
from backoffice.webhooks import relay
from backoffice.webhooks import service as webhooks
from integrations.sandbox.courier import signature
from tests.support.provider import SECRET

URL = "/webhooks/sandbox"


def event(clock, **changes) -> bytes:
    body = {
        "id": "evt_1", "object": "event", "type": "payment.paid", "account": "acct_sandbox", "mode": "test",
        "created": clock().isoformat(), "data": {"object": {"object": "payment", "id": "sbx_1", "reference": "pay_none"}},
    }  # fmt: skip
    return json.dumps({**body, **changes}).encode()


def send(shop, raw: bytes, url: str = URL, **headers) -> int:
    headers.setdefault("Sandbox-Signature", signature(raw, SECRET, shop.clock()))
    return shop.app.test_client().post(url, data=raw, headers=headers).status_code


def stored(shop) -> list[WebhookEvent]:
    return shop.all(select(WebhookEvent).order_by(WebhookEvent.id))


def test_a_good_event_is_stored_raw_and_answered(shop, clock):
    raw = event(clock)
    assert send(shop, raw) == 200
    (row,) = stored(shop)
    assert (row.raw, row.event_key, row.state, row.heard_by) == (raw, "evt_1", "arrived", "webhook")
    assert "Sandbox-Signature" not in row.headers


def test_the_same_event_again_only_counts(shop, clock):
    for _ in range(3):
        assert send(shop, event(clock)) == 200
    (row,) = stored(shop)
    assert row.deliveries == 3
    relay.write_tasks()
    assert send(shop, event(clock)) == 200  # its task is written already
    relay.write_tasks()
    assert shop.waiting_tasks() == ["webhooks.handle"]


def test_an_event_of_the_list_is_known_however_long_its_id_and_many_there_are(shop, clock, monkeypatch):
    listed = [
        ports().payments.verify(raw, {"Sandbox-Signature": signature(raw, SECRET, clock())}, now=clock())
        for raw in [event(clock, id="evt_" + "é" * 300), *(event(clock, id=f"evt_{number}") for number in range(7))]
    ]
    monkeypatch.setattr(ports().payments, "events_since", lambda _moment: listed)
    monkeypatch.setattr(webhooks, "MOST_LOOKED_FOR", 3)
    assert webhooks.poll() == 8
    assert webhooks.poll() == 0
    assert {row.deliveries for row in stored(shop)} == {1}


def test_a_provider_we_do_not_have_is_not_found(shop, clock):
    assert send(shop, event(clock), "/webhooks/another") == 404
    assert shop.app.test_client().get(URL).status_code == 405


def test_without_a_secret_the_endpoint_does_not_exist(shop, clock):
    ports().payments._secrets = ()
    assert send(shop, event(clock)) == 404


def test_a_bad_signature_is_refused_and_nothing_stored(shop, clock):
    raw = event(clock)
    assert send(shop, raw, **{"Sandbox-Signature": signature(raw, "whsec_wrong", clock())}) == 400
    assert send(shop, raw, **{"Sandbox-Signature": ""}) == 400
    assert stored(shop) == []


def test_too_old_and_too_new_are_refused(shop, clock):
    raw = event(clock)
    header = signature(raw, SECRET, clock())
    for minutes in (-11, 17):
        clock.forward(minutes=minutes)
        assert send(shop, raw, **{"Sandbox-Signature": header}) == 400
    assert stored(shop) == []


def test_signed_bytes_that_are_no_event_are_refused(shop):
    for raw in (b"not json", b"{}", b"[1]", b"\xff\xfe", b"null"):
        assert send(shop, raw) == 400
    assert stored(shop) == []


def test_too_large_a_body_is_refused(shop):
    assert send(shop, b"x" * (webhooks.LARGEST + 1)) == 413
    assert stored(shop) == []


@pytest.mark.parametrize("changes", [{"mode": "live"}, {"account": "acct_of_somebody_else"}])
def test_another_mode_or_account_is_stored_as_rejected_and_never_handled(shop, clock, changes):
    assert send(shop, event(clock, **changes)) == 200
    shop.works()
    (row,) = stored(shop)
    assert row.state == "rejected"
    assert "not for us" in row.note
    assert shop.waiting_tasks() == []


def test_an_unknown_type_is_stored_and_ignored(shop, clock):
    assert send(shop, event(clock, type="balance.available", data={"object": {"object": "balance"}})) == 200
    shop.works()
    assert [row.state for row in stored(shop)] == ["ignored"]


def of_another_system(shop, clock, *, paid: bool) -> str:
    """A payment at the provider that no row of ours stands behind."""
    page = {"reference": "theirs", "amount": 700, "currency": "EUR", "description": "", "return_url": "",
            "expires_at": (clock() + timedelta(hours=1)).isoformat()}  # fmt: skip
    payment = shop.provider.books.create(page)["id"]
    if paid:
        shop.provider.books.pay(payment, "Visa")
    return payment


def test_an_event_about_a_payment_that_is_not_ours_is_ignored(shop, clock):
    shop.provider.switch(webhooks="never")
    about = {"object": "payment", "id": of_another_system(shop, clock, paid=False), "reference": "theirs"}
    send(shop, event(clock, data={"object": about}))
    shop.works()
    assert [(row.state, row.note) for row in stored(shop)] == [("ignored", "no payment of ours has this reference")]
    assert shop.open_cases() == []


def test_an_event_about_nothing_is_ignored(shop, clock):
    send(shop, event(clock))
    shop.works()
    assert [row.state for row in stored(shop)] == ["ignored"]


def test_an_event_about_something_unknown_waits_while_the_provider_is_silent(shop, clock):
    send(shop, event(clock))
    shop.provider.switch(outage=True)
    shop.works()
    assert [row.state for row in stored(shop)] == ["received"]
    shop.provider.switch(outage=False)
    shop.minutes_pass(3)
    assert [row.state for row in stored(shop)] == ["ignored"]


def test_an_event_lies_and_the_provider_is_asked(shop, clock):
    """An event that says "paid" moves nothing: the provider's own answer counts."""
    sale = shop.buyer().orders()
    reference = {"object": "payment", "id": shop.payment(sale).provider_ref, "reference": sale.payment_ref}
    send(shop, event(clock, data={"object": reference}))
    shop.works()
    assert shop.payment(sale).state == "sent"
    assert shop.order(sale).state == "placed"


def test_an_event_that_cannot_be_handled_now_is_handled_later(shop, clock):
    sale = shop.buyer().orders()
    shop.pays(sale)
    shop.provider.switch(fail=1)
    shop.works()
    shop.minutes_pass(3)
    assert shop.order(sale).state == "paid"
    assert {row.state for row in stored(shop)} <= {"handled", "ignored"}


@pytest.mark.parametrize("engine_name", ["sqlite"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=300), header=st.text(max_size=60), signed=st.booleans())
def test_no_bytes_and_no_header_cause_an_error_of_ours(shop, raw, header, signed):
    safe = header.encode("latin-1", "ignore").decode("latin-1").replace("\n", "").replace("\r", "")
    headers = {} if signed else {"Sandbox-Signature": safe}
    assert send(shop, raw, **headers) in (200, 400)


def test_money_for_a_payment_we_do_not_know_opens_a_case(shop, clock):
    about = of_another_system(shop, clock, paid=True)
    shop.works()
    assert shop.open_cases() == ["unmatched_money"]
    (case,) = shop.all(select(Case))
    assert (case.at_risk_amount, case.detail["provider_payment"]) == (700, about)


def test_silence_is_told_however_often_the_list_is_read(shop, clock):
    """A poller that looks every half minute fetches each event long before it is late."""
    shop.provider.switch(webhooks="never")
    shop.pays(shop.buyer().orders())
    for half_minutes in range(13):
        webhooks.poll()
        assert shop.open_cases() == (["webhooks_silent"] if half_minutes > 10 else []), half_minutes
        clock.forward(seconds=30)
    shop.provider.switch(webhooks="normal")
    shop.pays(shop.buyer("bob@example.org").orders())
    shop.works()
    webhooks.poll()
    assert shop.open_cases() == []


@pytest.mark.parametrize(("days", "told"), [(29, []), (31, ["events_missed"])])
def test_who_slept_longer_than_the_provider_lists_its_events_is_told_so_once(shop, clock, monkeypatch, days, told):
    monkeypatch.setattr(type(ports().payments), "event_life", timedelta(days=30))
    webhooks.poll()
    assert shop.open_cases() == [], "a shop that begins has missed nothing"
    asleep = clock()
    clock.forward(days=days)
    for _ in range(2):
        webhooks.poll()
        assert shop.open_cases() == told
    if told:
        (case,) = shop.all(select(Case))
        assert case.detail["since"] == asleep.isoformat()
    clock.forward(minutes=1)
    webhooks.poll()
    assert shop.count(Case) == len(told)


def test_events_that_no_endpoint_is_asked_to_send_are_not_missed(shop, clock):
    shop.provider.switch(webhooks="never")
    shop.buyer().orders()  # its page was made: of no use to us
    webhooks.poll()
    clock.forward(minutes=6)
    webhooks.poll()
    assert {row.state for row in stored(shop)} == {"arrived"}
    assert shop.open_cases() == []


def test_webhooks_that_come_late_are_not_silent(shop, clock):
    shop.provider.switch(webhooks="never")
    shop.pays(shop.buyer().orders())
    webhooks.poll()
    for row in stored(shop):
        clock.forward(minutes=1)
        assert send(shop, row.raw) == 200
    clock.forward(minutes=9)
    webhooks.poll()
    assert shop.open_cases() == []


def test_webhooks_that_never_come_open_a_case_and_close_it_when_they_come_again(shop, clock):
    shop.provider.switch(webhooks="never")
    sale = shop.buyer().orders()
    shop.pays(sale)
    webhooks.poll()
    assert shop.open_cases() == []  # a moment ago: they may be on their way
    shop.buyer("eve@example.org").orders()
    clock.forward(minutes=6)
    webhooks.poll()
    assert shop.open_cases() == ["webhooks_silent"]
    webhooks.poll()
    assert shop.open_cases() == ["webhooks_silent"]  # nothing new, and still none arrives
    shop.provider.switch(webhooks="normal")
    shop.buyer("bob@example.org").orders()
    shop.works()
    webhooks.poll()
    assert shop.open_cases() == []
