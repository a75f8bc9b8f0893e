"""every try of a task that came to nothing is kept

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

from migrations.types import TABLE, key, long_text, moment

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "task_failures",
        sa.Column("id", key(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("failed_at", moment(), nullable=False),
        sa.Column("error", long_text(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_task_failures_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_failures")),
        **TABLE,
    )
    op.create_index("ix_task_failures_task", "task_failures", ["task_id", "id"])
    op.execute(
        "INSERT INTO task_failures (task_id, attempt, failed_at, error) "
        "SELECT id, attempts, finished_at, last_error FROM tasks WHERE state = 'gave_up' AND finished_at IS NOT NULL"
    )


def downgrade():
    op.drop_table("task_failures")
