"""Column types that mean the same on SQLite, MariaDB and MySQL."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from sqlalchemy import JSON, BigInteger, DateTime, Integer, LargeBinary, String, Text
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

Document = dict[str, Any]  # the JSON of a JSON column, where its shape belongs to someone else (a provider, a task)


class UTCDateTime(TypeDecorator[datetime]):
    """Aware datetimes only, stored in UTC with microseconds on every engine."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} is naive: times are aware and in UTC")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


E = TypeVar("E", bound=StrEnum)


class Choice(TypeDecorator[E]):
    """A column of one enum, stored as its value; a value that is no member raises when it is read."""

    impl = String
    cache_ok = True

    def __init__(self, members: type[E]) -> None:
        super().__init__(20)
        self.members = members

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(exact(20).dialect_impl(dialect))

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:
        return None if value is None else self.members(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:
        return None if value is None else self.members(value)


def exact(length: int) -> String:
    """Text compared byte by byte (tokens, references, hashes): MariaDB and MySQL would ignore case and trailing space."""
    return String(length).with_variant(
        mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
    )


def big_integer() -> BigInteger:
    return BigInteger().with_variant(Integer(), "sqlite")


def long_binary() -> LargeBinary:
    return LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb")


def long_text() -> Text:
    return Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")


Id = Annotated[int, mapped_column(big_integer(), primary_key=True)]
BigInt = Annotated[int, mapped_column(BigInteger())]
Timestamp = Annotated[datetime, mapped_column(UTCDateTime())]
Ref = Annotated[str, mapped_column(exact(40), unique=True)]
Exact = Annotated[str, mapped_column(exact(120))]
Line = Annotated[str, mapped_column(String(255))]
LongText = Annotated[str, mapped_column(long_text())]
Currency = Annotated[str, mapped_column(String(3))]
Json = Annotated[Document, mapped_column(JSON())]
