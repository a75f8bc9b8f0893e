"""a refund that was made after its refusal, when its pieces had gone with another, counts as a sum; it may go twice in part

Revision ID: 0039
Revises: 0038
"""

import sqlalchemy as sa
from alembic import op

from backoffice.core import immutability
from migrations.types import fill, refuse_to_lose

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

WITHIN = "twice_amount >= 0 AND twice_amount <= amount"


def upgrade():
    bind = op.get_bind()
    bind.execute(sa.text("DROP TRIGGER IF EXISTS frozen_refunds_update"))
    fill("refunds", sa.Column("without_pieces", sa.Boolean()), False)
    fill("refunds", sa.Column("twice_amount", sa.BigInteger()), 0)
    bind.execute(sa.text("UPDATE refunds SET twice_amount = amount WHERE is_twice = 1"))
    with op.batch_alter_table("refunds") as batch:
        batch.drop_column("is_twice")
        batch.create_check_constraint(op.f("ck_refunds_twice_within"), WITHIN)
    immutability.install(bind, only=("refunds",))


def downgrade():
    refuse_to_lose(
        (
            ("SELECT 1 FROM ledger_postings WHERE account = 'goodwill'", "what was left to customers"),
            ("SELECT 1 FROM cases WHERE kind = 'refund_overtaken'", "cases of refused refunds that were made after all"),
            ("SELECT 1 FROM refunds WHERE without_pieces = 1", "refunds that move no pieces"),
            ("SELECT 1 FROM refunds WHERE twice_amount > 0 AND twice_amount < amount", "refunds that went twice in part"),
        )
    )
    bind = op.get_bind()
    bind.execute(sa.text("DROP TRIGGER IF EXISTS frozen_refunds_update"))
    fill("refunds", sa.Column("is_twice", sa.Boolean()), False)
    bind.execute(sa.text("UPDATE refunds SET is_twice = 1 WHERE twice_amount > 0"))
    with op.batch_alter_table("refunds") as batch:
        batch.drop_constraint(op.f("ck_refunds_twice_within"), type_="check")
    with op.batch_alter_table("refunds") as batch:
        batch.drop_column("without_pieces")
        batch.drop_column("twice_amount")
    immutability.install(bind, only=("refunds",))
