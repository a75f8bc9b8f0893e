"""papers are narrowed to the days of which they are, not to those on which they were drafted; money of a day is what came or
went on it

Revision ID: 0029
Revises: 0028
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

TABLES = ("invoices", "credit_notes")


def upgrade():
    op.create_index("ix_payments_settled", "payments", ["settled_at"])
    op.create_index("ix_refunds_accepted", "refunds", ["accepted_at"])
    for table in TABLES:
        op.create_index(f"ix_{table}_issued", table, ["issued_on", "id"])
        op.drop_index(f"ix_{table}_day", table)


def downgrade():
    op.drop_index("ix_refunds_accepted", "refunds")
    op.drop_index("ix_payments_settled", "payments")
    for table in TABLES:
        op.create_index(f"ix_{table}_day", table, ["created_at", "id"])
        op.drop_index(f"ix_{table}_issued", table)
