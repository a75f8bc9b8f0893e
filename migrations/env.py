"""Alembic's environment: the application's engine, and types written so that a migration stands on its own."""

from contextlib import contextmanager

from alembic import context
from flask import current_app
from sqlalchemy import BigInteger, DateTime, LargeBinary, String, Text

from backoffice.core.columns import Choice, UTCDateTime
from backoffice.models import Base


def render_item(kind, item, autogen_context):
    if kind != "type":
        return False
    short = _short(item)
    if not short:
        return False
    autogen_context.imports.add("from migrations.types import " + short.partition("(")[0])
    return short


def _short(item):
    """Our own types by their short names in migrations.types."""
    if isinstance(item, UTCDateTime):
        return "moment()"
    if isinstance(item, Choice):
        return "exact(20)"
    if not getattr(item, "_variant_mapping", None):
        return ""
    if isinstance(item, Text):
        return "long_text()"
    if isinstance(item, String):
        return f"exact({item.length})"
    if isinstance(item, LargeBinary):
        return "long_binary()"
    return "key()" if isinstance(item, BigInteger) else ""


def run() -> None:
    engine = current_app.extensions["migrate"].db.engine
    with engine.connect() as connection, foreign_keys_off(connection):
        migrate(connection)


@contextmanager
def foreign_keys_off(connection):
    """SQLite changes a table by copying and dropping it: with keys on, the drop would refuse or cascade. They are
    checked as a whole afterwards."""
    if connection.dialect.name != "sqlite":
        yield
        return
    raw = connection.connection.driver_connection  # outside any transaction: inside one the pragma does nothing
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
        broken = raw.execute("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"rows point at nothing after the migration: {broken[:5]}")
    finally:
        raw.execute("PRAGMA foreign_keys=ON")


def migrate(connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=render_item,
        render_as_batch=True,
        compare_type=compare_type,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    if connection.in_transaction():
        connection.commit()


def compare_type(_context, _inspected_column, _metadata_column, inspected, wanted):
    if isinstance(wanted, UTCDateTime):
        return not isinstance(inspected, DateTime)
    if isinstance(wanted, Choice):
        return not isinstance(inspected, String)
    return None


run()
