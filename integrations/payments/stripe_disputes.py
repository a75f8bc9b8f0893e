"""Stripe's disputes. Their money is read from their balance transactions: what was taken, and whether it was given back."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from integrations.payments.disputes import DisputeSnapshot, DisputeStatus, EvidenceRequest, WarningSnapshot
from integrations.payments.shapes import reads
from integrations.payments.stripe_calls import Row, StripeCalls
from integrations.payments.stripe_objects import from_stripe

_STATUSES = {
    "warning_needs_response": DisputeStatus.NEEDS_RESPONSE,
    "warning_under_review": DisputeStatus.UNDER_REVIEW,
    "warning_closed": DisputeStatus.CLOSED,
    "needs_response": DisputeStatus.NEEDS_RESPONSE,
    "under_review": DisputeStatus.UNDER_REVIEW,
    "appeal_needs_response": DisputeStatus.NEEDS_RESPONSE,
    "appeal_under_review": DisputeStatus.UNDER_REVIEW,
    "won": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
    "prevented": DisputeStatus.CLOSED,
}


class StripeDisputes:
    def __init__(self, calls: StripeCalls) -> None:
        self._calls = calls

    def retrieve(self, provider_ref: str) -> DisputeSnapshot:
        return from_dispute(self._calls.ask(lambda: self._calls.v1.disputes.retrieve(provider_ref)))

    def warning(self, provider_ref: str) -> WarningSnapshot:
        expand = {"expand": ["charge"]}  # an older one names its charge alone
        return _warning(
            self._calls.ask(lambda: self._calls.v1.radar.early_fraud_warnings.retrieve(provider_ref, expand))
        )

    def answer(self, request: EvidenceRequest, receipt: bytes) -> DisputeSnapshot:
        evidence: dict[str, Any] = dict(request.texts)
        if request.receipt_name:
            evidence["receipt"] = self._upload(request, receipt)
        params = {"evidence": evidence, "submit": True}
        return from_dispute(
            self._calls.post(
                lambda options: self._calls.v1.disputes.update(request.dispute, params, options), request.key
            )
        )

    def _upload(self, request: EvidenceRequest, receipt: bytes) -> str:
        paper = BytesIO(receipt)
        paper.name = request.receipt_name
        params = {"purpose": "dispute_evidence", "file": paper}
        made = self._calls.post(lambda options: self._calls.v1.files.create(params, options), f"{request.key}-receipt")
        return str(made["id"])


@reads
def _warning(row: Row) -> WarningSnapshot:
    charge = row["charge"] if isinstance(row["charge"], dict) else {}
    return WarningSnapshot(
        provider_ref=row["id"],
        payment=str(row.get("payment_intent") or charge.get("payment_intent") or ""),
        reason=str(row.get("fraud_type") or "")[:120],
        actionable=bool(row["actionable"]),
        raw={name: row.get(name) for name in ("id", "fraud_type", "actionable", "created")},
    )


@reads
def from_dispute(row: Row) -> DisputeSnapshot:
    currency, details = str(row["currency"]).upper(), row.get("evidence_details") or {}
    word, amount = str(row["status"]), from_stripe(row["amount"], currency)
    moved = row.get("balance_transactions") or []
    return DisputeSnapshot(
        provider_ref=row["id"],
        payment=str(row.get("payment_intent") or ""),
        status=_STATUSES.get(word, DisputeStatus.UNDER_REVIEW),  # an unknown word is no outcome
        is_inquiry=word.startswith("warning_"),
        reason=str(row.get("reason") or "")[:120],
        amount=amount,
        withdrawn=amount if sum(item["amount"] for item in moved) < 0 else 0,
        currency=currency,
        opened_at=datetime.fromtimestamp(row["created"], UTC),
        due_by=datetime.fromtimestamp(details["due_by"], UTC) if details.get("due_by") else None,
        answered=bool(details.get("submission_count")),
        raw={name: row.get(name) for name in ("id", "status", "reason", "amount", "currency", "is_charge_refundable")}
        | {"evidence_details": {name: details.get(name) for name in ("due_by", "past_due", "submission_count")}},
    )  # fmt: skip
