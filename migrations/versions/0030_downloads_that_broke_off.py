"""when a download was counted last, and how often it was begun anew since: within the hour that does not count

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
    op.add_column("download_grants", sa.Column("begun_anew", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("download_grants") as batch:
        batch.alter_column("begun_anew", existing_type=sa.Integer(), server_default=None)


def downgrade():
    with op.batch_alter_table("download_grants") as batch:
        batch.drop_column("begun_anew")
        batch.drop_column("counted_at")
