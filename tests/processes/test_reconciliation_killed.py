"""Reconciliation is killed with SIGKILL once it has taken the provider's lines in: the next round takes none in and posts none
a second time."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import programs
from tests.support.processes import World, ask
from tests.support.servers import Valkey

pytestmark = pytest.mark.redis

LINES = "SELECT COUNT(*), COUNT(DISTINCT line_ref) FROM provider_lines"
POSTED = "SELECT kind, COUNT(*) FROM ledger_entries GROUP BY kind ORDER BY kind"
SUMS = "SELECT currency, SUM(amount) FROM ledger_postings GROUP BY currency"


@pytest.fixture
def world(database_url: str, valkey: Valkey, tmp_path: Path, furnish: Callable[[str], None]) -> Iterator[World]:
    world = World(tmp_path, database_url, valkey)
    furnish(database_url)
    world.start("provider")
    world.start("web")
    buyer = world.buyer()
    buyer.follows(buyer.pays(buyer.orders(buyer.checkout_form())))
    yield world
    world.stop()


def test_a_round_that_was_killed_is_done_once_by_the_next(world):
    before = dict(ask(world, POSTED))
    process = programs.start(
        ["flask", "reconcile"],
        {**world.env, "COUNTERFOIL_KILL_AT": "reconciliation.taken_in"},
        world.folder / "killed.log",
    )
    process.join(60)
    assert process.exitcode == -signal.SIGKILL, (world.folder / "killed.log").read_text()
    ((taken, distinct),) = ask(world, LINES)
    assert taken == distinct > 0
    once = dict(ask(world, POSTED))
    assert once["fee"] == 1, "what was taken in is posted in its own unit"
    for _ in range(2):
        assert "Both books agree" in world.command("reconcile")
        assert ask(world, LINES) == [(taken, taken)]
        assert dict(ask(world, POSTED)) == once
    assert once == {**before, "fee": 1}
    assert [int(total) for _currency, total in ask(world, SUMS)] == [0]
    assert ask(world, "SELECT COUNT(*) FROM cases WHERE state = 'open'") == [(0,)]
    world.command("invariants", "check")
