"""The provider's balance: every movement of what it holds for the merchant, and the payouts that empty it."""

import secrets
import sqlite3
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from integrations.sandbox.books import Books

Row = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS balance (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, kind TEXT NOT NULL, source TEXT NOT NULL,
  payment TEXT NOT NULL DEFAULT '', amount INTEGER NOT NULL, fee INTEGER NOT NULL DEFAULT 0, currency TEXT NOT NULL,
  created TEXT NOT NULL, available TEXT NOT NULL, payout TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS balance_by_created ON balance (created);
CREATE INDEX IF NOT EXISTS balance_by_source ON balance (source, kind);
CREATE INDEX IF NOT EXISTS balance_by_payout ON balance (payout, currency, available);
CREATE TABLE IF NOT EXISTS payouts (
  id TEXT PRIMARY KEY, amount INTEGER NOT NULL, currency TEXT NOT NULL, status TEXT NOT NULL, arrives TEXT NOT NULL,
  failure TEXT NOT NULL DEFAULT '', created TEXT NOT NULL);
"""

# Books from before there was a balance get one, from what they say was captured and given back.
CATCH_UP = """
INSERT INTO balance (id, kind, source, payment, amount, currency, created, available)
SELECT 'sbl_' || substr(id, 5), 'charge', id, id, captured, currency, created, created FROM payments
WHERE captured > 0 AND NOT EXISTS (SELECT 1 FROM balance)
UNION ALL SELECT 'sbl_r' || substr(refunds.id, 5), 'refund', refunds.id, payment, -refunds.amount, currency, refunds.created,
refunds.created FROM refunds JOIN payments ON payments.id = refunds.payment
WHERE refunds.status NOT IN ('failed', 'cancelled') AND NOT EXISTS (SELECT 1 FROM balance)
"""

AVAILABLE_AFTER = timedelta(days=2)
ARRIVES_AFTER = timedelta(days=2)  # counted from the midnight before
RATE, FIXED = 14, 25  # the fee of a charge: 1.4 %, and 25 minor units


class Balance:
    def __init__(self, books: "Books") -> None:
        self.books = books

    def post(
        self, db: sqlite3.Connection, kind: str, source: str, payment: str, amount: int, currency: str, fee: int = 0
    ) -> None:
        """Write a movement, in the transaction of what moves."""
        now = self.books.clock()
        db.execute(
            "INSERT INTO balance (id, kind, source, payment, amount, fee, currency, created, available) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (f"sbl_{secrets.token_hex(10)}", kind, source, payment, amount, fee, currency, now.isoformat(),
             (now + AVAILABLE_AFTER).isoformat()),
        )  # fmt: skip

    def lines(self, since: str = "", until: str = "", after: str = "", payout: str = "", limit: int = 100) -> list[Row]:
        """Oldest first, between two moments, after a line's id; of one payout, its own line left out."""
        with self.books.transaction() as db:
            rows = db.execute(
                "SELECT * FROM balance WHERE created >= :since AND (:until = '' OR created <= :until) "
                "AND (:payout = '' OR (payout = :payout AND source <> :payout)) "
                "AND (:after = '' OR seq > (SELECT seq FROM balance WHERE id = :after)) ORDER BY seq LIMIT :limit",
                {"since": since, "until": until, "after": after, "payout": payout, "limit": limit},
            ).fetchall()
            return [{**dict(row), "object": "balance_line"} for row in rows]

    def payouts(self, since: str = "", after: str = "", limit: int = 100) -> list[Row]:
        """Oldest first."""
        self.books.advance()
        with self.books.transaction() as db:
            rows = db.execute(
                "SELECT * FROM payouts WHERE created >= :since AND (:after = '' OR rowid > "
                "(SELECT rowid FROM payouts WHERE id = :after)) ORDER BY rowid LIMIT :limit",
                {"since": since, "after": after, "limit": limit},
            ).fetchall()
            return [{**dict(row), "object": "payout"} for row in rows]

    def payout(self, payout: str) -> Row | None:
        self.books.advance()
        with self.books.transaction() as db:
            return self._read(db, payout)

    def pay_out(self, until: datetime | None = None) -> list[str]:
        """Send what is available to the merchant's bank, one payout for each currency with something in it."""
        now = self.books.clock()
        limit, arrives = (
            (until or now).isoformat(),
            self.books.today() + ARRIVES_AFTER,
        )
        made = []
        with self.books.transaction() as db:
            sums = db.execute(
                "SELECT currency, SUM(amount - fee) AS total FROM balance WHERE payout = '' AND available <= ? "
                "GROUP BY currency HAVING SUM(amount - fee) > 0 ORDER BY currency",
                (limit,),
            ).fetchall()
            for row in sums:
                payout = f"spo_{secrets.token_hex(10)}"
                db.execute(
                    "INSERT INTO payouts (id, amount, currency, status, arrives, created) VALUES (?, ?, ?, 'in_transit', ?, ?)",
                    (payout, row["total"], row["currency"], arrives.isoformat(), now.isoformat()),
                )
                db.execute(
                    "UPDATE balance SET payout = ? WHERE payout = '' AND available <= ? AND currency = ?",
                    (payout, limit, row["currency"]),
                )
                self.post(db, "payout", payout, "", -row["total"], row["currency"])
                self._assign(db, payout)
                self._tell(db, payout, "payout.created")
                made.append(payout)
        return made

    def fail_payout(self, payout: str) -> None:
        """The merchant's bank sends a payout back: its money is in the balance again."""
        with self.books.transaction() as db:
            done = db.execute(
                "UPDATE payouts SET status = 'failed', failure = 'account_closed' WHERE id = ? AND status <> 'failed'",
                (payout,),
            )
            if done.rowcount:
                row = self._read(db, payout) or {}
                self.post(db, "payout_returned", payout, "", row["amount"], row["currency"])
                self._tell(db, payout, "payout.failed")

    def advance(self, today: datetime) -> None:
        """Once a day what was available at its begin is paid out, and earlier payouts arrive."""
        with self.books.transaction() as db:
            rows = db.execute("SELECT id, arrives FROM payouts WHERE status = 'in_transit'").fetchall()
            for row in rows:
                if datetime.fromisoformat(row["arrives"]) <= today:
                    db.execute("UPDATE payouts SET status = 'paid' WHERE id = ?", (row["id"],))
                    self._tell(db, row["id"], "payout.paid")
        if self.books.switch("payouts") != "never":
            self.pay_out(today)

    def _assign(self, db: sqlite3.Connection, payout: str) -> None:
        """A payout's own line belongs to itself: nobody pays it out again."""
        db.execute("UPDATE balance SET payout = ? WHERE source = ?", (payout, payout))

    def _tell(self, db: sqlite3.Connection, payout: str, event: str) -> None:
        self.books.note(db, event, "", self._read(db, payout) or {})

    def _read(self, db: sqlite3.Connection, payout: str) -> Row | None:
        row = db.execute("SELECT * FROM payouts WHERE id = ?", (payout,)).fetchone()
        return {**dict(row), "object": "payout"} if row else None


def fee_of(amount: int) -> int:
    """What a charge costs, rounded half up."""
    return (amount * RATE + 500) // 1_000 + FIXED
