"""customers are found by name and phone, and can be barred; parcels by day and number

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

from backoffice.core.folding import terms
from migrations.types import TABLE, exact, fill, moment, refuse_to_lose

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

LOST = (
    ("SELECT 1 FROM orders WHERE phone <> ''", "phone numbers"),
    ("SELECT 1 FROM people WHERE barred_at IS NOT NULL", "who is barred"),
)
INDEXES = (
    ("people", "ix_people_day", ["created_at", "id"]),
    ("shipments", "ix_shipments_day", ["shipped_at", "id"]),
    ("shipments", "ix_shipments_tracking", ["tracking"]),
)
BATCH = 1_000


def upgrade():
    fill("orders", sa.Column("phone", sa.String(length=40)), "")
    fill("people", sa.Column("barred_because", sa.String(length=255)), "")
    with op.batch_alter_table("people") as batch:
        batch.add_column(sa.Column("barred_at", moment(), nullable=True))
    for table, name, columns in INDEXES:
        op.create_index(name, table, columns)
    op.create_table(
        "person_terms",
        sa.Column("term", exact(40), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_person_terms_person_id")),
        sa.PrimaryKeyConstraint("term", "person_id", name=op.f("pk_person_terms")),
        **TABLE,
    )
    op.create_index("ix_person_terms_person", "person_terms", ["person_id"])
    find_those_we_know()


def find_those_we_know():
    """The words of everybody's name, and of the names on their orders."""
    bind, last = op.get_bind(), 0
    names = sa.text(
        "SELECT people.id, people.name, orders.name FROM people LEFT JOIN orders ON orders.person_id = people.id "
        "WHERE people.id > :last AND people.id <= :last + :batch"
    )
    highest = bind.execute(sa.text("SELECT MAX(id) FROM people")).scalar() or 0
    while last < highest:
        rows = bind.execute(names, {"last": last, "batch": BATCH}).all()
        found = {(word, person) for person, own, other in rows for word in terms(f"{own} {other or ''}")}
        if found:
            bind.execute(
                sa.text("INSERT INTO person_terms (term, person_id) VALUES (:term, :person)"),
                [{"term": term, "person": person} for term, person in sorted(found)],
            )
        last += BATCH


def downgrade():
    refuse_to_lose(LOST)
    op.drop_table("person_terms")
    for table, name, _columns in reversed(INDEXES):
        op.drop_index(name, table)
    with op.batch_alter_table("people") as batch:
        batch.drop_column("barred_at")
        batch.drop_column("barred_because")
    with op.batch_alter_table("orders") as batch:
        batch.drop_column("phone")
