"""Adapter of Stripe: hosted Checkout, refunds, events. API version pinned; no object of the SDK leaves stripe_calls.py.

A payment is known by its Checkout Session until it has money, by its PaymentIntent from then on: that is what the dashboard
shows, and what a refund names. Source of every rule: docs/decisions/0023-stripe.md."""

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.payments import signatures, stripe_setup
from integrations.payments import stripe_objects as objects
from integrations.payments.port import (
    ChargeRequest,
    PageRequest,
    PaymentStatus,
    ProviderEvent,
    RefundRequest,
    RefundSnapshot,
    Refusal,
    Refused,
    Snapshot,
    Topic,
)
from integrations.payments.stripe_balance import StripeBalance
from integrations.payments.stripe_calls import StripeCalls
from integrations.payments.stripe_disputes import StripeDisputes
from integrations.payments.stripe_methods import StripeMethods, whose

PAGES = "https://checkout.stripe.com"
PAYMENT_EVENTS = frozenset(
    {
        "checkout.session.completed", "checkout.session.expired", "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed", "payment_intent.succeeded",
        "payment_intent.processing", "payment_intent.requires_action", "payment_intent.canceled",
    }
)  # fmt: skip
REFUSAL_EVENTS = frozenset({"payment_intent.payment_failed"})
REFUND_EVENTS = frozenset({"refund.created", "refund.updated", "refund.failed"})
DISPUTE_EVENTS = frozenset({"charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed",
                            "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated"})  # fmt: skip
WARNING_EVENTS = frozenset({"radar.early_fraud_warning.created", "radar.early_fraud_warning.updated"})
PAYOUT_EVENTS = frozenset({"payout.created", "payout.updated", "payout.paid", "payout.failed", "payout.canceled",
                           "payout.reconciliation_completed"})  # fmt: skip
METHOD_EVENTS = frozenset({"payment_method.detached", "payment_method.updated", "payment_method.automatically_updated"})
TOPICS = {kind: topic for topic, kinds in (
    (Topic.PAYMENT, PAYMENT_EVENTS), (Topic.REFUSAL, REFUSAL_EVENTS), (Topic.REFUND, REFUND_EVENTS),
    (Topic.DISPUTE, DISPUTE_EVENTS), (Topic.WARNING, WARNING_EVENTS), (Topic.PAYOUT, PAYOUT_EVENTS),
    (Topic.METHOD, METHOD_EVENTS),
) for kind in kinds}  # fmt: skip
log = logging.getLogger(__name__)
Row = dict[str, Any]


