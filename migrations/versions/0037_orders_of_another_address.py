"""orders that have another address than their customer are found by it: few, in an index of their own

Revision ID: 0037
Revises: 0036
"""

import unicodedata

import sqlalchemy as sa
from alembic import op

from migrations.types import exact

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

OTHERS = sa.text(
    "SELECT o.id, o.email, p.email AS theirs FROM orders o JOIN people p ON p.id = o.person_id WHERE o.email <> p.email"
)
FOUND = sa.text("UPDATE orders SET found_as = :address WHERE id = :id")


def normalised(email):
    local, at, domain = email.strip().rpartition("@")
    return local.lower() + at + unicodedata.normalize("NFKC", domain).lower()


def upgrade():
    op.add_column("orders", sa.Column("found_as", exact(254), nullable=True))
    bind = op.get_bind()
    rows = [{"id": row.id, "address": normalised(row.email)} for row in bind.execute(OTHERS) if normalised(row.email) != row.theirs or not row.email.isascii()]
    if rows:
        bind.execute(FOUND, rows)
    op.create_index("ix_orders_found_as", "orders", ["found_as"])
    op.drop_index("ix_orders_email", "orders")


def downgrade():
    op.create_index("ix_orders_email", "orders", ["email", "person_id"])
    op.drop_index("ix_orders_found_as", "orders")
    with op.batch_alter_table("orders") as batch:
        batch.drop_column("found_as")
