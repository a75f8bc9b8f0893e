"""Events in any order, any number of times, with workers in between: the shop ends in the same state."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from backoffice.core.db import db
from backoffice.models import AuditEntry, CreditNote, Dispute, Fulfilment, LedgerPosting, Payment, Refund
from backoffice.tasks import runner
from integrations.sandbox.courier import signature
from tests.support import stripe_shop
from tests.support.consistency import problems
from tests.support.provider import SECRET
from tests.support.shop import Shop
from tests.support.stripe_server import StripeServer

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"])  # what an order of events can break is no engine's
EXAMPLES = 15


class Shelf:
    """The database as it was before anything was heard, taken down again for every order of events."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.path, self.kept = Path(database_url.removeprefix("sqlite:///")), folder / "before.db"

    def keep(self) -> None:
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()
        shutil.copy(self.path, self.kept)

    def restore(self) -> None:
        db.engine.dispose()
        for file in self.path.parent.glob(f"{self.path.name}*"):
            file.unlink()
        shutil.copy(self.kept, self.path)


@dataclass
class World:
    """A shop, what its provider told and nobody heard, and how an event arrives."""

    shop: Shop
    shelf: Shelf
    events: list[dict]
    hears: Callable[[dict], None]


@pytest.fixture
def sandbox(request, database_url, tmp_path) -> World:
    """A sale that was paid, refunded in two parts in the dashboard, one of which failed, and disputed: all of it unheard."""
    shop: Shop = request.getfixturevalue("shop")
    shop.provider.switch(webhooks="never", refunds="fails_later")
    sale = shop.buyer().orders()
    shelf = Shelf(database_url, tmp_path)
    shop.pays(sale)
    payment = shop.provider.payments()[0]["id"]
    shop.clock.forward(seconds=5)
    shop.provider.books.refunds.create(payment, 1_000)
    shop.clock.forward(seconds=30)
    shop.provider.books.advance()
    shop.provider.switch(refunds="")
    shop.provider.books.refunds.create(payment, 2_500)
    shop.clock.forward(seconds=5)
    dispute = shop.provider.books.disputes.open(payment, inquiry=True)["id"]
    shop.provider.books.disputes.escalate(dispute)
    shop.provider.books.disputes.close(dispute, "lost")
    shelf.keep()

    def hears(event: dict) -> None:
        raw = json.dumps(event).encode()
        headers = {"Sandbox-Signature": signature(raw, SECRET, shop.clock())}
        assert shop.app.test_client().post("/webhooks/sandbox", data=raw, headers=headers).status_code == 200

    return World(shop, shelf, shop.provider.books.events(), hears)


@pytest.fixture
def stripe(database_url, provider, clock, tmp_path, demo_rows) -> Iterator[World]:
    """The same story as Stripe tells it: of the page, of its PaymentIntent, of refunds and of the dispute."""
    server = StripeServer(clock)
    with stripe_shop.selling_by_stripe(server, database_url, tmp_path, provider, clock, demo_rows) as shop:
        sale = shop.buyer().orders()
        shelf = Shelf(database_url, tmp_path)
        session = shop.payment(sale).provider_ref
        shop.clock.forward(seconds=5)
        server.decline(session, "generic_decline")
        server.pay(session)
        intent = server.sessions[session]["payment_intent"]
        shop.clock.forward(seconds=5)
        server.course = "fails_later"
        server.refund(intent, 1_000)
        shop.clock.forward(seconds=30)
        server.advance()
        server.course = ""
        server.refund(intent, 2_500)
        shop.clock.forward(seconds=5)
        dispute = server.books.dispute(intent, inquiry=True)["id"]
        server.books.escalate(dispute)
        server.books.decide(dispute, "lost")
        shelf.keep()
        yield World(shop, shelf, list(server.events), lambda event: stripe_shop.hears(shop, server, event))
    server.stop()


def facts(shop) -> dict:
    """Where everything stands, without the references and ids that chance gives."""
    postings = shop.all(select(LedgerPosting))
    return {
        "payments": [(row.state, row.captured_amount, row.refunded_amount) for row in shop.all(select(Payment))],
        "refunds": sorted((row.state.value, row.amount) for row in shop.all(select(Refund))),
        "disputes": [(row.state, row.withdrawn_amount, row.is_inquiry) for row in shop.all(select(Dispute))],
        "notes": sorted(row.gross_amount for row in shop.all(select(CreditNote))),
        "deliveries": [row.state for row in shop.all(select(Fulfilment))],
        "accounts": {
            account: total
            for account in {row.account for row in postings}
            if (total := sum(row.amount for row in postings if row.account == account))
        },
        "cases": sorted(shop.open_cases()),
        "stock": shop.stock(),
    }


def lives(world: World, steps: list[int]) -> dict:
    """Hear these events (-1: a worker runs one task) and come to rest."""
    shop = world.shop
    world.shelf.restore()
    for step in steps:
        if step < 0:
            runner.run_due(1)
        else:
            world.hears(world.events[step])
    shop.works()
    shop.clock.forward(minutes=3)  # what waited for its answer comes back
    shop.works()
    assert problems() == []
    return facts(shop)


@pytest.mark.parametrize("provider_name", ["sandbox", "stripe"])
def test_every_order_of_events_ends_in_the_same_state(request, database_url, provider_name):
    world: World = request.getfixturevalue(provider_name)
    known = len(world.events)
    expected = lives(world, list(range(known)))
    assert expected["payments"] == [("settled", 12_900, 2_500)]
    assert expected["refunds"] == [
        ("failed", 1_000),
        ("succeeded", 2_500),
    ]  # what failed before we heard of it is told too
    assert expected["disputes"] == [("lost", 10_400, False)]
    orders = st.permutations(range(known))
    more = st.lists(st.integers(-1, known - 1), max_size=8)

    @settings(
        max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True
    )
    @given(orders, more, st.randoms(use_true_random=False))
    def holds(order, again, draw) -> None:
        steps = [*order, *again]
        draw.shuffle(steps)
        # each is heard at least once: what was shuffled in between only comes more often
        assert lives(world, steps) == expected

    holds()
    assert world.shop.count(AuditEntry)
