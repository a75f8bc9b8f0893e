"""what came back and was paid by hand

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

from backoffice.core import immutability
from migrations.types import moment, refuse_to_lose

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("refunds", sa.Column("paid_otherwise_at", moment(), nullable=True))


def downgrade():
    refuse_to_lose((("SELECT 1 FROM refunds WHERE paid_otherwise_at IS NOT NULL", "refunds that were paid by hand"),))
    with op.batch_alter_table("refunds") as batch:
        batch.drop_column("paid_otherwise_at")
    immutability.install(op.get_bind())
