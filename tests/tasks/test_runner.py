"""Durable tasks: claimed in batches, leased, retried with pauses, given up loudly, done once."""

import re
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue
from sqlalchemy import select

from backoffice.core import units
from backoffice.core.actor import SYSTEM, Origin, coming_from, origin
from backoffice.core.db import session
from backoffice.models import Cart, Case, Task
from backoffice.tasks import bell, registry, runner
from backoffice.tasks import service as tasks
from backoffice.tasks.models import TaskState


@pytest.fixture
def handlers(monkeypatch):
    """A registry of the test's own."""
    monkeypatch.setattr(registry, "_handlers", {})
    return registry


def all_tasks() -> list[Task]:
    with units.read():
        rows = list(session.scalars(select(Task).order_by(Task.id)))
        session.expunge_all()
        return rows


def write(name="test", **more) -> None:
    units.write(lambda: tasks.schedule(name, **more))


def test_every_name_that_is_written_has_a_handler():
    written = set()
    for path in Path("backoffice").rglob("*.py"):
        written |= set(re.findall(r'tasks\.schedule\(\s*"([^"]+)"', path.read_text()))
    assert written
    assert written <= registry.names()


def test_a_task_exists_only_if_its_unit_committed(app, handlers):
    def work():
        tasks.schedule("test")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        units.write(work)
    assert all_tasks() == []


def test_the_same_key_writes_one_task_ever(app, handlers):
    handlers.plain("test")(lambda: None)
    write(dedupe="once")
    runner.run_due()
    write(dedupe="once")
    assert [task.state for task in all_tasks()] == [TaskState.DONE]


def test_a_task_waits_for_its_time(app, handlers, clock):
    ran = []
    handlers.plain("test")(lambda: ran.append(1))
    write(due=clock() + timedelta(minutes=5))
    assert runner.run_due() == 0
    clock.forward(minutes=5)
    assert runner.run_due() == 1
    assert ran == [1]


def test_the_effect_and_the_done_mark_are_one(app, handlers, clock):
    """A plain handler that fails leaves neither effect nor mark; the next run does both."""
    fails = [True]

    def handler():
        session.add(Cart(token_hash="t", checkout_key="t", created_at=clock(), updated_at=clock()))
        session.flush()
        if fails.pop() if fails else False:
            raise RuntimeError("in the middle")

    handlers.plain("test")(handler)
    write()
    runner.run_due()
    (task,) = all_tasks()
    assert (task.state, task.attempts, task.last_error) == (TaskState.WAITING, 1, "RuntimeError: in the middle")
    clock.forward(hours=1)
    runner.run_due()
    assert all_tasks()[0].state == TaskState.DONE
    with units.read():
        assert session.query(Cart).count() == 1


def test_pauses_grow_to_an_hour_and_are_drawn_by_lot(app):
    assert timedelta(seconds=2.5) <= runner.pause(1) <= timedelta(seconds=5)
    assert timedelta(minutes=30) <= runner.pause(40) <= timedelta(hours=1)
    assert len({runner.pause(5) for _ in range(10)}) > 1


def test_giving_up_opens_a_case_and_success_closes_it(app, handlers, clock):
    broken = [True]

    def handler():
        if broken:
            raise RuntimeError("no paper in the printer")

    handlers.call("test")(handler)
    write(max_attempts=3)
    for _ in range(5):
        runner.run_due()
        clock.forward(hours=2)
    (task,) = all_tasks()
    assert (task.state, task.attempts) == (TaskState.GAVE_UP, 3)
    with units.read():
        (case,) = session.scalars(select(Case))
        assert (case.state, case.kind, case.detail["error"]) == (
            "open",
            "task_gave_up",
            "RuntimeError: no paper in the printer",
        )
    broken.clear()
    units.write(lambda: tasks.retry(tasks.get(task.ref), by=SYSTEM, reason="paper was filled in"))
    runner.run_due()
    assert all_tasks()[0].state == TaskState.DONE
    with units.read():
        assert session.scalars(select(Case.state)).one() == "resolved"


def failures() -> list[tuple[int, str]]:
    with units.read():
        return [(row.attempt, row.error) for row in reversed(tasks.failures(all_tasks()[0]))]


def test_every_try_that_came_to_nothing_is_kept_also_one_whose_worker_died(app, handlers, clock):
    troubles: list[BaseException] = [RuntimeError("no paper"), SystemExit("killed"), RuntimeError("no ink")]

    def handler():
        if troubles:
            raise troubles.pop(0)

    handlers.call("test")(handler)
    write()
    runner.run_due()
    clock.forward(hours=1)
    with pytest.raises(SystemExit):
        runner.run_due()
    assert failures() == [(1, "RuntimeError: no paper")], "whoever died cannot say so"
    for _ in range(2):
        clock.forward(hours=1)
        runner.run_due()
    (task,) = all_tasks()
    assert (task.state, task.attempts) == (TaskState.DONE, 4)
    lost = (2, "The worker that ran it was lost: its lease ended.")
    assert failures() == [(1, "RuntimeError: no paper"), lost, (3, "RuntimeError: no ink")]


def test_a_task_that_takes_its_workers_with_it_gives_up(app, handlers, clock, monkeypatch):
    monkeypatch.setattr(runner, "MOST_LOST", 2)

    def handler():
        raise SystemExit

    handlers.call("test")(handler)
    write()
    for _ in range(2):
        with pytest.raises(SystemExit):
            runner.run_due()
        clock.forward(minutes=10)
    assert runner.run_due() == 0
    (task,) = all_tasks()
    assert (task.state, task.attempts, task.lease_token) == (TaskState.GAVE_UP, 2, None)
    assert [attempt for attempt, _why in failures()] == [1, 2]
    with units.read():
        assert session.scalars(select(Case.kind)).all() == ["task_gave_up"]


