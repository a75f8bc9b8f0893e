"""What can never change, held by database triggers as well as by code.

The list is data; migrations call ``install`` after every change of a listed table, because an Alembic batch change on
SQLite rebuilds the table and drops its triggers without a word. A test lists the triggers on every engine."""

from dataclasses import dataclass, replace

from sqlalchemy import Connection, inspect, text

PREFIX = "frozen_"


@dataclass(frozen=True)
class Frozen:
    """A table whose rows are frozen: always (``when`` empty) or once ``when`` holds for the old row.

    ``columns`` names what is frozen then; empty means the whole row. ``when`` speaks of ``OLD``, in SQL that all
    engines share. ``no_insert`` refuses a new row while it holds (it may look one row up by primary key)."""

    table: str
    when: str = ""
    columns: tuple[str, ...] = ()
    no_insert: str = ""


FROZEN = (
    Frozen("audit_log"),
    Frozen("legal_texts"),
    Frozen("withdrawals"),
    Frozen("number_register"),
    Frozen("invoice_papers"),
    Frozen("files"),
    Frozen("prices"),
    Frozen("stock_movements"),
    Frozen(
        "invoices",
        when="OLD.state = 'issued'",
        columns=(
            "ref", "entity_id", "order_id", "state", "series", "year", "position", "number", "issued_on", "supplied_on",
            "seller", "buyer", "currency", "net_amount", "vat_amount", "gross_amount",
        ),
    ),
    Frozen(
        "invoice_lines",
        when="OLD.issued_at IS NOT NULL",
        no_insert="(SELECT state FROM invoices WHERE invoices.id = NEW.invoice_id) = 'issued'",
    ),
    Frozen(
        "invoice_taxes",
        when="OLD.issued_at IS NOT NULL",
        no_insert="(SELECT state FROM invoices WHERE invoices.id = NEW.invoice_id) = 'issued'",
    ),
    Frozen("credit_notes"),
    Frozen(
        "credit_note_lines",
        no_insert="NEW.position > (SELECT line_count FROM credit_notes WHERE credit_notes.id = NEW.credit_note_id)",
    ),
    Frozen(
        "credit_note_taxes",
        no_insert="NEW.position > (SELECT tax_count FROM credit_notes WHERE credit_notes.id = NEW.credit_note_id)",
    ),
    Frozen("credit_note_papers"),
    Frozen("ledger_entries"),
    Frozen(
        "ledger_postings",
        no_insert="NEW.position > (SELECT posting_count FROM ledger_entries WHERE ledger_entries.id = NEW.entry_id)",
    ),
    Frozen("refund_lines"),
    Frozen(
        "refunds",
        when="1 = 1",
        columns=("ref", "payment_id", "idempotency_key", "request", "currency", "amount", "reason", "created_at",
                 "made_by", "again_of_id"),
    ),
    Frozen(
        "disputes",
        when="1 = 1",
        columns=("ref", "payment_id", "provider_ref", "currency", "opened_at"),
    ),
    Frozen(
        "dispute_answers",
        when="1 = 1",
        columns=("ref", "dispute_id", "request_key", "idempotency_key", "request", "receipt_id", "made_by", "created_at"),
    ),
    Frozen(
        "payment_methods",
        when="1 = 1",
        columns=("ref", "person_id", "provider", "account", "mode", "provider_ref", "customer_ref", "kept_at"),
    ),
    Frozen("card_bars", when="1 = 1", columns=("ref", "card", "source", "reason", "barred_at")),
    Frozen(
        "method_setups",
        when="1 = 1",
        columns=("ref", "request_key", "person_id", "provider", "account", "mode", "idempotency_key", "request",
                 "replaces_id", "created_at"),
    ),
    Frozen(
        "provider_lines",
        when="1 = 1",
        columns=("ref", "provider", "account", "mode", "line_ref", "kind", "source_ref", "payment_ref", "currency",
                 "amount", "fee", "charged_currency", "charged_amount", "description", "category", "exchange_rate", "moved_at",
                 "available_at", "taken_in_at"),
    ),
    Frozen(
        "payouts",
        when="1 = 1",
        columns=("ref", "provider", "account", "mode", "provider_ref", "currency", "amount", "is_manual", "made_at"),
    ),
    Frozen(
        "breaks",
        when="1 = 1",
        columns=("ref", "kind", "about_kind", "about_id", "about_ref", "payment_id", "line_id", "payout_id", "currency",
                 "found_at"),
    ),
    Frozen(
        "webhook_events",
        when="1 = 1",
        columns=("provider", "event_key", "type", "raw", "headers", "received_at", "mode", "account"),
    ),
    Frozen(
        "payments",
        when="1 = 1",
        columns=("ref", "invoice_id", "provider", "account", "mode", "idempotency_key", "currency", "amount", "request"),
    ),
)  # fmt: skip


