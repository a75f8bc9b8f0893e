"""The part of the provider's books about ways to pay that customers keep: entered on a page of ours, charged later."""

import hashlib
import secrets
import sqlite3
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from integrations.sandbox.cards import BY_LAST4, Card

if TYPE_CHECKING:
    from integrations.sandbox.books import Books

Row = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS setups (
  id TEXT PRIMARY KEY, reference TEXT NOT NULL, customer TEXT NOT NULL, email TEXT NOT NULL, currency TEXT NOT NULL,
  status TEXT NOT NULL, method TEXT NOT NULL DEFAULT '', return_url TEXT NOT NULL, page_expires_at TEXT NOT NULL,
  created TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS savings (payment TEXT PRIMARY KEY, customer TEXT NOT NULL, method TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS methods (
  id TEXT PRIMARY KEY, customer TEXT NOT NULL, brand TEXT NOT NULL, last4 TEXT NOT NULL, exp_month INTEGER NOT NULL,
  exp_year INTEGER NOT NULL, fingerprint TEXT NOT NULL, created TEXT NOT NULL);
"""
GOOD_FOR = 3  # years
SLOW = timedelta(seconds=20)


class NotChargeable(Exception):
    """The books refuse before any bank is asked."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)


class Methods:
    def __init__(self, books: "Books") -> None:
        self.books = books

    def open_setup(self, wish: Row) -> Row:
        setup = f"sst_{secrets.token_hex(10)}"
        with self.books.transaction() as db:
            db.execute(
                "INSERT INTO setups (id, reference, customer, email, currency, status, return_url, page_expires_at, created) "
                "VALUES (?, ?, ?, ?, ?, 'open', ?, ?, ?)",
                (setup, wish["reference"], wish["customer"], wish["email"], wish["currency"], wish["return_url"],
                 wish["expires_at"], self.books.clock().isoformat()),
            )  # fmt: skip
            return self._read_setup(db, setup)

    def setup(self, setup: str) -> Row | None:
        self.books.advance()
        with self.books.transaction() as db:
            known = db.execute("SELECT id FROM setups WHERE id = ?", (setup,)).fetchone()
            return self._read_setup(db, setup) if known else None

    def enter(self, setup: str, card: Card) -> bool:
        """The customer enters a card. False when the page is over."""
        with self.books.transaction() as db:
            row = db.execute("SELECT * FROM setups WHERE id = ? AND status = 'open'", (setup,)).fetchone()
            if row is None:
                return False
            method, customer = self._keep(db, row["customer"], card)
            db.execute(
                "UPDATE setups SET status = 'complete', customer = ?, method = ? WHERE id = ?",
                (customer, method, setup),
            )
            self.books.note(db, "setup.completed", "", self._read_setup(db, setup))
            return True

    def save_with(self, db: sqlite3.Connection, payment: str, customer: str) -> None:
        """What this payment will be paid with is to be kept."""
        db.execute("INSERT INTO savings (payment, customer) VALUES (?, ?)", (payment, customer))

    def keep_of(self, db: sqlite3.Connection, payment: str, paid_with: str) -> None:
        """A payment was paid: keep its card where that was wished for."""
        card = BY_LAST4.get(paid_with[-4:])
        row = db.execute("SELECT customer FROM savings WHERE payment = ? AND method = ''", (payment,)).fetchone()
        if card and row:
            method, customer = self._keep(db, row["customer"], card)
            db.execute("UPDATE savings SET customer = ?, method = ? WHERE payment = ?", (customer, method, payment))

    def kept_with(self, db: sqlite3.Connection, payment: str) -> Row | None:
        row = db.execute("SELECT method FROM savings WHERE payment = ? AND method <> ''", (payment,)).fetchone()
        return self._read(db, row["method"]) if row else None

    def _keep(self, db: sqlite3.Connection, customer: str, card: Card) -> tuple[str, str]:
        """The new method, and whose it is."""
        now = self.books.clock()
        method, customer = f"smd_{secrets.token_hex(10)}", customer or f"scu_{secrets.token_hex(10)}"
        expires = (now.month, now.year + GOOD_FOR) if card.expires else (0, 0)
        db.execute(
            "INSERT INTO methods (id, customer, brand, last4, exp_month, exp_year, fingerprint, created) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (method, customer, card.label, card.last4, *expires, fingerprint(card.method), now.isoformat()),
        )
        return method, customer

    def method(self, method: str) -> Row | None:
        with self.books.transaction() as db:
            return self._read(db, method)

    def kept(self) -> list[Row]:
        """What customers keep, the oldest first."""
        with self.books.transaction() as db:
            rows = db.execute("SELECT id FROM methods WHERE customer <> '' ORDER BY rowid").fetchall()
            return [row for row in (self._read(db, item["id"]) for item in rows) if row]

    def detach(self, method: str) -> Row | None:
        """Take it off its customer; also as the provider's own dashboard can."""
        with self.books.transaction() as db:
            done = db.execute("UPDATE methods SET customer = '' WHERE id = ? AND customer <> ''", (method,))
            row = self._read(db, method)
            if done.rowcount and row:
                self.books.note(db, "method.removed", "", row)
            return row

    def renew(self, method: str) -> None:
        """Its bank sends a new card with a later month: the same method, good for longer; not what never ends."""
        with self.books.transaction() as db:
            done = db.execute("UPDATE methods SET exp_year = exp_year + 3 WHERE id = ? AND exp_year > 0", (method,))
            row = self._read(db, method)
            if row and done.rowcount:
                self.books.note(db, "method.updated", "", row)

    def charge(self, wish: Row) -> Row:
        """Charge without the customer. Raises NotChargeable where no bank is asked."""
        row = self.method(wish["method"])
        if row is None or not row["customer"] or row["customer"] != wish["customer"]:
            raise NotChargeable("method_not_attached", "This customer has no such way to pay.")
        now = self.books.clock()
        page = {"return_url": "", "expires_at": (now + timedelta(hours=1)).isoformat()}
        payment = self.books.create({**wish, **page})["id"]
        card = BY_LAST4[row["last4"]]
        code = str(self.books.switch("decline") or "") or card.decline
        if code:
            self.books.decline(payment, card.method, code)
        elif card.key == "secure" or self.books.take_one("authenticate"):
            self.books.decline(payment, card.method, "authentication_required")
        elif card.key == "slow":
            self.books.process(payment, card.method, now + SLOW)
        else:
            self.books.pay(payment, card.method)
        return self.books.get(payment) or {}

    def advance(self) -> None:
        """Pages are over after their time."""
        now = self.books.clock()
        with self.books.transaction() as db:
            for row in db.execute("SELECT id, page_expires_at FROM setups WHERE status = 'open'").fetchall():
                if datetime.fromisoformat(row["page_expires_at"]) <= now:
                    db.execute("UPDATE setups SET status = 'expired' WHERE id = ?", (row["id"],))
                    self.books.note(db, "setup.expired", "", self._read_setup(db, row["id"]))

    def _read(self, db: sqlite3.Connection, method: str) -> Row | None:
        row = db.execute("SELECT * FROM methods WHERE id = ?", (method,)).fetchone()
        return {**dict(row), "object": "method"} if row else None

    def _read_setup(self, db: sqlite3.Connection, setup: str) -> Row:
        row = dict(db.execute("SELECT * FROM setups WHERE id = ?", (setup,)).fetchone())
        return {
            **row,
            "object": "setup",
            "method": self._read(db, row["method"]) if row["method"] else None,
            "page_url": f"{self.books.page_base}/setup/{setup}",
        }


def fingerprint(card: str) -> str:
    """The same for the same card (brand and last four, in a sandbox), whoever enters it."""
    return f"sfp_{hashlib.sha256(card.encode()).hexdigest()[:16]}"
