"""orders are found by what was bought

Revision ID: 0033
Revises: 0032
"""

from alembic import op

from migrations.types import on_sqlite

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index("ix_order_lines_variant", "order_lines", ["variant_id", "order_id"])


def downgrade():
    if not on_sqlite():  # the one that MariaDB had made for the foreign key, and took away for one that begins as it does
        op.create_index("fk_order_lines_variant_id", "order_lines", ["variant_id"])
    op.drop_index("ix_order_lines_variant", "order_lines")
