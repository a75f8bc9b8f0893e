"""The office is killed with SIGKILL while it gives money back, and while it answers a dispute: what was asked of the provider
happens once, whatever was lost on the way."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.support.office import refund_form
from tests.support.processes import HttpBuyer, World, ask
from tests.support.servers import Valkey
from tests.support.shop import hidden
from tests.support.staff import EMAIL, PASSWORD

pytestmark = [pytest.mark.redis, pytest.mark.parametrize("engine_name", ["mariadb"])]


@pytest.fixture
def world(database_url: str, valkey: Valkey, tmp_path: Path, furnish: Callable[[str], None]) -> Iterator[World]:
    world = World(tmp_path, database_url, valkey)
    furnish(database_url)
    world.start("provider")
    yield world
    world.stop()


@pytest.fixture
def payment(world: World) -> str:
    """Our reference of a payment of 129.00 that was settled."""
    world.start("web")
    buyer = world.buyer()
    buyer.follows(buyer.pays(buyer.orders(buyer.checkout_form())))
    return ask(world, "SELECT ref FROM payments WHERE state = 'settled'")[0][0]


def operator(world: World) -> HttpBuyer:
    browser = world.buyer()
    form = hidden(browser.get("/admin/login").text)
    assert browser.post("/admin/login", {**form, "email": EMAIL, "password": PASSWORD, "next": ""}).status_code == 303
    return browser


def given_back(world: World) -> list[tuple]:
    return ask(world, "SELECT state, amount FROM refunds")


@pytest.mark.parametrize("border", ["refunds.learn.prepared", "refunds.learn.asked", "refunds.learn.recorded"])
def test_the_office_dies_while_it_gives_money_back(world, payment, border):
    """After prepare, after ask, after commit before the answer: pressing the button again finds the first refund, and without
    it the task does."""
    browser = operator(world)
    place = f"/admin/refunds/of/{payment}?what=all"
    form = refund_form(browser.get(place).text)
    world.kill("web")
    world.start("web", kill_at=border)
    with pytest.raises(requests.ConnectionError):
        browser.post(place, form)
    world.died("web")
    assert len(given_back(world)) == 1
    world.start("web")
    assert browser.post(place, form).status_code in (303, 409)
    world.start("worker", clock_ahead=3_700)
    world.start("cron")
    world.wait(lambda: given_back(world) == [("succeeded", 12_900)], "the refund arrives")
    assert [item["refunded"] for item in world.provider_payments()] == [12_900]
    assert ask(world, "SELECT refunded_amount FROM payments") == [(12_900,)]
    assert ask(world, "SELECT gross_amount FROM credit_notes") == [(12_900,)]
    world.wait(
        lambda: ask(world, "SELECT COUNT(*) FROM mails WHERE template LIKE 'refund%' AND state = 'sent'") == [(1,)],
        "the customer is told once",
    )
    assert ask(world, "SELECT COUNT(*) FROM cases WHERE state = 'open'") == [(0,)]


@pytest.mark.parametrize("border", ["disputes.answer.prepared", "disputes.answer.asked", "disputes.answer.recorded"])
def test_the_office_dies_while_it_answers_a_dispute(world, payment, border):
    """Before the bank is told, before what it says is kept, and after: it hears the same answer once, though nobody presses
    the button again."""
    page = world.provider_payments()[0]["id"]
    assert requests.post(f"{world.sandbox}/control/payments/{page}", data={"what": "dispute"}, timeout=5).ok
    world.start("worker")
    world.start("cron")
    world.wait(lambda: ask(world, "SELECT state FROM disputes") == [("needs_response",)], "the dispute is heard of")
    world.kill("worker")
    world.kill("cron")
    browser = operator(world)
    place = f"/admin/disputes/{ask(world, 'SELECT ref FROM disputes')[0][0]}/answer"
    form = {**hidden(browser.get(place).text, "key"), "uncategorized_text": "It was sent and signed for."}
    world.kill("web")
    world.start("web", kill_at=border)
    with pytest.raises(requests.ConnectionError):
        browser.post(place, form)
    world.died("web")
    answers = "SELECT state FROM dispute_answers"
    assert len(ask(world, answers)) == 1
    world.start("web")  # and nobody presses again: the task of the answer asks
    world.start("worker", clock_ahead=3_700)
    world.start("cron")
    world.wait(lambda: ask(world, answers) == [("accepted",)], "the answer arrives")
    world.wait(lambda: ask(world, "SELECT state FROM disputes") == [("under_review",)], "the bank reviews it")
    tags = "SELECT COUNT(*) FROM audit_log WHERE tag IN ('dispute.answered', 'dispute.answer_prepared')"
    assert ask(world, tags) == [(2,)]
    # for a worker whose clock is ahead, webhooks may have been silent for an hour
    assert ask(world, "SELECT kind FROM cases WHERE state = 'open' AND kind <> 'webhooks_silent'") == []
