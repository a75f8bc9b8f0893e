"""cases have owners, sleep and are merged; colleagues write notes and call each other in them

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

from migrations.types import TABLE, exact, key, long_text, moment, refuse_to_lose

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LOST = (
    ("SELECT 1 FROM notes", "notes"),
    ("SELECT 1 FROM cases WHERE owner_id IS NOT NULL", "whose cases are whose"),
    ("SELECT 1 FROM cases WHERE snoozed_until IS NOT NULL", "which cases sleep"),
    ("SELECT 1 FROM cases WHERE merged_into_id IS NOT NULL", "which cases were merged"),
)


def upgrade():
    with op.batch_alter_table("cases") as batch:
        batch.add_column(sa.Column("owner_id", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("snoozed_until", moment(), nullable=True))
        batch.add_column(sa.Column("merged_into_id", sa.BigInteger(), nullable=True))
        batch.create_foreign_key(op.f("fk_cases_owner_id"), "staff", ["owner_id"], ["id"])
        batch.create_foreign_key(op.f("fk_cases_merged_into_id"), "cases", ["merged_into_id"], ["id"])
        batch.create_index("ix_cases_owner", ["owner_id", "state", "id"])
        batch.create_index("ix_cases_about", ["about_ref", "id"])
    op.create_table(
        "notes",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("request_key", exact(60), nullable=False),
        sa.Column("about_kind", exact(120), nullable=False),
        sa.Column("about_id", sa.BigInteger(), nullable=False),
        sa.Column("about_ref", exact(120), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("text", long_text(), nullable=False),
        sa.Column("written_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["staff.id"], name=op.f("fk_notes_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
        sa.UniqueConstraint("ref", name=op.f("uq_notes_ref")),
        sa.UniqueConstraint("request_key", name=op.f("uq_notes_request_key")),
        **TABLE,
    )
    op.create_index("ix_notes_about", "notes", ["about_kind", "about_id", "id"])
    op.create_table(
        "mentions",
        sa.Column("id", key(), nullable=False),
        sa.Column("note_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", moment(), nullable=True),
        sa.ForeignKeyConstraint(["note_id"], ["notes.id"], name=op.f("fk_mentions_note_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_mentions_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentions")),
        sa.UniqueConstraint("note_id", "staff_id", name=op.f("uq_mentions_note_id_staff_id")),
        **TABLE,
    )
    op.create_index("ix_mentions_staff", "mentions", ["staff_id", "seen_at"])


def downgrade():
    refuse_to_lose(LOST)
    op.drop_table("mentions")
    op.drop_table("notes")
    with op.batch_alter_table("cases") as batch:
        batch.drop_constraint(op.f("fk_cases_merged_into_id"), type_="foreignkey")
        batch.drop_constraint(op.f("fk_cases_owner_id"), type_="foreignkey")
        batch.drop_index("ix_cases_about")
        batch.drop_index("ix_cases_owner")
        batch.drop_column("merged_into_id")
        batch.drop_column("snoozed_until")
        batch.drop_column("owner_id")
