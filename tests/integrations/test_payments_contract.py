"""The contract of the payments port: every adapter passes it, against its provider's server over real HTTP."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from integrations.payments.port import BadSignature, OutcomeUnknown, PaymentStatus, Refused, Throttled, Topic
from tests.support.provider import SECRET
from tests.support.worlds import OLDER


def test_a_page_is_opened_once_per_key(port, world, page):
    first, second = port.open_page(page), port.open_page(page)
    assert first.provider_ref == second.provider_ref
    assert (first.status, first.amount, first.currency, first.captured) == (PaymentStatus.OPEN, 12_900, "EUR", 0)
    assert first.reference == "pay_1"
    assert first.page_url.startswith("http")
    assert world.opened() == 1


def test_the_same_key_with_other_parameters_is_refused(port, page):
    port.open_page(page)
    with pytest.raises(Refused) as refusal:
        port.open_page(replace(page, amount=100))
    assert refusal.value.code == "idempotency_mismatch"


def test_a_lost_answer_is_unknown_and_the_same_key_finds_what_happened(port, world, page):
    world.trouble(open=3)  # an SDK may try three times by itself
    with pytest.raises(OutcomeUnknown):
        port.open_page(page)
    assert world.opened() == 1
    assert port.open_page(page).status == PaymentStatus.OPEN
    assert world.opened() == 1


def test_it_is_found_by_our_reference_once_somebody_paid(port, page, paid):
    assert port.find("pay_nobody") is None
    assert port.find("pay_1").provider_ref == paid


@pytest.mark.parametrize("what", ["pay", "decline", "expire", "authenticate", "process"])
def test_every_outcome_is_read(port, world, page, what):
    opened = port.open_page(page)
    world.happens(what, opened.provider_ref)
    found = port.retrieve(opened.provider_ref)
    assert found.status == world.outcomes[what]
    assert found.captured == (12_900 if what == "pay" else 0)
    assert found.reference == "pay_1"
    if what == "pay":
        assert found.method == "Visa ·· 4242"
        assert port.retrieve(found.provider_ref) == found
    if what == "decline":
        assert (found.decline.code, found.decline.family) == ("lost_card", "hard")


def test_an_outcome_we_have_no_word_for_yet_is_not_taken_for_one(port, world, paid):
    world.invent_status("payments")
    assert port.retrieve(paid).status == PaymentStatus.PROCESSING


def test_a_refused_card_is_told_of_by_its_fingerprint_and_family(port, world, page, clock):
    begun, opened = clock(), port.open_page(page)
    world.happens("decline", opened.provider_ref)
    told = port.events_since(begun)[-1]
    (refusal,) = port.refusals_of(told.payment)
    assert (refusal.decline.code, refusal.decline.family) == ("lost_card", "hard")
    assert refusal.fingerprint
    assert refusal.method.endswith("0002")


def test_of_a_payment_that_went_well_no_card_was_refused(port, paid):
    assert port.refusals_of(paid) == []


def test_cancelling_closes_the_page_and_leaves_a_paid_payment_paid(port, world, page):
    opened = port.open_page(page)
    closed = port.cancel(opened.provider_ref, key="pay_1-cancel").status
    assert closed in (PaymentStatus.CANCELLED, PaymentStatus.EXPIRED)
    other = port.open_page(replace(page, key="pay_2-open", reference="pay_2"))
    world.happens("pay", other.provider_ref)
    assert port.cancel(other.provider_ref, key="pay_2-cancel").status == PaymentStatus.PAID


@pytest.mark.parametrize(
    ("trouble", "error"),
    [({"fail": 1}, OutcomeUnknown), ({"throttle": 9}, Throttled), ({"outage": True}, OutcomeUnknown),
     ({"read": 3}, OutcomeUnknown)],
)  # fmt: skip
def test_troubles_are_unknown_outcomes_never_declines(port, world, page, trouble, error):
    opened = port.open_page(page)
    world.trouble(**trouble)
    with pytest.raises(error):
        port.retrieve(opened.provider_ref)


def test_a_wrong_key_is_refused_and_says_so(world, page):
    with pytest.raises(Refused) as refusal:
        world.stranger.open_page(page)
    assert refusal.value.code == "unauthorised"


def test_the_key_says_whose_it_is_and_silence_is_no_answer(world, port):
    assert port.opens() == (port.account, port.mode)
    with pytest.raises(Refused):
        world.stranger.opens()
    world.trouble(outage=True)
    with pytest.raises(OutcomeUnknown):
        port.opens()


def test_a_missing_payment_is_refused(port):
    with pytest.raises(Refused):
        port.retrieve("pi_nothing")


def test_events_are_listed_over_all_pages_oldest_first(port, world, page, clock):
    start = clock()
    for number in range(60):
        opened = port.open_page(replace(page, key=f"k{number}", reference=f"pay_{number}"))
        world.happens("pay", opened.provider_ref)
        clock.forward(seconds=1)
    events = [event for event in port.events_since(start) if event.about == Topic.PAYMENT]
    assert len(events) >= 60
    seen = list(dict.fromkeys(event.reference for event in events))
    assert seen == [f"pay_{number}" for number in range(60)]
    clock.forward(minutes=1)
    assert port.events_since(clock()) == []


def test_webhooks_are_verified_against_every_secret_in_both_directions_of_time(port, world, paid, clock):
    raw, now = json.dumps(world.newest_event()).encode(), clock()
    good = world.signed(raw)
    event = port.verify(raw, good, now=now)
    assert (event.about, event.reference, event.mode, event.account) == (Topic.PAYMENT, "pay_1", "test", port.account)
    assert port.verify(raw, world.signed(raw, OLDER), now=now).event_id == event.event_id
    for headers, body, moment in [
        ({}, raw, now),
        ({world.header: "t=1,v1="}, raw, now),
        ({world.header: "nonsense"}, raw, now),
        (world.signed(raw, "whsec_other"), raw, now),
        (good, raw + b" ", now),
        (good, raw, now + timedelta(seconds=301)),
        (good, raw, now - timedelta(seconds=301)),
    ]:
        with pytest.raises(BadSignature):
            port.verify(body, headers, now=moment)
    for body in (b"not json", b"[]", b'{"id": 1}', b'{"id": "e", "type": "t", "data": null}', b'{"object": "event"}'):
        with pytest.raises(ValueError, match=r"\w"):
            port.verify(body, world.signed(body, SECRET), now=now)
