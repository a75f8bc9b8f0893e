"""The sandbox's balance and payouts."""

from datetime import datetime

from integrations.payments.balance import BalanceLine, LineKind, PayoutSnapshot, PayoutStatus
from integrations.payments.sandbox_calls import Row, SandboxCalls
from integrations.payments.shapes import reads


class SandboxBalance:
    def __init__(self, calls: SandboxCalls) -> None:
        self._calls = calls

    def lines_between(self, begin: datetime, end: datetime) -> list[BalanceLine]:
        rows = self._calls.every("/v1/balance", since=begin.isoformat(), until=end.isoformat())
        return [_line(row) for row in rows]

    def lines_of(self, payout: str) -> list[BalanceLine]:
        return [_line(row) for row in self._calls.every("/v1/balance", payout=payout)]

    def payouts_since(self, moment: datetime) -> list[PayoutSnapshot]:
        return [_payout(row) for row in self._calls.every("/v1/payouts", since=moment.isoformat())]

    def payout(self, provider_ref: str) -> PayoutSnapshot:
        return _payout(self._calls.get(f"/v1/payouts/{provider_ref}"))


@reads
def _line(row: Row) -> BalanceLine:
    return BalanceLine(
        line_ref=row["id"],
        kind=LineKind(row["kind"]) if row["kind"] in tuple(LineKind) else LineKind.OTHER,
        source=row["source"],
        payment=row["payment"],
        amount=row["amount"],
        fee=row["fee"],
        currency=row["currency"],
        charged=row["amount"],
        charged_currency=row["currency"],
        created_at=datetime.fromisoformat(row["created"]),
        available_at=datetime.fromisoformat(row["available"]),
        category=str(row["kind"])[:120],
    )


@reads
def _payout(row: Row) -> PayoutSnapshot:
    known = row["status"] in tuple(PayoutStatus)
    return PayoutSnapshot(
        provider_ref=row["id"],
        status=PayoutStatus(row["status"]) if known else PayoutStatus.PENDING,  # an unknown word is no outcome
        amount=row["amount"],
        currency=row["currency"],
        created_at=datetime.fromisoformat(row["created"]),
        arrives_at=datetime.fromisoformat(row["arrives"]),
        is_itemised=True,
        failure=row["failure"][:120],
        raw=dict(row),
    )
