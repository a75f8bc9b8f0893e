"""when a download was counted last: within the hour it may be begun anew without counting again

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op

from backoffice.core.columns import UTCDateTime

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("download_grants", sa.Column("counted_at", UTCDateTime(), nullable=True))


def downgrade():
    with op.batch_alter_table("download_grants") as batch:
        batch.drop_column("counted_at")
