"""Adapter of Stripe: hosted Checkout, refunds, events. API version pinned; no object of the SDK leaves this file.

A payment is known by its Checkout Session until it has money, by its PaymentIntent from then on: that is what the dashboard
shows, and what a refund names. Source of every rule: docs/decisions/0023-stripe.md."""

import json
import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import stripe

from integrations.payments import signatures
from integrations.payments import stripe_objects as objects
from integrations.payments.pace import Pace
from integrations.payments.port import (
    OutcomeUnknown,
    PageRequest,
    PaymentStatus,
    ProviderEvent,
    RefundRequest,
    RefundSnapshot,
    Refused,
    Snapshot,
    Throttled,
    Topic,
)
from integrations.payments.stripe_declines import decline_of

API_VERSION = "2026-10-28.endive"
PAGES = "https://checkout.stripe.com"
TIMEOUT = (5, 30)  # connect, read, in seconds
RETRIES = 2
RATES = {"test": 25.0, "live": 80.0}  # calls a second
TRIES_WHEN_THROTTLED = 3
PAGE_MARGIN = timedelta(
    minutes=10
)  # a page must be open for half an hour at least, counted from when Stripe hears of it
PAYMENT_EVENTS = frozenset(
    {
        "checkout.session.completed", "checkout.session.expired", "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed", "payment_intent.succeeded", "payment_intent.payment_failed",
        "payment_intent.processing", "payment_intent.requires_action", "payment_intent.canceled",
    }
)  # fmt: skip
REFUND_EVENTS = frozenset({"refund.created", "refund.updated", "refund.failed"})
log = logging.getLogger(__name__)
Row = dict[str, Any]


