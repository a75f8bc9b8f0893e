"""Migration 0032: what was explained before of the provider's balance stands in suspense."""

from flask_migrate import upgrade
from sqlalchemy import text

from backoffice.core.db import db

FOUND = "2026-11-02 09:00:00.000000"
BREAK = (
    "INSERT INTO breaks (id, ref, kind, about_kind, about_id, about_ref, state, currency, provider_amount, our_amount, since,"
    " found_at, explanation, explained_by) VALUES"
    " ({0}, 'brk_{0}', '{1}', 'payment', {0}, 'pay_{0}', '{2}', 'EUR', {3}, {4}, '{5}', '{5}', 'Ours.', 'fiona')"
)


def test_what_was_explained_before_is_booked(empty_app):
    upgrade(revision="0031")
    rows = (
        ("capture", "explained", 12_000, 12_900),
        ("refund", "explained", 500, 0),
        ("unknown_line", "explained", 4_200, 0),
        ("unknown_line", "open", 100, 0),
        ("capture", "closed", 100, 0),
        ("invoice", "explained", 100, 0),
        ("other_line", "explained", 100, 0),
    )
    with db.engine.begin() as connection:
        for number, (kind, state, theirs, ours) in enumerate(rows, start=1):
            connection.execute(text(BREAK.format(number, kind, state, theirs, ours, FOUND)))
    upgrade()
    query = (
        "SELECT e.`key`, e.posting_count, p.account, p.amount FROM ledger_entries e "
        "JOIN ledger_postings p ON p.entry_id = e.id ORDER BY e.id, p.position"
    )
    with db.engine.connect() as connection:
        found = [(*row[:3], int(row[3])) for row in connection.execute(text(query))]
    assert found == [
        (f"difference_explained:brk_{number}:1", 2, account, amount)
        for number, moved in ((1, -900), (2, -500), (3, 4_200))
        for account, amount in (("clearing", moved), ("suspense", -moved))
    ]
