"""The schema: up, down and up again on every engine, equal to the models, with every trigger in its place."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import DateTime, inspect, text
from sqlalchemy.exc import DatabaseError

from backoffice.catalog import listings, shelves
from backoffice.core import immutability, units
from backoffice.core.columns import Choice, UTCDateTime
from backoffice.core.db import Base, db
from backoffice.models import AuditEntry
from backoffice.refunds.wishes import Pieces


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
    "UPDATE credit_notes SET gross_amount = 1, net_amount = 1, vat_amount = 0",
    "DELETE FROM credit_notes",
    "UPDATE credit_note_lines SET name = 'another'",
    "INSERT INTO credit_note_lines (credit_note_id, position, sku, name, quantity, net_amount, gross_amount, vat_category,"
    " vat_hundredths) SELECT id, 2, 'x', 'x', 1, 1, 1, 'S', 0 FROM credit_notes",
    "DELETE FROM credit_note_taxes",
    "INSERT INTO credit_note_taxes (credit_note_id, position, vat_category, vat_hundredths, net_amount, vat_amount)"
    " SELECT id, 2, 'Z', 0, 1, 0 FROM credit_notes",
    "UPDATE refunds SET amount = 1",
    "DELETE FROM refunds",
    "UPDATE refund_lines SET quantity = 2",
    "UPDATE ledger_entries SET kind = 'refund'",
    "DELETE FROM ledger_entries",
    "UPDATE ledger_postings SET amount = 1",
    "DELETE FROM ledger_postings",
    "INSERT INTO ledger_postings (entry_id, position, account, currency, amount, posted_at)"
    " SELECT id, 9, 'bank', 'EUR', 1, posted_at FROM ledger_entries",
    "INSERT INTO invoice_lines (invoice_id, position, sku, name, quantity, unit_gross_amount, net_amount, gross_amount,"
    " vat_category, vat_hundredths) SELECT id, 99, 'x', 'x', 1, 1, 1, 1, 'S', 0 FROM invoices",
]


def test_what_is_frozen_cannot_be_changed_by_sql_either(shop):
    sale = shop.buyer().orders()
    shop.pays(sale)
    shop.minutes_pass(1)
    assert shop.invoice(sale).number
    shop.refunds(sale, pieces=[Pieces(shop.line_ids(sale)[0], 1)])
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
    ("number_register", ["credit_note_id"]),
    ("refunds", ["request_key"]),
    ("refunds", ["idempotency_key"]),
    ("refunds", ["payment_id", "provider_ref"]),
    ("refunds", ["credit_note_id"]),
    ("refund_lines", ["refund_id", "order_line_id"]),
    ("credit_notes", ["entity_id", "series", "year", "position"]),
    ("ledger_entries", ["key"]),
    ("ledger_postings", ["entry_id", "position"]),
    ("provider_lines", ["provider", "account", "mode", "line_ref"]),
    ("payouts", ["provider", "account", "mode", "provider_ref"]),
    ("breaks", ["open_key"]),
]


def test_every_business_key_is_unique_in_the_database(shop):
    sale = shop.buyer().orders()
    shop.pays(sale, captured=13_000)
    shop.minutes_pass(1)
    shop.refunds(sale, pieces=[Pieces(shop.line_ids(sale)[0], 1)])
    shop.pays(shop.buyer("bob@example.org").orders(), captured=13_000)
    shop.works()
    shop.clock.forward(days=3)
    shop.works()
    shop.reconciles()  # there is a payout, and a euro that pays nothing
    missing = []
    for name, key in KEYS:
        unique = [sorted(item["column_names"]) for item in inspect(db.engine).get_unique_constraints(name)]
        if sorted(key) not in unique:
            missing.append((name, key))
        table = Base.metadata.tables[name]
        with db.engine.connect() as connection:
            whole = table.select().where(*(table.c[column].is_not(None) for column in key))
            row = dict(connection.execute(whole).mappings().first())
        row.pop("id")
        with pytest.raises(DatabaseError), db.engine.begin() as connection:
            connection.execute(table.insert().values(row))
    assert missing == []


FIRST_SALE = """
INSERT INTO entities (id, ref, code, shop_name, legal_name, street, postcode, city, country, vat_id, register_entry, email, phone, currency, zone, created_at) VALUES (1, 'ent_1', 'E', 'S', 'L', 's', 'p', 'c', 'DE', 'v', 'r', 'e', 'p', 'EUR', 'Europe/Berlin', '2026-11-01 10:00:00.000000')
INSERT INTO terms (id, entity_id, version, text, published_at) VALUES (7, 1, 1, 'Be kind.', '2026-11-01 10:00:00.000000')
INSERT INTO products (id, ref, slug, sku, name, summary, facts, drawing, price_amount, currency, vat_class, published, created_at) VALUES (3, 'prd_abc', 'level', 'SL', 'Level', 'A level', '{"rows": []}', 'level', 12900, 'EUR', 'standard', 1, '2026-11-01 10:00:00.000000')
INSERT INTO products (id, ref, slug, sku, name, summary, facts, drawing, price_amount, currency, vat_class, published, created_at) VALUES (9, 'prd_abd', 'bob', 'PB', 'Bob', 'A bob', '{"rows": []}', 'bob', 4400, 'EUR', 'standard', 1, '2026-11-01 10:00:00.000000')
INSERT INTO stock_items (id, ref, product_id, on_hand, held) VALUES (1, 'stk_1', 3, 25, 1)
INSERT INTO stock_items (id, ref, product_id, on_hand, held) VALUES (2, 'stk_2', 9, 200, 0)
INSERT INTO stock_holds (id, holder, product_id, quantity, state, created_at) VALUES (1, 'ord_1', 3, 1, 'held', '2026-11-01 10:00:00.000000')
INSERT INTO carts (id, token_hash, checkout_key, created_at, updated_at) VALUES (1, 'h', 'k', '2026-11-01 10:00:00.000000', '2026-11-01 10:00:00.000000')
INSERT INTO cart_lines (id, cart_id, product_id, quantity) VALUES (1, 1, 9, 2)
INSERT INTO people (id, ref, email, name, wrapped_key, created_at) VALUES (1, 'per_1', 'a@b.c', 'A', 'k', '2026-11-01 10:00:00.000000')
INSERT INTO staff (id, ref, email, name, password_hash, active, created_at) VALUES (1, 'stf_1', 'o@b.c', 'O', 'h', 1, '2026-11-01 10:00:00.000000')
INSERT INTO staff_sessions (id, token_hash, staff_id, created_at, seen_at, expires_at) VALUES (1, 't', 1, '2026-11-01 10:00:00.000000', '2026-11-01 10:00:00.000000', '2026-12-01 10:00:00.000000')
INSERT INTO orders (id, ref, number, checkout_key, entity_id, person_id, terms_id, state, email, name, street, postcode, city, country, currency, total_amount, placed_at, payable_until) VALUES (1, 'ord_1', 10001, 'k0', 1, 1, 7, 'paid', 'a@b.c', 'A', 's', 'p', 'c', 'DE', 'EUR', 12900, '2026-11-01 10:00:00.000000', '2026-11-01 11:00:00.000000')
INSERT INTO order_lines (id, order_id, position, product_id, sku, name, quantity, unit_amount, vat_category, vat_hundredths) VALUES (1, 1, 1, 3, 'SL', 'Level', 1, 12900, 'S', 1900)
INSERT INTO fulfilments (id, ref, order_id, state, opened_at) VALUES (1, 'ful_1', 1, 'open', '2026-11-01 10:00:00.000000')
"""
OLD = {
    "products": "SELECT id, slug, sku, price_amount, currency FROM products ORDER BY id",
    "stock": "SELECT product_id, on_hand, held FROM stock_items ORDER BY id",
    "holds": "SELECT product_id, quantity FROM stock_holds",
    "cart": "SELECT product_id, quantity FROM cart_lines",
    "order": "SELECT product_id, quantity FROM order_lines",
    "terms": "SELECT orders.terms_id, terms.text FROM orders JOIN terms ON terms.id = orders.terms_id",
    "session": "SELECT token_hash, staff_id FROM staff_sessions",
}


def looked_up(queries: dict[str, str]) -> dict[str, list]:
    with db.engine.connect() as connection:
        return {name: [tuple(row) for row in connection.execute(text(query))] for name, query in queries.items()}


def test_what_was_sold_before_is_carried_there_and_back(empty_app):
    upgrade(revision="0001")
    with db.engine.begin() as connection:
        for statement in FIRST_SALE.strip().splitlines():
            connection.exec_driver_sql(statement)
    before = looked_up(OLD)
    upgrade()
    after = looked_up(
        {
            "prices": "SELECT variants.sku, prices.amount, price_lists.currency FROM prices JOIN variants ON variants.id = variant_id "
            "JOIN price_lists ON price_lists.id = price_list_id ORDER BY variants.id",
            "stock": "SELECT sku, on_hand, held FROM stock_items JOIN variants ON variants.id = variant_id ORDER BY variants.id",
            "movements": "SELECT on_hand_change, held_change FROM stock_movements ORDER BY item_id",
            "cart": "SELECT sku, quantity FROM cart_lines JOIN variants ON variants.id = variant_id",
            "line": "SELECT variants.sku, kind FROM order_lines JOIN variants ON variants.id = variant_id",
            "terms": "SELECT kind, text FROM orders JOIN legal_texts ON legal_texts.id = terms_id",
            "session": "SELECT holder, holder_id FROM login_sessions",
            "to ship": "SELECT order_line_id, ordered, shipped FROM shipped_pieces",
            "delivery": "SELECT currency, amount FROM delivery_rates",
        }
    )
    assert after == {
        "prices": [("SL", 12_900, "EUR"), ("PB", 4_400, "EUR")],
        "stock": [("SL", 25, 1), ("PB", 200, 0)],
        "movements": [(25, 1), (200, 0)],
        "cart": [("PB", 2)],
        "line": [("SL", "physical")],
        "terms": [("terms", "Be kind.")],
        "session": [("staff", 1)],
        "to ship": [(1, 1, 0)],
        "delivery": [("EUR", 0)],
    }
    assert listings.rebuild() == 2
    with units.read():
        (first, second) = shelves.newest(1, 5)
        assert {first.from_amount, second.from_amount} == {12_900, 4_400}
    downgrade(revision="0001")
    assert looked_up(OLD) == before
    upgrade()


# What a migration cannot take back, one row of it each.
KEPT = {
    "0005": "INSERT INTO staff (ref, email, name, password_hash, active, created_at, role) "
    "VALUES ('stf_1', 'o@b.c', 'O', 'h', 1, '2026-11-01 10:00:00.000000', 'viewer')",
    "0004": "INSERT INTO people (ref, email, name, wrapped_key, password_hash, created_at) "
    "VALUES ('per_1', 'a@b.c', 'A', 'k', 'h', '2026-11-01 10:00:00.000000')",
}


def layout() -> dict[str, list[str]]:
    inspected = inspect(db.engine)
    return {name: [column["name"] for column in inspected.get_columns(name)] for name in inspected.get_table_names()}


@pytest.mark.parametrize("revision", KEPT)
def test_a_downgrade_that_would_lose_something_is_refused_before_it_begins(empty_app, revision):
    upgrade(revision=revision)
    with db.engine.begin() as connection:
        connection.exec_driver_sql(KEPT[revision])
    before = layout(), triggers()
    with pytest.raises(SystemExit):  # Flask-Migrate's way to end a command
        downgrade(revision="0003")
    assert (layout(), triggers()) == before