class StripePayments:
    """The payments port on Stripe. Thread safe. ``api_base`` points it at another server than Stripe's."""

    name = "stripe"
    key_life = timedelta(hours=24)

    def __init__(self, api_key: str, account: str, webhook_secrets: tuple[str, ...], api_base: str = "") -> None:
        stripe.enable_telemetry = False
        stripe.max_network_retries = RETRIES
        self.account = account
        self.mode = mode_of(api_key)
        self.page_origin = api_base or PAGES
        self._secrets = webhook_secrets
        self._pace = Pace(RATES[self.mode])
        self._client: Any = stripe.StripeClient(  # rows are plain here, not the SDK's typed dictionaries
            api_key,
            stripe_version=API_VERSION,
            max_network_retries=RETRIES,
            http_client=stripe.RequestsClient(timeout=TIMEOUT),
            base_addresses={"api": api_base} if api_base else {},
        )

    def open_page(self, request: PageRequest) -> Snapshot:
        params = {
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
            "expires_at": int((request.expires_at + PAGE_MARGIN).timestamp()),
            "metadata": {"reference": request.reference},
            "payment_intent_data": {
                "description": request.description,
                "metadata": {"reference": request.reference},
            },
        }
        session = self._post(lambda options: self._client.v1.checkout.sessions.create(params, options), request.key)
        return objects.from_session(session)

    def retrieve(self, provider_ref: str) -> Snapshot:
        if provider_ref.startswith("cs_"):
            return objects.from_session(self._session(provider_ref))
        return objects.from_intent(self._intent(provider_ref))

    def find(self, reference: str) -> Snapshot | None:
        """By the metadata of PaymentIntents: the search lags by a minute, and is asked for what is a day old."""
        query = f"metadata['reference']:'{reference}'"
        expand = ["data.latest_charge"]
        found = self._ask(lambda: self._client.v1.payment_intents.search({"query": query, "expand": expand}))["data"]
        return objects.from_intent(found[0]) if found else None

    def cancel(self, provider_ref: str, *, key: str) -> Snapshot:
        known = self.retrieve(provider_ref)
        if not provider_ref.startswith("cs_") or known.status not in (
            PaymentStatus.OPEN,
            PaymentStatus.REQUIRES_ACTION,
        ):
            return known
        try:
            self._post(lambda options: self._client.v1.checkout.sessions.expire(provider_ref, {}, options), key)
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
        made = self._post(lambda options: self._client.v1.refunds.create(params, options), request.key)
        return objects.from_refund(made)

    def retrieve_refund(self, provider_ref: str) -> RefundSnapshot:
        return objects.from_refund(self._ask(lambda: self._client.v1.refunds.retrieve(provider_ref)))

    def refunds_of(self, payment: str) -> list[RefundSnapshot]:
        rows = self._all(lambda page: self._client.v1.refunds.list({"payment_intent": payment, "limit": 100, **page}))
        return [objects.from_refund(row) for row in rows]

    def has_webhook_secret(self) -> bool:
        return bool(self._secrets)

    def verify(self, raw: bytes, headers: Mapping[str, str], *, now: datetime) -> ProviderEvent:
        signatures.check(headers.get("Stripe-Signature", ""), raw, self._secrets, now)
        return self._event(json.loads(raw), raw)

    def events_since(self, moment: datetime) -> list[ProviderEvent]:
        since = {"gte": int(moment.timestamp())}
        rows = self._all(lambda page: self._client.v1.events.list({"created": since, "limit": 100, **page}))
        found = []
        for row in rows:
            try:
                found.append(self._event(row, json.dumps(row).encode()))
            except ValueError:
                log.warning("an event of the list could not be read")
        return [event for event in reversed(found) if event.occurred_at >= moment.replace(microsecond=0)]

    def describe(self) -> Mapping[str, str]:
        """What the key opens: account, mode, the API version of each webhook endpoint. For people who set it up."""
        account = self._ask(lambda: self._client.v1.accounts.retrieve_current())
        ends = self._ask(lambda: self._client.v1.webhook_endpoints.list({"limit": 100}))["data"]
        return {
            "account": str(account["id"]),
            "mode": self.mode,
            "version": API_VERSION,
            "endpoints": ", ".join(f"{item['url']} ({item.get('api_version') or 'account default'})" for item in ends),
        }

    # -- asking

    def _session(self, ref: str) -> Row:
        expand = {"expand": ["payment_intent.latest_charge"]}
        return self._ask(lambda: self._client.v1.checkout.sessions.retrieve(ref, expand))

    def _intent(self, ref: str) -> Row:
        return self._ask(lambda: self._client.v1.payment_intents.retrieve(ref, {"expand": ["latest_charge"]}))

    def _post(self, call: Callable[[Any], Any], key: str) -> Row:
        return self._ask(lambda: call({"idempotency_key": key}))

    def _all(self, call: Callable[[Row], Any]) -> Iterator[Row]:
        """Every row of a list, page after page, newest first."""
        page: Row = {}
        while True:
            answer = self._ask(lambda page=page: call(page))  # type: ignore[misc]
            yield from answer["data"]
            if not answer["has_more"] or not answer["data"]:
                return
            page = {"starting_after": answer["data"][-1]["id"]}

    def _ask(self, call: Callable[[], Any]) -> Row:
        """One call at our pace, its answer as plain data; every failure as an error of the port."""
        for attempt in range(TRIES_WHEN_THROTTLED):
            self._pace.wait()
            try:
                answer: Row = call().to_dict()
            except stripe.RateLimitError as error:
                if attempt == TRIES_WHEN_THROTTLED - 1:
                    raise Throttled(str(error.http_status)) from error
                time.sleep(random.uniform(0.5, 1) * 0.3 * 2**attempt)  # noqa: S311
            except stripe.StripeError as error:
                raise _as_ours(error) from error
            else:
                return answer
        raise AssertionError("unreachable")

    def _event(self, item: Any, raw: bytes) -> ProviderEvent:
        try:
            if item["object"] != "event":  # a thin event carries no object: kept, and never handled
                return self._thin(item, raw)
            kind, data = str(item["type"]), item["data"]["object"]
            about = (
                Topic.PAYMENT if kind in PAYMENT_EVENTS else Topic.REFUND if kind in REFUND_EVENTS else Topic.NOTHING
            )
            payment, reference = objects.belongs_to(data)
            return ProviderEvent(
                event_id=str(item["id"]),
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
        except (KeyError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError("the body is not an event") from error

    def _thin(self, item: Row, raw: bytes) -> ProviderEvent:
        if item["object"] != "v2.core.event":
            raise ValueError("the body is not an event")
        return ProviderEvent(
            event_id=str(item["id"]),
            type=str(item["type"]),
            occurred_at=datetime.fromisoformat(item["created"]),
            account=str(item.get("context") or self.account),
            mode="live" if item["livemode"] else "test",
            about=Topic.NOTHING,
            object_id="",
            payment="",
            reference="",
            raw=raw,
        )


def mode_of(api_key: str) -> str:
    """``test`` or ``live``, as the key says of itself. Raises ValueError for anything but a secret or restricted key."""
    for prefix, mode in (("sk_test_", "test"), ("rk_test_", "test"), ("sk_live_", "live"), ("rk_live_", "live")):
        if api_key.startswith(prefix):
            return mode
    raise ValueError("a key of Stripe begins with sk_test_, rk_test_, sk_live_ or rk_live_")


def _as_ours(error: stripe.StripeError) -> Exception:
    """A network error, a 409 and a 5xx are unknown outcomes; what Stripe understood and refused is refused."""
    code = str(getattr(error, "code", None) or "")
    if isinstance(error, stripe.IdempotencyError):
        return Refused("idempotency_mismatch", "The key was used with other parameters.")
    if isinstance(error, stripe.AuthenticationError):
        return Refused("unauthorised", "Stripe does not know the API key.")
    if isinstance(error, stripe.PermissionError):
        return Refused("permission_denied", "The API key may not do this.")
    if isinstance(error, stripe.CardError):
        return Refused(decline_of(_body(error)).code, "The bank refused.")
    if isinstance(error, stripe.InvalidRequestError):
        return Refused(code or "invalid_request", str(error.user_message or "Stripe refused the request."))
    return OutcomeUnknown(f"{type(error).__name__} {error.http_status or ''} {code}".strip())


def _body(error: stripe.StripeError) -> Row:
    body = error.json_body if isinstance(error.json_body, dict) else {}
    found = body.get("error")
    return found if isinstance(found, dict) else {}
