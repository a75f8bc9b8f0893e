"""a refund that sends again says what it was written for, and what it paid in the end

Revision ID: 0036
Revises: 0035
"""

import sqlalchemy as sa
from alembic import op

from backoffice.core import immutability
from migrations.types import refuse_to_lose, require

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

ROWS = sa.text(
    "SELECT id, again_of_id, accepted_at, created_at, paid_otherwise_at FROM refunds WHERE again_of_id IS NOT NULL OR id IN "
    "(SELECT again_of_id FROM refunds WHERE again_of_id IS NOT NULL) ORDER BY accepted_at, id"
)
LINK = sa.text("UPDATE refunds SET again_of_id = :lost, settles_id = :settles, is_twice = :twice WHERE id = :id")
UNLINK = sa.text("UPDATE refunds SET again_of_id = :before WHERE id = :id")


def upgrade():
    bind = op.get_bind()
    bind.execute(sa.text("DROP TRIGGER IF EXISTS frozen_refunds_update"))
    with op.batch_alter_table("refunds") as batch:
        batch.add_column(sa.Column("settles_id", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("is_twice", sa.Boolean(), nullable=True))
        batch.create_foreign_key(op.f("fk_refunds_settles_id"), "refunds", ["settles_id"], ["id"])
        batch.create_unique_constraint(op.f("uq_refunds_settles_id"), ["settles_id"])
        batch.create_index("ix_refunds_again_of", ["again_of_id"])
    with op.batch_alter_table("refunds") as batch:
        batch.drop_constraint(op.f("uq_refunds_again_of_id"), type_="unique")
    bind.execute(sa.text("UPDATE refunds SET is_twice = 0"))
    require("refunds", "is_twice", sa.Boolean())
    _through_refused_tries(bind)
    immutability.install(bind, only=("refunds",))


def _through_refused_tries(bind):
    """A try named the one before it: it names what came back now. The first that was accepted paid it, unless it had been paid
    by hand by then; what was accepted besides, the customer has twice: a promise tells of it."""
    rows = {row.id: row for row in bind.execute(ROWS)}
    paid = set()
    for row in rows.values():
        if row.again_of_id is None:
            continue
        lost = rows[row.again_of_id]
        while lost.again_of_id and (lost.accepted_at is None or lost.accepted_at > row.created_at):
            lost = rows[lost.again_of_id]  # it had been refused when this one was written
        by_hand = lost.paid_otherwise_at is not None and (row.accepted_at or row.created_at) > lost.paid_otherwise_at
        pays = row.accepted_at is not None and lost.id not in paid and not by_hand
        if pays:
            paid.add(lost.id)
        twice = row.accepted_at is not None and not pays
        bind.execute(LINK, {"id": row.id, "lost": lost.id, "settles": lost.id if pays else None, "twice": twice})


def downgrade():
    beside = "SELECT 1 FROM refunds WHERE again_of_id IS NOT NULL AND accepted_at IS NOT NULL AND (settles_id IS NULL OR "
    refuse_to_lose(((beside + "settles_id <> again_of_id)", "refunds that paid another thing than they were to pay"),))
    bind = op.get_bind()
    bind.execute(sa.text("DROP TRIGGER IF EXISTS frozen_refunds_update"))
    last = {}
    for row in sorted((row for row in bind.execute(ROWS) if row.again_of_id), key=lambda row: row.id):
        bind.execute(UNLINK, {"id": row.id, "before": last.get(row.again_of_id, row.again_of_id)})
        last[row.again_of_id] = row.id
    with op.batch_alter_table("refunds") as batch:
        batch.create_unique_constraint(op.f("uq_refunds_again_of_id"), ["again_of_id"])
    with op.batch_alter_table("refunds") as batch:
        batch.drop_index("ix_refunds_again_of")
        batch.drop_constraint(op.f("fk_refunds_settles_id"), type_="foreignkey")
        batch.drop_constraint(op.f("uq_refunds_settles_id"), type_="unique")
        batch.drop_column("settles_id")
        batch.drop_column("is_twice")
    immutability.install(bind)
