"""Real processes, killed with SIGKILL at named points; Redis flushed and stopped; the provider's answer lost.

The sale comes out right each time, or waits in the state unknown with what was asked."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from redis import Redis

from tests.support.processes import World, ask, heading
from tests.support.servers import Valkey

pytestmark = pytest.mark.redis


@pytest.fixture
def world(database_url: str, valkey: Valkey, tmp_path: Path, furnish: Callable[[str], None]) -> Iterator[World]:
    world = World(tmp_path, database_url, valkey)
    furnish(database_url)
    world.start("provider")
    yield world
    world.stop()


# the level that is bought: 25 pieces at the start
STOCK = "SELECT on_hand, held FROM stock_items JOIN variants ON variants.id = variant_id WHERE sku = 'SL-60-OAK'"


def is_sold_once(world: World) -> None:
    assert world.captured() == [12_900]
    assert ask(world, "SELECT state FROM orders") == [("paid",)]
    assert ask(world, "SELECT captured_amount FROM payments WHERE state = 'settled'") == [(12_900,)]
    assert ask(world, "SELECT collection_state FROM invoices") == [("paid",)]
    assert ask(world, "SELECT position FROM number_register") == [(1,)]
    assert ask(world, STOCK) == [(24, 0)]
    assert ask(world, "SELECT COUNT(*) FROM cases WHERE state = 'open'") == [(0,)]


@pytest.mark.parametrize("border", ["collection.learn.prepared", "collection.learn.asked", "collection.learn.recorded"])
def test_the_web_program_dies_while_the_order_is_placed(world, border):
    """After prepare, after ask, after commit before the answer: pressing the button again finds the first order."""
    world.start("web")
    buyer = world.buyer()
    form = buyer.checkout_form()
    world.kill("web")
    world.start("web", kill_at=border)
    with pytest.raises(requests.ConnectionError):
        buyer.orders(form)
    world.died("web")
    assert ask(world, "SELECT COUNT(*) FROM orders") == [(1,)]
    world.start("web")
    page = buyer.orders(form)
    assert page.startswith(world.sandbox)
    assert len(world.provider_payments()) == 1
    assert heading(buyer.follows(buyer.pays(page))) == "Thank you, it is yours"
    is_sold_once(world)


@pytest.mark.parametrize("border", ["tasks.claimed", "collection.learn.asked", "collection.learn.recorded"])
def test_the_worker_dies_in_the_middle_of_a_webhook(world, border, engine_name):
    """Between claim and done, after ask, after record: the lease runs out and another worker finishes."""
    world.start("web")
    buyer = world.buyer()
    page = buyer.orders(buyer.checkout_form())
    world.start("worker", kill_at=border)
    buyer.pays(page)  # and never comes back
    world.died("worker")
    world.start("worker", clock_ahead=200)  # the lease has run out
    world.start("cron")
    world.wait(lambda: ask(world, "SELECT state FROM orders") == [("paid",)], "the order is paid")
    world.wait(lambda: ask(world, "SELECT COUNT(*) FROM mails WHERE state = 'sent'") == [(1,)], "the mail is sent")
    is_sold_once(world)


def test_redis_is_stopped_and_flushed_and_nothing_is_lost(world):
    world.start("web")
    buyer = world.buyer()
    form = buyer.checkout_form()
    world.valkey.stop()
    page = buyer.orders(form)
    assert heading(buyer.follows(buyer.pays(page))) == "Thank you, it is yours"
    world.valkey.start()
    Redis.from_url(world.valkey.url).flushall()
    world.start("worker")
    world.start("cron")
    world.wait(lambda: ask(world, "SELECT COUNT(*) FROM mails WHERE state = 'sent'") == [(1,)], "the mail is sent")
    is_sold_once(world)


def test_the_answer_to_the_charge_is_lost_and_the_webhook_never_comes(world):
    """The provider took the money and told nobody: the payment's own task asks."""
    world.switch(webhooks="never", lose_pay=1)
    world.start("web")
    buyer = world.buyer()
    page = buyer.orders(buyer.checkout_form())
    with pytest.raises(requests.ConnectionError):
        buyer.pays(page)
    assert world.captured() == [12_900]
    assert ask(world, "SELECT state FROM payments") == [("sent",)]
    world.start("worker", clock_ahead=125)
    world.start("cron")
    world.wait(lambda: ask(world, "SELECT state FROM orders") == [("paid",)], "the order is paid")
    is_sold_once(world)


def test_the_provider_is_away_when_the_order_is_placed(world):
    world.switch(outage=True)
    world.start("web")
    buyer = world.buyer()
    waiting = buyer.orders(buyer.checkout_form())
    assert waiting.startswith("/pay/")
    assert heading(buyer.follows(waiting)) == "We are waiting for the payment provider"
    ((state, answer, request),) = ask(world, "SELECT state, last_answer, request FROM payments")
    assert state == "unknown"
    assert "unanswered" in answer
    assert '"amount": 12900' in request
    world.switch(outage=False)
    assert heading(buyer.follows(waiting)) == "Your payment is still open"
    assert len(world.provider_payments()) == 1


def test_tasks_run_without_any_queue_by_command(world):
    world.valkey.stop()
    world.start("web")
    buyer = world.buyer()
    buyer.follows(buyer.pays(buyer.orders(buyer.checkout_form())))
    assert "tasks run" in world.command("tasks", "run")
    assert ask(world, "SELECT COUNT(*) FROM invoice_papers") == [(1,)]
