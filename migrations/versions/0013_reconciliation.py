"""the provider's books: lines, payouts, what differs from ours, and the rounds that compared them

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

from backoffice.core import immutability
from migrations.types import TABLE, exact, key, moment, refuse_to_lose

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def account():
    """Whose books: columns that every table of them begins with."""
    return (
        sa.Column("provider", exact(120), nullable=False),
        sa.Column("account", exact(120), nullable=False),
        sa.Column("mode", exact(10), nullable=False),
    )


def upgrade():
    op.create_table(
        "payouts",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        *account(),
        sa.Column("provider_ref", exact(255), nullable=False),
        sa.Column("state", exact(20), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("is_manual", sa.Boolean(), nullable=False),
        sa.Column("itemised_at", moment(), nullable=True),
        sa.Column("failure_code", exact(120), nullable=False),
        sa.Column("made_at", moment(), nullable=False),
        sa.Column("arrives_at", moment(), nullable=False),
        sa.Column("signed_at", moment(), nullable=True),
        sa.Column("signed_by", exact(120), nullable=False),
        sa.Column("signed_note", sa.String(length=255), nullable=False),
        sa.CheckConstraint("(signed_at IS NULL) = (signed_by = '')", name=op.f("ck_payouts_signed_by_somebody")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payouts")),
        sa.UniqueConstraint("ref", name=op.f("uq_payouts_ref")),
        sa.UniqueConstraint(
            "provider", "account", "mode", "provider_ref", name=op.f("uq_payouts_provider_account_mode_provider_ref")
        ),
        **TABLE,
    )
    op.create_index("ix_payouts_day", "payouts", ["arrives_at", "id"])
    op.create_index("ix_payouts_state", "payouts", ["state", "id"])
    op.create_table(
        "provider_lines",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        *account(),
        sa.Column("line_ref", exact(255), nullable=False),
        sa.Column("kind", exact(20), nullable=False),
        sa.Column("source_ref", exact(255), nullable=False),
        sa.Column("payment_ref", exact(255), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("payout_id", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("charged_currency", sa.String(length=3), nullable=False),
        sa.Column("charged_amount", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("moved_at", moment(), nullable=False),
        sa.Column("available_at", moment(), nullable=False),
        sa.Column("taken_in_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_provider_lines_payment_id")),
        sa.ForeignKeyConstraint(["payout_id"], ["payouts.id"], name=op.f("fk_provider_lines_payout_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_lines")),
        sa.UniqueConstraint("ref", name=op.f("uq_provider_lines_ref")),
        sa.UniqueConstraint(
            "provider", "account", "mode", "line_ref", name=op.f("uq_provider_lines_provider_account_mode_line_ref")
        ),
        **TABLE,
    )
    op.create_index("ix_provider_lines_day", "provider_lines", ["moved_at", "id"])
    op.create_index("ix_provider_lines_kind", "provider_lines", ["kind", "id"])
    op.create_index("ix_provider_lines_payment", "provider_lines", ["payment_id", "id"])
    op.create_index("ix_provider_lines_payout", "provider_lines", ["payout_id", "id"])
    op.create_index("ix_provider_lines_source", "provider_lines", ["source_ref"])
    op.create_index("ix_provider_lines_taken_in", "provider_lines", ["taken_in_at"])
    op.create_index(
        "ix_provider_lines_sums", "provider_lines", ["provider", "account", "mode", "currency", "amount", "fee"]
    )
    op.create_index("ix_ledger_postings_sums", "ledger_postings", ["account", "currency", "amount"])
    op.create_index("ix_refunds_ended", "refunds", ["ended_at"])
    op.create_table(
        "breaks",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("kind", exact(20), nullable=False),
        sa.Column("open_key", exact(120), nullable=True),
        sa.Column("about_kind", exact(40), nullable=False),
        sa.Column("about_id", sa.BigInteger(), nullable=False),
        sa.Column("about_ref", exact(120), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("line_id", sa.BigInteger(), nullable=True),
        sa.Column("payout_id", sa.BigInteger(), nullable=True),
        sa.Column("state", exact(20), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("provider_amount", sa.BigInteger(), nullable=False),
        sa.Column("our_amount", sa.BigInteger(), nullable=False),
        sa.Column("since", moment(), nullable=False),
        sa.Column("found_at", moment(), nullable=False),
        sa.Column("closed_at", moment(), nullable=True),
        sa.Column("explanation", sa.String(length=255), nullable=False),
        sa.Column("explained_by", exact(120), nullable=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_breaks_payment_id")),
        sa.ForeignKeyConstraint(["line_id"], ["provider_lines.id"], name=op.f("fk_breaks_line_id")),
        sa.ForeignKeyConstraint(["payout_id"], ["payouts.id"], name=op.f("fk_breaks_payout_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_breaks")),
        sa.UniqueConstraint("ref", name=op.f("uq_breaks_ref")),
        sa.UniqueConstraint("open_key", name=op.f("uq_breaks_open_key")),
        **TABLE,
    )
    op.create_index("ix_breaks_day", "breaks", ["found_at", "id"])
    op.create_index("ix_breaks_state", "breaks", ["state", "id"])
    op.create_index("ix_breaks_about", "breaks", ["about_ref", "id"])
    op.create_index("ix_breaks_payment", "breaks", ["payment_id"])
    op.create_index("ix_breaks_line", "breaks", ["line_id"])
    op.create_index("ix_breaks_payout", "breaks", ["payout_id"])
    op.create_table(
        "reconciliation_rounds",
        sa.Column("id", key(), nullable=False),
        *account(),
        sa.Column("began_at", moment(), nullable=False),
        sa.Column("complete_until", moment(), nullable=False),
        sa.Column("ended_at", moment(), nullable=True),
        sa.Column("new_lines", sa.Integer(), nullable=False),
        sa.Column("compared", sa.Integer(), nullable=False),
        sa.Column("failure", sa.String(length=255), nullable=False),
        sa.Column("balances", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_rounds")),
        **TABLE,
    )
    op.create_index(
        "ix_reconciliation_rounds_account", "reconciliation_rounds", ["provider", "account", "mode", "id"]
    )
    immutability.install(op.get_bind())


def downgrade():
    refuse_to_lose((
        ("SELECT 1 FROM provider_lines", "the provider's lines"),
        ("SELECT 1 FROM payouts", "payouts"),
        ("SELECT 1 FROM breaks", "differences of the books"),
    ))
    op.drop_index("ix_refunds_ended", "refunds")
    op.drop_index("ix_ledger_postings_sums", "ledger_postings")
    for table in ("breaks", "provider_lines", "payouts", "reconciliation_rounds"):
        op.drop_table(table)
