"""What every payments adapter must be able to do with ways to pay that customers keep. Every adapter passes it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from integrations.payments.methods import SetupRequest, SetupStatus
from integrations.payments.port import ChargeRequest, OutcomeUnknown, PageRequest, PaymentStatus, Refused, Topic


def wish(clock, **changes: object) -> SetupRequest:
    given = {
        "key": "stp_1-open", "reference": "stp_1", "customer": "", "email": "ada@example.org", "currency": "EUR",
        "return_url": "http://shop.example/account/payment-methods/stp_1", "expires_at": clock() + timedelta(minutes=30),
    }  # fmt: skip
    return SetupRequest(**{**given, **changes})


@pytest.fixture
def kept(port, world, clock):
    """A card that is kept, by its last four."""

    def keep(last4: str = "4242", key: str = "stp_1"):
        opened = port.methods.open_setup(wish(clock, key=f"{key}-open", reference=key))
        world.enter(opened.provider_ref, last4)
        return port.methods.retrieve_setup(opened.provider_ref).method

    return keep


def charge(method, **changes: object) -> ChargeRequest:
    given = {
        "key": "pay_9-charge", "amount": 2_000, "currency": "EUR", "reference": "pay_9", "description": "order 10009",
        "customer": method.customer, "method": method.provider_ref,
    }  # fmt: skip
    return ChargeRequest(**{**given, **changes})


def test_a_request_survives_being_stored(clock, kept):
    request = wish(clock)
    assert SetupRequest.from_json(request.as_json()) == request
    asked = charge(kept())
    assert ChargeRequest.from_json(asked.as_json()) == asked


def test_a_page_is_opened_once_for_one_key(port, clock):
    first = port.methods.open_setup(wish(clock))
    again = port.methods.open_setup(wish(clock))
    assert first.provider_ref == again.provider_ref
    assert (first.status, first.reference, first.method) == (SetupStatus.OPEN, "stp_1", None)
    assert first.page_url.startswith("http")
    with pytest.raises(Refused):
        port.methods.open_setup(wish(clock, email="eve@example.org"))


def test_a_lost_answer_is_asked_for_with_the_same_key(port, world, clock):
    world.trouble(open=3)  # an SDK may try three times by itself
    with pytest.raises(OutcomeUnknown):
        port.methods.open_setup(wish(clock))
    world.trouble(open=0)
    assert port.methods.open_setup(wish(clock)).status == SetupStatus.OPEN


def test_what_was_entered_is_known_by_brand_last_four_and_expiry_alone(port, world, clock):
    opened = port.methods.open_setup(wish(clock))
    world.enter(opened.provider_ref)
    found = port.methods.retrieve_setup(opened.provider_ref)
    assert found.status == SetupStatus.COMPLETE
    assert (found.method.brand, found.method.last4) == ("Visa", "4242")
    assert found.method.expires == (2029, 11)
    assert found.method.customer == found.customer != ""
    assert found.method.fingerprint
    assert port.methods.retrieve(found.method.provider_ref) == found.method
    assert "secret" not in str(found)


def test_the_same_card_has_the_same_fingerprint_and_another_has_another(kept):
    first, again, other = kept("4242", "stp_1"), kept("4242", "stp_2"), kept("9995", "stp_3")
    assert first.provider_ref != again.provider_ref
    assert first.fingerprint == again.fingerprint != other.fingerprint


def test_a_second_method_belongs_to_the_same_customer(port, world, clock, kept):
    first = kept()
    opened = port.methods.open_setup(wish(clock, key="stp_2-open", reference="stp_2", customer=first.customer))
    world.enter(opened.provider_ref, "9995")
    assert port.methods.retrieve_setup(opened.provider_ref).method.customer == first.customer


def test_a_page_that_nobody_filled_in_is_over_after_its_time(port, clock):
    opened = port.methods.open_setup(wish(clock))
    clock.forward(hours=2)
    assert port.methods.retrieve_setup(opened.provider_ref).status == SetupStatus.EXPIRED


def test_a_kept_method_is_charged_without_its_customer_and_once_for_one_key(port, kept):
    method = kept()
    first, again = port.charge(charge(method)), port.charge(charge(method))
    assert first.provider_ref == again.provider_ref
    assert (first.status, first.captured, first.method) == (PaymentStatus.PAID, 2_000, "Visa ·· 4242")
    assert port.retrieve(first.provider_ref).captured == 2_000
    assert port.find("pay_9").provider_ref == first.provider_ref


def test_a_charge_whose_answer_is_lost_is_asked_for_with_the_same_key(port, world, kept):
    method = kept()
    world.trouble(open=3)
    with pytest.raises(OutcomeUnknown):
        port.charge(charge(method))
    world.trouble(open=0)
    assert port.charge(charge(method)).captured == 2_000
    assert port.find("pay_9").captured == 2_000


@pytest.mark.parametrize(("last4", "family"), [("9987", "hard"), ("9995", "soft"), ("3184", "action")])
def test_a_decline_is_an_answer_with_its_family(port, kept, last4, family):
    found = port.charge(charge(kept(last4)))
    assert (found.status, found.captured, found.decline.family) == (PaymentStatus.DECLINED, 0, family)
    assert port.retrieve(found.provider_ref).status == PaymentStatus.DECLINED


def test_a_method_that_was_removed_is_charged_no_more_and_removed_twice_it_is_gone(port, kept):
    method = kept()
    port.methods.remove(method.provider_ref, key="mth_1-remove")
    port.methods.remove(method.provider_ref, key="mth_1-remove-again")
    assert port.methods.retrieve(method.provider_ref).customer == ""
    with pytest.raises(Refused):
        port.charge(charge(method))


def test_somebody_elses_method_is_refused(port, kept):
    with pytest.raises(Refused):
        port.charge(charge(kept(), customer="cus_somebody_else"))


def test_events_say_which_page_and_which_method_to_ask_about(port, world, clock):
    begun = clock()
    opened = port.methods.open_setup(wish(clock))
    world.enter(opened.provider_ref)
    method = port.methods.retrieve_setup(opened.provider_ref).method
    world.renew(method.provider_ref)
    world.take_off(method.provider_ref)
    told = [event for event in port.events_since(begun) if event.about]
    assert [(event.about, event.object_id) for event in told] == [
        (Topic.SETUP, opened.provider_ref), (Topic.METHOD, method.provider_ref), (Topic.METHOD, method.provider_ref),
    ]  # fmt: skip
    assert told[0].reference == "stp_1"
    assert port.methods.retrieve(method.provider_ref).expires == (2032, 11)


def test_a_payment_keeps_its_card_where_that_was_asked_for_and_otherwise_not(port, world, page):
    plain = port.open_page(page).provider_ref
    world.happens("pay", plain)
    assert port.retrieve(plain).kept is None
    wish = replace(page, key="pay_2-open", reference="pay_2", save=True, email="ada@example.org")
    assert PageRequest.from_json(wish.as_json()) == wish
    opened = port.open_page(wish)
    assert opened.kept is None
    world.happens("pay", opened.provider_ref)
    kept = port.retrieve(opened.provider_ref).kept
    assert (kept.last4, bool(kept.customer)) == ("4242", True)
    assert port.charge(charge(kept)).captured == 2_000
    again = replace(wish, key="pay_3-open", reference="pay_3", customer=kept.customer)
    second = port.open_page(again).provider_ref
    world.happens("pay", second)
    assert port.retrieve(second).kept.customer == kept.customer
