"""Stripe's PaymentMethods: entered on a hosted Checkout page in setup mode, attached to a Customer."""

from typing import Any

from integrations.payments.methods import MethodSnapshot, SetupRequest, SetupSnapshot, SetupStatus
from integrations.payments.port import ChargeRequest, OutcomeUnknown, Refused, Snapshot
from integrations.payments.shapes import reads
from integrations.payments.stripe_calls import CardRefused, Row, StripeCalls
from integrations.payments.stripe_objects import PAGE_MARGIN, from_intent, from_method, id_of, to_stripe

_EXPAND = {"expand": ["setup_intent.payment_method"]}
_STATUSES = {"open": SetupStatus.OPEN, "complete": SetupStatus.COMPLETE, "expired": SetupStatus.EXPIRED}


class StripeMethods:
    def __init__(self, calls: StripeCalls) -> None:
        self._calls = calls

    def open_setup(self, request: SetupRequest) -> SetupSnapshot:
        params = whose(request.customer, request.email) | {
            "mode": "setup",
            "currency": request.currency.lower(),
            "client_reference_id": request.reference,
            "success_url": request.return_url,
            "cancel_url": request.return_url,
            "expires_at": int((request.expires_at + PAGE_MARGIN).timestamp()),
            "metadata": {"reference": request.reference},
            "setup_intent_data": {"metadata": {"reference": request.reference}},
        }
        made = self._calls.post(lambda options: self._calls.v1.checkout.sessions.create(params, options), request.key)
        return from_session(made)

    def retrieve_setup(self, provider_ref: str) -> SetupSnapshot:
        return from_session(self._calls.ask(lambda: self._calls.v1.checkout.sessions.retrieve(provider_ref, _EXPAND)))

    def retrieve(self, provider_ref: str) -> MethodSnapshot:
        return from_method(self._calls.ask(lambda: self._calls.v1.payment_methods.retrieve(provider_ref)))

    def remove(self, provider_ref: str, *, key: str) -> None:
        try:
            self._calls.post(lambda options: self._calls.v1.payment_methods.detach(provider_ref, {}, options), key)
        except Refused:
            if self.retrieve(provider_ref).customer:  # it was taken off before: then there is nothing to do
                raise

    def charge(self, request: ChargeRequest) -> Snapshot:
        """A decline is an answer. A bank that asks for the customer declines: nobody is there to approve."""
        params = {
            "amount": to_stripe(request.amount, request.currency),
            "currency": request.currency.lower(),
            "customer": request.customer,
            "payment_method": request.method,
            "off_session": True,
            "confirm": True,
            "error_on_requires_action": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "payment_method_options": {
                "card": {"stored_credential_usage": "recurring" if request.recurring else "unscheduled"}
            },
            "description": request.description,
            "metadata": {"reference": request.reference},
            "expand": ["latest_charge"],
        }
        try:
            return from_intent(
                self._calls.post(lambda options: self._calls.v1.payment_intents.create(params, options), request.key)
            )
        except CardRefused as refusal:
            if not refusal.intent:
                raise
            return self._closed(from_intent(refusal.intent), request.key)

    def _closed(self, declined: Snapshot, key: str) -> Snapshot:
        """Nobody can confirm a charge any more that was declined: another way to pay may be opened beside it."""
        intents, ref = self._calls.v1.payment_intents, declined.provider_ref
        abandoned: Any = {"cancellation_reason": "abandoned"}
        try:
            self._calls.post(lambda options: intents.cancel(ref, abandoned, options), f"{key}-cancel")
        except Refused as refusal:  # closed before; or it was paid in the dashboard meanwhile
            row = self._calls.ask(lambda: intents.retrieve(ref, {"expand": ["latest_charge"]}))
            if row["status"] not in ("canceled", "succeeded", "processing"):
                raise OutcomeUnknown(f"a refused charge could not be closed: {refusal.code}") from refusal
            return from_intent(row)
        return declined


def whose(customer: str, email: str) -> Row:
    """Whom a kept method belongs to: somebody whom Stripe knows, or somebody whom it makes known."""
    return {"customer": customer} if customer else {"customer_creation": "always", "customer_email": email}


@reads
def from_session(row: Row) -> SetupSnapshot:
    intent: Any = row.get("setup_intent")
    method: Any = intent.get("payment_method") if isinstance(intent, dict) else None
    status = _STATUSES.get(str(row["status"]), SetupStatus.OPEN)  # an unknown word is no outcome
    is_entered = isinstance(method, dict) and intent.get("status") == "succeeded"
    if status == SetupStatus.COMPLETE and not is_entered:
        status = SetupStatus.OPEN  # entered, and its bank still asks
    return SetupSnapshot(
        provider_ref=row["id"],
        reference=str(row.get("client_reference_id") or ""),
        status=status,
        page_url=row.get("url") or "",
        customer=id_of(row.get("customer")),
        method=from_method(method) if status == SetupStatus.COMPLETE else None,
        raw={"id": row["id"], "status": row["status"]},
    )
