"""ways to pay that customers keep, the pages on which they are entered, and which card a payment was tried with

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

from backoffice.core import immutability
from migrations.types import TABLE, exact, key, long_text, moment, refuse_to_lose

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "payment_methods",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("provider", exact(120), nullable=False),
        sa.Column("account", exact(120), nullable=False),
        sa.Column("mode", exact(10), nullable=False),
        sa.Column("provider_ref", exact(255), nullable=False),
        sa.Column("customer_ref", exact(255), nullable=False),
        sa.Column("brand", exact(40), nullable=False),
        sa.Column("last4", exact(4), nullable=False),
        sa.Column("expires_year", sa.Integer(), nullable=True),
        sa.Column("expires_month", sa.Integer(), nullable=True),
        sa.Column("fingerprint", exact(120), nullable=False),
        sa.Column("state", exact(20), nullable=False),
        sa.Column("barred_because", exact(120), nullable=False),
        sa.Column("preferred_key", sa.BigInteger(), nullable=True),
        sa.Column("kept_at", moment(), nullable=False),
        sa.Column("removed_at", moment(), nullable=True),
        sa.CheckConstraint(
            "(expires_year IS NULL) = (expires_month IS NULL)", name=op.f("ck_payment_methods_expiry_whole")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_payment_methods_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_methods")),
        sa.UniqueConstraint("ref", name=op.f("uq_payment_methods_ref")),
        sa.UniqueConstraint("preferred_key", name=op.f("uq_payment_methods_preferred_key")),
        sa.UniqueConstraint(
            "provider", "account", "mode", "provider_ref",
            name=op.f("uq_payment_methods_provider_account_mode_provider_ref"),
        ),
        **TABLE,
    )
    op.create_index("ix_payment_methods_person", "payment_methods", ["person_id", "id"])
    op.create_index("ix_payment_methods_fingerprint", "payment_methods", ["fingerprint", "id"])
    op.create_table(
        "method_setups",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("request_key", exact(60), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("provider", exact(120), nullable=False),
        sa.Column("account", exact(120), nullable=False),
        sa.Column("mode", exact(10), nullable=False),
        sa.Column("idempotency_key", exact(120), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("replaces_id", sa.BigInteger(), nullable=True),
        sa.Column("method_id", sa.BigInteger(), nullable=True),
        sa.Column("state", exact(20), nullable=False),
        sa.Column("provider_ref", exact(255), nullable=True),
        sa.Column("page_url", long_text(), nullable=False),
        sa.Column("failure_code", exact(120), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("asked_at", moment(), nullable=True),
        sa.Column("unanswered", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_method_setups_person_id")),
        sa.ForeignKeyConstraint(["replaces_id"], ["payment_methods.id"], name=op.f("fk_method_setups_replaces_id")),
        sa.ForeignKeyConstraint(["method_id"], ["payment_methods.id"], name=op.f("fk_method_setups_method_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_method_setups")),
        sa.UniqueConstraint("ref", name=op.f("uq_method_setups_ref")),
        sa.UniqueConstraint("request_key", name=op.f("uq_method_setups_request_key")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_method_setups_idempotency_key")),
        sa.UniqueConstraint(
            "provider", "account", "mode", "provider_ref",
            name=op.f("uq_method_setups_provider_account_mode_provider_ref"),
        ),
        **TABLE,
    )
    op.create_index("ix_method_setups_person", "method_setups", ["person_id", "id"])
    op.create_table(
        "card_bars",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("card", exact(120), nullable=False),
        sa.Column("source", exact(120), nullable=False),
        sa.Column("reason", exact(120), nullable=False),
        sa.Column("barred_at", moment(), nullable=False),
        sa.Column("lifted_at", moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_bars")),
        sa.UniqueConstraint("ref", name=op.f("uq_card_bars_ref")),
        sa.UniqueConstraint("card", "source", name=op.f("uq_card_bars_card_source")),
        **TABLE,
    )
    op.add_column("payments", sa.Column("method_fingerprint", exact(120), nullable=True))
    immutability.install(op.get_bind())


def downgrade():
    refuse_to_lose((("SELECT 1 FROM payment_methods", "kept ways to pay"), ("SELECT 1 FROM method_setups", "their pages"),
                    ("SELECT 1 FROM card_bars", "bars of cards")))
    op.drop_table("card_bars")
    op.drop_table("method_setups")
    op.drop_table("payment_methods")
    with op.batch_alter_table("payments") as batch:
        batch.drop_column("method_fingerprint")
    immutability.install(op.get_bind(), ("payments",))
