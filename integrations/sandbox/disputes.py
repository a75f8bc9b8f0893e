"""The part of the provider's books where customers' banks take money back, and are answered."""

import json
import secrets
import sqlite3
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from integrations.sandbox.books import Books

Row = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS disputes (
  id TEXT PRIMARY KEY, payment TEXT NOT NULL REFERENCES payments (id), amount INTEGER NOT NULL CHECK (amount > 0),
  status TEXT NOT NULL, inquiry INTEGER NOT NULL, reason TEXT NOT NULL, due_by TEXT NOT NULL,
  evidence TEXT NOT NULL DEFAULT '', created TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS disputes_by_payment ON disputes (payment);
CREATE TABLE IF NOT EXISTS warnings (
  id TEXT PRIMARY KEY, payment TEXT UNIQUE NOT NULL REFERENCES payments (id), reason TEXT NOT NULL, created TEXT NOT NULL);
"""

OPEN = frozenset({"needs_response", "under_review"})
TIME_TO_ANSWER = timedelta(days=7)
FEE = 1_500  # minor units, whatever the currency


class NotDisputable(Exception):
    """The books refuse: nothing is left to take back, or the dispute takes no answer any more."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)


class Disputes:
    def __init__(self, books: "Books") -> None:
        self.books = books

    def open(self, payment: str, *, inquiry: bool = False) -> Row:
        """The customer's bank takes back what is left of a payment, or asks about it first. Raises NotDisputable."""
        now = self.books.clock()
        due_by = self.books.today() + TIME_TO_ANSWER  # days end at midnight here
        dispute = f"sdp_{secrets.token_hex(10)}"
        with self.books.transaction() as db:
            left = self.books.refunds.left(db, payment)
            if self.books.refunds.is_disputed(db, payment):
                raise NotDisputable("already_disputed", "This payment is disputed already.")
            if left <= 0:
                raise NotDisputable("nothing_left", "Nothing is left to dispute of this payment.")
            db.execute(
                "INSERT INTO disputes (id, payment, amount, status, inquiry, reason, due_by, created) "
                "VALUES (?, ?, ?, 'needs_response', ?, 'fraudulent', ?, ?)",
                (dispute, payment, left, int(inquiry), due_by.isoformat(), now.isoformat()),
            )
            if not inquiry:
                self._withdraw(db, dispute)
            self.books.note(db, "dispute.created", payment, self._read(db, dispute))
            return self._read(db, dispute)

    def escalate(self, dispute: str) -> None:
        """An inquiry becomes a dispute: now the money goes."""
        with self.books.transaction() as db:
            done = db.execute(
                "UPDATE disputes SET inquiry = 0, status = 'needs_response' WHERE id = ? AND inquiry = 1", (dispute,)
            )
            if done.rowcount:
                self._withdraw(db, dispute)
                self._tell(db, dispute, "dispute.updated")

    def answer(self, dispute: str, evidence: Row) -> Row:
        """Raises NotDisputable where no answer is taken any more."""
        with self.books.transaction() as db:
            done = db.execute(
                "UPDATE disputes SET status = 'under_review', evidence = ? WHERE id = ? AND status = 'needs_response'",
                (json.dumps(evidence), dispute),
            )
            if not done.rowcount:
                raise NotDisputable("dispute_not_answerable", "This dispute takes no answer any more.")
            self._tell(db, dispute, "dispute.updated")
            return self._read(db, dispute)

    def close(self, dispute: str, status: str) -> bool:
        """The bank decides: won, lost, or closed for an inquiry. False when it has decided before."""
        with self.books.transaction() as db:
            known = self._read(db, dispute)
            if known["status"] not in OPEN:
                return False
            db.execute("UPDATE disputes SET status = ? WHERE id = ?", (status, dispute))
            if status == "won" and not known["inquiry"]:
                self.books.balance.post(
                    db, "dispute_returned", dispute, known["payment"], known["amount"], known["currency"]
                )
            self._tell(db, dispute, "dispute.closed")
            return True

    def warn(self, payment: str, reason: str = "card_never_received") -> Row:
        """The bank tells that the holder of the card reports a payment as fraud; a dispute may follow. Raises NotDisputable."""
        warning = f"sfw_{secrets.token_hex(10)}"
        with self.books.transaction() as db:
            if self.books.refunds.left(db, payment) <= 0:
                raise NotDisputable("nothing_left", "Nothing is left to warn of.")
            entered = db.execute(
                "INSERT OR IGNORE INTO warnings (id, payment, reason, created) VALUES (?, ?, ?, ?)",
                (warning, payment, reason, self.books.clock().isoformat()),
            )
            if not entered.rowcount:
                raise NotDisputable("warned_already", "The bank has warned of this payment already.")
            row = self._read_warning(db, warning)
            self.books.note(db, "warning.created", payment, row)
            return row

    def warning(self, warning: str) -> Row | None:
        with self.books.transaction() as db:
            found = db.execute("SELECT id FROM warnings WHERE id = ?", (warning,)).fetchone()
            return self._read_warning(db, warning) if found else None

    def get(self, dispute: str) -> Row | None:
        self.books.advance()
        with self.books.transaction() as db:
            found = db.execute("SELECT id FROM disputes WHERE id = ?", (dispute,)).fetchone()
            return self._read(db, dispute) if found else None

    def all(self) -> list[Row]:
        """Newest first."""
        self.books.advance()
        with self.books.transaction() as db:
            rows = db.execute("SELECT id FROM disputes ORDER BY rowid DESC").fetchall()
            return [self._read(db, row["id"]) for row in rows]

    def advance(self) -> None:
        """Who does not answer in time has lost; an inquiry closes."""
        now = self.books.clock()
        with self.books.transaction() as db:
            rows = db.execute("SELECT id, inquiry, due_by FROM disputes WHERE status = 'needs_response'").fetchall()
        for row in rows:
            if datetime.fromisoformat(row["due_by"]) <= now:
                self.close(row["id"], "closed" if row["inquiry"] else "lost")

    def _withdraw(self, db: sqlite3.Connection, dispute: str) -> None:
        row = self._read(db, dispute)
        self.books.balance.post(db, "dispute", dispute, row["payment"], -row["amount"], row["currency"], fee=FEE)

    def _tell(self, db: sqlite3.Connection, dispute: str, event: str) -> None:
        row = self._read(db, dispute)
        self.books.note(db, event, row["payment"], row)

    def _read_warning(self, db: sqlite3.Connection, warning: str) -> Row:
        row = db.execute(
            "SELECT warnings.*, payments.reference AS payment_reference, "
            "EXISTS (SELECT 1 FROM disputes WHERE disputes.payment = warnings.payment) AS disputed "
            "FROM warnings JOIN payments ON payments.id = warnings.payment WHERE warnings.id = ?",
            (warning,),
        ).fetchone()
        found = dict(row)
        actionable = not found.pop("disputed") and self.books.refunds.left(db, found["payment"]) > 0
        return {**found, "object": "warning", "actionable": actionable}

    def _read(self, db: sqlite3.Connection, dispute: str) -> Row:
        row = db.execute(
            "SELECT disputes.*, payments.currency, payments.reference AS payment_reference FROM disputes "
            "JOIN payments ON payments.id = disputes.payment WHERE disputes.id = ?",
            (dispute,),
        ).fetchone()
        found = dict(row)
        is_taken = not found["inquiry"] and found["status"] != "won"
        return {
            **found,
            "object": "dispute",
            "inquiry": bool(found["inquiry"]),
            "evidence": json.loads(found["evidence"]) if found["evidence"] else None,
            "withdrawn": found["amount"] if is_taken else 0,
        }
