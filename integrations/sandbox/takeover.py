"""A merchant who comes with years of payments: entered as if they had been taken here, and paid out day by day."""

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from integrations.sandbox.balance import ARRIVES_AFTER, AVAILABLE_AFTER, fee_of
from integrations.sandbox.disputes import FEE

if TYPE_CHECKING:
    from integrations.sandbox.books import Books

Row = dict[str, Any]
FIELDS = frozenset({"id", "reference", "amount", "currency", "method", "created", "settled", "refunds", "disputes"})
REFUND = frozenset({"id", "reference", "amount", "created"})
DISPUTE = frozenset({"id", "amount", "status", "reason", "due_by", "created", "ended"})
INTO_THE_BALANCE = (
    "INSERT INTO balance (id, kind, source, payment, amount, fee, currency, created, available) "
    "SELECT :line, :kind, :source, :payment, :amount, :fee, :currency, :moved, :available "
    "WHERE NOT EXISTS (SELECT 1 FROM balance WHERE source = :source AND kind = :kind)"  # also one that came as it happened
)
DAY = timedelta(days=1)


def take_over(books: "Books", payments: Iterable[Row]) -> int:
    """Enter paid payments with what was given back and disputed of them, and all their lines in the balance, each once; returns
    how many payments were new.

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
        refunds = [{**refund, "payment": row["id"]} for row in rows for refund in row["refunds"]]
        db.executemany(
            "INSERT OR IGNORE INTO refunds (id, payment, reference, amount, status, reason, created) "
            "VALUES (:id, :payment, :reference, :amount, 'succeeded', 'requested_by_customer', :created)",
            refunds,
        )
        disputes = [{**dispute, "payment": row["id"]} for row in rows for dispute in row["disputes"]]
        db.executemany(
            "INSERT OR IGNORE INTO disputes (id, payment, amount, status, inquiry, reason, due_by, created) "
            "VALUES (:id, :payment, :amount, :status, 0, :reason, :due_by, :created)",
            disputes,
        )
        lines: list[Row] = sorted((line for row in rows for line in _lines(row)), key=lambda line: line["moved"])
        db.executemany(INTO_THE_BALANCE, lines)
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
        for currency, of_currency in groupby(waiting, key=lambda row: row["currency"]):
            lines: list[Any] = []
            for day, of_day in groupby(of_currency, key=lambda row: str(row["available"])[:10]):
                lines += of_day
                total = sum(row["net"] for row in lines)
                if total > 0:  # what is below nothing waits for a better day
                    sent = datetime.fromisoformat(day).replace(tzinfo=UTC) + DAY
                    _pay_out(books, db, currency, sent, total, [row["id"] for row in lines])
                    made += 1
                    lines = []
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


def _lines(row: Row) -> Iterator[Row]:
    """What a payment, its refunds and its disputes moved in the balance."""
    yield _line(row, "charge", row["id"], row["amount"], row["settled"], fee=fee_of(row["amount"]))
    for refund in row["refunds"]:
        yield _line(row, "refund", refund["id"], -refund["amount"], refund["created"])
    for dispute in row["disputes"]:
        yield _line(row, "dispute", dispute["id"], -dispute["amount"], dispute["created"], fee=FEE)
        if dispute["status"] == "won":
            yield _line(row, "dispute_returned", dispute["id"], dispute["amount"], dispute["ended"])


def _line(row: Row, kind: str, source: str, amount: int, moved: str, fee: int = 0) -> Row:
    return {
        "line": f"sbl_{kind}_{source}", "kind": kind, "source": source, "payment": row["id"], "amount": amount, "fee": fee,
        "currency": row["currency"], "moved": moved,
        "available": (datetime.fromisoformat(moved) + AVAILABLE_AFTER).isoformat(),
    }  # fmt: skip


def _checked(row: Row) -> Row:
    _check(row, FIELDS)
    for refund in row["refunds"]:
        _check(refund, REFUND)
    for dispute in row["disputes"]:
        _check(dispute, DISPUTE)
        if dispute["status"] not in ("won", "lost"):
            raise ValueError(f"not over: {str(dispute)[:80]}")
    moments = {name: datetime.fromisoformat(row[name]).isoformat() for name in ("created", "settled")}
    return {**row, **moments}


def _check(row: Row, fields: frozenset[str]) -> None:
    if set(row) != fields or type(row["amount"]) is not int or row["amount"] <= 0:
        raise ValueError(f"not what was taken over: {str(row)[:80]}")
    for name in ("created", "settled", "ended"):
        if name in fields:
            datetime.fromisoformat(row[name])
