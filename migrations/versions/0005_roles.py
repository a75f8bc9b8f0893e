"""roles of staff: whoever had an account could do everything, and still can until an administrator says otherwise

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

from migrations.types import exact, fill

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade():
    fill("staff", sa.Column("role", exact(20)), "administrator")


def downgrade():
    with op.batch_alter_table("staff") as batch:
        batch.drop_column("role")
