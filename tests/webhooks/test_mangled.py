"""Signed events of Stripe's shape, mangled: whatever a provider signs is stored, or refused as unreadable, and never an error
of ours."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from backoffice.models import Task, WebhookEvent
from backoffice.webhooks.models import EventState
from integrations.sandbox.courier import signature
from tests.support.stripe_server import SECRET

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"])

INTENT = {"id": "pi_1", "object": "payment_intent", "metadata": {"reference": "pay_1"}, "status": "succeeded"}
EVENT = {
    "id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "created": 1_795_000_000, "livemode": False,
    "account": None, "api_version": "2026-10-28.endive", "data": {"object": INTENT},
}  # fmt: skip
THIN = {
    "id": "evt_2", "object": "v2.core.event", "type": "v1.billing.meter.error_report_triggered", "livemode": False,
    "created": "2026-11-22T09:00:00.000Z", "context": None,
}  # fmt: skip
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["\ud800", "", 10**17, -1, "é" * 400])
)
JUNK = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=6
)
PLACES = [(name,) for name in EVENT] + [("data", "object"), *(("data", "object", name) for name in INTENT)]


@pytest.fixture
def shop(shop_on_stripe):
    return shop_on_stripe


def send(shop, raw: bytes) -> int:
    headers = {"Stripe-Signature": signature(raw, SECRET, shop.clock())}
    return shop.app.test_client().post("/webhooks/stripe", data=raw, headers=headers).status_code


def put(whole: dict, place: tuple[str, ...], value: object) -> dict:
    if len(place) == 1:
        return {**whole, place[0]: value}
    inner = whole.get(place[0])
    return {**whole, place[0]: put(inner if isinstance(inner, dict) else {}, place[1:], value)}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    about=st.sampled_from([EVENT, THIN]), place=st.sampled_from(PLACES), value=JUNK, cut=st.none() | st.integers(0, 200),
    number=st.integers(0, 10**12),
)  # fmt: skip
def test_a_mangled_event_is_stored_or_refused(shop, about, place, value, cut, number):
    raw = json.dumps(put({**about, "id": f"evt_{number}_{cut}"}, place, value)).encode()[:cut]
    before, known = shop.count(WebhookEvent), deliveries(shop)
    status = send(shop, raw)
    stored = shop.count(WebhookEvent)
    assert (status, stored - before) in [(200, 1), (400, 0), (200, 0)]
    if status == 200:
        assert deliveries(shop) == known + 1, "what was answered is stored, or was known and is counted"
        assert send(shop, raw) == 200
        assert (shop.count(WebhookEvent), deliveries(shop)) == (stored, known + 2), "once more is once"
        assert shop.all(select(WebhookEvent.raw).order_by(WebhookEvent.id.desc()))[0] == raw or stored == before
    shop.works()
    assert shop.all(select(WebhookEvent.ref).where(WebhookEvent.state == EventState.ARRIVED)) == []
    assert shop.all(select(Task.last_error).where(Task.last_error != "")) == [], "whatever it says is no error of ours"


def deliveries(shop) -> int:
    return sum(shop.all(select(WebhookEvent.deliveries)))


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"[" * 100_000, 400),
        (json.dumps({**EVENT, "created": 10**17}).encode(), 400),
        (json.dumps({**EVENT, "id": "evt_\ud800"}).encode(), 400),
        (json.dumps({**EVENT, "type": "\ud800"}).encode(), 400),
        (json.dumps({**EVENT, "id": None}).encode(), 400),
        (json.dumps({**EVENT, "id": ""}).encode(), 400),
        (json.dumps({**EVENT, "id": {}}).encode(), 400),
        (json.dumps({**THIN, "created": "2026-11-22T09:00:00"}).encode(), 400),
        (json.dumps({**THIN, "created": "0001-01-01T00:00:00+14:00"}).encode(), 400),
        (json.dumps(EVENT).encode(), 200),
        (json.dumps(THIN).encode(), 200),
        (json.dumps({**EVENT, "id": "evt_" + "x" * 600, "new": [1]}).encode(), 200),
    ],
)
def test_what_is_signed_and_no_event_is_refused(shop, raw, status):
    assert send(shop, raw) == status
    assert shop.count(WebhookEvent) == (status == 200)
