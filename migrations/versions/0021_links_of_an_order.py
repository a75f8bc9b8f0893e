"""links of an order end when the address is corrected that they were sent to

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

from backoffice.core.columns import UTCDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("orders", sa.Column("links_since", UTCDateTime(), nullable=True))


def downgrade():
    with op.batch_alter_table("orders") as batch:
        batch.drop_column("links_since")
