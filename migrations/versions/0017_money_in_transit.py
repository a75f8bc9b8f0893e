"""what is on its way to our bank stands apart from what arrived

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

from migrations.types import refuse_to_lose

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# What was posted to the bank when a payout was made moves to the new account, entry by entry, at the moment it was posted.
MOVED = """
INSERT INTO ledger_entries (`key`, kind, about_kind, about_id, about_ref, currency, posting_count, posted_at)
SELECT {joined}, 'payout', e.about_kind, e.about_id, e.about_ref, e.currency, 2, e.posted_at
FROM ledger_entries e JOIN ledger_postings p ON p.entry_id = e.id AND p.account = 'bank' WHERE e.kind = 'payout'
"""
MOVED_SIDES = """
INSERT INTO ledger_postings (entry_id, position, account, currency, amount, posted_at)
SELECT n.id, {position}, '{account}', n.currency, {sign} p.amount, n.posted_at
FROM ledger_entries n JOIN ledger_entries e ON n.`key` = {joined}
JOIN ledger_postings p ON p.entry_id = e.id AND p.account = 'bank'
WHERE e.kind = 'payout'
"""
ARRIVED = """
INSERT INTO ledger_entries (`key`, kind, about_kind, about_id, about_ref, currency, posting_count, posted_at)
SELECT {joined}, 'payout_arrived', 'payout', o.id, o.ref, o.currency, 2, o.arrives_at
FROM payouts o WHERE o.state = 'paid' AND o.amount <> 0
"""
ARRIVED_SIDES = """
INSERT INTO ledger_postings (entry_id, position, account, currency, amount, posted_at)
SELECT n.id, {position}, '{account}', n.currency, {sign} o.amount, n.posted_at
FROM ledger_entries n JOIN payouts o ON n.about_id = o.id WHERE n.kind = 'payout_arrived'
"""


def joined(*parts):
    """Text put together, as the engine says it."""
    if op.get_bind().dialect.name == "sqlite":
        return " || ".join(parts)
    return f"CONCAT({', '.join(parts)})"


def upgrade():
    bind = op.get_bind()
    transit, arrived = joined("e.`key`", "':transit'"), joined("'payout_arrived:'", "o.ref")
    bind.exec_driver_sql(MOVED.format(joined=transit))
    for position, account, sign in ((1, "in_transit", "+"), (2, "bank", "-")):
        bind.exec_driver_sql(MOVED_SIDES.format(joined=transit, position=position, account=account, sign=sign))
    bind.exec_driver_sql(ARRIVED.format(joined=arrived))
    for position, account, sign in ((1, "bank", "+"), (2, "in_transit", "-")):
        bind.exec_driver_sql(ARRIVED_SIDES.format(position=position, account=account, sign=sign))


def downgrade():
    refuse_to_lose((("SELECT 1 FROM ledger_postings WHERE account = 'in_transit'", "money on its way to our bank"),))
