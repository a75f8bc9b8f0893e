"""The sandbox's disputes."""

from base64 import b64encode
from datetime import datetime

from integrations.payments.disputes import DisputeSnapshot, DisputeStatus, EvidenceRequest, WarningSnapshot
from integrations.payments.sandbox_calls import Row, SandboxCalls
from integrations.payments.shapes import reads


class SandboxDisputes:
    def __init__(self, calls: SandboxCalls) -> None:
        self._calls = calls

    def retrieve(self, provider_ref: str) -> DisputeSnapshot:
        return _snapshot(self._calls.get(f"/v1/disputes/{provider_ref}"))

    def warning(self, provider_ref: str) -> WarningSnapshot:
        return _warning(self._calls.get(f"/v1/warnings/{provider_ref}"))

    def answer(self, request: EvidenceRequest, receipt: bytes) -> DisputeSnapshot:
        body = {"texts": dict(request.texts), "receipt": request.receipt_name, "file": b64encode(receipt).decode()}
        return _snapshot(self._calls.post(f"/v1/disputes/{request.dispute}/evidence", body, request.key))


@reads
def _warning(row: Row) -> WarningSnapshot:
    return WarningSnapshot(row["id"], row["payment"], row["reason"], bool(row["actionable"]), dict(row))


@reads
def _snapshot(row: Row) -> DisputeSnapshot:
    known = row["status"] in tuple(DisputeStatus)
    return DisputeSnapshot(
        provider_ref=row["id"],
        payment=row["payment"],
        status=DisputeStatus(row["status"]) if known else DisputeStatus.UNDER_REVIEW,  # never an outcome
        is_inquiry=row["inquiry"],
        reason=row["reason"],
        amount=row["amount"],
        withdrawn=row["withdrawn"],
        currency=row["currency"],
        opened_at=datetime.fromisoformat(row["created"]),
        due_by=datetime.fromisoformat(row["due_by"]),
        answered=bool(row["evidence"]),
        raw={name: value for name, value in row.items() if name != "evidence"},
    )
