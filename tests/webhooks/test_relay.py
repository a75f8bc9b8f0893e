"""The inbox as a queue: an event is one row without a transaction, and its task is written by whoever runs tasks next."""

import pytest
from sqlalchemy import event as events
from sqlalchemy import select

from backoffice.core import borders, units
from backoffice.core.db import db
from backoffice.models import Task
from backoffice.tasks import runner
from backoffice.tasks import service as tasks
from backoffice.webhooks import relay
from jobs import wakeup
from tests.webhooks.test_inbox import event, send, stored


class Died(BaseException):
    """The process ended here."""


def dies_at(name: str):
    def watcher(crossed: str) -> None:
        if crossed == name:
            raise Died

    return borders.watched_by(watcher)


def test_storing_is_one_statement_on_its_own(shop, clock):
    sent: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        sent.append(statement.split()[0])

    events.listen(db.engine, "before_cursor_execute", note)
    try:
        assert send(shop, event(clock)) == 200
    finally:
        events.remove(db.engine, "before_cursor_execute", note)
    assert sent == ["INSERT"]


def test_a_task_is_written_for_each_and_keeps_the_request_that_brought_it(shop, clock):
    for number in range(3):
        assert send(shop, event(clock, id=f"evt_{number}")) == 200
    relay.write_tasks()
    rows = stored(shop)
    assert [row.state for row in rows] == ["received"] * 3
    written = shop.all(select(Task).where(Task.name == "webhooks.handle").order_by(Task.id))
    assert [task.arguments for task in written] == [{"event_id": row.id} for row in rows]
    assert [task.request_id for task in written] == [row.request_id for row in rows]
    assert len({row.request_id for row in rows}) == 3


def test_more_than_a_batch_is_taken_up_in_the_order_it_came(shop, clock, monkeypatch):
    monkeypatch.setattr(relay, "_WAITING", relay._WAITING.limit(2))
    for number in range(5):
        send(shop, event(clock, id=f"evt_{number}"))
    relay.write_tasks()
    written = shop.all(select(Task).where(Task.name == "webhooks.handle").order_by(Task.id))
    assert [task.arguments["event_id"] for task in written] == [row.id for row in stored(shop)]


def test_whoever_runs_tasks_handles_what_arrived_although_nobody_rang(shop, clock):
    send(shop, event(clock))
    with units.read():
        assert tasks.is_any_due()
    wakeup.sweep()
    assert [row.state for row in stored(shop)] == ["ignored"]
    with units.read():
        assert not tasks.is_any_due()


@pytest.mark.parametrize("border", ["webhooks.stored", "webhooks.taken_up", "tasks.claimed"])
def test_an_event_outlives_whoever_had_it(shop, clock, border):
    with dies_at(border), pytest.raises(Died):
        send(shop, event(clock))
        runner.run_due()
    clock.forward(minutes=10)  # a lease runs out
    shop.works()
    assert [row.state for row in stored(shop)] == ["ignored"]
    assert len(shop.all(select(Task.id).where(Task.name == "webhooks.handle"))) == 1


def test_a_rejected_event_gets_no_task(shop, clock):
    send(shop, event(clock, mode="live"))
    relay.write_tasks()
    assert shop.waiting_tasks() == []
