"""delivery: methods, parcels, downloads, appointments; where an order goes

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

from migrations.types import TABLE, exact, fill, key, long_text, moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("orders") as batch:
        batch.add_column(sa.Column("cart_id", sa.BigInteger(), nullable=True))
    fill("orders", sa.Column("deliver_to", sa.JSON()), "{}")
    fill("orders", sa.Column("gift_note", sa.String(255)), "")
    fill("orders", sa.Column("delivery_code", exact(120)), "")
    fill("orders", sa.Column("delivery_name", sa.String(255)), "")
    op.create_index("ix_orders_person", "orders", ["person_id", "id"])
    op.create_index("ix_fulfilments_state", "fulfilments", ["state", "id"])
    op.create_table(
        "delivery_zones",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("name", exact(80), nullable=False),
        sa.Column("countries", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_zones")),
        sa.UniqueConstraint("name", name=op.f("uq_delivery_zones_name")),
        sa.UniqueConstraint("ref", name=op.f("uq_delivery_zones_ref")),
        **TABLE,
    )
    op.create_table(
        "delivery_methods",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("code", exact(40), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("promise", sa.String(length=255), nullable=False),
        sa.Column("carrier", sa.String(length=255), nullable=False),
        sa.Column("tracking_url", sa.String(length=255), nullable=False),
        sa.Column("vat_class", sa.String(length=20), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_methods")),
        sa.UniqueConstraint("code", name=op.f("uq_delivery_methods_code")),
        sa.UniqueConstraint("ref", name=op.f("uq_delivery_methods_ref")),
        **TABLE,
    )
    op.create_table(
        "delivery_rates",
        sa.Column("id", key(), nullable=False),
        sa.Column("method_id", sa.BigInteger(), nullable=False),
        sa.Column("zone_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("free_from", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_delivery_rates_amount_not_negative")),
        sa.ForeignKeyConstraint(["method_id"], ["delivery_methods.id"], name=op.f("fk_delivery_rates_method_id")),
        sa.ForeignKeyConstraint(["zone_id"], ["delivery_zones.id"], name=op.f("fk_delivery_rates_zone_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_rates")),
        sa.UniqueConstraint("method_id", "zone_id", "currency", name=op.f("uq_delivery_rates_method_id_zone_id_currency")),
        **TABLE,
    )
    op.create_table(
        "shipments",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("request_key", exact(60), nullable=False),
        sa.Column("carrier", sa.String(length=255), nullable=False),
        sa.Column("tracking", exact(120), nullable=False),
        sa.Column("tracking_url", long_text(), nullable=False),
        sa.Column("shipped_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_shipments_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipments")),
        sa.UniqueConstraint("ref", name=op.f("uq_shipments_ref")),
        sa.UniqueConstraint("request_key", name=op.f("uq_shipments_request_key")),
        **TABLE,
    )
    op.create_index("ix_shipments_order", "shipments", ["order_id", "id"])
    op.create_table(
        "shipment_lines",
        sa.Column("id", key(), nullable=False),
        sa.Column("shipment_id", sa.BigInteger(), nullable=False),
        sa.Column("order_line_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_shipment_lines_quantity_positive")),
        sa.ForeignKeyConstraint(["order_line_id"], ["order_lines.id"], name=op.f("fk_shipment_lines_order_line_id")),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipments.id"], name=op.f("fk_shipment_lines_shipment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment_lines")),
        sa.UniqueConstraint("shipment_id", "order_line_id", name=op.f("uq_shipment_lines_shipment_id_order_line_id")),
        **TABLE,
    )
    op.create_index("ix_shipment_lines_order_line_id", "shipment_lines", ["order_line_id"])
    op.create_table(
        "shipped_pieces",
        sa.Column("id", key(), nullable=False),
        sa.Column("order_line_id", sa.BigInteger(), nullable=False),
        sa.Column("ordered", sa.Integer(), nullable=False),
        sa.Column("shipped", sa.Integer(), nullable=False),
        sa.CheckConstraint("shipped >= 0 AND shipped <= ordered", name=op.f("ck_shipped_pieces_within_ordered")),
        sa.ForeignKeyConstraint(["order_line_id"], ["order_lines.id"], name=op.f("fk_shipped_pieces_order_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipped_pieces")),
        sa.UniqueConstraint("order_line_id", name=op.f("uq_shipped_pieces_order_line_id")),
        **TABLE,
    )
    op.create_table(
        "download_grants",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("order_line_id", sa.BigInteger(), nullable=False),
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("granted_at", moment(), nullable=False),
        sa.Column("withdrawn_at", moment(), nullable=True),
        sa.CheckConstraint("used >= 0 AND used <= most", name=op.f("ck_download_grants_used_within_most")),
        sa.ForeignKeyConstraint(["asset_id"], ["digital_assets.id"], name=op.f("fk_download_grants_asset_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_download_grants_order_id")),
        sa.ForeignKeyConstraint(["order_line_id"], ["order_lines.id"], name=op.f("fk_download_grants_order_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_download_grants")),
        sa.UniqueConstraint("order_line_id", "asset_id", name=op.f("uq_download_grants_order_line_id_asset_id")),
        sa.UniqueConstraint("ref", name=op.f("uq_download_grants_ref")),
        **TABLE,
    )
    op.create_index("ix_download_grants_order_id", "download_grants", ["order_id"])
    op.create_table(
        "appointments",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("order_line_id", sa.BigInteger(), nullable=False),
        sa.Column("state", exact(20), nullable=False),
        sa.Column("starts_at", moment(), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_appointments_order_id")),
        sa.ForeignKeyConstraint(["order_line_id"], ["order_lines.id"], name=op.f("fk_appointments_order_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments")),
        sa.UniqueConstraint("order_line_id", name=op.f("uq_appointments_order_line_id")),
        sa.UniqueConstraint("ref", name=op.f("uq_appointments_ref")),
        **TABLE,
    )
    op.create_index("ix_appointments_order_id", "appointments", ["order_id"])
    op.create_index("ix_appointments_state", "appointments", ["state", "starts_at"])
    keep_delivering()
    # what was paid before waits for its parcel
    op.get_bind().execute(sa.text(
        "INSERT INTO shipped_pieces (order_line_id, ordered, shipped) SELECT order_lines.id, order_lines.quantity, 0 "
        "FROM order_lines JOIN fulfilments ON fulfilments.order_id = order_lines.order_id WHERE order_lines.kind = 'physical'"
    ))


def keep_delivering():
    """A shop that sold before goes on as it was: one way of delivery, included in the price."""
    bind = op.get_bind()
    currencies = [row[0] for row in bind.execute(sa.text("SELECT currency FROM price_lists"))]
    if not currencies:
        return
    bind.execute(
        sa.text("INSERT INTO delivery_zones (id, ref, name, countries) VALUES (1, 'zon_00000000000000000001', 'Delivery', :codes)"),
        {"codes": '{"codes": ["AT", "BE", "DE", "FR", "LU", "NL"]}'},
    )
    bind.execute(
        sa.text(
            "INSERT INTO delivery_methods (id, ref, code, name, promise, carrier, tracking_url, vat_class, position, active) "
            "VALUES (1, 'dlv_00000000000000000001', 'included', 'Parcel', 'included in the price', '', '', 'standard', 1, 1)"
        )
    )
    for currency in currencies:
        bind.execute(
            sa.text("INSERT INTO delivery_rates (method_id, zone_id, currency, amount) VALUES (1, 1, :currency, 0)"),
            {"currency": currency},
        )


def downgrade():
    for name in ("appointments", "download_grants", "shipped_pieces", "shipment_lines", "shipments", "delivery_rates",
                 "delivery_methods", "delivery_zones"):
        op.drop_table(name)
    op.drop_index("ix_fulfilments_state", "fulfilments")
    with op.batch_alter_table("orders") as batch:
        batch.drop_constraint("fk_orders_person_id", type_="foreignkey")
    op.drop_index("ix_orders_person", "orders")
    with op.batch_alter_table("orders") as batch:
        for name in ("cart_id", "deliver_to", "gift_note", "delivery_code", "delivery_name"):
            batch.drop_column(name)
        batch.create_foreign_key("fk_orders_person_id", "people", ["person_id"], ["id"])
