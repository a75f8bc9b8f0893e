"""The contract of the payments port: every adapter passes it. The provider behind it is asked over real HTTP."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from integrations.payments.port import BadSignature, OutcomeUnknown, PageRequest, PaymentStatus, Refused, Throttled
from integrations.payments.sandbox import SandboxPayments
from integrations.sandbox.courier import signature
from tests.support.provider import API_KEY, SECRET


@pytest.fixture
def port(provider):
    return SandboxPayments(provider.url, API_KEY, ("whsec_older_one", SECRET))


@pytest.fixture
def request_(clock):
    return PageRequest(
        key="pay_1-open",
        amount=12_900,
        currency="EUR",
        reference="pay_1",
        description="order 10001",
        return_url="http://shop.example/pay/x",
        expires_at=clock() + timedelta(minutes=30),
    )


def test_a_page_is_opened_once_per_key(port, provider, request_):
    first, second = port.open_page(request_), port.open_page(request_)
    assert first.provider_ref == second.provider_ref
    assert (first.status, first.amount, first.captured, first.currency) == (PaymentStatus.OPEN, 12_900, 0, "EUR")
    assert first.reference == "pay_1"
    assert first.page_url.startswith("http")
    assert len(provider.payments()) == 1


def test_the_same_key_with_other_parameters_is_refused(port, request_):
    port.open_page(request_)
    with pytest.raises(Refused) as refusal:
        port.open_page(replace(request_, amount=1))
    assert refusal.value.code == "idempotency_mismatch"


def test_a_lost_answer_is_unknown_and_the_same_key_finds_what_happened(port, provider, request_):
    provider.switch(lose_create=1)
    with pytest.raises(OutcomeUnknown):
        port.open_page(request_)
    assert len(provider.payments()) == 1
    assert port.open_page(request_).provider_ref == provider.payments()[0]["id"]
    assert len(provider.payments()) == 1


def test_it_is_found_by_our_reference(port, request_):
    assert port.find("pay_1") is None
    opened = port.open_page(request_)
    assert port.find("pay_1").provider_ref == opened.provider_ref


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ("pay", PaymentStatus.PAID),
        ("decline", PaymentStatus.DECLINED),
        ("cancel", PaymentStatus.CANCELLED),
        ("expire", PaymentStatus.EXPIRED),
        ("ask_for_authentication", PaymentStatus.REQUIRES_ACTION),
    ],
)
def test_every_outcome_is_read(port, provider, request_, event, status):
    opened = port.open_page(request_)
    arguments = {"pay": ["Visa"], "decline": ["Visa", "lost_card"], "ask_for_authentication": ["Visa"]}.get(event, [])
    getattr(provider.books, event)(opened.provider_ref, *arguments)
    found = port.retrieve(opened.provider_ref)
    assert found.status == status
    assert found.captured == (12_900 if status == PaymentStatus.PAID else 0)
    if status == PaymentStatus.DECLINED:
        assert (found.decline.code, found.decline.family) == ("lost_card", "hard")


def test_an_outcome_we_have_no_word_for_yet_is_not_taken_for_one(port, provider, request_):
    opened = port.open_page(request_)
    with provider.books.transaction() as db:
        db.execute("UPDATE payments SET status = 'under_review'")
    assert port.retrieve(opened.provider_ref).status == PaymentStatus.PROCESSING


def test_cancelling_closes_the_page_and_leaves_a_paid_payment_paid(port, provider, request_):
    opened = port.open_page(request_)
    assert port.cancel(opened.provider_ref, key="pay_1-cancel").status == PaymentStatus.CANCELLED
    assert not provider.books.pay(opened.provider_ref, "Visa")
    other = port.open_page(replace(request_, key="pay_2-open", reference="pay_2"))
    provider.books.pay(other.provider_ref, "Visa")
    assert port.cancel(other.provider_ref, key="pay_2-cancel").status == PaymentStatus.PAID


@pytest.mark.parametrize(
    ("trouble", "error"),
    [({"fail": 1}, OutcomeUnknown), ({"throttle": 1}, Throttled), ({"outage": True}, OutcomeUnknown),
     ({"lose_read": 1}, OutcomeUnknown)],
)  # fmt: skip
def test_troubles_are_unknown_outcomes_never_declines(port, provider, request_, trouble, error):
    opened = port.open_page(request_)
    provider.switch(**trouble)
    with pytest.raises(error):
        port.retrieve(opened.provider_ref)


def test_a_slow_provider_is_an_unknown_outcome(provider, request_, monkeypatch):
    monkeypatch.setattr("integrations.payments.sandbox.TIMEOUT", (1, 0.2))
    provider.switch(latency_ms=600)
    with pytest.raises(OutcomeUnknown):
        SandboxPayments(provider.url, API_KEY, ()).open_page(request_)


def test_a_wrong_key_is_refused_and_says_so(provider, request_):
    with pytest.raises(Refused) as refusal:
        SandboxPayments(provider.url, "sk_wrong", ()).open_page(request_)
    assert refusal.value.code == "unauthorised"


def test_a_missing_payment_is_refused(port):
    with pytest.raises(Refused):
        port.retrieve("sbx_nothing")


def test_events_are_listed_over_all_pages_oldest_first(port, provider, request_, clock):
    start = clock()
    for number in range(60):
        opened = port.open_page(replace(request_, key=f"k{number}", reference=f"pay_{number}"))
        provider.books.cancel(opened.provider_ref)
    events = port.events_since(start)
    assert len(events) == 120
    assert [event.reference for event in events[:3]] == ["pay_0", "pay_0", "pay_1"]
    clock.forward(minutes=1)
    assert port.events_since(clock()) == []


def test_webhooks_are_verified_against_every_secret_in_both_directions_of_time(port, provider, request_, clock):
    port.open_page(request_)
    raw = json.dumps(provider.books.events()[0]).encode()
    now = clock()
    good = {"Sandbox-Signature": signature(raw, SECRET, now)}
    assert port.verify(raw, good, now=now).type == "payment.created"
    old = {"Sandbox-Signature": signature(raw, "whsec_older_one", now)}
    assert port.verify(raw, old, now=now).reference == "pay_1"
    for headers, body, moment in [
        ({}, raw, now),
        ({"Sandbox-Signature": "t=1,v1="}, raw, now),
        ({"Sandbox-Signature": "nonsense"}, raw, now),
        ({"Sandbox-Signature": signature(raw, "whsec_other", now)}, raw, now),
        (good, raw + b" ", now),
        (good, raw, now + timedelta(seconds=301)),
        (good, raw, now - timedelta(seconds=301)),
    ]:
        with pytest.raises(BadSignature):
            port.verify(body, headers, now=moment)
    for body in (b"not json", b"[]", b'{"id": 1}', b'{"id": "e", "type": "t", "data": null}'):
        with pytest.raises(ValueError, match=r"\w"):
            port.verify(body, {"Sandbox-Signature": signature(body, SECRET, now)}, now=now)
