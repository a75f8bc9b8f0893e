"""one action for many rows, with a result for each

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

from migrations.types import TABLE, exact, key, moment, refuse_to_lose

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

LOST = (("SELECT 1 FROM batches", "what was done to many rows at once"),)


def upgrade():
    op.create_table(
        "batches",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("request_key", exact(60), nullable=False),
        sa.Column("action", exact(120), nullable=False),
        sa.Column("desk", exact(120), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("state", exact(20), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("finished_at", moment(), nullable=True),
        sa.ForeignKeyConstraint(["owner_id"], ["staff.id"], name=op.f("fk_batches_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
        sa.UniqueConstraint("ref", name=op.f("uq_batches_ref")),
        sa.UniqueConstraint("request_key", name=op.f("uq_batches_request_key")),
        **TABLE,
    )
    op.create_index("ix_batches_day", "batches", ["created_at", "id"])
    op.create_index("ix_batches_state", "batches", ["state", "id"])
    op.create_table(
        "batch_items",
        sa.Column("id", key(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("about_ref", exact(120), nullable=False),
        sa.Column("state", exact(20), nullable=False),
        sa.Column("message", sa.String(length=255), nullable=False),
        sa.Column("done_at", moment(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_batch_items_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_items")),
        sa.UniqueConstraint("batch_id", "about_ref", name=op.f("uq_batch_items_batch_id_about_ref")),
        **TABLE,
    )
    op.create_index("ix_batch_items_state", "batch_items", ["batch_id", "state", "id"])


def downgrade():
    refuse_to_lose(LOST)
    op.drop_table("batch_items")
    op.drop_table("batches")
