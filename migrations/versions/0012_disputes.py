"""disputes and our answers to them

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

from backoffice.core import immutability
from migrations.types import TABLE, exact, key, moment, refuse_to_lose

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "disputes",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("provider_ref", exact(255), nullable=False),
        sa.Column("state", exact(20), nullable=False),
        sa.Column("is_inquiry", sa.Boolean(), nullable=False),
        sa.Column("reason", exact(120), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_amount", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", moment(), nullable=False),
        sa.Column("due_by", moment(), nullable=True),
        sa.Column("answered_at", moment(), nullable=True),
        sa.Column("ended_at", moment(), nullable=True),
        sa.Column("asked_at", moment(), nullable=True),
        sa.Column("unanswered", sa.Integer(), nullable=False),
        sa.Column("last_answer", sa.JSON(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_disputes_amount_positive")),
        sa.CheckConstraint("withdrawn_amount >= 0", name=op.f("ck_disputes_withdrawn_not_negative")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_disputes_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
        sa.UniqueConstraint("ref", name=op.f("uq_disputes_ref")),
        sa.UniqueConstraint("payment_id", "provider_ref", name=op.f("uq_disputes_payment_id_provider_ref")),
        **TABLE,
    )
    op.create_index("ix_disputes_day", "disputes", ["opened_at", "id"])
    op.create_index("ix_disputes_state", "disputes", ["state", "id"])
    op.create_index("ix_disputes_provider_ref", "disputes", ["provider_ref"])
    op.create_table(
        "dispute_answers",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("dispute_id", sa.BigInteger(), nullable=False),
        sa.Column("request_key", exact(60), nullable=False),
        sa.Column("idempotency_key", exact(120), nullable=False),
        sa.Column("claim", sa.BigInteger(), nullable=True),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("receipt_id", sa.BigInteger(), nullable=True),
        sa.Column("state", exact(20), nullable=False),
        sa.Column("failure_code", exact(120), nullable=False),
        sa.Column("made_by", exact(120), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("unanswered", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["dispute_id"], ["disputes.id"], name=op.f("fk_dispute_answers_dispute_id")),
        sa.ForeignKeyConstraint(["receipt_id"], ["files.id"], name=op.f("fk_dispute_answers_receipt_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute_answers")),
        sa.UniqueConstraint("ref", name=op.f("uq_dispute_answers_ref")),
        sa.UniqueConstraint("request_key", name=op.f("uq_dispute_answers_request_key")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_dispute_answers_idempotency_key")),
        sa.UniqueConstraint("claim", name=op.f("uq_dispute_answers_claim")),
        **TABLE,
    )
    op.create_index("ix_dispute_answers_dispute", "dispute_answers", ["dispute_id", "id"])
    immutability.install(op.get_bind())


def downgrade():
    refuse_to_lose((("SELECT 1 FROM disputes", "disputes"),))
    op.drop_table("dispute_answers")
    op.drop_table("disputes")
