"""The money side of the server that behaves as Stripe: balance transactions, disputes with their evidence, payouts."""

import re
import sys
from typing import TYPE_CHECKING, Any

from tests.support import stripe_wire as wire

if TYPE_CHECKING:
    from tests.support.stripe_server import StripeServer

Row = dict[str, Any]
WEEK = 7 * 24 * 3600
DISPUTE_FEE = 1_500
OPEN = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")


class StripeBooks:
    def __init__(self, server: "StripeServer") -> None:
        self.server = server
        self.lines: dict[str, Row] = {}
        self.disputes: dict[str, Row] = {}
        self.warnings: dict[str, Row] = {}
        self.payouts: dict[str, Row] = {}
        self.files: dict[str, bytes] = {}

    def post(self, category: str, source: Row, amount: int, fee: int = 0) -> Row:
        now = self.server.now()
        line = {
            "id": self.server.new_id("txn"), "object": "balance_transaction", "amount": amount, "fee": fee,
            "net": amount - fee, "currency": source["currency"], "reporting_category": category, "type": category,
            "source": source["id"], "created": now, "available_on": now + 2 * 24 * 3600, "exchange_rate": None,
            "description": None, "_source": source, "_payout": "",
        }  # fmt: skip
        self.lines[line["id"]] = line
        return line

    # -- what banks do

    def dispute(self, intent: str, *, inquiry: bool = False) -> Row:
        paid = self.server.intents[intent]
        row = {
            "id": self.server.new_id("dp"), "object": "dispute", "currency": paid["currency"], "payment_intent": intent,
            "amount": paid["amount_received"] - self.server.refunded(intent), "reason": "fraudulent",
            "charge": paid["latest_charge"]["id"], "status": "warning_needs_response" if inquiry else "needs_response",
            "balance_transactions": [], "created": self.server.now(), "evidence": {},
            "evidence_details": {"due_by": self.server.now() + WEEK, "submission_count": 0, "past_due": False},
        }  # fmt: skip
        self.disputes[row["id"]] = row
        if not inquiry:
            self._withdraw(row)
        self.server.note("charge.dispute.created", row)
        return row

    def warn(self, intent: str, fraud_type: str = "made_with_stolen_card") -> Row:
        row = {
            "id": self.server.new_id("issfr"), "object": "radar.early_fraud_warning", "created": self.server.now(),
            "charge": self.server.intents[intent]["latest_charge"]["id"], "fraud_type": fraud_type, "actionable": True,
            "livemode": False,
        }  # fmt: skip
        self.warnings[row["id"]] = {**row, "payment_intent": intent}
        self.server.note("radar.early_fraud_warning.created", row)
        return row

    def _warning(self, warning: str, params: Row) -> tuple[int, Row]:
        row = self.warnings.get(warning)
        if row is None:
            return wire.missing("early_fraud_warning")
        row, intent = dict(row), self.server.intents[row["payment_intent"]]
        spent = self.server.refunded(intent["id"]) >= intent["amount_received"]
        row["actionable"] = not spent and not any(
            item["payment_intent"] == intent["id"] for item in self.disputes.values()
        )
        del row["payment_intent"]  # an older one has none
        return 200, row | ({"charge": intent["latest_charge"]} if "charge" in params.get("expand", []) else {})

    def follow(self, what: str, intent: str) -> None:
        """What a test card brings about once it has paid."""
        if what == "warning":
            self.warn(intent)
        elif what:
            self.dispute(intent, inquiry=what == "inquiry")

    def escalate(self, dispute: str) -> None:
        row = self.disputes[dispute]
        row["status"] = "needs_response"
        self._withdraw(row)
        self.server.note("charge.dispute.updated", row)

    def decide(self, dispute: str, status: str) -> None:
        row = self.disputes[dispute]
        inquiry = row["status"].startswith("warning_")
        row["status"] = "warning_closed" if inquiry else status
        if status == "won" and not inquiry:
            row["balance_transactions"].append(_shown(self.post("dispute_reversal", row, row["amount"])))
        self.server.note("charge.dispute.closed", row)

    def pay_out(self) -> list[str]:
        made = []
        for currency in sorted({line["currency"] for line in self.lines.values()}):
            lines = [line for line in self.lines.values() if line["currency"] == currency and not line["_payout"]]
            total = sum(line["net"] for line in lines)
            if total <= 0:
                continue
            row = {
                "id": self.server.new_id("po"), "object": "payout", "amount": total, "currency": currency,
                "status": "in_transit", "created": self.server.now(), "arrival_date": self.server.now() + 24 * 3600,
                "automatic": True, "reconciliation_status": "completed", "failure_code": None,
            }  # fmt: skip
            self.payouts[row["id"]] = row
            for line in [*lines, self.post("payout", row, -total)]:
                line["_payout"] = row["id"]
            self.server.note("payout.created", row)
            made.append(row["id"])
        return made

    def fail_payout(self, payout: str) -> None:
        row = self.payouts[payout]
        row |= {"status": "failed", "failure_code": "account_closed"}
        self.post("payout_reversal", row, row["amount"])
        self.server.note("payout.failed", row)

    def is_disputed(self, intent: str) -> bool:
        return any(
            row["payment_intent"] == intent and row["status"] in ("needs_response", "under_review", "lost")
            for row in self.disputes.values()
        )

    # -- HTTP

    def get(self, path: str, params: Row) -> tuple[int, Row] | None:
        if found := re.fullmatch(r"v1/(disputes|payouts)/(\w+)", path):
            row = getattr(self, found[1]).get(found[2])
            return (200, row) if row else wire.missing(found[1][:-1])
        if found := re.fullmatch(r"v1/radar/early_fraud_warnings/(\w+)", path):
            return self._warning(found[1], params)
        if path == "v1/radar/early_fraud_warnings":
            return 200, wire.page(list(self.warnings.values()), params)
        created = params.get("created", {})
        since, until = int(created.get("gte", 0)), int(created.get("lte", sys.maxsize))
        if path == "v1/disputes":
            return 200, wire.page(list(self.disputes.values()), params)
        if path == "v1/payouts":
            return 200, wire.page([row for row in self.payouts.values() if row["created"] >= since], params)
        if path == "v1/balance_transactions":
            rows = [
                {
                    **_shown(line),
                    "source": line["_source"] if "data.source" in params.get("expand", []) else line["source"],
                }
                for line in self.lines.values()
                if since <= line["created"] <= until and params.get("payout", line["_payout"]) == line["_payout"]
            ]
            return 200, wire.page(rows, params)
        return None

    def change(self, path: str, params: Row) -> tuple[int, Row] | None:
        if path == "v1/files":
            file = self.server.new_id("file")
            self.files[file] = params["file"]
            return 200, {"id": file, "object": "file", "purpose": params["purpose"], "size": len(params["file"])}
        if found := re.fullmatch(r"v1/disputes/(\w+)", path):
            row = self.disputes.get(found[1])
            if row is None:
                return wire.missing("dispute")
            if row["status"] not in ("needs_response", "warning_needs_response"):
                return 400, wire.error("invalid_request_error", None, "This dispute can no longer be updated.")
            row["evidence"] = params["evidence"]
            if params.get("submit") == "true":
                row["evidence_details"]["submission_count"] += 1
                row["status"] = row["status"].replace("needs_response", "under_review")
                self.server.note("charge.dispute.updated", row)
            return 200, row
        return None

    def _withdraw(self, row: Row) -> None:
        row["balance_transactions"].append(_shown(self.post("dispute", row, -row["amount"], fee=DISPUTE_FEE)))


def _shown(line: Row) -> Row:
    return {name: value for name, value in line.items() if not name.startswith("_")}
