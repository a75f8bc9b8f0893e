"""orders that were corrected to an address are found in its index alone

Revision ID: 0035
Revises: 0034
"""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade():
    op.drop_index("ix_orders_email", "orders")
    op.create_index("ix_orders_email", "orders", ["email", "person_id"])


def downgrade():
    op.drop_index("ix_orders_email", "orders")
    op.create_index("ix_orders_email", "orders", ["email", "id"])
