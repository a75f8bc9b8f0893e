"""a file of a download has a type of its own, and may be offered no more

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

from backoffice.core.columns import UTCDateTime, exact

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("digital_assets") as batch:
        batch.add_column(sa.Column("media_type", exact(120), nullable=False, server_default="application/octet-stream"))
        batch.add_column(sa.Column("taken_away_at", UTCDateTime(), nullable=True))
    op.execute(
        "UPDATE digital_assets SET media_type = (SELECT files.media_type FROM files WHERE files.id = digital_assets.file_id)"
    )
    with op.batch_alter_table("digital_assets") as batch:
        batch.alter_column("media_type", existing_type=exact(120), existing_nullable=False, server_default=None)


def downgrade():
    with op.batch_alter_table("digital_assets") as batch:
        batch.drop_column("taken_away_at")
        batch.drop_column("media_type")
