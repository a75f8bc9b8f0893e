"""The side of the server that behaves as Stripe about kept cards: setup sessions, PaymentMethods, off-session charges."""

import re
from typing import TYPE_CHECKING, Any

from integrations.sandbox.balance import fee_of
from tests.support import stripe_cards as cards
from tests.support import stripe_wire as wire

if TYPE_CHECKING:
    from tests.support.stripe_server import StripeServer

Row = dict[str, Any]
KNOWN = {
    "mode", "currency", "client_reference_id", "success_url", "cancel_url", "expires_at", "metadata", "setup_intent_data",
    "customer", "customer_creation", "customer_email", "expand",
}  # fmt: skip
CHARGED_WITH = {
    "amount", "currency", "customer", "payment_method", "off_session", "confirm", "error_on_requires_action",
    "payment_method_options", "description", "metadata", "expand", "automatic_payment_methods",
}  # fmt: skip


class StripeKeeping:
    def __init__(self, server: "StripeServer") -> None:
        self.server = server
        self.methods: dict[str, Row] = {}

    # -- what customers and banks do

    def enter(self, session: str, last4: str) -> None:
        row = self.server.sessions[session]
        row |= {"status": "complete", "url": None, "_method": self.keep(row, last4)["id"]}
        setup = {"id": row["setup_intent"], "object": "setup_intent", "metadata": row["metadata"]}
        self.server.note("setup_intent.succeeded", setup)
        self.server.note("checkout.session.completed", row)

    def keep(self, row: Row, named: str) -> Row:
        """A card for later, of the customer of a session."""
        card = cards.known(named)
        method = self.server.new_id("pm")
        row["customer"] = row["customer"] or self.server.new_id("cus")
        self.methods[method] = {
            "id": method, "object": "payment_method", "type": "card", "customer": row["customer"], "livemode": False,
            "billing_details": {"name": "Ada"},
            "card": {**cards.details(card), "funding": "credit", "country": "DE"},
        }  # fmt: skip
        return self.methods[method]

    def renew(self, method: str) -> None:
        self.methods[method]["card"]["exp_year"] += 3
        self.server.note("payment_method.automatically_updated", self.methods[method])

    def detach(self, method: str) -> tuple[int, Row]:
        row = self.methods.get(method)
        if row is None:
            return wire.missing("payment_method")
        if row["customer"] is None:
            return 400, wire.error("invalid_request_error", None, "The payment method is not attached to a customer.")
        row["customer"] = None
        self.server.note("payment_method.detached", row)
        return 200, row

    # -- HTTP

    def get(self, path: str, params: Row) -> tuple[int, Row] | None:
        if found := re.fullmatch(r"v1/payment_methods/(\w+)", path):
            row = self.methods.get(found[1])
            return (200, row) if row else wire.missing("payment_method")
        if found := re.fullmatch(r"v1/checkout/sessions/(\w+)", path):
            row = self.server.sessions.get(found[1])
            if row and row["mode"] == "setup":
                if row["status"] == "open" and row["expires_at"] <= self.server.now():
                    self.server.expire(found[1])
                return 200, self._expanded(row, params)
        return None

    def change(self, path: str, params: Row) -> tuple[int, Row] | None:
        if path == "v1/checkout/sessions" and params.get("mode") == "setup":
            return self._open(params)
        if found := re.fullmatch(r"v1/payment_methods/(\w+)/detach", path):
            return self.detach(found[1])
        if path == "v1/payment_intents":
            return self._charge(params)
        if found := re.fullmatch(r"v1/payment_intents/(\w+)/cancel", path):
            return self._cancel(found[1], params)
        return None

    def _open(self, params: Row) -> tuple[int, Row]:
        if unknown := set(params) - KNOWN:
            return 400, wire.error("invalid_request_error", "parameter_unknown", f"unknown parameter: {min(unknown)}")
        if ("customer" in params) == ("customer_creation" in params):
            return 400, wire.error("invalid_request_error", None, "customer or customer_creation, not both.")
        session = self.server.new_id("cs_test")
        self.server.sessions[session] = {
            "id": session, "object": "checkout.session", "status": "open", "mode": "setup", "amount_total": None,
            "currency": params["currency"], "payment_intent": None, "setup_intent": self.server.new_id("seti"),
            "livemode": False, "client_reference_id": params["client_reference_id"], "metadata": params["metadata"],
            "customer": params.get("customer"), "url": f"{self.server.url}/c/setup/{session}",
            "expires_at": int(params["expires_at"]), "created": self.server.now(),
        }  # fmt: skip
        return 200, self.server.sessions[session]

    def _expanded(self, row: Row, params: Row) -> Row:
        if "setup_intent.payment_method" not in params.get("expand", []):
            return row
        method = self.methods.get(row.get("_method", ""))
        setup = row["setup_intent"]
        return {**row, "setup_intent": {"id": setup, "status": "succeeded" if method else "requires_payment_method",
                                        "client_secret": f"{setup}_secret_x", "payment_method": method}}  # fmt: skip

    def _cancel(self, intent: str, params: Row) -> tuple[int, Row]:
        row = self.server.intents.get(intent)
        if row is None:
            return wire.missing("payment_intent")
        if row["status"] in ("succeeded", "canceled", "processing"):
            return 400, wire.error("invalid_request_error", "payment_intent_unexpected_state", "It cannot be canceled.")
        row |= {"status": "canceled", "cancellation_reason": params.get("cancellation_reason")}
        self.server.note("payment_intent.canceled", row)
        return 200, row

    def _charge(self, params: Row) -> tuple[int, Row]:
        if unknown := set(params) - CHARGED_WITH:
            return 400, wire.error("invalid_request_error", "parameter_unknown", f"unknown parameter: {min(unknown)}")
        if not params["off_session"] == params["confirm"] == params["error_on_requires_action"] == "true":
            return 400, wire.error("invalid_request_error", None, "This server charges kept cards only.")
        named = params["payment_method"]
        method = self.keep({"customer": params["customer"]}, named) if named in cards.NAMED else self.methods.get(named)
        if method is None or method["customer"] != params["customer"]:
            return 400, wire.error("invalid_request_error", "resource_missing", "The payment method is not attached.")
        intent = {
            "id": self.server.new_id("pi"), "object": "payment_intent", "amount": int(params["amount"]),
            "amount_received": 0, "livemode": False, "currency": params["currency"], "status": "requires_payment_method",
            "metadata": params["metadata"], "latest_charge": None, "last_payment_error": None, "client_secret": "secret_x",
            "created": self.server.now(),
        }  # fmt: skip
        self.server.intents[intent["id"]] = intent
        card = cards.known(method["card"]["last4"])
        refusal = card.refusal
        if refusal:
            self.server.refuse(intent, refusal, method["card"])
            return 402, {"error": {**refusal, "payment_intent": intent}}
        charge = self.server.attempt(intent, method["card"])
        intent |= {"status": "succeeded", "amount_received": intent["amount"], "latest_charge": charge}
        self.server.books.post("charge", charge, intent["amount"], fee=fee_of(intent["amount"]))
        self.server.note("payment_intent.succeeded", intent)
        self.server.books.follow(card.follows, intent["id"])
        return 200, intent
