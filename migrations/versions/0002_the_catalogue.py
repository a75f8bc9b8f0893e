"""the catalogue: categories, variants, prices, stock movements

Every product that was sold before becomes a product with one variant of the same id, so that carts, orders and stock
keep pointing at the same thing.

Revision ID: 0002
Revises: 0001
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from backoffice.core import immutability
from migrations.types import TABLE, exact, fill, key, long_text, moment, on_sqlite, require

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Tables whose rows pointed at a product and point at its variant now: with the unique key over it.
POINTERS = {"cart_lines": ("cart_id",), "stock_holds": ("holder",), "stock_items": (), "order_lines": None}


def upgrade():
    op.create_table(
        "catalogue_state",
        sa.Column("id", key(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_state")),
        **TABLE,
    )
    op.create_table(
        "categories",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("slug", exact(120), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("lead", long_text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_categories")),
        sa.UniqueConstraint("ref", name=op.f("uq_categories_ref")),
        sa.UniqueConstraint("slug", name=op.f("uq_categories_slug")),
        **TABLE,
    )
    op.create_table(
        "price_lists",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("code", exact(20), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_lists")),
        sa.UniqueConstraint("code", name=op.f("uq_price_lists_code")),
        sa.UniqueConstraint("currency", name=op.f("uq_price_lists_currency")),
        sa.UniqueConstraint("ref", name=op.f("uq_price_lists_ref")),
        **TABLE,
    )
    op.create_table(
        "variants",
        sa.Column("id", key(), nullable=False),
        sa.Column("ref", exact(40), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("sku", exact(60), nullable=False),
        sa.Column("label", sa.String(length=255), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_variants_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_variants")),
        sa.UniqueConstraint("product_id", "label", name=op.f("uq_variants_product_id_label")),
        sa.UniqueConstraint("ref", name=op.f("uq_variants_ref")),
        sa.UniqueConstraint("sku", name=op.f("uq_variants_sku")),
        **TABLE,
    )
    op.create_table(
        "prices",
        sa.Column("id", key(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("price_list_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", moment(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_prices_amount_not_negative")),
        sa.ForeignKeyConstraint(["price_list_id"], ["price_lists.id"], name=op.f("fk_prices_price_list_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["variants.id"], name=op.f("fk_prices_variant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prices")),
        sa.UniqueConstraint("variant_id", "price_list_id", "valid_from", name=op.f("uq_prices_variant_id_price_list_id_valid_from")),
        **TABLE,
    )
    give_variants()

    widen_products()
    for table, others in POINTERS.items():
        point(table, "product_id", "variant_id", "variants", others)
    fill("order_lines", sa.Column("kind", exact(20)), "physical")
    with op.batch_alter_table("order_lines") as batch:
        batch.alter_column("variant_id", existing_type=sa.BigInteger(), nullable=True)

    op.create_table(
        "product_images",
        sa.Column("id", key(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("alt", sa.String(length=255), nullable=False),
        sa.Column("line_art", sa.Boolean(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("renditions", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_product_images_product_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["variants.id"], name=op.f("fk_product_images_variant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_images")),
        **TABLE,
    )
    op.create_index("ix_product_images_product", "product_images", ["product_id", "position"])
    op.create_table(
        "product_traits",
        sa.Column("id", key(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("trait", exact(40), nullable=False),
        sa.Column("value", exact(80), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_product_traits_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_traits")),
        sa.UniqueConstraint("product_id", "trait", "value", name=op.f("uq_product_traits_product_id_trait_value")),
        **TABLE,
    )
    op.create_index("ix_product_traits_value", "product_traits", ["trait", "value", "product_id"])
    op.create_table(
        "related_products",
        sa.Column("id", key(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("related_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_related_products_product_id")),
        sa.ForeignKeyConstraint(["related_id"], ["products.id"], name=op.f("fk_related_products_related_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_related_products")),
        sa.UniqueConstraint("product_id", "related_id", name=op.f("uq_related_products_product_id_related_id")),
        **TABLE,
    )
    op.create_table(
        "product_terms",
        sa.Column("term", exact(40), nullable=False),
        sa.Column("product_id", key(), nullable=False),
        sa.Column("weight", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_product_terms_product_id")),
        sa.PrimaryKeyConstraint("term", "product_id", name=op.f("pk_product_terms")),
        **TABLE,
    )
    op.create_index("ix_product_terms_product", "product_terms", ["product_id"])
    op.create_table(
        "listings",
        sa.Column("id", key(), nullable=False),
        sa.Column("price_list_id", sa.BigInteger(), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("from_amount", sa.BigInteger(), nullable=False),
        sa.Column("to_amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("name_key", exact(120), nullable=False),
        sa.Column("listed_at", moment(), nullable=False),
        sa.Column("card", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["category_id"], ["categories.id"], name=op.f("fk_listings_category_id")),
        sa.ForeignKeyConstraint(["price_list_id"], ["price_lists.id"], name=op.f("fk_listings_price_list_id")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_listings_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listings")),
        sa.UniqueConstraint("price_list_id", "product_id", name=op.f("uq_listings_price_list_id_product_id")),
        **TABLE,
    )
    op.create_index("ix_listings_name", "listings", ["price_list_id", "category_id", "name_key", "product_id"])
    op.create_index("ix_listings_newest", "listings", ["price_list_id", "category_id", "listed_at", "product_id"])
    op.create_index("ix_listings_price", "listings", ["price_list_id", "category_id", "from_amount", "product_id"])
    op.create_index("ix_listings_product", "listings", ["product_id"])
    op.create_table(
        "digital_assets",
        sa.Column("id", key(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("most_downloads", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_digital_assets_file_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["variants.id"], name=op.f("fk_digital_assets_variant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digital_assets")),
        sa.UniqueConstraint("variant_id", "name", name=op.f("uq_digital_assets_variant_id_name")),
        **TABLE,
    )
    op.create_table(
        "stock_movements",
        sa.Column("id", key(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", exact(20), nullable=False),
        sa.Column("on_hand_change", sa.Integer(), nullable=False),
        sa.Column("held_change", sa.Integer(), nullable=False),
        sa.Column("holder", exact(120), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["stock_items.id"], name=op.f("fk_stock_movements_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_movements")),
        **TABLE,
    )
    op.create_index("ix_stock_movements_item", "stock_movements", ["item_id", "id"])
    open_movements()
    immutability.install(op.get_bind(), only=("prices", "stock_movements"))


def downgrade():
    bind = op.get_bind()  # 0004 has made sure that every product has one variant, with its own id
    for name in ("stock_movements", "digital_assets", "listings", "product_terms", "related_products", "product_traits",
                 "product_images"):
        op.drop_table(name)
    with op.batch_alter_table("order_lines") as batch:
        batch.drop_column("kind")
        batch.alter_column("variant_id", existing_type=sa.BigInteger(), nullable=False)
    bind.execute(sa.text(
        "UPDATE order_lines SET variant_id = (SELECT product_id FROM variants WHERE variants.id = order_lines.variant_id)"
    ))
    for table, others in POINTERS.items():
        point(table, "variant_id", "product_id", "products", others)
    narrow_products()
    for name in ("prices", "variants", "price_lists", "categories", "catalogue_state"):
        op.drop_table(name)


def point(table, old, new, target, others):
    """Let rows point elsewhere: rename the column, its foreign key and its unique key."""
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(f"fk_{table}_{old}", type_="foreignkey")
        batch.alter_column(old, new_column_name=new, existing_type=sa.BigInteger(), existing_nullable=False)
    if not on_sqlite() and others != ():
        op.drop_index(f"fk_{table}_{old}", table)  # the index that came with the foreign key
    with op.batch_alter_table(table) as batch:
        if others is not None:
            prefix = "_".join(("uq", table, *others))
            batch.create_unique_constraint(f"{prefix}_{new}", [*others, new])
            batch.drop_constraint(f"{prefix}_{old}", type_="unique")
        batch.create_foreign_key(f"fk_{table}_{new}", target, [new], ["id"])


def give_variants():
    """One category, one price list per currency, one variant and one price for every product there is."""
    bind = op.get_bind()
    rows = bind.execute(sa.text("SELECT id, ref, sku, price_amount, currency, published, created_at FROM products")).all()
    if not rows:
        return
    now = datetime.now(UTC).replace(tzinfo=None)
    moments = {"created_at": moment(), "valid_from": moment(), "changed_at": moment()}
    bind.execute(sa.text("INSERT INTO catalogue_state (id, version, changed_at) VALUES (1, 1, :changed_at)").bindparams(
        sa.bindparam("changed_at", now, type_=moments["changed_at"])))
    first = {"id": 1, "ref": "cat_00000000000000000001", "slug": "all", "name": "All", "lead": "", "position": 1}
    bind.execute(sa.insert(sa.table("categories", *map(sa.column, first))).values(first))  # "lead" is a word of MySQL's own
    lists = {currency: number for number, currency in enumerate(sorted({row.currency for row in rows}), start=1)}
    for currency, number in lists.items():
        bind.execute(sa.text(
            "INSERT INTO price_lists (id, ref, code, currency, position, active) VALUES (:id, :ref, :code, :currency, :id, 1)"
        ), {"id": number, "ref": f"plt_{number:020d}", "code": currency.lower(), "currency": currency})
    for row in rows:
        bind.execute(sa.text(
            "INSERT INTO variants (id, ref, product_id, sku, label, choices, position, published) "
            "VALUES (:id, :ref, :id, :sku, '', :choices, 1, :published)"
        ), {"id": row.id, "ref": "var_" + row.ref.partition("_")[2], "sku": row.sku, "choices": '{"values": []}', "published": row.published})
        bind.execute(sa.text(
            "INSERT INTO prices (variant_id, price_list_id, amount, valid_from, created_at) "
            "VALUES (:variant, :list, :amount, :since, :since)"
        ), {"variant": row.id, "list": lists[row.currency], "amount": row.price_amount, "since": row.created_at})


def widen_products():
    bind = op.get_bind()
    fill("products", sa.Column("story", long_text()), "")
    fill("products", sa.Column("options", sa.JSON()), '{"names": []}')
    fill("products", sa.Column("kind", exact(20)), "physical")
    fill("products", sa.Column("category_id", sa.BigInteger()), 1)
    with op.batch_alter_table("products") as batch:
        batch.add_column(sa.Column("listed_at", moment(), nullable=True))
    bind.execute(sa.text("UPDATE products SET listed_at = created_at"))
    require("products", "listed_at", moment())
    with op.batch_alter_table("products") as batch:
        batch.drop_constraint("uq_products_sku", type_="unique")
        batch.drop_constraint(op.f("ck_products_price_not_negative"), type_="check")
    with op.batch_alter_table("products") as batch:
        for name in ("sku", "drawing", "currency", "price_amount"):
            batch.drop_column(name)
        batch.create_index("ix_products_category", ["category_id", "id"])
        batch.create_foreign_key("fk_products_category_id", "categories", ["category_id"], ["id"])


def narrow_products():
    bind = op.get_bind()
    fill("products", sa.Column("sku", exact(60)), "")
    fill("products", sa.Column("drawing", exact(120)), "level")
    fill("products", sa.Column("currency", sa.String(3)), "EUR")
    fill("products", sa.Column("price_amount", sa.BigInteger()), 0)
    bind.execute(sa.text("UPDATE products SET sku = (SELECT sku FROM variants WHERE variants.product_id = products.id)"))
    bind.execute(sa.text(
        "UPDATE products SET price_amount = COALESCE((SELECT MAX(amount) FROM prices JOIN variants ON variants.id = prices.variant_id "
        "WHERE variants.product_id = products.id), 0)"
    ))
    with op.batch_alter_table("products") as batch:
        batch.drop_constraint("fk_products_category_id", type_="foreignkey")
    with op.batch_alter_table("products") as batch:
        batch.drop_index("ix_products_category")
        for name in ("story", "options", "kind", "category_id", "listed_at"):
            batch.drop_column(name)
        batch.create_unique_constraint("uq_products_sku", ["sku"])
        batch.create_check_constraint(op.f("ck_products_price_not_negative"), "price_amount >= 0")


def open_movements():
    """The first movement of every stock item is what was there: on hand is the sum of movements from here on."""
    now = datetime.now(UTC).replace(tzinfo=None)
    op.get_bind().execute(sa.text(
        "INSERT INTO stock_movements (item_id, kind, on_hand_change, held_change, holder, reason, at) "
        "SELECT id, 'received', on_hand, held, '', 'what was there before movements were kept', :now FROM stock_items"
    ).bindparams(sa.bindparam("now", now, type_=moment())))
