"""Column types and table options as migrations write them: the same on SQLite, MariaDB and MySQL, free of the models."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

_INNODB = {"engine": "InnoDB", "charset": "utf8mb4", "collate": "utf8mb4_unicode_520_ci"}
TABLE = {f"{dialect}_{name}": value for dialect in ("mysql", "mariadb") for name, value in _INNODB.items()}


def moment():
    """A UTC time with microseconds."""
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def exact(length):
    """Text that is compared byte by byte."""
    return sa.String(length).with_variant(
        mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
    )


def key():
    """A row id."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def long_text():
    return sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")


def long_binary():
    return sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb")


def on_sqlite():
    return op.get_bind().dialect.name == "sqlite"


def fill(table, column, value):
    """Add a column that every row needs: nullable, filled, then required."""
    name, kind = column.name, column.type
    with op.batch_alter_table(table) as batch:
        batch.add_column(sa.Column(name, kind, nullable=True))
    op.get_bind().execute(sa.text(f"UPDATE {table} SET {name} = :value").bindparams(value=value))
    require(table, name, kind)


def require(table, name, kind):
    with op.batch_alter_table(table) as batch:
        batch.alter_column(name, existing_type=kind, nullable=False)


def refuse_to_lose(lost):
    """Throw nothing away on the way down: ``lost`` is (query, what its rows are). A shop that went on goes back by its
    backup. Called before anything else, so that a refused step changes nothing."""
    found = [what for query, what in lost if op.get_bind().execute(sa.text(query + " LIMIT 1")).first()]
    if found:
        raise RuntimeError(f"the schema before cannot hold {', '.join(found)}: restore a backup instead")
