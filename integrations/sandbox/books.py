"""The provider's books: payments, events and deliveries in a SQLite file of its own."""

import json
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from integrations.sandbox import balance, disputes, methods, refunds

Row = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS payments (
  id TEXT PRIMARY KEY, reference TEXT NOT NULL, amount INTEGER NOT NULL CHECK (amount > 0), currency TEXT NOT NULL,
  captured INTEGER NOT NULL DEFAULT 0, status TEXT NOT NULL, description TEXT NOT NULL, return_url TEXT NOT NULL,
  method TEXT NOT NULL DEFAULT '', decline TEXT NOT NULL DEFAULT '', page_expires_at TEXT NOT NULL,
  settles_at TEXT, created TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS payments_by_reference ON payments (reference);
CREATE TABLE IF NOT EXISTS keys (
  key TEXT PRIMARY KEY, request TEXT NOT NULL, status INTEGER, body TEXT, created TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, type TEXT NOT NULL, payment TEXT NOT NULL,
  created TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, due TEXT, tries INTEGER NOT NULL DEFAULT 0,
  outcome TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS switches (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

ACCOUNT = "acct_sandbox"
KEY_LIFE = timedelta(hours=24)
FINAL = frozenset({"paid", "declined", "cancelled", "expired"})
FAMILIES = {
    **dict.fromkeys(("lost_card", "stolen_card", "pickup_card", "do_not_try_again"), "hard"),
    "authentication_required": "action", "expired_card": "data",
}  # fmt: skip


class Books:
    """All that the provider knows. Every method is one transaction; ``clock`` gives aware UTC."""

    def __init__(self, path: Path | str, clock: Callable[[], datetime], page_base: str) -> None:
        self.path = str(path)
        self.clock = clock
        self.page_base = page_base.rstrip("/")
        self._kept = threading.local()
        with self.transaction() as db:
            db.executescript(
                SCHEMA + refunds.SCHEMA + disputes.SCHEMA + methods.SCHEMA + balance.SCHEMA + balance.CATCH_UP
            )
        self.refunds, self.disputes = refunds.Refunds(self), disputes.Disputes(self)
        self.balance, self.methods = balance.Balance(self), methods.Methods(self)
        self._advanced_on: datetime | None = None

    def today(self) -> datetime:
        """The begin of the day: what takes days is counted from there."""
        return self.clock().replace(hour=0, minute=0, second=0, microsecond=0)

    # -- payments

    def create(self, order: Row) -> Row:
        now = self.clock()
        row = {
            "id": f"sbx_{secrets.token_hex(10)}",
            "reference": order["reference"],
            "amount": order["amount"],
            "currency": order["currency"],
            "status": "open",
            "description": order["description"],
            "return_url": order["return_url"],
            "page_expires_at": order["expires_at"],
            "created": now.isoformat(),
        }
        with self.transaction() as db:
            names = ", ".join(row)
            marks = ", ".join(f":{name}" for name in row)
            db.execute(f"INSERT INTO payments ({names}) VALUES ({marks})", row)
            if order.get("save"):
                self.methods.save_with(db, str(row["id"]), order.get("customer", ""))
            self.note(db, "payment.created", row["id"], self._read(db, row["id"]))
            return self._read(db, row["id"])

    def get(self, payment: str) -> Row | None:
        self.advance()
        with self.transaction() as db:
            found = db.execute("SELECT id FROM payments WHERE id = ?", (payment,)).fetchone()
            return self._read(db, payment) if found else None

    def payments(self, reference: str = "", after: str = "", limit: int = 100) -> list[Row]:
        """Newest first; ``after`` is the id of the last payment seen."""
        with self.transaction() as db:
            rows = db.execute(
                "SELECT id FROM payments WHERE (:reference = '' OR reference = :reference) AND (:after = '' OR rowid < "
                "(SELECT rowid FROM payments WHERE id = :after)) ORDER BY rowid DESC LIMIT :limit",
                {"reference": reference, "after": after, "limit": limit},
            ).fetchall()
            return [self._read(db, row["id"]) for row in rows]

    def pay(self, payment: str, method: str, captured: int | None = None) -> bool:
        """Capture once. False when the payment is final already."""
        return self._finish(payment, "paid", "payment.paid", method=method, captured=captured)

    def process(self, payment: str, method: str, settles_at: datetime) -> bool:
        return self._finish(
            payment, "processing", "payment.processing", method=method, settles_at=settles_at.isoformat()
        )

    def ask_for_authentication(self, payment: str, method: str) -> bool:
        return self._finish(payment, "requires_action", "payment.requires_action", method=method)

    def decline(self, payment: str, method: str, code: str) -> bool:
        return self._finish(payment, "declined", "payment.declined", method=method, decline=code)

    def cancel(self, payment: str) -> bool:
        """Close the page; a payment that its bank works on already is left to the bank."""
        found = self.get(payment)
        if found is None or found["status"] == "processing":
            return False
        return self._finish(payment, "cancelled", "payment.cancelled")

    def expire(self, payment: str) -> bool:
        return self._finish(payment, "expired", "payment.expired")

    def force_capture(self, payment: str, captured: int) -> None:
        """A drill: capture although the payment was final already, or another amount than asked."""
        with self.transaction() as db:
            before = self._read(db, payment)
            db.execute("UPDATE payments SET status = 'paid', captured = ? WHERE id = ?", (captured, payment))
            self._charge(db, before, captured - before["captured"])
            self.note(db, "payment.paid", payment, self._read(db, payment))

    def advance(self) -> None:
        """Let time do its work: pages expire, slow payments settle, refunds take their course."""
        now = self.clock()
        with self.transaction() as db:
            late = db.execute(
                "SELECT id, status, page_expires_at, settles_at, method FROM payments "
                "WHERE status IN ('open', 'requires_action', 'processing')"
            ).fetchall()
        for row in late:
            if row["status"] == "processing":
                if row["settles_at"] and datetime.fromisoformat(row["settles_at"]) <= now:
                    self.pay(row["id"], row["method"])
            elif datetime.fromisoformat(row["page_expires_at"]) <= now:
                self.expire(row["id"])
        self.refunds.advance()
        self.methods.advance()
        today = self.today()
        if self._advanced_on != today:  # what takes days
            self._advanced_on = today
            self.disputes.advance()
            self.balance.advance(today)

    # -- events and their deliveries

    def events(self, since: str = "", after: str = "", limit: int = 100) -> list[Row]:
        """Oldest first, from a moment on, after an event id."""
        with self.transaction() as db:
            rows = db.execute(
                "SELECT body FROM events WHERE created >= :since AND (:after = '' OR seq > "
                "(SELECT seq FROM events WHERE id = :after)) ORDER BY seq LIMIT :limit",
                {"since": since, "after": after, "limit": limit},
            ).fetchall()
            return [json.loads(row["body"]) for row in rows]

    def deliver(self, event: str, due: datetime) -> None:
        with self.transaction() as db:
            db.execute("INSERT INTO deliveries (event, due) VALUES (?, ?)", (event, due.isoformat()))

    def due_deliveries(self, newest_first: bool) -> list[Row]:
        order = "DESC" if newest_first else "ASC"
        with self.transaction() as db:
            rows = db.execute(
                "SELECT deliveries.id, deliveries.tries, events.body FROM deliveries JOIN events "
                f"ON events.id = deliveries.event WHERE due IS NOT NULL AND due <= ? ORDER BY events.seq {order}",
                (self.clock().isoformat(),),
            ).fetchall()
            return [dict(row) for row in rows]

    def delivered(self, delivery: int, outcome: str, again: datetime | None) -> None:
        with self.transaction() as db:
            db.execute(
                "UPDATE deliveries SET tries = tries + 1, outcome = ?, due = ? WHERE id = ?",
                (outcome, again.isoformat() if again else None, delivery),
            )

    def recent_deliveries(self, limit: int = 20) -> list[Row]:
        with self.transaction() as db:
            rows = db.execute(
                "SELECT deliveries.*, events.type, events.payment FROM deliveries JOIN events "
                "ON events.id = deliveries.event ORDER BY deliveries.id DESC LIMIT ?",
                (limit,),
            ).fetchall()
            return [dict(row) for row in rows]

    # -- idempotency keys

    def claim_key(self, key: str, request: str) -> Row | None:
        """None when the key is new (and now ours), else the row of its first use."""
        now = self.clock()
        with self.transaction() as db:
            db.execute("DELETE FROM keys WHERE created < ?", ((now - KEY_LIFE).isoformat(),))
            row = db.execute("SELECT * FROM keys WHERE key = ?", (key,)).fetchone()
            if row:
                return dict(row)
            db.execute("INSERT INTO keys (key, request, created) VALUES (?, ?, ?)", (key, request, now.isoformat()))
            return None

    def keep_answer(self, key: str, status: int, body: Row) -> None:
        with self.transaction() as db:
            db.execute("UPDATE keys SET status = ?, body = ? WHERE key = ?", (status, json.dumps(body), key))

    def forget_key(self, key: str) -> None:
        with self.transaction() as db:
            db.execute("DELETE FROM keys WHERE key = ?", (key,))

    # -- switches

    def switch(self, name: str) -> Any:
        with self.transaction() as db:
            row = db.execute("SELECT value FROM switches WHERE name = ?", (name,)).fetchone()
            return json.loads(row["value"]) if row else None

    def set_switch(self, name: str, value: Any) -> None:
        with self.transaction() as db:
            db.execute("INSERT OR REPLACE INTO switches (name, value) VALUES (?, ?)", (name, json.dumps(value)))

    def take_one(self, name: str) -> bool:
        """Count a switch down; True while it was above zero."""
        with self.transaction() as db:
            row = db.execute("SELECT value FROM switches WHERE name = ?", (name,)).fetchone()
            left = int(json.loads(row["value"]) or 0) if row else 0
            if left <= 0:
                return False
            db.execute("UPDATE switches SET value = ? WHERE name = ?", (json.dumps(left - 1), name))
            return True

    # -- inside

    def _finish(self, payment: str, status: str, event: str, **values: Any) -> bool:
        with self.transaction() as db:
            row = db.execute("SELECT status, amount FROM payments WHERE id = ?", (payment,)).fetchone()
            if row is None or row["status"] in FINAL or row["status"] == status:
                return False
            if status == "paid":
                asked = values.get("captured")
                values["captured"] = row["amount"] if asked is None else asked
            values = {name: value for name, value in values.items() if value is not None}
            settings = "".join(f", {name} = :{name}" for name in values)
            db.execute(
                f"UPDATE payments SET status = :status{settings} WHERE id = :id",
                {"status": status, "id": payment, **values},
            )
            if status == "paid":
                self._charge(db, self._read(db, payment), values["captured"])
                self.methods.keep_of(db, payment, values.get("method", ""))
            self.note(db, event, payment, self._read(db, payment))
            return True

    def _charge(self, db: sqlite3.Connection, row: Row, amount: int) -> None:
        fee = balance.fee_of(amount) if amount > 0 else 0
        self.balance.post(db, "charge", row["id"], row["id"], amount, row["currency"], fee)

    def note(self, db: sqlite3.Connection, event_type: str, payment: str, about: Row) -> None:
        """Write an event about a payment, or about something that belongs to it, and plan its deliveries."""
        now = self.clock()
        event = {
            "id": f"evt_{secrets.token_hex(10)}",
            "object": "event",
            "type": event_type,
            "account": ACCOUNT,
            "mode": "test",
            "created": now.isoformat(),
            "data": {"object": about},
        }
        db.execute(
            "INSERT INTO events (id, type, payment, created, body) VALUES (?, ?, ?, ?, ?)",
            (event["id"], event_type, payment, now.isoformat(), json.dumps(event)),
        )
        self._plan_deliveries(db, str(event["id"]), now)

    def _plan_deliveries(self, db: sqlite3.Connection, event: str, now: datetime) -> None:
        row = db.execute("SELECT value FROM switches WHERE name = 'webhooks'").fetchone()
        mode = json.loads(row["value"]) if row else "normal"
        delay = {"normal": 0, "twice": 0, "late": 20, "reversed": 6, "never": None}.get(mode, 0)
        if delay is None:
            return
        due = (now + timedelta(seconds=delay)).isoformat()
        for _ in range(2 if mode == "twice" else 1):
            db.execute("INSERT INTO deliveries (event, due) VALUES (?, ?)", (event, due))

    def _read(self, db: sqlite3.Connection, payment: str) -> Row:
        row = dict(
            db.execute(
                "SELECT payments.*, (SELECT COALESCE(SUM(amount), 0) FROM refunds WHERE payment = payments.id AND "
                "refunds.status NOT IN ('failed', 'cancelled')) AS refunded FROM payments WHERE id = ?",
                (payment,),
            ).fetchone()
        )
        code = row.pop("decline")
        row.pop("settles_at")
        family = FAMILIES.get(code, "soft")
        return {
            **row,
            "object": "payment",
            "kept": self.methods.kept_with(db, payment),
            "fingerprint": methods.fingerprint(row["method"]) if row["method"] else "",
            "decline": {"code": code, "family": family} if code else None,
            "page_url": f"{self.page_base}/pay/{payment}",
        }

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        db = self._connection()
        try:
            db.execute("BEGIN IMMEDIATE")
            yield db
            if db.in_transaction:
                db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def _connection(self) -> sqlite3.Connection:
        """One for each thread, kept: opening a file costs more than most of what is read from it."""
        known: sqlite3.Connection | None = getattr(self._kept, "db", None)
        if known is None:
            known = self._kept.db = sqlite3.connect(self.path, timeout=10, isolation_level=None)
            known.row_factory = sqlite3.Row
            known.execute("PRAGMA journal_mode=WAL")
        return known
