"""pieces of a refund that are sent all the same, because the customer returns others

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

from backoffice.core import immutability
from migrations.types import refuse_to_lose

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

WITHIN = "still_sent >= 0 AND still_sent <= quantity"


def upgrade():
    with op.batch_alter_table("refund_lines") as batch:
        batch.add_column(sa.Column("still_sent", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("refund_lines") as batch:
        batch.alter_column("still_sent", existing_type=sa.Integer(), existing_nullable=False, server_default=None)
        batch.create_check_constraint(op.f("ck_refund_lines_still_sent_within"), WITHIN)
    immutability.install(op.get_bind())


def downgrade():
    refuse_to_lose((("SELECT 1 FROM refund_lines WHERE still_sent > 0", "pieces that are sent all the same"),))
    with op.batch_alter_table("refund_lines") as batch:
        batch.drop_constraint(op.f("ck_refund_lines_still_sent_within"), type_="check")
        batch.drop_column("still_sent")
    immutability.install(op.get_bind())
