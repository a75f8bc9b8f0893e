"""What we read from a server is what PyMySQL reads, whatever is asked, and however often."""

import ssl
from collections.abc import Iterator
from datetime import datetime

import pymysql
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymysql.cursors import SSCursor
from sqlalchemy import make_url

from backoffice.core import wire
from backoffice.core.wire import Answer, OneWay

WORDS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=300)
BYTES = st.binary(max_size=300) | st.sampled_from(
    [b"", b"x" * 250, b"x" * 251, b"x" * 65_535, b"x" * 65_536, b"\xfe" * 70_000]
)
FIRST, LAST = datetime.fromisoformat("0001-01-01"), datetime.fromisoformat("9999-01-01")  # the server knows no zones
VALUES = (
    st.none()
    | st.integers(-(2**63), 2**63 - 1)
    | WORDS
    | BYTES
    | st.decimals(-(10**9), 10**9, places=2)
    | st.datetimes(FIRST, LAST)
)


@pytest.fixture
def connections(mariadb) -> Iterator[tuple[pymysql.Connection, OneWay]]:
    where = make_url(mariadb.url("wire"))
    terms = {
        "host": where.host, "port": where.port, "user": where.username, "database": where.database, "charset": "utf8mb4",
        "autocommit": True,
    }  # fmt: skip
    plain, ours = pymysql.connect(**terms), wire.connected(terms)
    Answer.forms.clear()
    yield plain, ours
    plain.close()
    ours.close()


def asked(connection: pymysql.Connection, statement: str, values: object = None, kind: object = None) -> object:
    with connection.cursor(kind) as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall(), cursor.description, cursor.rowcount


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(VALUES, min_size=3, max_size=3), min_size=1, max_size=4))
def test_answers_are_those_of_the_driver(connections, rows):
    plain, ours = connections
    statement = " UNION ALL ".join("SELECT %s AS one, %s AS two, %s AS three" for _ in rows)
    values = [value for row in rows for value in row]
    expected = asked(plain, statement, values)
    assert asked(ours, statement, values) == expected
    assert asked(ours, statement, values) == expected  # its form is known now


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=VALUES
    | st.from_regex(r"\A[a-z_]{1,40}\Z")
    | st.sampled_from(["evt_1", "it's", "a\\", 'a"b', "", "é_1", "x\n"])
)
def test_values_are_said_as_the_driver_says_them(connections, value):
    plain, ours = connections
    assert ours.escape(value, ours.encoders) == plain.escape(value, plain.encoders)


def test_what_begins_alike_is_not_taken_for_the_same(connections):
    """One form is kept for a beginning; the other answer is read as ever, and takes its place."""
    plain, ours = connections
    statements = [
        "SELECT 1 AS a, 2 AS b", "SELECT 1 AS a, 'x' AS b", "SELECT 1 AS a", "SELECT 1 AS a, 2 AS c",
        "SELECT 1 AS a FROM (SELECT 1) t WHERE 0",
    ]  # fmt: skip
    for statement in statements * 3:
        assert asked(ours, statement) == asked(plain, statement)


def test_answers_larger_than_what_is_read_at_once(connections):
    """Three hundred columns do not fit into the buffer: they are read one by one, and the numbers of packets begin anew."""
    plain, ours = connections
    wide = "SELECT " + ", ".join(f"{n} AS a_column_with_a_long_name_{n}" for n in range(300))
    long = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 900) SELECT n, REPEAT('é', n), NULL FROM t"
    for statement in (wide, long) * 2:
        assert asked(ours, statement) == asked(plain, statement)


def test_times_of_all_precisions_and_other_types(connections):
    plain, ours = connections
    statement = (
        "SELECT CAST('2026-11-27 21:52:57.123456' AS DATETIME(6)), CAST('2026-11-27 21:52:57.1' AS DATETIME(1)), "
        "CAST('2026-11-27' AS DATETIME), CAST('2026-11-27' AS DATE), CAST('01:02:03' AS TIME), "
        "CAST(1.25 AS DECIMAL(9,3)), 1.5E0, JSON_OBJECT('a', 'é'), x'00ff', NULL"
    )
    for _ in range(2):
        assert asked(ours, statement) == asked(plain, statement)


def test_rows_that_are_fetched_while_they_come(connections):
    plain, ours = connections
    statement = (
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 500) SELECT n, REPEAT('x', n) FROM t"
    )
    for _ in range(2):
        assert asked(ours, statement, kind=SSCursor)[0] == list(asked(plain, statement)[0])


def test_an_error_leaves_the_connection_as_it_was(connections):
    _plain, ours = connections
    for _ in range(2):
        with pytest.raises(pymysql.err.ProgrammingError):
            asked(ours, "SELECT nothing FROM nowhere")
        assert asked(ours, "SELECT 1")[0] == ((1,),)


def test_a_table_that_changed_is_read_as_it_is_now(connections):
    plain, ours = connections
    asked(plain, "CREATE TABLE things (id INT, name VARCHAR(20))")
    asked(plain, "INSERT INTO things VALUES (1, 'a')")
    assert asked(ours, "SELECT * FROM things")[0] == ((1, "a"),)
    asked(plain, "ALTER TABLE things MODIFY name VARBINARY(20)")
    assert asked(ours, "SELECT * FROM things")[0] == ((1, b"a"),)


def test_what_is_kept_is_bounded(connections, monkeypatch):
    _plain, ours = connections
    monkeypatch.setattr(wire, "MOST_FORMS", 5)
    for n in range(20):
        assert asked(ours, f"SELECT {n} AS c{n}")[0] == ((n,),)
        assert len(Answer.forms) <= 5


def test_connections_share_what_they_know_of_encryption():
    """A context holds every authority that the machine trusts: one for all, unless their address has terms of its own."""
    terms = {"ssl_verify_cert": True}
    one, two, strict, anew = (OneWay(defer_connect=True, **more) for more in ({}, {}, terms, terms))
    assert one.ctx is two.ctx
    assert len({id(each.ctx) for each in (one, strict, anew)}) == 3
    mine = ssl.create_default_context()
    assert OneWay(defer_connect=True, ssl=mine).ctx is mine


class Shy:
    """A stream that cannot be looked at ahead."""

    def __init__(self, stream: object) -> None:
        self.stream = stream

    def peek(self) -> bytes:
        raise TimeoutError

    def __getattr__(self, name: str) -> object:
        return getattr(self.stream, name)


def test_what_cannot_be_looked_at_ahead_is_read_packet_by_packet(connections):
    plain, ours = connections
    ours._rfile = Shy(ours._rfile)
    statement = "SELECT seq, CONCAT('row ', seq) FROM seq_1_to_600"
    assert asked(ours, statement) == asked(plain, statement)
    assert asked(ours, "SELECT 1") == asked(plain, "SELECT 1"), "the next answer begins where this one ended"
