"""A server that behaves as Stripe does where we touch it: bracketed forms, idempotency with replay, conflict and mismatch,
hosted Checkout, declines, authentication, refunds that fail later, events newest first, signed webhooks.

It encodes our reading of Stripe's documentation; nothing here was checked against Stripe itself."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from integrations.sandbox.balance import fee_of
from integrations.sandbox.courier import signature
from tests.support import stripe_cards as cards
from tests.support import stripe_wire as wire
from tests.support.stripe_books import StripeBooks
from tests.support.stripe_door import StripeDoor
from tests.support.stripe_keeping import StripeKeeping

KEY = "sk_test_" + "k" * 24
SECRET = "whsec_" + "s" * 32
ACCOUNT = "acct_1TestMerchant"
KNOWN = {
    "mode", "client_reference_id", "line_items", "success_url", "cancel_url", "expires_at", "metadata",
    "payment_intent_data", "customer", "customer_creation", "customer_email", "expand",
}  # fmt: skip
DELAY = 20  # seconds
COURSES = {"": ("succeeded", ""), "pending": ("pending", "succeeded"), "fails": ("pending", "failed"),
           "fails_later": ("succeeded", "failed")}  # fmt: skip
Row = dict[str, Any]


class StripeServer(StripeDoor):
    """Its state, what it answers, and what customers and their banks do to it."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock, KEY)
        self.sessions: dict[str, Row] = {}
        self.intents: dict[str, Row] = {}
        self.charges: list[Row] = []
        self.refunds: dict[str, Row] = {}
        self.events: list[Row] = []
        self.books = StripeBooks(self)
        self.keeping = StripeKeeping(self)
        self.course = ""
        self.count = 0
        self._later: list[tuple[int, str, str]] = []

    # -- what customers and banks do

    def pay(self, session: str, named: str = "4242") -> None:
        """With a card by its name or its last four; one that the bank refuses leaves the page open for another."""
        intent, card = self._intent_of(session), cards.known(named)
        if card.refusal and not card.asks:
            return self.refuse(intent, card.refusal, cards.details(card))
        charge = self.attempt(intent, cards.details(card))
        intent |= {"status": "succeeded", "amount_received": intent["amount"], "latest_charge": charge,
                   "last_payment_error": None}  # fmt: skip
        if intent["setup_future_usage"]:
            intent["payment_method"] = self.keeping.keep(self.sessions[session], named)
        self.sessions[session] |= {"status": "complete", "payment_status": "paid", "url": None}
        self.books.post("charge", charge, intent["amount"], fee=fee_of(intent["amount"]))
        self.note("payment_intent.succeeded", intent)
        self.note("checkout.session.completed", self.sessions[session])
        return self.books.follow(card.follows, intent["id"])

    def decline(self, session: str, code: str, **advice: str) -> None:
        """The customer may try another card: the page stays open."""
        card = cards.Card("0002", "card_declined", code)
        self.refuse(self._intent_of(session), {**(card.refusal or {}), **advice}, cards.details(card))

    def authenticate(self, session: str) -> None:
        intent = self._intent_of(session)
        intent["status"] = "requires_action"
        self.note("payment_intent.requires_action", intent)

    def process(self, session: str) -> None:
        intent = self._intent_of(session)
        intent["status"] = "processing"
        self.sessions[session] |= {"status": "complete", "url": None}
        self.note("payment_intent.processing", intent)

    def fail_afterwards(self, session: str) -> None:
        """A bank debit that was processing is refused days later."""
        intent = self._intent_of(session)
        intent |= {"status": "requires_payment_method", "last_payment_error": {"code": "insufficient_funds"}}
        self.note("checkout.session.async_payment_failed", self.sessions[session])

    def expire(self, session: str) -> None:
        self.sessions[session] |= {"status": "expired", "url": None}
        self.note("checkout.session.expired", self.sessions[session])

    def refund(
        self, intent: str, amount: int, metadata: Row | None = None, reason: str | None = None
    ) -> tuple[int, Row]:
        """Also as somebody does in the dashboard."""
        row = self.intents.get(intent)
        if row is None or not row["amount_received"]:
            return 400, wire.error("invalid_request_error", "charge_not_captured", "Nothing was captured.")
        if self.books.is_disputed(intent):
            return 400, wire.error("invalid_request_error", "charge_disputed", "The charge is disputed.")
        left = row["amount_received"] - self.refunded(intent)
        if left <= 0:
            return 400, wire.error("invalid_request_error", "charge_already_refunded", "The charge has been refunded.")
        if amount > left:
            return 400, wire.error(
                "invalid_request_error", "amount_too_large", "Refund amount is greater than unrefunded."
            )
        used = cards.known(row["latest_charge"]["payment_method_details"].get("card", {}).get("last4", ""))
        begins, changes = COURSES[self.course or used.refunds]
        refund = {
            "id": self.new_id("re"), "object": "refund", "amount": amount, "currency": row["currency"], "status": begins,
            "payment_intent": intent, "charge": row["latest_charge"]["id"], "metadata": metadata or {}, "reason": reason,
            "created": self.now(), "failure_reason": None,
        }  # fmt: skip
        self.refunds[refund["id"]] = refund
        self.books.post("refund", refund, -amount)
        if changes:
            self._later.append((self.now() + DELAY, refund["id"], changes))
        self.note("refund.created", refund)
        return 200, refund

    def refunded(self, intent: str) -> int:
        return sum(
            item["amount"] for item in self.refunds.values()
            if item["payment_intent"] == intent and item["status"] not in ("failed", "canceled")
        )  # fmt: skip

    def advance(self) -> None:
        for due, refund, status in list(self._later):
            if due <= self.now():
                self._later.remove((due, refund, status))
                self.refunds[refund] |= {
                    "status": status,
                    "failure_reason": "expired_or_canceled_card" if status == "failed" else None,
                }
                if status == "failed":
                    self.books.post("refund_failure", self.refunds[refund], self.refunds[refund]["amount"])
                self.note("refund.failed" if status == "failed" else "refund.updated", self.refunds[refund])

    def webhook(self, event: Row, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
        """An event as it is delivered, signed."""
        raw = json.dumps(event).encode()
        return raw, {"Stripe-Signature": signature(raw, secret, self.clock()) + ",v0=ignored"}

    # -- HTTP

    def get(self, path: str, params: Row) -> tuple[int, Row]:
        self.advance()
        kept = self.keeping.get(path, params)
        if kept is not None:
            return kept
        if found := re.fullmatch(r"v1/checkout/sessions/(\w+)", path):
            row = self.sessions.get(found[1])
            if row and row["expires_at"] <= self.now() and row["status"] == "open":
                self.expire(found[1])
            return (200, self._expanded(row, params)) if row else wire.missing("checkout.session")
        if path == "v1/payment_intents/search":
            wanted = re.fullmatch(r"metadata\['reference'\]:'(.*)'", params["query"])[1]
            rows = [row for row in self.intents.values() if row["metadata"].get("reference") == wanted]
            return 200, {"object": "search_result", "data": rows, "has_more": False}
        if path == "v1/payment_intents":
            return 200, wire.page(list(self.intents.values()), params)
        if path == "v1/checkout/sessions":
            return 200, wire.page(list(self.sessions.values()), params)
        if path == "v1/charges":
            of = params.get("payment_intent")
            return 200, wire.page([row for row in self.charges if of in (None, row["payment_intent"])], params)
        if path == "v1/setup_intents":
            entered = [row["setup_intent"] for row in self.sessions.values() if row["mode"] == "setup"]
            return 200, wire.page([{"id": setup, "object": "setup_intent"} for setup in entered], params)
        if found := re.fullmatch(r"v1/payment_intents/(\w+)", path):
            row = self.intents.get(found[1])
            return (200, row) if row else wire.missing("payment_intent")
        if found := re.fullmatch(r"v1/refunds/(\w+)", path):
            row = self.refunds.get(found[1])
            return (200, row) if row else wire.missing("refund")
        if path == "v1/refunds":
            of = params.get("payment_intent")
            return 200, wire.page([row for row in self.refunds.values() if of in (None, row["payment_intent"])], params)
        if path == "v1/events":
            since = int(params["created"]["gte"])
            return 200, wire.page([event for event in self.events if event["created"] >= since], params)
        found = self.books.get(path, params)
        if found is not None:
            return found
        if path == "v1/account":
            return 200, {"id": ACCOUNT, "object": "account"}
        if path == "v1/webhook_endpoints":
            return 200, wire.page(
                [
                    {
                        "id": "we_1",
                        "url": "https://shop.example/webhooks/stripe",
                        "status": "enabled",
                        "api_version": self.faults.get("endpoint_speaks", "2026-10-28.endive"),
                        "enabled_events": self.faults.get("endpoint_is_sent", ["*"]),
                    }
                ],
                params,
            )
        return 404, wire.error("invalid_request_error", None, "Unrecognized request URL")

    def post(self, path: str, params: Row) -> tuple[int, Row]:
        kept = self.keeping.change(path, params)
        if kept is not None:
            return kept
        if path == "v1/checkout/sessions":
            return self._open(params)
        if found := re.fullmatch(r"v1/checkout/sessions/(\w+)/expire", path):
            row = self.sessions.get(found[1])
            if row is None:
                return wire.missing("checkout.session")
            if row["status"] != "open":
                return 400, wire.error("invalid_request_error", None, "Only open Checkout Sessions can be expired.")
            self.expire(found[1])
            return 200, row
        found = self.books.change(path, params)
        if found is not None:
            return found
        if path == "v1/refunds":
            return self.refund(
                params["payment_intent"], int(params["amount"]), params.get("metadata"), params.get("reason")
            )
        return 404, wire.error("invalid_request_error", None, "Unrecognized request URL")

    def _open(self, params: Row) -> tuple[int, Row]:
        if unknown := set(params) - KNOWN:
            return 400, wire.error(
                "invalid_request_error", "parameter_unknown", f"Received unknown parameter: {min(unknown)}"
            )
        item = params["line_items"][0]
        amount, expires = int(item["price_data"]["unit_amount"]) * int(item["quantity"]), int(params["expires_at"])
        if amount < 50:
            return 400, wire.error("invalid_request_error", "amount_too_small", "The amount must be at least 50 cents.")
        if not self.now() + 30 * 60 <= expires <= self.now() + 24 * 3600:
            return 400, wire.error("invalid_request_error", None, "`expires_at` must be 30 minutes to 24 hours away.")
        session = self.new_id("cs_test")
        self.sessions[session] = {
            "id": session, "object": "checkout.session", "status": "open", "payment_status": "unpaid", "mode": params["mode"],
            "amount_total": amount, "currency": item["price_data"]["currency"], "payment_intent": None, "livemode": False,
            "client_reference_id": params.get("client_reference_id"), "metadata": params.get("metadata", {}),
            "url": f"{self.url}/c/pay/{session}", "expires_at": expires, "created": self.now(),
            "a_field_of_tomorrow": {"nested": [1]}, "_intent": params["payment_intent_data"],
            "customer": params.get("customer"),
        }  # fmt: skip
        return 200, self.sessions[session]

    def _intent_of(self, session: str) -> Row:
        """Made when the customer first presses the button of the page."""
        row = self.sessions[session]
        if row["payment_intent"] is None:
            intent = self.new_id("pi")
            self.intents[intent] = {
                "id": intent, "object": "payment_intent", "amount": row["amount_total"], "amount_received": 0,
                "livemode": False, "currency": row["currency"], "status": "requires_payment_method",
                "metadata": row["_intent"]["metadata"], "latest_charge": None, "payment_method": None,
                "setup_future_usage": row["_intent"].get("setup_future_usage"), "last_payment_error": None,
                "client_secret": f"{intent}_secret_x", "created": self.now(),
            }  # fmt: skip
            row["payment_intent"] = intent
        return self.intents[row["payment_intent"]]

    def attempt(self, intent: Row, card: Row) -> Row:
        """A charge of a card, that succeeds."""
        charge = {
            "id": self.new_id("ch"), "object": "charge", "status": "succeeded", "payment_intent": intent["id"],
            "amount": intent["amount"], "currency": intent["currency"], "failure_code": None,
            "outcome": {"type": "authorized", "reason": None}, "payment_method_details": {"type": "card", "card": card},
        }  # fmt: skip
        self.charges.insert(0, charge)
        return charge

    def refuse(self, intent: Row, error: Row, card: Row) -> None:
        """Its bank says no; on a page another card may be tried."""
        charge = self.attempt(intent, card)
        advice = {name: error[name] for name in ("advice_code", "network_advice_code") if name in error}
        outcome = {"type": "issuer_declined", "reason": error.get("decline_code"), **advice}
        charge |= {"status": "failed", "failure_code": error["code"], "outcome": outcome}
        method = {"object": "payment_method", "type": "card", "card": card}
        told = {**error, "charge": charge["id"], "payment_method": method}
        intent |= {"status": "requires_payment_method", "last_payment_error": told, "latest_charge": charge}
        self.note("payment_intent.payment_failed", intent)

    def _expanded(self, row: Row, params: Row) -> Row:
        wants = any(item.startswith("payment_intent") for item in params.get("expand", []))
        intent = self.intents.get(row["payment_intent"] or "")
        return {**row, "payment_intent": intent} if wants and intent else row

    def note(self, kind: str, about: Row) -> None:
        self.events.insert(0, {
            "id": self.new_id("evt"), "object": "event", "type": kind, "created": self.now(), "livemode": False,
            "api_version": "2026-10-28.endive", "pending_webhooks": 1, "request": {"id": None, "idempotency_key": None},
            "data": {"object": json.loads(json.dumps(about))},
        })  # fmt: skip

    def new_id(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}_{self.count:06d}" + "x" * 60  # ids may be long
