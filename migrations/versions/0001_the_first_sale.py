"""the first sale

Revision ID: 0001
Revises:
Created: 2026-11-22 18:11:47.171713
"""

import sqlalchemy as sa
from alembic import op

from backoffice.core import immutability
from migrations.types import TABLE, exact, key, long_binary, long_text, moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "audit_log",
        sa.Column("id", key(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("tag", exact(120), nullable=False),
        sa.Column("subject_kind", exact(120), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("subject_ref", exact(120), nullable=False),
        sa.Column("actor_kind", exact(120), nullable=False),
        sa.Column("actor_ref", exact(120), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("request_id", exact(120), nullable=False),
        sa.Column("via", exact(120), nullable=False),
        sa.Column("network", exact(120), nullable=True),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
        **TABLE,
    )
    op.create_index("ix_audit_log_actor_ref", "audit_log", ["actor_ref", "id"])
    op.create_index("ix_audit_log_request_id", "audit_log", ["request_id"])
    op.create_index("ix_audit_log_subject", "audit_log", ["subject_kind", "subject_id", "id"])
    op.create_index("ix_audit_log_subject_ref", "audit_log", ["subject_ref"])
    op.create_index("ix_audit_log_tag", "audit_log", ["tag", "id"])

    op.create_table(
        "carts",
        sa.Column("id", key(), nullable=False),
        sa.Column("token_hash", exact(64), nullable=False),
        sa.Column("checkout_key", exact(40), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("updated_at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carts")),
        sa.UniqueConstraint("checkout_key", name=op.f("uq_carts_checkout_key")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_carts_token_hash")),
        **TABLE,
    )
    op.create_table(
        "cases",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("kind", exact(120), nullable=False),
        sa.Column("about_kind", exact(120), nullable=False),
        sa.Column("about_id", sa.BigInteger(), nullable=False),
        sa.Column("about_ref", exact(120), nullable=False),
        sa.Column("open_key", exact(120), nullable=True),
        sa.Column("state", exact(20), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("at_risk_amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", exact(3), nullable=True),
        sa.Column("opened_at", moment(), nullable=False),
        sa.Column("resolved_at", moment(), nullable=True),
        sa.Column("resolution", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("open_key", name=op.f("uq_cases_open_key")),
        sa.UniqueConstraint("ref", name=op.f("uq_cases_ref")),
        **TABLE,
    )
    op.create_index("ix_cases_state", "cases", ["state", "id"])

    op.create_table(
        "entities",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("shop_name", sa.String(length=255), nullable=False),
        sa.Column("legal_name", sa.String(length=255), nullable=False),
        sa.Column("street", sa.String(length=255), nullable=False),
        sa.Column("postcode", sa.String(length=255), nullable=False),
        sa.Column("city", sa.String(length=255), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("vat_id", sa.String(length=255), nullable=False),
        sa.Column("register_entry", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("phone", sa.String(length=255), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("zone", exact(120), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entities")),
        sa.UniqueConstraint("code", name=op.f("uq_entities_code")),
        sa.UniqueConstraint("ref", name=op.f("uq_entities_ref")),
        **TABLE,
    )
    op.create_table(
        "files",
        sa.Column("id", key(), nullable=False),
        sa.Column("sha256", exact(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", exact(120), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
        sa.UniqueConstraint("sha256", name=op.f("uq_files_sha256")),
        **TABLE,
    )
    op.create_table(
        "login_failures",
        sa.Column("id", key(), nullable=False),
        sa.Column("key", exact(120), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_failures")),
        **TABLE,
    )
    op.create_index("ix_login_failures_at", "login_failures", ["at"])
    op.create_index("ix_login_failures_key", "login_failures", ["key", "at"])

    op.create_table(
        "mails",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("dedupe_key", exact(160), nullable=False),
        sa.Column("template", exact(120), nullable=False),
        sa.Column("about_kind", exact(120), nullable=False),
        sa.Column("about_id", sa.BigInteger(), nullable=False),
        sa.Column("about_ref", exact(120), nullable=False),
        sa.Column("recipient", sa.String(length=255), nullable=False),
        sa.Column("subject_line", sa.String(length=255), nullable=False),
        sa.Column("text", long_text(), nullable=False),
        sa.Column("html", long_text(), nullable=False),
        sa.Column("attachments", sa.JSON(), nullable=False),
        sa.Column("state", exact(20), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("sent_at", moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_mails_dedupe_key")),
        sa.UniqueConstraint("ref", name=op.f("uq_mails_ref")),
        **TABLE,
    )
    op.create_index("ix_mails_about_ref", "mails", ["about_ref", "id"])

    op.create_table(
        "people",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("email", exact(254), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("wrapped_key", long_text(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("email", name=op.f("uq_people_email")),
        sa.UniqueConstraint("ref", name=op.f("uq_people_ref")),
        **TABLE,
    )
    op.create_table(
        "poller_rounds",
        sa.Column("provider", exact(40), nullable=False),
        sa.Column("complete_until", moment(), nullable=False),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_poller_rounds")),
        **TABLE,
    )
    op.create_table(
        "products",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("slug", exact(120), nullable=False),
        sa.Column("sku", exact(60), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("summary", long_text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("drawing", exact(120), nullable=False),
        sa.Column("price_amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("vat_class", sa.String(length=20), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.CheckConstraint("price_amount >= 0", name=op.f("ck_products_price_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sa.UniqueConstraint("ref", name=op.f("uq_products_ref")),
        sa.UniqueConstraint("sku", name=op.f("uq_products_sku")),
        sa.UniqueConstraint("slug", name=op.f("uq_products_slug")),
        **TABLE,
    )
    op.create_table(
        "staff",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("email", exact(254), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("email", name=op.f("uq_staff_email")),
        sa.UniqueConstraint("ref", name=op.f("uq_staff_ref")),
        **TABLE,
    )
    op.create_table(
        "tasks",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("name", exact(120), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("dedupe_key", exact(160), nullable=True),
        sa.Column("state", exact(20), nullable=False),
        sa.Column("due_at", moment(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("lease_token", exact(40), nullable=True),
        sa.Column("last_error", long_text(), nullable=False),
        sa.Column("request_id", exact(120), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("finished_at", moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_tasks_dedupe_key")),
        sa.UniqueConstraint("ref", name=op.f("uq_tasks_ref")),
        **TABLE,
    )
    op.create_index("ix_tasks_due", "tasks", ["state", "due_at"])
    op.create_index("ix_tasks_lease_token", "tasks", ["lease_token"])
    op.create_index("ix_tasks_request_id", "tasks", ["request_id"])

    op.create_table(
        "webhook_events",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("provider", exact(120), nullable=False),
        sa.Column("event_key", exact(255), nullable=False),
        sa.Column("type", exact(120), nullable=False),
        sa.Column("account", exact(120), nullable=False),
        sa.Column("mode", exact(10), nullable=False),
        sa.Column("provider_payment", exact(255), nullable=False),
        sa.Column("payment_ref", exact(120), nullable=False),
        sa.Column("raw", long_binary(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("heard_by", exact(10), nullable=False),
        sa.Column("state", exact(20), nullable=False),
        sa.Column("deliveries", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=255), nullable=False),
        sa.Column("occurred_at", moment(), nullable=False),
        sa.Column("received_at", moment(), nullable=False),
        sa.Column("handled_at", moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_events")),
        sa.UniqueConstraint("provider", "event_key", name=op.f("uq_webhook_events_provider_event_key")),
        sa.UniqueConstraint("ref", name=op.f("uq_webhook_events_ref")),
        **TABLE,
    )
    op.create_index("ix_webhook_events_event_key", "webhook_events", ["event_key"])
    op.create_index("ix_webhook_events_occurred", "webhook_events", ["provider", "occurred_at"])
    op.create_index("ix_webhook_events_payment_ref", "webhook_events", ["payment_ref"])
    op.create_index("ix_webhook_events_state", "webhook_events", ["state", "id"])

    op.create_table(
        "cart_lines",
        sa.Column("id", key(), nullable=False),
        sa.Column("cart_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_cart_lines_quantity_positive")),
        sa.ForeignKeyConstraint(["cart_id"], ["carts.id"], name=op.f("fk_cart_lines_cart_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_cart_lines_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cart_lines")),
        sa.UniqueConstraint("cart_id", "product_id", name=op.f("uq_cart_lines_cart_id_product_id")),
        **TABLE,
    )
    op.create_table(
        "number_counters",
        sa.Column("id", key(), nullable=False),
        sa.Column("entity_id", sa.BigInteger(), nullable=False),
        sa.Column("series", exact(20), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("last_issued_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["entity_id"], ["entities.id"], name=op.f("fk_number_counters_entity_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_counters")),
        sa.UniqueConstraint("entity_id", "series", "year", name=op.f("uq_number_counters_entity_id_series_year")),
        **TABLE,
    )
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
    op.create_index(op.f("ix_staff_sessions_staff_id"), "staff_sessions", ["staff_id"])

    op.create_table(
        "stock_holds",
        sa.Column("id", key(), nullable=False),
        sa.Column("holder", exact(120), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("state", exact(20), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_stock_holds_quantity_positive")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_stock_holds_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_holds")),
        sa.UniqueConstraint("holder", "product_id", name=op.f("uq_stock_holds_holder_product_id")),
        **TABLE,
    )
    op.create_table(
        "stock_items",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.CheckConstraint("held >= 0 AND held <= on_hand", name=op.f("ck_stock_items_held_within_on_hand")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_stock_items_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_items")),
        sa.UniqueConstraint("product_id", name=op.f("uq_stock_items_product_id")),
        sa.UniqueConstraint("ref", name=op.f("uq_stock_items_ref")),
        **TABLE,
    )
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
    op.create_table(
        "orders",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("checkout_key", exact(40), nullable=False),
        sa.Column("entity_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("terms_id", sa.BigInteger(), nullable=False),
        sa.Column("state", exact(20), nullable=False),
        sa.Column("email", exact(254), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("street", sa.String(length=255), nullable=False),
        sa.Column("postcode", sa.String(length=255), nullable=False),
        sa.Column("city", sa.String(length=255), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total_amount", sa.BigInteger(), nullable=False),
        sa.Column("placed_at", moment(), nullable=False),
        sa.Column("payable_until", moment(), nullable=False),
        sa.Column("paid_at", moment(), nullable=True),
        sa.CheckConstraint("total_amount >= 0", name=op.f("ck_orders_total_not_negative")),
        sa.ForeignKeyConstraint(["entity_id"], ["entities.id"], name=op.f("fk_orders_entity_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_orders_person_id")),
        sa.ForeignKeyConstraint(["terms_id"], ["terms.id"], name=op.f("fk_orders_terms_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("checkout_key", name=op.f("uq_orders_checkout_key")),
        sa.UniqueConstraint("number", name=op.f("uq_orders_number")),
        sa.UniqueConstraint("ref", name=op.f("uq_orders_ref")),
        **TABLE,
    )
    op.create_index("ix_orders_email", "orders", ["email", "id"])
    op.create_index("ix_orders_state", "orders", ["state", "id"])

    op.create_table(
        "fulfilments",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("state", exact(20), nullable=False),
        sa.Column("opened_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_fulfilments_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fulfilments")),
        sa.UniqueConstraint("order_id", name=op.f("uq_fulfilments_order_id")),
        sa.UniqueConstraint("ref", name=op.f("uq_fulfilments_ref")),
        **TABLE,
    )
    op.create_table(
        "invoices",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("entity_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("state", exact(20), nullable=False),
        sa.Column("series", exact(20), nullable=True),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("number", exact(40), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("supplied_on", sa.Date(), nullable=True),
        sa.Column("seller", sa.JSON(), nullable=False),
        sa.Column("buyer", sa.JSON(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("net_amount", sa.BigInteger(), nullable=False),
        sa.Column("vat_amount", sa.BigInteger(), nullable=False),
        sa.Column("gross_amount", sa.BigInteger(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("collection_state", exact(20), nullable=False),
        sa.Column("paid_amount", sa.BigInteger(), nullable=False),
        sa.Column("paid_at", moment(), nullable=True),
        sa.CheckConstraint("net_amount + vat_amount = gross_amount", name=op.f("ck_invoices_sums_up")),
        sa.CheckConstraint("paid_amount >= 0", name=op.f("ck_invoices_paid_not_negative")),
        sa.ForeignKeyConstraint(["entity_id"], ["entities.id"], name=op.f("fk_invoices_entity_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_invoices_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("entity_id", "number", name=op.f("uq_invoices_entity_id_number")),
        sa.UniqueConstraint(
            "entity_id", "series", "year", "position", name=op.f("uq_invoices_entity_id_series_year_position")
        ),
        sa.UniqueConstraint("order_id", name=op.f("uq_invoices_order_id")),
        sa.UniqueConstraint("ref", name=op.f("uq_invoices_ref")),
        **TABLE,
    )
    op.create_index("ix_invoices_collection", "invoices", ["collection_state", "id"])
    op.create_index("ix_invoices_number", "invoices", ["number"])
    op.create_index("ix_invoices_state", "invoices", ["state", "id"])

    op.create_table(
        "order_lines",
        sa.Column("id", key(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("sku", exact(120), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_amount", sa.BigInteger(), nullable=False),
        sa.Column("vat_category", sa.String(length=2), nullable=False),
        sa.Column("vat_hundredths", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_order_lines_quantity_positive")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_lines_order_id")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_order_lines_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_lines")),
        **TABLE,
    )
    op.create_index(op.f("ix_order_lines_order_id"), "order_lines", ["order_id"])

    op.create_table(
        "invoice_lines",
        sa.Column("id", key(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sku", exact(120), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_gross_amount", sa.BigInteger(), nullable=False),
        sa.Column("net_amount", sa.BigInteger(), nullable=False),
        sa.Column("gross_amount", sa.BigInteger(), nullable=False),
        sa.Column("vat_category", sa.String(length=2), nullable=False),
        sa.Column("vat_hundredths", sa.Integer(), nullable=False),
        sa.Column("issued_at", moment(), nullable=True),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_invoice_lines_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_lines")),
        sa.UniqueConstraint("invoice_id", "position", name=op.f("uq_invoice_lines_invoice_id_position")),
        **TABLE,
    )
    op.create_table(
        "invoice_papers",
        sa.Column("id", key(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("form", exact(20), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_invoice_papers_file_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_invoice_papers_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_papers")),
        sa.UniqueConstraint("invoice_id", "form", name=op.f("uq_invoice_papers_invoice_id_form")),
        **TABLE,
    )
    op.create_table(
        "invoice_taxes",
        sa.Column("id", key(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("vat_category", sa.String(length=2), nullable=False),
        sa.Column("vat_hundredths", sa.Integer(), nullable=False),
        sa.Column("net_amount", sa.BigInteger(), nullable=False),
        sa.Column("vat_amount", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", moment(), nullable=True),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_invoice_taxes_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_taxes")),
        sa.UniqueConstraint(
            "invoice_id",
            "vat_category",
            "vat_hundredths",
            name=op.f("uq_invoice_taxes_invoice_id_vat_category_vat_hundredths"),
        ),
        **TABLE,
    )
    op.create_table(
        "number_register",
        sa.Column("id", key(), nullable=False),
        sa.Column("entity_id", sa.BigInteger(), nullable=False),
        sa.Column("series", exact(20), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("number", exact(40), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("taken_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["entity_id"], ["entities.id"], name=op.f("fk_number_register_entity_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_number_register_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_register")),
        sa.UniqueConstraint(
            "entity_id", "series", "year", "position", name=op.f("uq_number_register_entity_id_series_year_position")
        ),
        sa.UniqueConstraint("invoice_id", name=op.f("uq_number_register_invoice_id")),
        **TABLE,
    )
    op.create_table(
        "payments",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("provider", exact(120), nullable=False),
        sa.Column("account", exact(120), nullable=False),
        sa.Column("mode", exact(10), nullable=False),
        sa.Column("idempotency_key", exact(120), nullable=False),
        sa.Column("claim", sa.BigInteger(), nullable=True),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("state", exact(20), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("captured_amount", sa.BigInteger(), nullable=False),
        sa.Column("refunded_amount", sa.BigInteger(), nullable=False),
        sa.Column("provider_ref", exact(255), nullable=True),
        sa.Column("page_url", long_text(), nullable=False),
        sa.Column("method", sa.String(length=255), nullable=False),
        sa.Column("decline_code", exact(120), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("settled_at", moment(), nullable=True),
        sa.Column("asked_at", moment(), nullable=True),
        sa.Column("unanswered", sa.Integer(), nullable=False),
        sa.Column("last_answer", sa.JSON(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payments_amount_positive")),
        sa.CheckConstraint(
            "refunded_amount >= 0 AND refunded_amount <= captured_amount",
            name=op.f("ck_payments_refunded_within_captured"),
        ),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_payments_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("claim", name=op.f("uq_payments_claim")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_payments_idempotency_key")),
        sa.UniqueConstraint(
            "provider", "account", "mode", "provider_ref", name=op.f("uq_payments_provider_account_mode_provider_ref")
        ),
        sa.UniqueConstraint("ref", name=op.f("uq_payments_ref")),
        **TABLE,
    )
    op.create_index("ix_payments_invoice", "payments", ["invoice_id", "id"])
    op.create_index("ix_payments_provider_ref", "payments", ["provider_ref"])
    op.create_index("ix_payments_state", "payments", ["state", "id"])
    immutability.install(op.get_bind())


def downgrade():
    immutability.remove(op.get_bind())
    op.drop_table("payments")
    op.drop_table("number_register")
    op.drop_table("invoice_taxes")
    op.drop_table("invoice_papers")
    op.drop_table("invoice_lines")
    op.drop_table("order_lines")
    op.drop_table("invoices")
    op.drop_table("fulfilments")
    op.drop_table("orders")
    op.drop_table("terms")
    op.drop_table("stock_items")
    op.drop_table("stock_holds")
    op.drop_table("staff_sessions")
    op.drop_table("number_counters")
    op.drop_table("cart_lines")
    op.drop_table("webhook_events")
    op.drop_table("tasks")
    op.drop_table("staff")
    op.drop_table("products")
    op.drop_table("poller_rounds")
    op.drop_table("people")
    op.drop_table("mails")
    op.drop_table("login_failures")
    op.drop_table("files")
    op.drop_table("entities")
    op.drop_table("cases")
    op.drop_table("carts")
    op.drop_table("audit_log")
