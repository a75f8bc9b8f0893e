"""Stripe's objects, as plain rows, in the words of the port. Of a card only brand and last four are kept; an unknown status
is never an outcome."""

from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.payments.methods import MethodSnapshot
from integrations.payments.port import (
    PaymentStatus,
    RefundSnapshot,
    RefundStatus,
    Refusal,
    Refused,
    Snapshot,
)
from integrations.payments.shapes import reads
from integrations.payments.stripe_declines import decline_of

# Stripe counts these in hundredths although ISO 4217 gives them no decimals; what it counts otherwise is refused.
HUNDREDTHS = frozenset({"ISK", "UGX"})
NOT_HERE = frozenset({"MGA"})  # two decimals in ISO 4217, none at Stripe
THREE_DECIMALS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})

_INTENTS = {
    "succeeded": PaymentStatus.PAID,
    "processing": PaymentStatus.PROCESSING,
    "requires_action": PaymentStatus.REQUIRES_ACTION,
    "canceled": PaymentStatus.CANCELLED,
}
_REFUNDS = {
    "pending": RefundStatus.PENDING,
    "requires_action": RefundStatus.REQUIRES_ACTION,
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.CANCELLED,
}

# A page must be open for half an hour at least, counted from when Stripe hears of it.
PAGE_MARGIN = timedelta(minutes=10)

Row = dict[str, Any]


def belongs_to(data: Row) -> tuple[str, str]:
    """Stripe's reference and ours of the payment an object belongs to, where it belongs to one."""
    kind, known = data.get("object"), data.get("metadata") or {}
    if kind == "checkout.session" and data.get("mode") == "setup":
        return "", str(data.get("client_reference_id") or "")
    if kind == "checkout.session":
        return str(data["id"]), str(data.get("client_reference_id") or "")
    if kind == "payment_intent":
        return str(data["id"]), str(known.get("reference") or "")
    intent = data.get("payment_intent")
    return str(intent.get("id", "") if isinstance(intent, dict) else intent or ""), ""


@reads
def from_session(row: Row) -> Snapshot:
    intent = row.get("payment_intent") if isinstance(row.get("payment_intent"), dict) else None
    if intent and intent["status"] == "succeeded":
        return from_intent(intent, reference=str(row["client_reference_id"] or ""))
    currency = str(row["currency"]).upper()
    return Snapshot(
        provider_ref=row["id"],
        reference=str(row["client_reference_id"] or ""),
        status=_session_status(row, intent),
        amount=from_stripe(row["amount_total"], currency),
        captured=0,
        currency=currency,
        page_url=row.get("url") or "",
        page_expires_at=datetime.fromtimestamp(row["expires_at"], UTC),
        decline=decline_of(intent["last_payment_error"]) if intent and intent.get("last_payment_error") else None,
        method=_method(intent),
        fingerprint=_fingerprint(intent),
        raw=_told(row, intent),
    )


def _session_status(row: Row, intent: Row | None) -> PaymentStatus:
    if row["status"] == "expired":
        return PaymentStatus.EXPIRED
    if row["status"] == "open":
        return _INTENTS.get(intent["status"], PaymentStatus.OPEN) if intent else PaymentStatus.OPEN
    if intent and intent["status"] == "requires_payment_method" and intent.get("last_payment_error"):
        return PaymentStatus.DECLINED  # complete, and the bank debit failed afterwards
    return _INTENTS.get(intent["status"], PaymentStatus.PROCESSING) if intent else PaymentStatus.PROCESSING


@reads
def from_intent(row: Row, reference: str = "") -> Snapshot:
    currency = str(row["currency"]).upper()
    status = _INTENTS.get(row["status"])
    if row.get("cancellation_reason") == "abandoned" and row.get("last_payment_error"):
        status = PaymentStatus.DECLINED  # a charge of ours that its bank refused, closed behind it
    if status is None:
        failed = row["status"] == "requires_payment_method" and row.get("last_payment_error")
        status = PaymentStatus.DECLINED if failed else PaymentStatus.PROCESSING  # an unknown word is no outcome
    return Snapshot(
        provider_ref=row["id"],
        reference=reference or str((row.get("metadata") or {}).get("reference", "")),
        status=status,
        amount=from_stripe(row["amount"], currency),
        captured=from_stripe(row["amount_received"], currency),
        currency=currency,
        page_url="",
        decline=decline_of(row["last_payment_error"]) if row.get("last_payment_error") else None,
        method=_method(row),
        fingerprint=_fingerprint(row),
        kept=_kept(row),
        raw=_told(row, row),
    )


@reads
def from_method(row: Row) -> MethodSnapshot:
    """Of a card only brand, last four, expiry and fingerprint are read, of an account likewise."""
    kind = str(row["type"])
    details: Row = row.get(kind) or {}
    expires = (details["exp_year"], details["exp_month"]) if details.get("exp_year") else None
    named = str(details.get("brand") or kind).replace("_", " ").capitalize()
    return MethodSnapshot(
        provider_ref=row["id"],
        customer=id_of(row.get("customer")),
        brand=named[:40],
        last4=str(details.get("last4") or "")[:4],
        expires=expires,
        fingerprint=_identity(row, row["id"]),
    )


