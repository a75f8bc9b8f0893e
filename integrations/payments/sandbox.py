"""Adapter of the sandbox provider (integrations/sandbox), over HTTP."""

import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import requests

from integrations.payments import signatures
from integrations.payments.port import (
    ChargeRequest,
    Decline,
    PageRequest,
    PaymentStatus,
    ProviderEvent,
    RefundRequest,
    RefundSnapshot,
    RefundStatus,
    Refusal,
    Snapshot,
    Topic,
)
from integrations.payments.sandbox_balance import SandboxBalance
from integrations.payments.sandbox_calls import SandboxCalls
from integrations.payments.sandbox_disputes import SandboxDisputes
from integrations.payments.sandbox_methods import SandboxMethods, read_method
from integrations.payments.shapes import reads

log = logging.getLogger(__name__)

SIGNATURE = "Sandbox-Signature"
TELLING = frozenset({
    "payment.paid", "payment.declined", "payment.cancelled", "payment.expired", "payment.processing",
    "payment.requires_action", "refund.created", "refund.updated", "refund.failed", "dispute.created", "dispute.updated",
    "dispute.closed", "warning.created", "payout.created", "payout.paid", "payout.failed", "setup.completed",
    "setup.expired", "method.removed", "method.updated",
})  # fmt: skip
BELONGS_TO = {  # what an event is about → where its payment's id and our reference of it stand
    "payment": ("id", "reference"), "refund": ("payment", "payment_reference"), "dispute": ("payment", "payment_reference"),
    "warning": ("payment", "payment_reference"), "setup": ("", "reference"),
}  # fmt: skip


class SandboxPayments:
    """The payments port on the sandbox provider. Thread safe: every call is a request of its own."""

    name = "sandbox"
    account = "acct_sandbox"
    mode = "test"
    key_life = timedelta(hours=24)
    event_life = timedelta.max

    def __init__(
        self,
        base_url: str,
        api_key: str,
        webhook_secrets: tuple[str, ...],
        send: Callable[..., Any] = requests.request,
    ) -> None:
        self._calls = calls = SandboxCalls(base_url, api_key, send)
        self.page_origin = base_url
        self._secrets = webhook_secrets
        self.disputes = SandboxDisputes(calls)
        self.balance = SandboxBalance(calls)
        self.methods = SandboxMethods(calls)

    def open_page(self, request: PageRequest) -> Snapshot:
        body = request.as_json()
        return _snapshot(self._calls.post("/v1/payments", body, body.pop("key")))

    def charge(self, request: ChargeRequest) -> Snapshot:
        body = request.as_json()
        return _snapshot(self._calls.post("/v1/charges", body, body.pop("key")))

    def retrieve(self, provider_ref: str) -> Snapshot:
        return _snapshot(self._calls.get(f"/v1/payments/{provider_ref}"))

    def find(self, reference: str) -> Snapshot | None:
        page = self._calls.get("/v1/payments", reference=reference)
        return _snapshot(page["data"][0]) if page["data"] else None

    def refusals_of(self, payment: str) -> list[Refusal]:
        known = self.retrieve(payment)  # a refusal is its end here: another card is another payment
        return [Refusal(known.decline, known.method, known.fingerprint)] if known.decline else []

    def cancel(self, provider_ref: str, *, key: str) -> Snapshot:
        return _snapshot(self._calls.post(f"/v1/payments/{provider_ref}/cancel", {}, key))

    def refund(self, request: RefundRequest) -> RefundSnapshot:
        body = request.as_json()
        del body["currency"]  # that of the payment
        return _refund(self._calls.post("/v1/refunds", body, body.pop("key")))

    def retrieve_refund(self, provider_ref: str) -> RefundSnapshot:
        return _refund(self._calls.get(f"/v1/refunds/{provider_ref}"))

    def refunds_of(self, payment: str) -> list[RefundSnapshot]:
        return [_refund(item) for item in self._calls.get("/v1/refunds", payment=payment)["data"]]

    def has_webhook_secret(self) -> bool:
        return bool(self._secrets)

    def verify(self, raw: bytes, headers: Mapping[str, str], *, now: datetime) -> ProviderEvent:
        return _event(signatures.body(headers.get(SIGNATURE, ""), raw, self._secrets, now), raw)

    def events_since(self, moment: datetime) -> list[ProviderEvent]:
        return _readable(self._calls.every("/v1/events", since=moment.isoformat()))

    def opens(self) -> tuple[str, str]:
        account = self._calls.get("/v1/account")
        return str(account["id"]), str(account["mode"])

    def describe(self) -> Mapping[str, str]:
        account = self._calls.get("/v1/account")
        return {"account": account["id"], "mode": account["mode"], "name": account["name"], "problems": ""}


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
        data, kind = item["data"]["object"], item["type"]
        named = str(data["object"])
        about = Topic(named) if kind in TELLING else Topic.NOTHING
        payment, reference = BELONGS_TO.get(named, ("", ""))
        return ProviderEvent(
            event_id=item["id"],
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


@reads
def _snapshot(item: Mapping[str, Any]) -> Snapshot:
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
        fingerprint=item.get("fingerprint") or "",
        kept=read_method(item["kept"]) if item.get("kept") else None,
        raw=dict(item),
    )


@reads
def _refund(item: Mapping[str, Any]) -> RefundSnapshot:
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
