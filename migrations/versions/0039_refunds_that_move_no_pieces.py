"""a refund that was made after its refusal, when its pieces had gone with another, counts as a sum

Revision ID: 0039
Revises: 0038
"""

import sqlalchemy as sa
from alembic import op

from backoffice.core import immutability
from migrations.types import fill, refuse_to_lose

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade():
    bind = op.get_bind()
    bind.execute(sa.text("DROP TRIGGER IF EXISTS frozen_refunds_update"))
    fill("refunds", sa.Column("without_pieces", sa.Boolean()), False)
    immutability.install(bind, only=("refunds",))


def downgrade():
    refuse_to_lose((("SELECT 1 FROM refunds WHERE without_pieces = 1", "refunds that move no pieces"),))
    bind = op.get_bind()
    bind.execute(sa.text("DROP TRIGGER IF EXISTS frozen_refunds_update"))
    with op.batch_alter_table("refunds") as batch:
        batch.drop_column("without_pieces")
    immutability.install(bind, only=("refunds",))
