"""Units of work: nothing half-done, nothing without a counterfoil, everything replayed as a whole."""

import threading

import pytest
from sqlalchemy import create_engine, delete, select, text, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from backoffice.audit.service import UnauditedChange
from backoffice.carts.models import Cart
from backoffice.core import clock, units
from backoffice.core import db as core_db
from backoffice.core.db import OutsideUnit, db, session
from backoffice.core.errors import Conflict, ProgrammingError
from backoffice.core.units import NestedUnit, ReadOnlyUnit, UnmovedWrite
from backoffice.core.writes import change, put
from backoffice.models import Order, OrderLine, Product


def cart(key: str) -> Cart:
    return Cart(token_hash=key, checkout_key=key, created_at=clock.now(), updated_at=clock.now())


def carts() -> list[str]:
    with units.read():
        return list(session.scalars(select(Cart.token_hash)))


def test_the_database_cannot_be_touched_outside_a_unit(app):
    with pytest.raises(OutsideUnit):
        session.scalars(select(Cart))


def test_a_read_unit_refuses_to_write(app):
    with pytest.raises(ReadOnlyUnit), units.read():
        session.add(cart("a"))
        session.flush()
    with pytest.raises(ReadOnlyUnit), units.read():
        session.query(Cart).delete()
    row = {
        "token_hash": "a",
        "checkout_key": "a",
        "person_id": None,
        "created_at": clock.now(),
        "updated_at": clock.now(),
    }
    for write in (lambda: put(Cart, [row]), lambda: change(delete(Cart.__table__), {})):
        with pytest.raises(ReadOnlyUnit), units.read():
            write()
    with pytest.raises(ReadOnlyUnit), units.read():
        session.scalars(select(Order).with_for_update()).all()  # nothing would stay locked
    assert carts() == []


def test_an_error_leaves_nothing_behind(app):
    def work():
        session.add(cart("a"))
        session.flush()
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        units.write(work)
    assert carts() == []


def test_units_do_not_nest(app):
    with pytest.raises(NestedUnit):
        units.write(lambda: units.write(lambda: None))


def test_nobody_is_asked_inside_a_unit(app):
    with pytest.raises(ProgrammingError):
        units.write(units.closed)


def test_a_conflict_replays_the_whole_unit(app):
    tries = []

    def work():
        tries.append(1)
        session.add(cart(f"try {len(tries)}"))
        session.flush()
        if len(tries) < 4:
            raise Conflict

    units.write(work)
    assert len(tries) == 4
    assert carts() == ["try 4"]


def test_a_unit_that_always_loses_gives_up(app, monkeypatch):
    monkeypatch.setattr(units.time, "sleep", lambda seconds: None)

    def work():
        raise Conflict

    with pytest.raises(units.NotReplayable):
        units.write(work)


@pytest.mark.parametrize("engine_name", ["mariadb"])
def test_a_lost_connection_is_replaced_and_the_unit_run_again(app):
    tries = []

    def work():
        tries.append(1)
        session.add(cart(f"try {len(tries)}"))
        session.flush()
        if len(tries) == 1:
            mine = session.execute(text("SELECT CONNECTION_ID()")).scalar_one()
            with db.engine.connect() as other:
                other.execute(text(f"KILL {mine}"))
            session.execute(text("SELECT 1"))

    units.write(work)
    assert carts() == ["try 2"]


@pytest.mark.parametrize("engine_name", ["mariadb"])
def test_a_unit_that_reads_sends_nothing_but_its_questions(app):
    """No transaction is begun for it, so none is ended; one that writes begins and ends its own."""

    def sent() -> dict[str, int]:
        with units.read():
            rows = session.execute(
                text("SHOW SESSION STATUS WHERE Variable_name IN ('Com_begin', 'Com_rollback', 'Com_commit')")
            )
            return {name: int(count) for name, count in rows}

    before = sent()
    for _ in range(3):
        with units.read():
            session.execute(text("SELECT 1"))
    assert sent() == before
    units.write(lambda: session.add(cart("one")))
    assert sent() == {**before, "Com_begin": before["Com_begin"] + 1, "Com_commit": before["Com_commit"] + 1}
    with pytest.raises(ZeroDivisionError):
        units.write(lambda: (session.add(cart("two")), session.flush(), 1 / 0))
    assert sent()["Com_rollback"] == before["Com_rollback"] + 1
    assert carts() == ["one"]


@pytest.mark.parametrize("engine_name", ["mariadb"])
def test_connections_that_were_cut_while_they_rested_are_replaced_unnoticed(app, monkeypatch):
    """A restarted server has cut all of them: no reader sees an error, however many there were."""
    monkeypatch.setattr(core_db, "REST", 0.0)
    with db.engine.connect() as one, db.engine.connect() as two:
        cut = [connection.execute(text("SELECT CONNECTION_ID()")).scalar_one() for connection in (one, two)]
    with create_engine(app.config["SQLALCHEMY_DATABASE_URI"]).connect() as other:
        for number in cut:
            other.execute(text(f"KILL {number}"))
    for _ in cut:
        with units.read():
            assert session.execute(text("SELECT CONNECTION_ID()")).scalar_one() not in cut


def test_a_duplicate_key_is_replayed_so_that_the_second_finds_the_first(app):
    """Two units insert the same business key at once: one row, and both see it."""
    both = threading.Barrier(2)
    seen = []

    def run():
        waited = []

        def work():
            known = session.scalars(select(Cart).where(Cart.token_hash == "same")).one_or_none()
            if known is None:
                if not waited and app.config["SQLALCHEMY_DATABASE_URI"].startswith("mysql"):
                    waited.append(both.wait(5))
                session.add(cart("same"))
                session.flush()
            seen.append("inserted" if known is None else "found")

        with app.app_context():
            units.write(work)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert carts() == ["same"]
    assert seen.count("found") == 1


def test_a_duplicate_that_stays_is_raised(app):
    units.write(lambda: session.add(cart("a")))
    with pytest.raises(IntegrityError):
        units.write(lambda: session.add(cart("a")))


def test_an_ordinary_database_error_is_not_replayed(app):
    tries = []

    def work():
        tries.append(1)
        session.execute(text("SELECT nonsense FROM nowhere"))

    with pytest.raises(DatabaseError):
        units.write(work)
    assert len(tries) == 1


def test_after_commit_runs_once_and_only_after_a_commit(app):
    rung = []
    tries = []

    def work():
        tries.append(1)
        units.after_commit(lambda: rung.append(len(tries)))
        if len(tries) == 1:
            raise Conflict

    units.write(work)
    assert rung == [2]


def test_a_change_without_an_audit_row_is_refused(shop):
    def work():
        product = session.scalars(select(Product)).first()
        product.name = "quietly renamed"

    with pytest.raises(UnauditedChange):
        units.write(work)
    with units.read():
        assert "quietly renamed" not in session.scalars(select(Product.name)).all()


def test_a_bulk_update_that_passes_the_mover_by_is_refused(shop):
    with pytest.raises(UnmovedWrite):
        units.write(lambda: session.query(Order).update({"name": "nobody"}))
    for table in (Order.__table__, OrderLine.__table__):
        with pytest.raises(UnmovedWrite):
            units.write(lambda table=table: change(update(table).values(quantity=0, name="nobody"), {}))
