"""Adapter of the sandbox provider (integrations/sandbox), over HTTP."""

import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import requests

from integrations.payments import signatures
from integrations.payments.port import (
    Decline,
    OutcomeUnknown,
    PageRequest,
    PaymentStatus,
    ProviderEvent,
    RefundRequest,
    RefundSnapshot,
    RefundStatus,
    Refused,
    Snapshot,
    Throttled,
    Topic,
)

log = logging.getLogger(__name__)

SIGNATURE = "Sandbox-Signature"
TELLING = frozenset({"payment.paid", "payment.declined", "payment.cancelled", "payment.expired", "payment.processing",
                     "payment.requires_action", "refund.created", "refund.updated", "refund.failed"})  # fmt: skip
TIMEOUT = (2.0, 8.0)  # connect, read: the sandbox is next door, and a customer may be waiting


class SandboxPayments:
    """The payments port on the sandbox provider. Thread safe: every call is a request of its own."""

    name = "sandbox"
    account = "acct_sandbox"
    mode = "test"
    key_life = timedelta(hours=24)

    def __init__(
        self,
        base_url: str,
        api_key: str,
        webhook_secrets: tuple[str, ...],
        send: Callable[..., Any] = requests.request,
    ) -> None:
        self._send = send
        self._base = self.page_origin = base_url
        self._secrets = webhook_secrets
        self._headers = {"Authorization": f"Bearer {api_key}"}

    def open_page(self, request: PageRequest) -> Snapshot:
        body = request.as_json()
        key = body.pop("key")
        return _snapshot(self._call("POST", "/v1/payments", json=body, headers={"Idempotency-Key": key}))

    def retrieve(self, provider_ref: str) -> Snapshot:
        return _snapshot(self._call("GET", f"/v1/payments/{provider_ref}"))

    def find(self, reference: str) -> Snapshot | None:
        page = self._call("GET", "/v1/payments", params={"reference": reference})
        return _snapshot(page["data"][0]) if page["data"] else None

    def cancel(self, provider_ref: str, *, key: str) -> Snapshot:
        path = f"/v1/payments/{provider_ref}/cancel"
        return _snapshot(self._call("POST", path, json={}, headers={"Idempotency-Key": key}))

    def refund(self, request: RefundRequest) -> RefundSnapshot:
        body = request.as_json()
        key = body.pop("key")
        del body["currency"]  # that of the payment
        return _readable_refund(self._call("POST", "/v1/refunds", json=body, headers={"Idempotency-Key": key}))

    def retrieve_refund(self, provider_ref: str) -> RefundSnapshot:
        return _readable_refund(self._call("GET", f"/v1/refunds/{provider_ref}"))

    def refunds_of(self, payment: str) -> list[RefundSnapshot]:
        page = self._call("GET", "/v1/refunds", params={"payment": payment})
        return [_readable_refund(item) for item in page["data"]]

    def has_webhook_secret(self) -> bool:
        return bool(self._secrets)

    def verify(self, raw: bytes, headers: Mapping[str, str], *, now: datetime) -> ProviderEvent:
        signatures.check(headers.get(SIGNATURE, ""), raw, self._secrets, now)
        return _event(json.loads(raw), raw)

    def events_since(self, moment: datetime) -> list[ProviderEvent]:
        found: list[ProviderEvent] = []
        params = {"since": moment.isoformat(), "limit": "100"}
        while True:
            page = self._call("GET", "/v1/events", params=params)
            found += _readable(page["data"])
            if not page["has_more"]:
                return found
            params["after"] = page["data"][-1]["id"]

    def describe(self) -> Mapping[str, str]:
        account = self._call("GET", "/v1/account")
        return {"account": account["id"], "mode": account["mode"], "name": account["name"]}

    def _call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **arguments: Any
    ) -> dict[str, Any]:
        try:
            answer = self._send(
                method, self._base + path, headers={**self._headers, **(headers or {})}, timeout=TIMEOUT, **arguments
            )
        except requests.RequestException as error:
            raise OutcomeUnknown(type(error).__name__) from error
        if answer.status_code == 429:
            raise Throttled(answer.headers.get("Retry-After", ""))
        if answer.status_code >= 500 or answer.status_code == 409:
            raise OutcomeUnknown(f"HTTP {answer.status_code}")
        try:
            body: dict[str, Any] = answer.json()
        except ValueError as error:
            raise OutcomeUnknown(f"HTTP {answer.status_code} without JSON") from error
        if answer.status_code >= 400:
            problem = body.get("error", {})
            raise Refused(str(problem.get("code", answer.status_code)), str(problem.get("message", "")))
        return body


def _readable(items: list[Any]) -> list[ProviderEvent]:
    """One event that cannot be read must not hide the others."""
    found = []
    for item in items:
        try:
            found.append(_event(item, json.dumps(item).encode()))
        except ValueError:
            log.warning("an event of the list could not be read")
    return found


def _event(item: Any, raw: bytes) -> ProviderEvent:
    try:
        data, kind = item["data"]["object"], str(item["type"])
        about = Topic(data["object"]) if kind in TELLING else Topic.NOTHING
        payment, reference = {
            "payment": ("id", "reference"), "refund": ("payment", "payment_reference"),
        }.get(str(data.get("object")), ("", ""))  # fmt: skip
        return ProviderEvent(
            event_id=str(item["id"]),
            type=kind,
            occurred_at=datetime.fromisoformat(item["created"]),
            account=str(item["account"]),
            mode=str(item["mode"]),
            about=about,
            object_id=str(data["id"]) if about else "",
            payment=str(data[payment]) if payment else "",
            reference=str(data.get(reference, "")) if reference else "",
            raw=raw,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("the body is not an event") from error


def _snapshot(item: Mapping[str, Any]) -> Snapshot:
    try:
        return _read_snapshot(item)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise OutcomeUnknown("an answer of an unknown shape") from error


def _read_snapshot(item: Mapping[str, Any]) -> Snapshot:
    try:
        status = PaymentStatus(item["status"])
    except ValueError:
        status = PaymentStatus.PROCESSING  # a word we do not know yet is never an outcome
    decline = item.get("decline")
    expires = item.get("page_expires_at")
    return Snapshot(
        provider_ref=item["id"],
        reference=item["reference"],
        status=status,
        amount=item["amount"],
        captured=item["captured"],
        currency=item["currency"],
        page_url=item["page_url"],
        page_expires_at=datetime.fromisoformat(expires) if expires else None,
        decline=Decline(decline["code"][:120], decline["family"]) if decline else None,
        method=(item.get("method") or "")[:255],
        raw=dict(item),
    )


def _readable_refund(item: Mapping[str, Any]) -> RefundSnapshot:
    try:
        return _read_refund(item)
    except (KeyError, TypeError, AttributeError) as error:
        raise OutcomeUnknown("an answer of an unknown shape") from error


def _read_refund(item: Mapping[str, Any]) -> RefundSnapshot:
    known = item["status"] in tuple(RefundStatus)
    return RefundSnapshot(
        provider_ref=item["id"],
        payment=item["payment"],
        reference=item["reference"],
        status=RefundStatus(item["status"]) if known else RefundStatus.PENDING,  # an unknown word is no outcome
        amount=item["amount"],
        currency=item["currency"],
        failure=(item.get("failure") or "")[:120],
        raw=dict(item),
    )
