"""links of staff end when an account is closed or logged out everywhere

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("staff") as batch:
        batch.add_column(sa.Column("link_round", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("staff") as batch:
        batch.alter_column("link_round", existing_type=sa.Integer(), existing_nullable=False, server_default=None)


def downgrade():
    with op.batch_alter_table("staff") as batch:
        batch.drop_column("link_round")
