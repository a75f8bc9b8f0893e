"""One simulated day: stories interleaved with workers, crons, couriers and faults; then it settles, and everything is checked
against the provider's own books."""

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from backoffice.core import borders, clock
from backoffice.core.actor import Origin, coming_from
from backoffice.invariants import service as invariants
from backoffice.simulation import books, course
from backoffice.simulation.world import Clock, Profile, Provider, World
from backoffice.tasks import runner
from backoffice.webhooks import service as webhooks

ROUNDS_TO_SETTLE = 140


@dataclass
class Life:
    """What one run did, and what did not hold in the end."""

    seed: str
    problems: list[str] = field(default_factory=list)
    borders: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    orders: int = 0
    checked: int = 0


def live(seed: str, profile: Profile, provider_of: Callable[[Clock], Provider]) -> Life:
    """Live one day on the shop that is configured, with a provider on the day's clock. The same seed is the same day, unless
    the profile lets everybody act at once.

    Runs inside an application whose port is that provider."""
    now = Clock()
    world = World(random.Random(seed), now, provider_of(now), profile)  # noqa: S311 - a story, no secret
    random.seed(seed)  # what the programs draw by lot, too
    life = Life(seed, borders=world.borders, faults=world.faults)
    with clock.running_on(now), coming_from(Origin("req_simulated", "code")):
        courier = world.provider.courier(lambda _url, body, headers: _receive(world, body, headers))
        with borders.watched_by(world.crossed):
            (course.overlapping if profile.at_once else course.interleaved)(world, courier)
        world.calm_down()
        _settle(world, courier)
        life.problems = [
            *world.errors, *books.compare(world), *books.cards(world), *books.left_over(), *books.kept_once(),
            *books.unreconciled(world),
        ]  # fmt: skip
        for finding in invariants.check():
            life.checked += 1
            if not finding.holds:
                life.problems.append(f"{finding.check.words}: {', '.join(finding.refs) or finding.error}")
        life.orders = len(world.provider.books.payments(limit=10_000))
    return life


def _receive(world: World, body: bytes, headers: dict[str, str]) -> int:
    """The webhook endpoint; a process that dies here answers nothing."""
    status = webhooks.receive("sandbox", body, headers)
    if status == HTTPStatus.OK:
        world.errors += books.answered(json.loads(body)["id"])
    if world.chance(world.profile.flood):
        webhooks.receive("sandbox", body, headers)
        world.faults["webhook twice"] += 1
    return status


def _settle(world: World, courier: Any) -> None:
    """Let everything come to rest: minutes first, then hours, until nothing is open and nothing is due."""
    for round_ in range(ROUNDS_TO_SETTLE):
        world.clock.forward(minutes=4 if round_ < 60 else 45)
        world.provider.books.advance()
        courier.round()
        webhooks.poll()
        runner.run_due()
        if round_ > 20 and not books.left_over():
            return
