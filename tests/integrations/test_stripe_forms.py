"""What is stored of a request decides what is sent, field by field: a key is honoured for the same form alone, and what was
stored yesterday is sent again by the code of today. A form that changes here needs an adapter that still makes the old one."""

from contextlib import suppress
from typing import Any, NamedTuple

import pytest

from integrations.payments.disputes import EvidenceRequest
from integrations.payments.methods import SetupRequest
from integrations.payments.port import ChargeRequest, PageRequest, PaymentsError, RefundRequest
from tests.support.worlds import WORLDS

PAGE = {
    "key": "pay_1-open", "amount": 12900, "currency": "EUR", "reference": "pay_1", "description": "order 10001",
    "return_url": "http://shop.example/pay/x", "expires_at": "2026-11-24T10:30:00+00:00",
}  # fmt: skip
PAGE_FORM = {
    "mode": "payment", "client_reference_id": "pay_1", "success_url": "http://shop.example/pay/x",
    "cancel_url": "http://shop.example/pay/x", "expires_at": "1795516800", "metadata": {"reference": "pay_1"},
    "line_items": [
        {"quantity": "1", "price_data": {"currency": "eur", "unit_amount": "12900", "product_data": {"name": "order 10001"}}}
    ],
    "payment_intent_data": {"description": "order 10001", "metadata": {"reference": "pay_1"}},
}  # fmt: skip
SAVING = PAGE_FORM["payment_intent_data"] | {"setup_future_usage": "off_session"}


class Sent(NamedTuple):
    method: str  # of the port, "part.method"
    kind: Any
    stored: dict[str, Any]
    path: str
    form: dict[str, Any]


FORMS = {
    "page": Sent("open_page", PageRequest, PAGE, "v1/checkout/sessions", PAGE_FORM),
    "page, kept for somebody new": Sent(
        "open_page", PageRequest, PAGE | {"save": True, "customer": "", "email": "ada@example.org"}, "v1/checkout/sessions",
        PAGE_FORM
        | {"payment_intent_data": SAVING, "customer_creation": "always", "customer_email": "ada@example.org"},
    ),
    "page, kept for somebody known": Sent(
        "open_page", PageRequest, PAGE | {"save": True, "customer": "cus_1", "email": ""}, "v1/checkout/sessions",
        PAGE_FORM | {"payment_intent_data": SAVING, "customer": "cus_1"},
    ),
    "page in a currency without decimals": Sent(
        "open_page", PageRequest, PAGE | {"amount": 5000, "currency": "ISK"}, "v1/checkout/sessions",
        PAGE_FORM | {"line_items": [
            {"quantity": "1",
             "price_data": {"currency": "isk", "unit_amount": "500000", "product_data": {"name": "order 10001"}}}
        ]},
    ),
    "charge": Sent(
        "charge", ChargeRequest,
        {"key": "pay_2-charge", "amount": 900, "currency": "EUR", "reference": "pay_2", "description": "renewal",
         "customer": "cus_1", "method": "pm_1", "recurring": True},
        "v1/payment_intents",
        {"amount": "900", "currency": "eur", "customer": "cus_1", "payment_method": "pm_1", "off_session": "true",
         "confirm": "true", "error_on_requires_action": "true", "description": "renewal", "metadata": {"reference": "pay_2"},
         "automatic_payment_methods": {"enabled": "true", "allow_redirects": "never"},
         "payment_method_options": {"card": {"stored_credential_usage": "recurring"}}, "expand": ["latest_charge"]},
    ),
    "refund": Sent(
        "refund", RefundRequest,
        {"key": "rfd_1-refund", "payment": "pi_1", "amount": 500, "currency": "EUR", "reference": "rfd_1",
         "reason": "requested_by_customer"},
        "v1/refunds",
        {"payment_intent": "pi_1", "amount": "500", "reason": "requested_by_customer", "metadata": {"reference": "rfd_1"}},
    ),
    "page to enter a card": Sent(
        "methods.open_setup", SetupRequest,
        {"key": "stp_1-open", "reference": "stp_1", "customer": "cus_1", "email": "", "currency": "EUR",
         "return_url": "http://shop.example/account", "expires_at": "2026-11-24T10:30:00+00:00"},
        "v1/checkout/sessions",
        {"customer": "cus_1", "mode": "setup", "currency": "eur", "client_reference_id": "stp_1",
         "success_url": "http://shop.example/account", "cancel_url": "http://shop.example/account",
         "expires_at": "1795516800", "metadata": {"reference": "stp_1"},
         "setup_intent_data": {"metadata": {"reference": "stp_1"}}},
    ),
    "evidence": Sent(
        "disputes.answer", EvidenceRequest,
        {"key": "dan_1-answer", "dispute": "du_1", "texts": {"uncategorized_text": "It was delivered."}, "receipt_name": ""},
        "v1/disputes/du_1",
        {"evidence": {"uncategorized_text": "It was delivered."}, "submit": "true"},
    ),
}  # fmt: skip


@pytest.fixture
def stripe(tmp_path, clock):
    made = WORLDS["stripe"](tmp_path, clock)
    yield made
    made.stop()


@pytest.mark.parametrize("what", FORMS)
def test_a_stored_request_is_sent_in_the_same_form_for_ever(stripe, what):
    sent = FORMS[what]
    request = sent.kind.from_json(sent.stored)
    assert request.as_json() == sent.stored
    act: Any = stripe.port
    for part in sent.method.split("."):
        act = getattr(act, part)
    for _ in range(2):
        with suppress(PaymentsError):  # there is no such payment, dispute or card: what counts is what was sent
            act(request, b"") if what == "evidence" else act(request)
    posted = [
        (path, form, headers["Idempotency-Key"]) for way, path, form, headers in stripe.server.requests if way == "POST"
    ]
    assert posted[0] == (sent.path, sent.form, sent.stored["key"])
    assert set(map(repr, posted)) == {repr(posted[0])}, "and again"
