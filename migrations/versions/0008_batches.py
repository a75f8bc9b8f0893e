"""one action for many rows, with a result for each; a receipt of pieces once per form; indexes for filters of the office

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

from backoffice.core import immutability
from migrations.types import TABLE, exact, key, moment, on_sqlite, refuse_to_lose

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

LOST = (
    ("SELECT 1 FROM batches", "what was done to many rows at once"),
    ("SELECT 1 FROM tasks WHERE state = 'cancelled'", "tasks that were cancelled"),
)
INDEXES = (
    ("shipments", "ix_shipments_carrier", ["carrier", "id"]),
    ("people", "ix_people_barred", ["barred_at", "id"]),
    ("stock_holds", "ix_stock_holds_variant", ["variant_id", "state", "id"]),
)


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
    with op.batch_alter_table("stock_movements") as batch:
        batch.add_column(sa.Column("request_key", exact(60), nullable=True))
        batch.create_unique_constraint(op.f("uq_stock_movements_request_key"), ["request_key"])
    immutability.install(op.get_bind(), only=("stock_movements",))
    for table, name, columns in INDEXES:
        op.create_index(name, table, columns)


def downgrade():
    refuse_to_lose(LOST)
    if not on_sqlite():  # MariaDB needs an index for the foreign key: it brings its own when the key is made anew
        op.drop_constraint("fk_stock_holds_variant_id", "stock_holds", type_="foreignkey")
    for table, name, _columns in INDEXES:
        op.drop_index(name, table)
    if not on_sqlite():
        op.create_foreign_key("fk_stock_holds_variant_id", "stock_holds", "variants", ["variant_id"], ["id"])
    with op.batch_alter_table("stock_movements") as batch:
        batch.drop_constraint(op.f("uq_stock_movements_request_key"), type_="unique")
        batch.drop_column("request_key")
    immutability.install(op.get_bind(), only=("stock_movements",))
    op.drop_table("batch_items")
    op.drop_table("batches")