@reads
def from_failed_charge(row: Row) -> Refusal:
    outcome, details = row.get("outcome") or {}, row.get("payment_method_details") or {}
    told = {"code": row.get("failure_code"), "decline_code": outcome.get("reason")}
    advice = {name: outcome.get(name) or row.get(name) for name in ("advice_code", "network_advice_code")}
    identity = _identity(details, row.get("payment_method"))
    return Refusal(decline_of({**told, **advice}), _named(details), identity)


@reads
def from_refund(row: Row) -> RefundSnapshot:
    currency, intent = str(row["currency"]).upper(), row.get("payment_intent")
    return RefundSnapshot(
        provider_ref=row["id"],
        payment=str(intent["id"] if isinstance(intent, dict) else intent or ""),
        reference=str((row.get("metadata") or {}).get("reference", "")),
        status=_REFUNDS.get(str(row["status"]), RefundStatus.PENDING),  # an unknown word is no outcome
        amount=from_stripe(row["amount"], currency),
        currency=currency,
        failure=str(row.get("failure_reason") or "")[:120],
        raw={name: row.get(name) for name in ("id", "status", "amount", "currency", "reason", "pending_reason",
                                              "failure_reason", "balance_transaction")},
    )  # fmt: skip


def _method(intent: Row | None) -> str:
    """``Visa ·· 4242``: brand and last four are all that is kept of a card."""
    charge = intent.get("latest_charge") if intent else None
    return _named(charge.get("payment_method_details") if isinstance(charge, dict) else None)


def _named(details: Row | None) -> str:
    if not details:
        return ""
    card = details.get("card")
    if card:
        return f"{str(card.get('brand') or 'card').capitalize()} ·· {card.get('last4') or '????'}"[:255]
    named = str(details.get("type") or "").replace("_", " ").capitalize()
    last4 = _own(details).get("last4")
    return (f"{named} ·· {last4}" if last4 else named)[:255]


def _fingerprint(intent: Row | None) -> str:
    """Of the method that was charged, or that was refused last."""
    charge = (intent or {}).get("latest_charge")
    refused = ((intent or {}).get("last_payment_error") or {}).get("payment_method")
    if isinstance(refused, dict):
        return _identity(refused, refused.get("id"))
    if isinstance(charge, dict) and charge.get("payment_method_details"):
        return _identity(charge["payment_method_details"], charge.get("payment_method"))
    return ""


def _identity(details: Row, method: Any) -> str:
    """What is the same whenever the same card or account is entered; where Stripe knows no such thing (a wallet, a bank's own
    page), the id of the method, which is the same whenever it is charged again."""
    return str(_own(details).get("fingerprint") or id_of(method) or "")[:120]


def _own(details: Row) -> Row:
    """What is said of a method under the name of its type."""
    own: Row = details.get(str(details.get("type") or "card")) or {}
    return own


def _kept(intent: Row) -> MethodSnapshot | None:
    """The method that was kept with a payment, once it is attached to its customer."""
    method: Any = intent.get("payment_method")
    if not intent.get("setup_future_usage") or not isinstance(method, dict) or not method.get("customer"):
        return None
    return from_method(method)


def _told(row: Row, intent: Row | None) -> Row:
    """What is kept for people: an allow-list, so that no client secret and no card data is stored."""
    kept: Row = {name: row[name] for name in ("id", "object", "status", "payment_status", "amount", "amount_total",
                                         "amount_received", "currency") if name in row}  # fmt: skip
    error = (intent or {}).get("last_payment_error") or {}
    if error:
        kept["last_payment_error"] = {
            name: error.get(name)
            for name in (
                "code",
                "decline_code",
                "advice_code",
                "network_advice_code",
                "network_decline_code",
                "message",
            )
        }
    if intent and intent is not row:
        kept["payment_intent"] = {"id": intent.get("id"), "status": intent.get("status")}
    return kept


def to_stripe(amount: int, currency: str) -> int:
    """Minor units of ISO 4217 as Stripe counts them. Raises Refused for what it cannot charge."""
    if currency in NOT_HERE or (currency in THREE_DECIMALS and amount % 10):
        raise Refused("amount_invalid", f"{amount} minor units of {currency} cannot be charged through Stripe.")
    return amount * 100 if currency in HUNDREDTHS else amount


def from_stripe(amount: int, currency: str) -> int:
    if type(amount) is not int:
        raise TypeError("an amount is a whole number")
    if currency in HUNDREDTHS and amount % 100:
        raise TypeError("an amount that the currency does not have")
    return amount // 100 if currency in HUNDREDTHS else amount


def id_of(value: Any) -> str:
    """Of an object that Stripe names, or shows whole."""
    return str(value["id"] if isinstance(value, dict) else value or "")
