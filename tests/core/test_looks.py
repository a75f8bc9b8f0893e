"""Looks: what comes back is what SQLAlchemy would give, on every engine, and errors are its errors."""

from datetime import timedelta

import pytest
from sqlalchemy import DateTime, bindparam, create_engine, event, func, literal_column, select, text
from sqlalchemy.exc import DBAPIError, PendingRollbackError

from backoffice.core import clock, ready, units
from backoffice.core.db import NOW, OutsideUnit, ReadOnlyUnit, connection, db, has_session, session
from backoffice.core.errors import ProgrammingError
from backoffice.core.looks import look
from backoffice.core.writes import put
from backoffice.tasks.models import Task, TaskState

_BY_NAME = (
    select(Task.id, Task.name, Task.state, Task.arguments, Task.due_at, Task.finished_at)
    .where(Task.name.in_(bindparam("names", expanding=True)), Task.due_at <= NOW)
    .order_by(Task.id)
)
_OF_STATE = select(Task.name).where(Task.state == bindparam("state"), Task.name != "100% %s :none").order_by(Task.id)
_BROKEN = select(func.no_such_function(bindparam("value")))


def task(name: str) -> dict[str, object]:
    empty = dict.fromkeys(column.key for column in Task.__table__.columns if column.key != "id")
    now = clock.now()
    return {
        **empty, "ref": name, "name": name, "arguments": {"of": name}, "state": TaskState.WAITING, "due_at": now,
        "attempts": 0, "max_attempts": 1, "last_error": "", "request_id": "", "created_at": now,
    }  # fmt: skip


@pytest.fixture
def three(app):
    units.write(lambda: put(Task, [task(name) for name in "abc"]))


def as_ever(statement, **values):
    return connection().execute(statement, values).all()


def test_rows_are_those_of_sqlalchemy(three):
    with units.read():
        for names in (["a", "c"], ["b"], [], ["a", "b", "c"], ["c", "b"]):
            mine, theirs = look(_BY_NAME, names=names).all(), as_ever(_BY_NAME, names=names)
            assert mine == theirs
            assert [list(map(type, row)) for row in mine] == [list(map(type, row)) for row in theirs]
            assert [row.name for row in mine] == sorted(names)
        assert mine[0].state is TaskState.WAITING
        assert mine[0].arguments == {"of": "b"}
        assert mine[0].due_at.utcoffset() == timedelta(0)
        assert list(look(_OF_STATE, state=TaskState.WAITING).scalars()) == ["a", "b", "c"]
        assert look(_OF_STATE, state=TaskState.DONE).first() is None


def test_a_value_that_is_asked_for_late_is_that_of_now(clock, three):
    with units.read():
        assert look(_BY_NAME, names=["a"]).all()
        clock.forward(days=-1)
        assert not look(_BY_NAME, names=["a"]).all()


def test_what_the_unit_wrote_before_is_there(app):
    def work() -> list[str]:
        session.add(Task(**task("new")))
        return list(look(_OF_STATE, state=TaskState.WAITING).scalars())

    assert units.write(work) == ["new"]


def test_a_statement_is_made_ready_once_and_heard_of_each_time(three, monkeypatch):
    statement, heard, made = select(Task.id).where(Task.name == bindparam("name")), [], []
    real = ready.Ready.__init__
    monkeypatch.setattr(ready.Ready, "__init__", lambda self, *args: made.append(1) or real(self, *args))

    def note(_connection, _cursor, said, *_rest) -> None:
        heard.append(said)

    event.listen(db.engine, "before_cursor_execute", note)
    with units.read():
        for name in "abc":
            assert len(look(statement, name=name).all()) == 1
    event.remove(db.engine, "before_cursor_execute", note)
    assert made == [1]
    assert sum(said.startswith("SELECT tasks.id") for said in heard) == 3


def test_the_lists_of_a_statement_are_bounded(three, monkeypatch):
    monkeypatch.setattr(ready, "MOST_FORMS", 2)
    with units.read():
        for length in (1, 2, 3, 4, 1):
            assert len(look(_BY_NAME, names=["a", *["x"] * (length - 1)]).all()) == 1
        assert len(ready._known[db.engine][_BY_NAME]._forms) <= 2


