"""Migration 0017: what was booked at the bank when a payout was made is on its way, until it arrived."""

from flask_migrate import upgrade
from sqlalchemy import text

from backoffice.core.db import db

MADE, ARRIVES = "2026-11-02 09:00:00.000000", "2026-11-04 00:00:00.000000"
PAYOUT = (
    "INSERT INTO payouts (id, ref, provider, account, mode, provider_ref, state, currency, amount, is_manual, failure_code,"
    " made_at, arrives_at, signed_by, signed_note) VALUES"
    " ({0}, 'pyt_{0}', 'sandbox', 'a', 'test', 'po_{0}', '{1}', 'EUR', {2}, 0, '', '{3}', '{4}', '', '')"
)
ENTRY = (
    "INSERT INTO ledger_entries (id, `key`, kind, about_kind, about_id, about_ref, currency, posting_count, posted_at)"
    " VALUES ({0}, 'payout:pln_{0}', 'payout', 'provider_line', {0}, 'pln_{0}', 'EUR', 2, '{1}')"
)
SIDE = (
    "INSERT INTO ledger_postings (entry_id, position, account, currency, amount, posted_at)"
    " VALUES ({0}, {1}, '{2}', 'EUR', {3}, '{4}')"
)


def test_what_has_not_arrived_is_in_transit(empty_app):
    upgrade(revision="0016")
    with db.engine.begin() as connection:
        for number, (state, amount) in enumerate([("paid", 1_000), ("in_transit", 300)], start=1):
            connection.execute(text(PAYOUT.format(number, state, amount, MADE, ARRIVES)))
            connection.execute(text(ENTRY.format(number, MADE)))
            connection.execute(text(SIDE.format(number, 1, "bank", amount, MADE)))
            connection.execute(text(SIDE.format(number, 2, "clearing", -amount, MADE)))
    upgrade()
    with db.engine.connect() as connection:
        sums = "SELECT account, SUM(amount) FROM ledger_postings GROUP BY account ORDER BY account"
        found = {account: int(amount) for account, amount in connection.execute(text(sums))}
        assert found == {"bank": 1_000, "clearing": -1_300, "in_transit": 300}
        entries = (
            "SELECT e.`key`, SUM(p.amount), COUNT(*) - e.posting_count FROM ledger_entries e JOIN ledger_postings p "
            "ON p.entry_id = e.id GROUP BY e.id ORDER BY e.id"
        )
        rows = [(key, int(total), int(more)) for key, total, more in connection.execute(text(entries))]
    assert sorted(rows) == [
        ("payout:pln_1", 0, 0), ("payout:pln_1:transit", 0, 0), ("payout:pln_2", 0, 0), ("payout:pln_2:transit", 0, 0),
        ("payout_arrived:pyt_1", 0, 0),
    ]  # fmt: skip
