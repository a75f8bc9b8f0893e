"""accounts of customers, one table of sessions, legal texts of every kind, withdrawals

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

from backoffice.core import immutability
from migrations.types import TABLE, exact, key, long_text, moment, refuse_to_lose

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "login_sessions",
        sa.Column("id", key(), nullable=False),
        sa.Column("token_hash", exact(64), nullable=False),
        sa.Column("holder", exact(20), nullable=False),
        sa.Column("holder_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("seen_at", moment(), nullable=False),
        sa.Column("expires_at", moment(), nullable=False),
        sa.Column("ended_at", moment(), nullable=True),
        sa.Column("network", exact(120), nullable=True),
        sa.Column("device", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_login_sessions_token_hash")),
        **TABLE,
    )
    op.create_index("ix_login_sessions_holder", "login_sessions", ["holder", "holder_id", "id"])
    op.create_table(
        "saved_addresses",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("street", sa.String(length=255), nullable=False),
        sa.Column("postcode", sa.String(length=255), nullable=False),
        sa.Column("city", sa.String(length=255), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("preferred", sa.Boolean(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_saved_addresses_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_addresses")),
        sa.UniqueConstraint("ref", name=op.f("uq_saved_addresses_ref")),
        **TABLE,
    )
    op.create_index("ix_saved_addresses_person", "saved_addresses", ["person_id", "id"])
    bind = op.get_bind()
    bind.execute(sa.text(
        "INSERT INTO login_sessions (token_hash, holder, holder_id, created_at, seen_at, expires_at, ended_at, network, device) "
        "SELECT token_hash, 'staff', staff_id, created_at, seen_at, expires_at, ended_at, network, '' FROM staff_sessions"
    ))
    op.drop_table("staff_sessions")
    with op.batch_alter_table("people") as batch:
        batch.add_column(sa.Column("password_hash", sa.String(255), nullable=True))
        batch.add_column(sa.Column("verified_at", moment(), nullable=True))
    with op.batch_alter_table("carts") as batch:
        batch.add_column(sa.Column("person_id", sa.BigInteger(), nullable=True))
        batch.create_unique_constraint("uq_carts_person_id", ["person_id"])
        batch.create_foreign_key("fk_carts_person_id", "people", ["person_id"], ["id"])

    op.create_table(
        "withdrawals",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("request_key", exact(60), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("order_number", exact(120), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("words", long_text(), nullable=False),
        sa.Column("received_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_withdrawals_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawals")),
        sa.UniqueConstraint("ref", name=op.f("uq_withdrawals_ref")),
        sa.UniqueConstraint("request_key", name=op.f("uq_withdrawals_request_key")),
        **TABLE,
    )
    op.create_index("ix_withdrawals_order_id", "withdrawals", ["order_id"])
    op.create_table(
        "legal_texts",
        sa.Column("id", key(), nullable=False),
        sa.Column("entity_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", exact(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", long_text(), nullable=False),
        sa.Column("published_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["entity_id"], ["entities.id"], name=op.f("fk_legal_texts_entity_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_texts")),
        sa.UniqueConstraint("entity_id", "kind", "version", name=op.f("uq_legal_texts_entity_id_kind_version")),
        **TABLE,
    )
    bind.execute(sa.text(
        "INSERT INTO legal_texts (id, entity_id, kind, version, text, published_at) "
        "SELECT id, entity_id, 'terms', version, text, published_at FROM terms"
    ))
    point_orders("legal_texts")
    for verb in ("update", "delete"):
        op.execute(f"DROP TRIGGER IF EXISTS frozen_terms_{verb}")
    op.drop_table("terms")
    immutability.install(bind, only=("legal_texts", "withdrawals"))


# What the schema before cannot hold: a query that finds some, and what it is.
LOST = (
    ("SELECT id FROM withdrawals", "withdrawals"),
    ("SELECT id FROM saved_addresses", "saved addresses"),
    ("SELECT id FROM people WHERE password_hash IS NOT NULL", "accounts of customers"),
    ("SELECT id FROM legal_texts WHERE kind <> 'terms'", "legal texts beside the terms"),
    ("SELECT id FROM shipments", "parcels"),
    ("SELECT id FROM download_grants", "downloads"),
    ("SELECT id FROM appointments", "appointments"),
    ("SELECT id FROM fulfilments WHERE state <> 'open'", "deliveries that went on"),
    ("SELECT id FROM order_lines WHERE variant_id IS NULL", "lines for delivery"),
    ("SELECT id FROM variants WHERE id <> product_id", "several variants"),
    ("SELECT variant_id FROM prices GROUP BY variant_id HAVING COUNT(*) > 1", "prices that changed or in several currencies"),
)


def downgrade():
    refuse_to_lose(LOST)
    bind = op.get_bind()
    op.create_table(
        "terms",
        sa.Column("id", key(), nullable=False),
        sa.Column("entity_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", long_text(), nullable=False),
        sa.Column("published_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["entity_id"], ["entities.id"], name=op.f("fk_terms_entity_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms")),
        sa.UniqueConstraint("entity_id", "version", name=op.f("uq_terms_entity_id_version")),
        **TABLE,
    )
    bind.execute(sa.text(
        "INSERT INTO terms (id, entity_id, version, text, published_at) "
        "SELECT id, entity_id, version, text, published_at FROM legal_texts WHERE kind = 'terms'"
    ))
    point_orders("terms")
    immutability.freeze(bind, "terms")
    for table in ("legal_texts", "withdrawals"):
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER IF EXISTS frozen_{table}_{verb}")
        op.drop_table(table)
    op.create_table(
        "staff_sessions",
        sa.Column("id", key(), nullable=False),
        sa.Column("token_hash", exact(64), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("seen_at", moment(), nullable=False),
        sa.Column("expires_at", moment(), nullable=False),
        sa.Column("ended_at", moment(), nullable=True),
        sa.Column("network", exact(120), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_sessions_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_staff_sessions_token_hash")),
        **TABLE,
    )
    op.create_index("ix_staff_sessions_staff_id", "staff_sessions", ["staff_id"])
    bind.execute(sa.text(
        "INSERT INTO staff_sessions (token_hash, staff_id, created_at, seen_at, expires_at, ended_at, network) "
        "SELECT token_hash, holder_id, created_at, seen_at, expires_at, ended_at, network FROM login_sessions WHERE holder = 'staff'"
    ))
    with op.batch_alter_table("carts") as batch:
        batch.drop_constraint("fk_carts_person_id", type_="foreignkey")
    with op.batch_alter_table("carts") as batch:
        batch.drop_constraint("uq_carts_person_id", type_="unique")
        batch.drop_column("person_id")
    with op.batch_alter_table("people") as batch:
        batch.drop_column("password_hash")
        batch.drop_column("verified_at")
    op.drop_table("saved_addresses")
    op.drop_table("login_sessions")


def point_orders(target):
    """Orders point at the version of the terms that was accepted; only the name of that table changes."""
    with op.batch_alter_table("orders") as batch:
        batch.drop_constraint("fk_orders_terms_id", type_="foreignkey")
        batch.create_foreign_key("fk_orders_terms_id", target, ["terms_id"], ["id"])
