"""Rows that stand alone: committed by themselves, together with those of other threads, each told its own end."""

import threading

import pytest
from pymysql.err import OperationalError
from sqlalchemy import create_engine, event, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from backoffice.carts.models import Cart
from backoffice.core import alone, clock, units
from backoffice.core.db import UnmovedWrite, db, session
from backoffice.core.units import NestedUnit, NotReplayable
from backoffice.models import Order


def row(key: str, **changes: object) -> dict[str, object]:
    empty = dict.fromkeys(column.key for column in Cart.__table__.columns if column.key != "id")
    return {
        **empty,
        "token_hash": key,
        "checkout_key": key,
        "created_at": clock.now(),
        "updated_at": clock.now(),
        **changes,
    }


def carts() -> list[str]:
    with units.read():
        return list(session.scalars(select(Cart.token_hash).order_by(Cart.id)))


@pytest.fixture
def statements(app):
    """What is sent to insert: how many rows each time."""
    sent: list[int] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        if statement.startswith("INSERT"):
            sent.append(statement.count("), (") + 1)

    event.listen(db.engine, "before_cursor_execute", note)
    yield sent
    event.remove(db.engine, "before_cursor_execute", note)


def meanwhile(app, monkeypatch, *others: dict[str, object]) -> list[object]:
    """Let other threads come with rows while the first row is being written; what they are told, once ``write`` is done."""
    told: list[object] = [None] * len(others)
    real, threads = alone._insert, []

    def come(place: int) -> None:
        with app.app_context():
            try:
                told[place] = alone.write_row(Cart, others[place])
            except Exception as error:
                told[place] = error

    def insert(statement, rows) -> None:
        if not threads:
            desk = alone._desk_of(Cart)
            for place in range(len(others)):
                threads.append(threading.Thread(target=come, args=(place,)))
                threads[-1].start()
                while len(desk.waiting) <= place:
                    pass
        real(statement, rows)

    monkeypatch.setattr(alone, "_insert", insert)
    assert alone.write_row(Cart, row("first"))
    for thread in threads:
        thread.join()
    return told


def test_a_row_is_committed_by_itself(app, statements):
    assert alone.write_row(Cart, row("a"))
    assert carts() == ["a"]
    assert statements == [1]


def test_a_key_that_is_known_is_refused_and_nothing_is_raised(app):
    assert alone.write_row(Cart, row("a"))
    assert not alone.write_row(Cart, row("a"))
    assert carts() == ["a"]


def test_rows_that_come_while_one_is_written_share_the_next_statement(app, statements, monkeypatch):
    told = meanwhile(app, monkeypatch, row("a"), row("b"), row("c"))
    assert told == [True] * 3
    assert statements == [1, 3]
    assert carts() == ["first", "a", "b", "c"]


def test_one_that_is_known_does_not_spoil_the_others(app, monkeypatch):
    told = meanwhile(app, monkeypatch, row("a"), row("first"), row("b"), row("a"))
    assert told == [True, False, True, False]
    assert carts() == ["first", "a", "b"]


def test_heavy_rows_are_written_apart(app, statements, monkeypatch):
    monkeypatch.setattr(alone, "HEAVY", 8)
    assert meanwhile(app, monkeypatch, row("a"), row("much too long"), row("b")) == [True] * 3
    assert statements == [1, 1, 1, 1]


def test_what_the_database_refuses_is_raised_to_whoever_asked_and_to_nobody_else(app, monkeypatch):
    told = meanwhile(app, monkeypatch, row("a"), row("b", checkout_key=None), row("d"), row("e", created_at="never"))
    assert told[0] is told[2] is True
    assert isinstance(told[1], IntegrityError)
    assert isinstance(told[3], Exception)
    assert carts() == ["first", "a", "d"]
    assert alone.write_row(Cart, row("c"))


def test_a_lost_connection_is_replayed_and_a_lost_server_is_told(app, monkeypatch):
    monkeypatch.setattr(units.time, "sleep", lambda _seconds: None)
    real, left = alone._insert, [2]

    def lost(statement, rows) -> None:
        if left[0]:
            left[0] -= 1
            raise DBAPIError("INSERT", {}, Exception("gone"), connection_invalidated=True)
        real(statement, rows)

    monkeypatch.setattr(alone, "_insert", lost)
    assert alone.write_row(Cart, row("a"))
    left[0] = 100
    with pytest.raises(NotReplayable):
        alone.write_row(Cart, row("b"))
    left[0] = 0
    assert alone.write_row(Cart, row("b"))
    assert carts() == ["a", "b"]


@pytest.mark.parametrize("engine_name", ["mariadb"])
def test_a_connection_that_was_cut_is_replaced_and_the_row_is_written_once(app, monkeypatch, statements):
    monkeypatch.setattr(units.time, "sleep", lambda _seconds: None)
    with db.engine.connect() as resting:
        cut = resting.execute(text("SELECT CONNECTION_ID()")).scalar_one()
    with create_engine(app.config["SQLALCHEMY_DATABASE_URI"]).connect() as other:
        other.execute(text(f"KILL {cut}"))
    assert alone.write_row(Cart, row("a"))
    assert statements == [1, 1]  # the first went nowhere
    assert carts() == ["a"]


@pytest.mark.parametrize("engine_name", ["mariadb"])
def test_a_server_that_is_away_is_told_as_ever(app, monkeypatch):
    monkeypatch.setattr(units.time, "sleep", lambda _seconds: None)

    def refuse() -> None:
        raise OperationalError(2003, "Can't connect to MySQL server")

    monkeypatch.setattr(db.engine, "raw_connection", refuse)
    with pytest.raises(NotReplayable) as told:
        alone.write_row(Cart, row("a-value-of-somebody"))
    assert isinstance(told.value.__cause__, DBAPIError)
    assert "a-value-of-somebody" not in str(told.value.__cause__)


@pytest.mark.parametrize("engine_name", ["mariadb"])
def test_it_is_one_way_to_the_server(app, monkeypatch):
    """Counted by the server: no BEGIN, no COMMIT, and rows that share a statement are one INSERT."""

    def sent() -> dict[str, int]:
        with create_engine(app.config["SQLALCHEMY_DATABASE_URI"]).connect() as other:
            asked = "SHOW GLOBAL STATUS WHERE Variable_name IN ('Com_begin', 'Com_commit', 'Com_insert')"
            return {name: int(count) for name, count in other.execute(text(asked))}

    before = sent()
    assert meanwhile(app, monkeypatch, row("a"), row("b")) == [True] * 2
    assert sent() == {**before, "Com_insert": before["Com_insert"] + 2}


def test_it_is_a_unit_and_only_for_rows_without_a_counterfoil(app):
    with units.read(), pytest.raises(NestedUnit):
        alone.write_row(Cart, row("a"))
    with pytest.raises(UnmovedWrite):
        alone.write_row(Order, {})
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM carts")).scalar_one() == 0
