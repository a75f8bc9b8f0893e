"""The schema: up, down and up again on every engine, equal to the models, with every trigger in its place."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import DateTime, inspect, text
from sqlalchemy.exc import DatabaseError

from backoffice.app import create_app
from backoffice.core import immutability
from backoffice.core.columns import Choice, UTCDateTime
from backoffice.core.db import Base, db
from backoffice.models import AuditEntry
from tests.conftest import settings_for


@pytest.fixture
def empty_app(engine_name, request, tmp_path, provider):
    """An application on a database without any table."""
    if engine_name == "sqlite":
        url = f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        server = request.getfixturevalue(engine_name)
        url = server.url("blank")
        with server._connect() as connection, connection.cursor() as cursor:
            cursor.execute("DROP DATABASE blank")
        url = server.url("blank")
    app = create_app(settings_for(tmp_path, url))
    with app.app_context():
        yield app
        db.engine.dispose()


def triggers() -> list[str]:
    with db.engine.connect() as connection:
        return immutability.present(connection)


def test_up_down_and_up_again(empty_app):
    upgrade()
    assert triggers() == immutability.expected()
    downgrade(revision="base")
    assert triggers() == []
    assert set(inspect(db.engine).get_table_names()) == {"alembic_version"}
    upgrade()
    assert triggers() == immutability.expected()


def test_the_schema_is_the_models(empty_app):
    upgrade()

    def compare_type(_context, inspected_column, _column, inspected, wanted):
        if isinstance(wanted, UTCDateTime):
            return not isinstance(inspected, DateTime)
        return False if isinstance(wanted, Choice) else None

    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": compare_type})
        assert compare_metadata(context, Base.metadata) == []


def test_every_table_names_engine_character_set_and_collation():
    for table in Base.metadata.tables.values():
        options = table.dialect_options["mysql"]
        assert (options["engine"], options["charset"]) == ("InnoDB", "utf8mb4"), table.name
        assert options["collate"] == "utf8mb4_unicode_520_ci", table.name
        assert table.primary_key.columns, table.name


def test_microseconds_and_byte_exact_text_survive(app, clock, shop):
    clock.forward(microseconds=123_456)
    shop.buyer().orders()
    entry = shop.all(AuditEntry.__table__.select().with_only_columns(AuditEntry.at))[-1]
    assert entry.microsecond == 123_456
    if db.engine.dialect.name != "sqlite":
        with db.engine.connect() as connection:
            found = connection.execute(text("SELECT COUNT(*) FROM orders WHERE ref = UPPER(ref)")).scalar_one()
        assert found == 0


FORBIDDEN = [
    "UPDATE audit_log SET reason = 'another'",
    "DELETE FROM audit_log",
    "UPDATE invoices SET gross_amount = 1, net_amount = 1, vat_amount = 0 WHERE state = 'issued'",
    "UPDATE invoices SET number = 's-2026-000001' WHERE state = 'issued'",
    "UPDATE invoices SET state = 'draft' WHERE state = 'issued'",
    "UPDATE invoices SET buyer = '{}' WHERE state = 'issued'",
    "UPDATE invoices SET issued_on = '2020-01-01' WHERE state = 'issued'",
    "DELETE FROM invoices WHERE state = 'issued'",
    "UPDATE invoice_lines SET name = 'another'",
    "UPDATE invoice_lines SET issued_at = NULL",
    "DELETE FROM invoice_lines",
    "UPDATE invoice_taxes SET vat_amount = 0",
    "DELETE FROM number_register",
    "UPDATE number_register SET position = 7",
    "UPDATE legal_texts SET text = 'other terms'",
    "DELETE FROM legal_texts",
    "UPDATE prices SET amount = 1",
    "DELETE FROM prices",
    "UPDATE stock_movements SET on_hand_change = 1",
    "DELETE FROM stock_movements",
    "UPDATE payments SET amount = 1",
    "UPDATE payments SET idempotency_key = 'another'",
    "DELETE FROM payments",
    "UPDATE webhook_events SET raw = 'x'",
    "DELETE FROM webhook_events",
    "UPDATE files SET sha256 = 'x'",
    "DELETE FROM invoice_papers",
    "INSERT INTO invoice_lines (invoice_id, position, sku, name, quantity, unit_gross_amount, net_amount, gross_amount,"
    " vat_category, vat_hundredths) SELECT id, 99, 'x', 'x', 1, 1, 1, 1, 'S', 0 FROM invoices",
]


def test_what_is_frozen_cannot_be_changed_by_sql_either(shop):
    sale = shop.buyer().orders()
    shop.pays(sale)
    shop.minutes_pass(1)
    assert shop.invoice(sale).number
    for statement in FORBIDDEN:
        with pytest.raises(DatabaseError, match="frozen"), db.engine.begin() as connection:
            connection.execute(text(statement))
    if db.engine.dialect.name == "sqlite":
        with pytest.raises(DatabaseError, match="frozen"), db.engine.begin() as connection:
            connection.execute(text("INSERT OR REPLACE INTO files SELECT * FROM files"))


def test_money_that_comes_is_still_written_beside_the_frozen_document(shop):
    sale = shop.buyer().orders()
    shop.pays(sale)
    shop.works()
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE invoices SET paid_amount = paid_amount"))
    assert shop.invoice(sale).paid_amount == 12_900


CHECKED = [
    "UPDATE stock_items SET held = on_hand + 1",
    "UPDATE stock_items SET held = -1",
    "UPDATE payments SET refunded_amount = captured_amount + 1",
    "UPDATE payments SET refunded_amount = -1",
    "UPDATE order_lines SET quantity = 0",
]


def test_the_database_itself_refuses_impossible_sums(shop):
    shop.buyer().orders()
    for statement in CHECKED:
        with pytest.raises(DatabaseError), db.engine.begin() as connection:
            connection.execute(text(statement))


# Business keys: what the database refuses to hold twice, whatever the code believes.
KEYS = [
    ("orders", ["checkout_key"]),
    ("payments", ["claim"]),
    ("payments", ["idempotency_key"]),
    ("payments", ["provider", "account", "mode", "provider_ref"]),
    ("invoices", ["order_id"]),
    ("invoices", ["entity_id", "number"]),
    ("number_register", ["entity_id", "series", "year", "position"]),
    ("number_register", ["invoice_id"]),
    ("number_counters", ["entity_id", "series", "year"]),
    ("invoice_papers", ["invoice_id", "form"]),
    ("webhook_events", ["provider", "event_key"]),
    ("stock_holds", ["holder", "variant_id"]),
    ("stock_items", ["variant_id"]),
    ("fulfilments", ["order_id"]),
    ("tasks", ["dedupe_key"]),
    ("mails", ["dedupe_key"]),
    ("cases", ["open_key"]),
    ("people", ["email"]),
    ("files", ["sha256"]),
    ("legal_texts", ["entity_id", "kind", "version"]),
    ("variants", ["sku"]),
    ("variants", ["product_id", "label"]),
    ("prices", ["variant_id", "price_list_id", "valid_from"]),
    ("price_lists", ["currency"]),
    ("listings", ["price_list_id", "product_id"]),
    ("delivery_rates", ["method_id", "zone_id", "currency"]),
    ("shipped_pieces", ["order_line_id"]),
]


def test_every_business_key_is_unique_in_the_database(shop):
    sale = shop.buyer().orders()
    shop.pays(sale, captured=13_000)
    shop.minutes_pass(1)
    missing = []
    for name, key in KEYS:
        unique = [sorted(item["column_names"]) for item in inspect(db.engine).get_unique_constraints(name)]
        if sorted(key) not in unique:
            missing.append((name, key))
        table = Base.metadata.tables[name]
        with db.engine.connect() as connection:
            row = dict(connection.execute(table.select()).mappings().first())
        row.pop("id")
        assert all(row[column] is not None for column in key), (name, key)
        with pytest.raises(DatabaseError), db.engine.begin() as connection:
            connection.execute(table.insert().values(row))
    assert missing == []
