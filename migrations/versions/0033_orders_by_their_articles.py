"""orders are found by what was bought

Revision ID: 0033
Revises: 0032
"""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index("ix_order_lines_variant", "order_lines", ["variant_id", "order_id"])


def downgrade():
    # MariaDB made an index of its own for the foreign key before, and takes it away for one that begins with the same column
    op.create_index("ix_order_lines_variant_id", "order_lines", ["variant_id"])
    op.drop_index("ix_order_lines_variant", "order_lines")