def install(connection: Connection, only: tuple[str, ...] = ()) -> None:
    """Create the triggers of the listed tables anew (all tables that exist, or ``only`` some).

    Tables and columns that a later migration brings are passed over: that migration calls ``install`` again."""
    tables = inspect(connection)
    there = set(tables.get_table_names())
    for frozen in FROZEN:
        if frozen.table not in there or (only and frozen.table not in only):
            continue
        columns = {column["name"] for column in tables.get_columns(frozen.table)}
        known = replace(frozen, columns=tuple(name for name in frozen.columns if name in columns))
        for name, statement in _statements(known, connection.dialect.name).items():
            connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
            connection.execute(text(statement))


def freeze(connection: Connection, table: str) -> None:
    """Freeze the whole rows of a table that an older schema knows and the list does not any more."""
    for statement in _statements(Frozen(table), connection.dialect.name).values():
        connection.execute(text(statement))


def remove(connection: Connection) -> None:
    for name in expected():
        connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))


def expected() -> list[str]:
    """The names of all triggers that must exist."""
    return sorted(name for frozen in FROZEN for name in _statements(frozen, "sqlite"))


def present(connection: Connection) -> list[str]:
    """The names of the triggers that do exist."""
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.dialect.name == "sqlite"
        else "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
    )
    return sorted(row[0] for row in connection.execute(text(query)) if row[0].startswith(PREFIX))


def _statements(frozen: Frozen, dialect: str) -> dict[str, str]:
    changed = " OR ".join(_differs(column, dialect) for column in frozen.columns)
    update_when = " AND ".join(f"({part})" for part in (frozen.when, changed) if part)
    rules = [("update", "UPDATE", update_when), ("delete", "DELETE", frozen.when)]
    if frozen.no_insert:
        rules.append(("insert", "INSERT", frozen.no_insert))
    build = _sqlite if dialect == "sqlite" else _mysql
    return {f"{PREFIX}{frozen.table}_{short}": build(frozen.table, short, verb, when) for short, verb, when in rules}


def _differs(column: str, dialect: str) -> str:
    if dialect == "sqlite":
        return f"OLD.{column} IS NOT NEW.{column}"
    return f"NOT (CAST(OLD.{column} AS BINARY) <=> CAST(NEW.{column} AS BINARY))"


def _sqlite(table: str, short: str, verb: str, when: str) -> str:
    condition = f"WHEN {when} " if when else ""
    return (
        f"CREATE TRIGGER {PREFIX}{table}_{short} BEFORE {verb} ON {table} FOR EACH ROW {condition}"
        f"BEGIN SELECT RAISE(ABORT, '{table} is frozen'); END"
    )


def _mysql(table: str, short: str, verb: str, when: str) -> str:
    return (
        f"CREATE TRIGGER {PREFIX}{table}_{short} BEFORE {verb} ON {table} FOR EACH ROW "
        f"BEGIN IF {when or '1 = 1'} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{table} is frozen'; END IF; END"
    )
