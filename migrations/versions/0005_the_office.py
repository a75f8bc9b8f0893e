"""roles of staff and their saved views; orders by the day they were placed

Whoever had an account could do everything, and still can until an administrator says otherwise.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

from migrations.types import TABLE, exact, fill, key, moment, refuse_to_lose

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BY_DAY = {
    "orders": "placed_at",
    "payments": "created_at",
    "invoices": "created_at",
    "cases": "opened_at",
    "audit_log": "at",
    "webhook_events": "received_at",
    "mails": "created_at",
    "tasks": "created_at",
}


LOST = (
    ("SELECT 1 FROM staff WHERE role <> 'administrator'", "that some colleagues may do less than others"),
    ("SELECT 1 FROM saved_views", "saved views"),
)


def upgrade():
    fill("staff", sa.Column("role", exact(20)), "administrator")
    op.create_table(
        "saved_views",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("desk", exact(40), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.String(length=1000), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("opens", sa.Boolean(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["staff.id"], name=op.f("fk_saved_views_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
        sa.UniqueConstraint("ref", name=op.f("uq_saved_views_ref")),
        sa.UniqueConstraint("owner_id", "desk", "name", name="uq_saved_views_owner_id_desk_name"),
        **TABLE,
    )
    op.create_index("ix_saved_views_desk", "saved_views", ["desk", "shared"])
    for table, column in BY_DAY.items():
        op.create_index(f"ix_{table}_day", table, [column, "id"])


def downgrade():
    refuse_to_lose(LOST)
    for table in BY_DAY:
        op.drop_index(f"ix_{table}_day", table)
    op.drop_table("saved_views")
    with op.batch_alter_table("staff") as batch:
        batch.drop_column("role")
