"""where a parcel went, whatever its order says later

Revision ID: 0034
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("shipments") as batch:
        batch.add_column(sa.Column("sent_to", sa.JSON(), nullable=True))


def downgrade():
    with op.batch_alter_table("shipments") as batch:
        batch.drop_column("sent_to")
