"""a product may be sold into some countries only; a cart knows when pieces were put in

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

from backoffice.core.columns import UTCDateTime, exact

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("products") as batch:
        batch.add_column(sa.Column("sold_in", exact(400), nullable=False, server_default=""))
    with op.batch_alter_table("products") as batch:
        batch.alter_column("sold_in", existing_type=exact(400), existing_nullable=False, server_default=None)
    op.add_column("cart_lines", sa.Column("added", sa.Integer(), nullable=True))
    op.add_column("cart_lines", sa.Column("added_at", UTCDateTime(), nullable=True))


def downgrade():
    with op.batch_alter_table("cart_lines") as batch:
        batch.drop_column("added_at")
        batch.drop_column("added")
    with op.batch_alter_table("products") as batch:
        batch.drop_column("sold_in")
