"""Column types and table options as migrations write them: the same on SQLite, MariaDB and MySQL, free of the models."""

import sqlalchemy as sa
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