class StripePayments:
    """The payments port on Stripe. Thread safe. ``api_base`` points it at another server than Stripe's."""

    name = "stripe"
    key_life = timedelta(hours=24)
    event_life = timedelta(days=30)

    def __init__(self, api_key: str, account: str, webhook_secrets: tuple[str, ...], api_base: str = "") -> None:
        self._calls = calls = StripeCalls(api_key, api_base)
        self._api_key, self._api_base = api_key, api_base
        self.account, self.mode = account, calls.mode
        self.page_origin = api_base or PAGES
        self._secrets = webhook_secrets
        self.disputes = StripeDisputes(calls)
        self.balance = StripeBalance(calls)
        self.methods = StripeMethods(calls)

    def open_page(self, request: PageRequest) -> Snapshot:
        params: Row = {
            "mode": "payment",
            "client_reference_id": request.reference,
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": request.currency.lower(),
                        "unit_amount": objects.to_stripe(request.amount, request.currency),
                        "product_data": {"name": request.description},
                    },
                }
            ],
            "success_url": request.return_url,
            "cancel_url": request.return_url,
            "expires_at": int((request.expires_at + objects.PAGE_MARGIN).timestamp()),
            "metadata": {"reference": request.reference},
            "payment_intent_data": {
                "description": request.description,
                "metadata": {"reference": request.reference},
            },
        }
        if request.save:
            params |= whose(request.customer, request.email)
            params["payment_intent_data"] |= {"setup_future_usage": "off_session"}
        session = self._calls.post(
            lambda options: self._calls.v1.checkout.sessions.create(params, options), request.key
        )
        return objects.from_session(session)

    def charge(self, request: ChargeRequest) -> Snapshot:
        return self.methods.charge(request)

    def retrieve(self, provider_ref: str) -> Snapshot:
        if provider_ref.startswith("cs_"):
            return objects.from_session(self._session(provider_ref))
        return objects.from_intent(self._intent(provider_ref))

    def find(self, reference: str) -> Snapshot | None:
        """By the metadata of PaymentIntents: the search lags by a minute, and is asked for what is a day old."""
        query = f"metadata['reference']:'{reference}'"
        expand = ["data.latest_charge", "data.payment_method"]
        found = self._calls.ask(lambda: self._calls.v1.payment_intents.search({"query": query, "expand": expand}))[
            "data"
        ]
        return objects.from_intent(found[0]) if found else None

    def refusals_of(self, payment: str) -> list[Refusal]:
        rows = self._calls.every(
            lambda page: self._calls.v1.charges.list({"payment_intent": payment, "limit": 100, **page})
        )
        return [objects.from_failed_charge(row) for row in rows if row["status"] == "failed"]

    def cancel(self, provider_ref: str, *, key: str) -> Snapshot:
        known = self.retrieve(provider_ref)
        if not provider_ref.startswith("cs_") or known.status not in (
            PaymentStatus.OPEN,
            PaymentStatus.REQUIRES_ACTION,
        ):
            return known
        try:
            self._calls.post(lambda options: self._calls.v1.checkout.sessions.expire(provider_ref, {}, options), key)
        except Refused as refusal:
            log.info("a page could not be closed: %s", refusal)  # it was paid or closed between the two calls
        return self.retrieve(provider_ref)

    def refund(self, request: RefundRequest) -> RefundSnapshot:
        params = {
            "payment_intent": request.payment,
            "amount": objects.to_stripe(request.amount, request.currency),
            "reason": request.reason.value,
            "metadata": {"reference": request.reference},
        }
        made = self._calls.post(lambda options: self._calls.v1.refunds.create(params, options), request.key)
        return objects.from_refund(made)

    def retrieve_refund(self, provider_ref: str) -> RefundSnapshot:
        return objects.from_refund(self._calls.ask(lambda: self._calls.v1.refunds.retrieve(provider_ref)))

    def refunds_of(self, payment: str) -> list[RefundSnapshot]:
        rows = self._calls.every(
            lambda page: self._calls.v1.refunds.list({"payment_intent": payment, "limit": 100, **page})
        )
        return [objects.from_refund(row) for row in rows]

    def has_webhook_secret(self) -> bool:
        return bool(self._secrets)

    def verify(self, raw: bytes, headers: Mapping[str, str], *, now: datetime) -> ProviderEvent:
        return self._event(signatures.body(headers.get("Stripe-Signature", ""), raw, self._secrets, now), raw)

    def events_since(self, moment: datetime) -> list[ProviderEvent]:
        since = {"gte": int(moment.timestamp())}
        rows = self._calls.every(lambda page: self._calls.v1.events.list({"created": since, "limit": 100, **page}))
        found = []
        for row in rows:
            try:
                found.append(self._event(row, json.dumps(row, default=str).encode()))  # decimals of the SDK
            except ValueError:
                log.warning("an event of the list could not be read")
        return [event for event in reversed(found) if event.occurred_at >= moment.replace(microsecond=0)]

    def opens(self) -> tuple[str, str]:
        return stripe_setup.account_of(self._api_key, self._api_base), self.mode

    def describe(self) -> Mapping[str, str]:
        return stripe_setup.describe(self._calls, self.mode, events=TOPICS)

    # -- asking

    def _session(self, ref: str) -> Row:
        expand = {"expand": ["payment_intent.latest_charge", "payment_intent.payment_method"]}
        return self._calls.ask(lambda: self._calls.v1.checkout.sessions.retrieve(ref, expand))

    def _intent(self, ref: str) -> Row:
        return self._calls.ask(
            lambda: self._calls.v1.payment_intents.retrieve(ref, {"expand": ["latest_charge", "payment_method"]})
        )

    def _event(self, item: Any, raw: bytes) -> ProviderEvent:
        try:
            if item["object"] != "event":  # a thin event carries no object: kept, and never handled
                return self._thin(item, raw)
            kind, data = item["type"], item["data"]["object"]
            about = TOPICS.get(kind, Topic.NOTHING)
            if about == Topic.PAYMENT and data.get("mode") == "setup":
                about = Topic.SETUP
            payment, reference = objects.belongs_to(data)
            return ProviderEvent(
                event_id=item["id"],
                type=kind,
                occurred_at=datetime.fromtimestamp(item["created"], UTC),
                account=str(item.get("account") or self.account),
                mode="live" if item["livemode"] else "test",
                about=about,
                object_id=str(data["id"]) if about else "",
                payment=payment,
                reference=reference,
                raw=raw,
            )
        except (KeyError, TypeError, AttributeError, OverflowError, OSError) as error:
            raise ValueError("the body is not an event") from error

    def _thin(self, item: Row, raw: bytes) -> ProviderEvent:
        if item["object"] != "v2.core.event":
            raise ValueError("the body is not an event")
        return ProviderEvent(
            event_id=item["id"],
            type=item["type"],
            occurred_at=datetime.fromisoformat(item["created"]),
            account=str(item.get("context") or self.account),
            mode="live" if item["livemode"] else "test",
            about=Topic.NOTHING,
            object_id="",
            payment="",
            reference="",
            raw=raw,
        )
