"""The part of the provider's books that gives money back: refunds, and what becomes of them."""

import secrets
import sqlite3
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from integrations.sandbox.books import Books

Row = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS refunds (
  id TEXT PRIMARY KEY, payment TEXT NOT NULL REFERENCES payments (id), reference TEXT NOT NULL DEFAULT '',
  amount INTEGER NOT NULL CHECK (amount > 0), status TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
  failure TEXT NOT NULL DEFAULT '', changes_at TEXT, changes_to TEXT NOT NULL DEFAULT '', created TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS refunds_by_payment ON refunds (payment);
"""

LOST = frozenset({"failed", "cancelled"})  # the money came back to the merchant
DELAY = timedelta(seconds=20)

# What the switch "refunds" makes of the next ones: the status they begin with, and the one they change to after a while.
COURSES: dict[str, tuple[str, str]] = {
    "": ("succeeded", ""),
    "pending": ("pending", "succeeded"),
    "fails": ("pending", "failed"),
    "fails_later": ("succeeded", "failed"),
}


class NotRefundable(Exception):
    """The books refuse: nothing was captured, or less is left than asked for."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)


class Refunds:
    def __init__(self, books: "Books") -> None:
        self.books = books

    def create(self, payment: str, amount: int, *, reference: str = "", reason: str = "") -> Row:
        """Give back a part of what a payment captured. Raises NotRefundable."""
        now = self.books.clock()
        begins, changes_to = COURSES[str(self.books.switch("refunds") or "")]
        refund = f"srf_{secrets.token_hex(10)}"
        with self.books.transaction() as db:
            left = self.left(db, payment)
            if self.is_disputed(db, payment):
                raise NotRefundable("charge_disputed", "This payment is disputed: the dispute decides.")
            if left <= 0:
                raise NotRefundable("charge_already_refunded", "Nothing is left to refund of this payment.")
            if amount > left:
                raise NotRefundable("amount_too_large", f"Only {left} are left to refund of this payment.")
            db.execute(
                "INSERT INTO refunds (id, payment, reference, amount, status, reason, changes_at, changes_to, created) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (refund, payment, reference, amount, begins, reason,
                 (now + DELAY).isoformat() if changes_to else None, changes_to, now.isoformat()),
            )  # fmt: skip
            item = self._read(db, refund)
            self.books.balance.post(db, "refund", refund, payment, -amount, item["currency"])
            self.books.note(db, "refund.created", payment, item)
            return item

    def get(self, refund: str) -> Row | None:
        self.advance()
        with self.books.transaction() as db:
            found = db.execute("SELECT id FROM refunds WHERE id = ?", (refund,)).fetchone()
            return self._read(db, refund) if found else None

    def of(self, payment: str) -> list[Row]:
        """Newest first."""
        self.advance()
        with self.books.transaction() as db:
            rows = db.execute("SELECT id FROM refunds WHERE payment = ? ORDER BY rowid DESC", (payment,)).fetchall()
            return [self._read(db, row["id"]) for row in rows]

    def finish(self, refund: str, status: str, failure: str = "") -> None:
        """Move a refund on, once; one that failed gives the money back to the merchant's balance."""
        with self.books.transaction() as db:
            moved = db.execute(
                "UPDATE refunds SET status = ?, failure = ?, changes_at = NULL "
                "WHERE id = ? AND status != ? AND status NOT IN ('failed', 'cancelled')",
                (status, failure, refund, status),
            )
            if not moved.rowcount:
                return
            item = self._read(db, refund)
            if status in LOST:
                self.books.balance.post(
                    db, "refund_returned", refund, item["payment"], item["amount"], item["currency"]
                )
            self.books.note(db, "refund.failed" if status == "failed" else "refund.updated", item["payment"], item)

    def advance(self) -> None:
        """Let time do its work on what is pending, and on what the customer's bank sends back."""
        now = self.books.clock()
        with self.books.transaction() as db:
            due = db.execute("SELECT id, changes_at, changes_to FROM refunds WHERE changes_at IS NOT NULL").fetchall()
        for row in due:
            if datetime.fromisoformat(row["changes_at"]) <= now:
                failure = "expired_or_canceled_card" if row["changes_to"] == "failed" else ""
                self.finish(row["id"], row["changes_to"], failure)

    def is_disputed(self, db: sqlite3.Connection, payment: str) -> bool:
        query = "SELECT 1 FROM disputes WHERE payment = ? AND inquiry = 0 AND status NOT IN ('won', 'closed')"
        return db.execute(query, (payment,)).fetchone() is not None

    def left(self, db: sqlite3.Connection, payment: str) -> int:
        row = db.execute(
            "SELECT captured - (SELECT COALESCE(SUM(amount), 0) FROM refunds WHERE payment = payments.id AND status NOT IN "
            "('failed', 'cancelled')) AS left FROM payments WHERE id = ? AND status = 'paid'",
            (payment,),
        ).fetchone()
        if row is None:
            raise NotRefundable("charge_not_captured", "Nothing was captured by this payment.")
        return int(row["left"])

    def _read(self, db: sqlite3.Connection, refund: str) -> Row:
        row = db.execute(
            "SELECT refunds.*, payments.currency, payments.reference AS payment_reference FROM refunds "
            "JOIN payments ON payments.id = refunds.payment WHERE refunds.id = ?",
            (refund,),
        ).fetchone()
        found = dict(row)
        del found["changes_at"], found["changes_to"]
        return {**found, "object": "refund"}
