"""refunds and credit notes; what a provider's event is about

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

from backoffice.core import immutability
from migrations.types import TABLE, exact, fill, key, moment, refuse_to_lose

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

LOST = (
    ("SELECT 1 FROM refunds", "refunds"),
    ("SELECT 1 FROM credit_notes", "credit notes"),
)
# types of the sandbox that said something about a payment, before an event said what it is about
TELLING = ("payment.paid", "payment.declined", "payment.cancelled", "payment.expired", "payment.processing",
           "payment.requires_action")


def upgrade():
    op.create_table(
        "credit_notes",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("entity_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("series", exact(20), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("number", exact(40), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("because", sa.String(length=255), nullable=False),
        sa.Column("seller", sa.JSON(), nullable=False),
        sa.Column("buyer", sa.JSON(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("net_amount", sa.BigInteger(), nullable=False),
        sa.Column("vat_amount", sa.BigInteger(), nullable=False),
        sa.Column("gross_amount", sa.BigInteger(), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("tax_count", sa.Integer(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.CheckConstraint("gross_amount > 0", name=op.f("ck_credit_notes_gross_positive")),
        sa.CheckConstraint("net_amount + vat_amount = gross_amount", name=op.f("ck_credit_notes_sums_up")),
        sa.ForeignKeyConstraint(["entity_id"], ["entities.id"], name=op.f("fk_credit_notes_entity_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_credit_notes_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_notes")),
        sa.UniqueConstraint("ref", name=op.f("uq_credit_notes_ref")),
        sa.UniqueConstraint("entity_id", "number", name=op.f("uq_credit_notes_entity_id_number")),
        sa.UniqueConstraint(
            "entity_id", "series", "year", "position", name=op.f("uq_credit_notes_entity_id_series_year_position")
        ),
        **TABLE,
    )
    op.create_index("ix_credit_notes_day", "credit_notes", ["created_at", "id"])
    op.create_index("ix_credit_notes_invoice", "credit_notes", ["invoice_id", "id"])
    op.create_index("ix_credit_notes_number", "credit_notes", ["number"])
    op.create_table(
        "credit_note_lines",
        sa.Column("id", key(), nullable=False),
        sa.Column("credit_note_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sku", exact(120), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("net_amount", sa.BigInteger(), nullable=False),
        sa.Column("gross_amount", sa.BigInteger(), nullable=False),
        sa.Column("vat_category", sa.String(length=2), nullable=False),
        sa.Column("vat_hundredths", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["credit_note_id"], ["credit_notes.id"], name=op.f("fk_credit_note_lines_credit_note_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_note_lines")),
        sa.UniqueConstraint(
            "credit_note_id", "position", name=op.f("uq_credit_note_lines_credit_note_id_position")
        ),
        **TABLE,
    )
    op.create_table(
        "credit_note_taxes",
        sa.Column("id", key(), nullable=False),
        sa.Column("credit_note_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("vat_category", sa.String(length=2), nullable=False),
        sa.Column("vat_hundredths", sa.Integer(), nullable=False),
        sa.Column("net_amount", sa.BigInteger(), nullable=False),
        sa.Column("vat_amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["credit_note_id"], ["credit_notes.id"], name=op.f("fk_credit_note_taxes_credit_note_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_note_taxes")),
        sa.UniqueConstraint(
            "credit_note_id", "position", name=op.f("uq_credit_note_taxes_credit_note_id_position")
        ),
        sa.UniqueConstraint(
            "credit_note_id",
            "vat_category",
            "vat_hundredths",
            name=op.f("uq_credit_note_taxes_credit_note_id_vat_category_vat_hundredths"),
        ),
        **TABLE,
    )
    op.create_table(
        "credit_note_papers",
        sa.Column("id", key(), nullable=False),
        sa.Column("credit_note_id", sa.BigInteger(), nullable=False),
        sa.Column("form", exact(20), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["credit_note_id"], ["credit_notes.id"], name=op.f("fk_credit_note_papers_credit_note_id")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_credit_note_papers_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_note_papers")),
        sa.UniqueConstraint("credit_note_id", "form", name=op.f("uq_credit_note_papers_credit_note_id_form")),
        **TABLE,
    )
    op.create_table(
        "refunds",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("request_key", exact(60), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("idempotency_key", exact(120), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("state", exact(20), nullable=False),
        sa.Column("reason", exact(20), nullable=False),
        sa.Column("note", sa.String(length=255), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("provider_ref", exact(255), nullable=True),
        sa.Column("failure_code", exact(120), nullable=False),
        sa.Column("made_by", exact(120), nullable=False),
        sa.Column("again_of_id", sa.BigInteger(), nullable=True),
        sa.Column("credit_note_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("accepted_at", moment(), nullable=True),
        sa.Column("ended_at", moment(), nullable=True),
        sa.Column("asked_at", moment(), nullable=True),
        sa.Column("unanswered", sa.Integer(), nullable=False),
        sa.Column("last_answer", sa.JSON(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refunds_amount_positive")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_refunds_payment_id")),
        sa.ForeignKeyConstraint(["credit_note_id"], ["credit_notes.id"], name=op.f("fk_refunds_credit_note_id")),
        sa.ForeignKeyConstraint(["again_of_id"], ["refunds.id"], name=op.f("fk_refunds_again_of_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("again_of_id", name=op.f("uq_refunds_again_of_id")),
        sa.UniqueConstraint("ref", name=op.f("uq_refunds_ref")),
        sa.UniqueConstraint("request_key", name=op.f("uq_refunds_request_key")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_refunds_idempotency_key")),
        sa.UniqueConstraint("credit_note_id", name=op.f("uq_refunds_credit_note_id")),
        sa.UniqueConstraint("payment_id", "provider_ref", name=op.f("uq_refunds_payment_id_provider_ref")),
        **TABLE,
    )
    op.create_index("ix_refunds_day", "refunds", ["created_at", "id"])
    op.create_index("ix_refunds_state", "refunds", ["state", "id"])
    op.create_index("ix_refunds_reason", "refunds", ["reason", "id"])
    op.create_index("ix_refunds_provider_ref", "refunds", ["provider_ref"])
    op.create_table(
        "refund_lines",
        sa.Column("id", key(), nullable=False),
        sa.Column("refund_id", sa.BigInteger(), nullable=False),
        sa.Column("order_line_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("shelved", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_refund_lines_quantity_positive")),
        sa.CheckConstraint("shelved >= 0 AND shelved <= quantity", name=op.f("ck_refund_lines_shelved_within")),
        sa.ForeignKeyConstraint(["refund_id"], ["refunds.id"], name=op.f("fk_refund_lines_refund_id")),
        sa.ForeignKeyConstraint(["order_line_id"], ["order_lines.id"], name=op.f("fk_refund_lines_order_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_lines")),
        sa.UniqueConstraint("refund_id", "order_line_id", name=op.f("uq_refund_lines_refund_id_order_line_id")),
        **TABLE,
    )
    op.create_index("ix_refund_lines_order_line", "refund_lines", ["order_line_id"])
    with op.batch_alter_table("number_register") as batch:
        batch.alter_column("invoice_id", existing_type=sa.BigInteger(), nullable=True)
        batch.add_column(sa.Column("credit_note_id", sa.BigInteger(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_number_register_credit_note_id"), "credit_notes", ["credit_note_id"], ["id"]
        )
        batch.create_unique_constraint(op.f("uq_number_register_credit_note_id"), ["credit_note_id"])
        batch.create_check_constraint(
            op.f("ck_number_register_one_fate"), "(invoice_id IS NULL) <> (credit_note_id IS NULL)"
        )
    fill("webhook_events", sa.Column("about", exact(20)), "")
    fill("webhook_events", sa.Column("object_id", exact(255)), "")
    events = sa.table("webhook_events", *(sa.column(name) for name in ("about", "object_id", "type", "provider_payment")))
    op.get_bind().execute(
        events.update()
        .where(events.c.type.in_(TELLING))
        .values(about="payment", object_id=events.c.provider_payment)
    )
    immutability.install(op.get_bind())


def downgrade():
    refuse_to_lose(LOST)
    with op.batch_alter_table("webhook_events") as batch:
        batch.drop_column("object_id")
        batch.drop_column("about")
    with op.batch_alter_table("number_register") as batch:
        batch.drop_constraint(op.f("ck_number_register_one_fate"), type_="check")
        batch.drop_constraint(op.f("fk_number_register_credit_note_id"), type_="foreignkey")
        batch.drop_constraint(op.f("uq_number_register_credit_note_id"), type_="unique")
        batch.drop_column("credit_note_id")
        batch.alter_column("invoice_id", existing_type=sa.BigInteger(), nullable=False)
    for table in ("refund_lines", "refunds", "credit_note_papers", "credit_note_taxes", "credit_note_lines", "credit_notes"):
        op.drop_table(table)
    immutability.install(op.get_bind(), only=("webhook_events", "number_register"))
