"""how many orders of a network are open is counted by an index

Revision ID: 0020
Revises: 0019
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index("ix_orders_network", "orders", ["guest_network", "state"])


def downgrade():
    op.drop_index("ix_orders_network", "orders")
