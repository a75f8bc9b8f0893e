"""A merchant who comes with years of payments: entered as if they had been taken here, and paid out day by day."""

import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from integrations.sandbox.balance import ARRIVES_AFTER, AVAILABLE_AFTER, fee_of

if TYPE_CHECKING:
    from integrations.sandbox.books import Books

Row = dict[str, Any]
FIELDS = frozenset({"id", "reference", "amount", "currency", "method", "created", "settled"})
DAY = timedelta(days=1)


def take_over(books: "Books", payments: Iterable[Row]) -> int:
    """Enter paid payments with their lines in the balance, each once; returns how many were new.

    Raises KeyError, TypeError or ValueError for a row that is none, and enters nothing then."""
    rows = [_checked(row) for row in payments]
    with books.transaction() as db:
        before = db.execute("SELECT COUNT(*) FROM payments").fetchone()[0]
        db.executemany(
            "INSERT OR IGNORE INTO payments (id, reference, amount, currency, captured, status, description, return_url, "
            "method, page_expires_at, created) VALUES (:id, :reference, :amount, :currency, :amount, 'paid', '', '', "
            ":method, :created, :created)",
            rows,
        )
        db.executemany(
            "INSERT OR IGNORE INTO balance (id, kind, source, payment, amount, fee, currency, created, available) "
            "VALUES (:line, 'charge', :id, :id, :amount, :fee, :currency, :settled, :available)",
            rows,
        )
        return int(db.execute("SELECT COUNT(*) FROM payments").fetchone()[0]) - int(before)


def pay_out_days(books: "Books") -> int:
    """Pay out what became available on each day before this one, as it would have been; returns how many payouts there are
    more. Nobody is told: what is long over sends no webhook."""
    today = books.today()
    with books.transaction() as db:
        waiting = db.execute(
            "SELECT id, available, currency, amount - fee AS net FROM balance WHERE payout = '' AND available < ? "
            "ORDER BY currency, available",
            (today.isoformat(),),
        ).fetchall()
        made = 0
        for (currency, day), group in groupby(waiting, key=lambda row: (row["currency"], row["available"][:10])):
            lines = list(group)
            total = sum(row["net"] for row in lines)
            if total > 0:  # what is below nothing waits for a better day
                sent = datetime.fromisoformat(day).replace(tzinfo=UTC) + DAY
                _pay_out(books, db, currency, sent, total, [row["id"] for row in lines])
                made += 1
        return made


def _pay_out(
    books: "Books", db: sqlite3.Connection, currency: str, sent: datetime, total: int, lines: list[str]
) -> None:
    payout = f"spo_{currency.lower()}{sent:%Y%m%d}"
    arrives = sent + ARRIVES_AFTER
    status = "paid" if arrives <= books.today() else "in_transit"
    db.execute(
        "INSERT INTO payouts (id, amount, currency, status, arrives, created) VALUES (?, ?, ?, ?, ?, ?)",
        (payout, total, currency, status, arrives.isoformat(), sent.isoformat()),
    )
    db.executemany("UPDATE balance SET payout = ? WHERE id = ?", [(payout, line) for line in lines])
    db.execute(
        "INSERT INTO balance (id, kind, source, payment, amount, currency, created, available, payout) "
        "VALUES (?, 'payout', ?, '', ?, ?, ?, ?, ?)",
        (f"sbl_{payout[4:]}", payout, -total, currency, sent.isoformat(), sent.isoformat(), payout),
    )


def _checked(row: Row) -> Row:
    if set(row) != FIELDS or type(row["amount"]) is not int or row["amount"] <= 0:
        raise ValueError(f"not a payment: {str(row)[:80]}")
    settled = datetime.fromisoformat(row["settled"])
    return {
        **row,
        "created": datetime.fromisoformat(row["created"]).isoformat(),
        "settled": settled.isoformat(),
        "available": (settled + AVAILABLE_AFTER).isoformat(),
        "line": f"sbl_{row['id'].removeprefix('sbx_')}",
        "fee": fee_of(row["amount"]),
    }