def test_statements_that_are_built_anew_each_time_do_not_pile_up(three, monkeypatch):
    monkeypatch.setattr(ready, "MOST_STATEMENTS", 3)
    with units.read():
        for _ in range(5):
            assert len(look(select(Task.id).where(Task.name == bindparam("name")), name="a").all()) == 1
        assert len(ready._known[db.engine]) <= 3


def test_a_missing_value_and_a_look_outside_of_a_unit_are_mistakes(three):
    with units.read(), pytest.raises(KeyError, match="state"):
        look(_OF_STATE)
    with pytest.raises(OutsideUnit):
        look(_OF_STATE, state=TaskState.DONE)
    literal = select(Task.id).where(Task.name == bindparam("name", literal_execute=True))
    with units.read(), pytest.raises(ProgrammingError):
        look(literal, name="a")


def test_errors_are_those_of_sqlalchemy_without_values(app):
    with units.read(), pytest.raises(DBAPIError) as told:
        look(_BROKEN, value="a-value-of-somebody")
    with units.read(), pytest.raises(DBAPIError) as theirs:
        as_ever(_BROKEN, value="a-value-of-somebody")
    assert type(told.value) is type(theirs.value)
    assert "no_such_function" in str(told.value)
    assert "a-value-of-somebody" not in str(told.value)


@pytest.mark.parametrize("engine_name", ["mariadb"])
def test_a_connection_that_was_cut_is_of_no_use_to_the_unit_and_replaced_for_the_next(app, three, monkeypatch):
    monkeypatch.setattr(units.time, "sleep", lambda _seconds: None)
    cuts = [True]
    with db.engine.connect(), db.engine.connect():
        pass  # two that rest

    def work() -> list[str]:
        if cuts:
            cuts.pop()
            mine = connection().exec_driver_sql("SELECT CONNECTION_ID()").scalar_one()
            with create_engine(app.config["SQLALCHEMY_DATABASE_URI"]).connect() as other:
                other.execute(text(f"KILL {mine}"))
            with pytest.raises(DBAPIError) as told:
                look(_OF_STATE, state=TaskState.WAITING)
            assert told.value.connection_invalidated
            assert db.engine.pool.checkedin() == 0, "others are as old"
            assert connection().invalidated
            with pytest.raises(PendingRollbackError):
                look(_OF_STATE, state=TaskState.WAITING)
            raise told.value
        return list(look(_OF_STATE, state=TaskState.WAITING).scalars())

    assert units.write(work) == ["a", "b", "c"]
    assert not cuts


def test_a_unit_that_only_looks_takes_one_connection_and_begins_nothing(three):
    on_a_server = db.engine.dialect.name != "sqlite"
    with units.read():
        assert len(look(_OF_STATE, state=TaskState.WAITING).all()) == 3
        assert has_session() != on_a_server
        assert connection().in_transaction() != on_a_server
        assert len(session.scalars(select(Task)).all()) == 3
        assert session.connection() is connection()
        assert db.engine.pool.checkedout() == 1
    assert db.engine.pool.checkedout() == 0


def test_what_was_not_allowed_in_a_unit_that_looks_is_not_hidden_by_a_look(three):
    with units.read(), pytest.raises(ReadOnlyUnit):
        session.add(Task(**task("d")))
        look(_OF_STATE, state=TaskState.WAITING)


_NO_DATES = select(literal_column("d", DateTime())).select_from(
    text("(SELECT CAST('2026-01-01' AS DATETIME) d UNION ALL SELECT CAST('0000-00-00' AS DATETIME)) t")
)


@pytest.mark.parametrize("engine_name", ["mariadb"])
def test_an_answer_that_cannot_be_read_costs_its_connection_and_nobody_elses_question(three):
    with units.read(), pytest.raises(ValueError, match="year"):
        look(_NO_DATES)
    for _ in range(2):
        with units.read():
            assert len(look(_OF_STATE, state=TaskState.WAITING).all()) == 3


@pytest.mark.parametrize("engine_name", ["mariadb"])
def test_a_unit_ends_whatever_happens_while_it_is_left(three, monkeypatch):
    def break_down() -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(session, "remove", break_down)
        with pytest.raises(ZeroDivisionError), units.read():
            taken = connection()
    assert not units.is_open()
    assert taken.closed