def test_a_running_task_that_is_run_again_is_not_called_lost(app, handlers, clock):
    ran = []

    def handler():
        ran.append(1)
        if len(ran) == 1:
            units.write(lambda: tasks.retry(tasks.get(all_tasks()[0].ref), by=SYSTEM, reason="it takes long"))

    handlers.call("test")(handler)
    write()
    runner.run_due()
    runner.run_due()
    assert (len(ran), all_tasks()[0].state, failures()) == (2, TaskState.DONE, [])


def test_an_unknown_name_fails_like_any_other_error(app, handlers):
    write("nobody.knows")
    runner.run_due()
    assert "no handler is registered" in all_tasks()[0].last_error


def test_a_lease_that_ran_out_is_taken_over_and_the_first_cannot_commit_any_more(app, handlers, clock):
    """The first runner stalls past its lease; the second does the work; the first's mark is refused, its unit undone."""
    order = []

    def commit_late():
        order.append("first commits")
        session.add(Cart(token_hash="late", checkout_key="late", created_at=clock(), updated_at=clock()))
        tasks.finish_running()

    def handler():
        if not order:
            order.append("first begins")
            clock.forward(minutes=10)
            token = tasks.running.set(None)
            runner.run_due()
            tasks.running.reset(token)
            units.write(commit_late)
        else:
            order.append("second")

    handlers.call("test")(handler)
    write()
    runner.run_due()
    assert order == ["first begins", "second", "first commits"]
    with units.read():
        assert session.query(Cart).count() == 0, "the effect of the runner that lost its lease must not be there"
    (task,) = all_tasks()
    assert (task.state, task.attempts) == (TaskState.DONE, 2)


@pytest.mark.parametrize("kind", ["plain", "call"])
def test_a_task_that_was_cancelled_after_it_was_claimed_does_nothing(app, handlers, monkeypatch, kind):
    done = []
    getattr(handlers, kind)("test")(lambda: done.append("handled"))
    write()
    run = runner._run

    def cancelled_in_between(*lease):
        units.write(lambda: tasks.cancel(session.scalars(select(Task)).one(), by=SYSTEM, reason="not wanted"))
        run(*lease)

    monkeypatch.setattr(runner, "_run", cancelled_in_between)
    runner.run_due()
    assert done == []
    assert all_tasks()[0].state == TaskState.CANCELLED


def test_a_batch_that_takes_too_long_gives_its_rest_back(app, handlers, clock):
    handlers.plain("test")(lambda: clock.forward(seconds=100))
    for _ in range(5):
        write()
    runner.run_due(batches=1)
    assert [task.state for task in all_tasks()].count(TaskState.DONE) == 2
    assert [task.attempts for task in all_tasks() if task.state == TaskState.WAITING] == [0, 0, 0]


def test_the_request_id_travels_from_the_request_to_the_task(app, handlers):
    seen = []
    handlers.plain("test")(lambda: seen.append(origin().request_id))
    with coming_from(Origin("req_of_the_customer", "web")):
        write()
    runner.run_due()
    assert seen == ["req_of_the_customer"]


def test_a_silent_redis_is_noticed_swallowed_and_quick(app, handlers):
    started = time.monotonic()
    write()
    assert time.monotonic() - started < 2
    assert len(all_tasks()) == 1


@pytest.mark.redis
@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_ring_reaches_the_queue(app, valkey):
    bell._queue.cache_clear()
    queue = bell._queue(valkey.url)
    queue.enqueue(bell.WAKE_UP)
    connection = Redis.from_url(valkey.url)
    assert [job.func_name for job in Queue(bell.QUEUE, connection=connection).jobs] == ["jobs.wakeup.run"]
    connection.close()
    queue.connection.close()


@pytest.mark.redis
@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_enough_wake_ups_that_wait_are_enough(app, valkey, monkeypatch):
    bell._queue.cache_clear()
    queue = bell._queue(valkey.url)
    monkeypatch.setattr(bell, "_queue", lambda _url: queue)
    assert [bell.ring() for _ in range(10)] == [True] * 10
    assert queue.count == bell.ENOUGH
    queue.pop_job_id()
    bell.ring()
    assert queue.count == bell.ENOUGH
    queue.connection.close()


@pytest.mark.redis
@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_ringer_rings_once_for_those_of_a_moment_and_for_whoever_comes_after(app, valkey, monkeypatch):
    looks = []
    looked = threading.Event()

    def ring(url: str) -> bool:
        looks.append(url)
        looked.set()
        return True

    monkeypatch.setattr(bell, "_ring", ring)
    monkeypatch.setattr(bell, "GAP", 0.2)
    ringer = bell._Ringer(valkey.url)
    monkeypatch.setattr(bell, "_ringer", ringer)
    bell.call()  # before it has begun
    ringer.start()
    assert looked.wait(5)
    looked.clear()
    for _ in range(50):
        bell.call()
    assert looks == [valkey.url]
    assert looked.wait(5)
    time.sleep(0.5)
    assert looks == [valkey.url] * 2


def test_a_program_without_a_ringer_rings_by_itself(app, handlers, monkeypatch):
    rung = []
    monkeypatch.setattr(bell, "_ring", rung.append)
    write()
    assert len(rung) == 1
