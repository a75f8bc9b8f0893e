"""what the checks of the promises found last

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

from migrations.types import TABLE, exact, moment

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "invariant_results",
        sa.Column("key", exact(80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("checked_at", moment(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.Column("error", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_invariant_results")),
        sa.UniqueConstraint("number", name=op.f("uq_invariant_results_number")),
        **TABLE,
    )


def downgrade():
    op.drop_table("invariant_results")
