"""what was explained of the provider's balance is booked, to suspense

Revision ID: 0032
Revises: 0031
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from migrations.types import moment, refuse_to_lose

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

# What went out counts against the balance. A line of the provider's own was booked when it was taken in.
MOVED = "CASE WHEN b.kind IN ('refund', 'dispute') THEN -1 ELSE 1 END * (b.provider_amount - b.our_amount)"
EXPLAINED = """
FROM breaks b WHERE b.state = 'explained' AND b.kind IN ('capture', 'refund', 'dispute', 'unknown_line')
AND b.provider_amount <> b.our_amount
"""
ENTRIES = """
INSERT INTO ledger_entries (`key`, kind, about_kind, about_id, about_ref, currency, posting_count, posted_at)
SELECT {key}, 'difference_explained', 'break', b.id, b.ref, b.currency, 2, :now
"""
SIDES = """
INSERT INTO ledger_postings (entry_id, position, account, currency, amount, posted_at)
SELECT e.id, {position}, '{account}', e.currency, {sign} {moved}, e.posted_at
FROM ledger_entries e JOIN breaks b ON b.id = e.about_id WHERE e.kind = 'difference_explained'
"""


def upgrade():
    bind = op.get_bind()
    key = r"'difference_explained:' || b.ref || '\:1'"
    if bind.dialect.name != "sqlite":
        key = r"CONCAT('difference_explained:', b.ref, '\:1')"
    now = sa.bindparam("now", datetime.now(UTC).replace(tzinfo=None), moment())
    bind.execute(sa.text((ENTRIES + EXPLAINED).format(key=key)).bindparams(now))
    for position, account, sign in ((1, "clearing", "+"), (2, "suspense", "-")):
        bind.exec_driver_sql(SIDES.format(position=position, account=account, sign=sign, moved=MOVED))


def downgrade():
    refuse_to_lose(
        (("SELECT 1 FROM ledger_entries WHERE kind = 'difference_explained'", "what was booked of explained differences"),)
    )
