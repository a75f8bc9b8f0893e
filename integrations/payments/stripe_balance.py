"""Stripe's balance transactions and payouts, by ``reporting_category``: Stripe's own word for accounting."""

from datetime import UTC, datetime
from typing import Any

from integrations.payments.balance import BalanceLine, LineKind, PayoutSnapshot, PayoutStatus
from integrations.payments.shapes import reads
from integrations.payments.stripe_calls import Row, StripeCalls
from integrations.payments.stripe_objects import from_stripe

_KINDS = {
    "charge": LineKind.CHARGE,
    "refund": LineKind.REFUND,
    "refund_failure": LineKind.REFUND_RETURNED,
    "dispute": LineKind.DISPUTE,
    "dispute_reversal": LineKind.DISPUTE_RETURNED,
    "fee": LineKind.FEE,
    "tax": LineKind.FEE,  # on Stripe's fees
    "payout": LineKind.PAYOUT,
    "payout_reversal": LineKind.PAYOUT_RETURNED,
}
_STATUSES = {
    "pending": PayoutStatus.PENDING,
    "in_transit": PayoutStatus.IN_TRANSIT,
    "paid": PayoutStatus.PAID,
    "failed": PayoutStatus.FAILED,
    "canceled": PayoutStatus.CANCELLED,
}
_EXPAND = {"expand": ["data.source"], "limit": 100}


class StripeBalance:
    def __init__(self, calls: StripeCalls) -> None:
        self._calls = calls

    def lines_between(self, begin: datetime, end: datetime) -> list[BalanceLine]:
        return self._lines({"created": {"gte": int(begin.timestamp()), "lte": int(end.timestamp())}})

    def lines_of(self, payout: str) -> list[BalanceLine]:
        return [line for line in self._lines({"payout": payout}) if line.source != payout]

    def payouts_since(self, moment: datetime) -> list[PayoutSnapshot]:
        wish = {"created": {"gte": int(moment.timestamp())}, "limit": 100}
        found = [from_payout(row) for row in self._calls.every(lambda page: self._calls.v1.payouts.list(wish | page))]
        return found[::-1]

    def payout(self, provider_ref: str) -> PayoutSnapshot:
        return from_payout(self._calls.ask(lambda: self._calls.v1.payouts.retrieve(provider_ref)))

    def _lines(self, within: dict[str, Any]) -> list[BalanceLine]:
        wish = within | _EXPAND
        rows = self._calls.every(lambda page: self._calls.v1.balance_transactions.list(wish | page))
        return [from_line(row) for row in rows][::-1]


@reads
def from_line(row: Row) -> BalanceLine:
    currency = str(row["currency"]).upper()
    source: Any = row.get("source")
    about: Row = source if isinstance(source, dict) else {"id": source or ""}
    kind = _KINDS.get(str(row.get("reporting_category")), LineKind.OTHER)
    amount = from_stripe(row["amount"], currency)
    payment, charged, charged_currency = str(about.get("payment_intent") or ""), amount, currency
    if row.get("exchange_rate") and about.get("currency") and about.get("amount") is not None:
        charged_currency = str(about["currency"]).upper()
        charged = from_stripe(about["amount"], charged_currency) * (-1 if amount < 0 else 1)
    return BalanceLine(
        line_ref=row["id"],
        kind=kind,
        source=payment if kind == LineKind.CHARGE else str(about["id"]),
        payment=payment,
        amount=amount,
        fee=from_stripe(row["fee"], currency),
        currency=currency,
        charged=charged,
        charged_currency=charged_currency,
        created_at=datetime.fromtimestamp(row["created"], UTC),
        available_at=datetime.fromtimestamp(row["available_on"], UTC),
        description=str(row.get("description") or "")[:255],
        category=str(row.get("reporting_category") or row.get("type") or "")[:120],
        exchange_rate=str(row.get("exchange_rate") or "")[:120],
    )


@reads
def from_payout(row: Row) -> PayoutSnapshot:
    currency = str(row["currency"]).upper()
    return PayoutSnapshot(
        provider_ref=row["id"],
        status=_STATUSES.get(str(row["status"]), PayoutStatus.PENDING),  # an unknown word is no outcome
        amount=from_stripe(row["amount"], currency),
        currency=currency,
        created_at=datetime.fromtimestamp(row["created"], UTC),
        arrives_at=datetime.fromtimestamp(row["arrival_date"], UTC),
        is_itemised=bool(row.get("automatic")) and row.get("reconciliation_status") == "completed",
        is_manual=not row.get("automatic"),
        failure=str(row.get("failure_code") or "")[:120],
        raw={name: row.get(name) for name in ("id", "status", "amount", "currency", "arrival_date", "automatic",
                                              "reconciliation_status", "failure_code")},
    )  # fmt: skip
