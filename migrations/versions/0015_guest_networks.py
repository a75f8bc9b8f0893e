"""which network a guest ordered from

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

from migrations.types import exact

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("orders", sa.Column("guest_network", exact(45), nullable=True))


def downgrade():
    with op.batch_alter_table("orders") as batch:
        batch.drop_column("guest_network")
