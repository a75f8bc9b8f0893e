"""The course of a simulated day: who acts when. One after the other, interleaved at the borders, the same for the same seed; or
really at once, in threads on a server."""

import contextvars
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from backoffice.core.errors import CounterfoilError
from backoffice.reconciliation import service as reconciliation
from backoffice.simulation.customers import Customer
from backoffice.simulation.keepers import Keeper
from backoffice.simulation.operators import Operators
from backoffice.simulation.world import World
from backoffice.tasks import runner
from backoffice.tasks import service as tasks
from backoffice.webhooks import service as webhooks
from integrations.payments.port import PaymentsError

REFUSALS: tuple[type[Exception], ...] = (
    CounterfoilError,
    PaymentsError,
)  # part of the story: somebody reads a sentence
STEPS = 20  # after the last of the customers
SHOPPERS = 3  # threads that play customers
LONGEST_DAY = 120.0  # seconds of the machine's time after which threads that have not come to an end are a finding

Act = Callable[[], object]


class Cast:
    """Everybody who acts in a day."""

    def __init__(self, world: World, courier: Any) -> None:
        self.world = world
        self.customers = [
            *(Customer(world, number) for number in range(world.profile.customers)),
            *(Keeper(world, number) for number in range(world.profile.keepers)),
        ]
        self.operators = Operators(world)
        self.machines: Sequence[Act] = (
            *[courier.round] * 3,
            *[lambda: runner.run_due(1)] * 5,
            webhooks.poll,
            reconciliation.run,
            world.provider.books.advance,
        )

    @property
    def acts_left(self) -> int:
        return sum(len(customer.left) for customer in self.customers)

    def somebody(self) -> Act:
        """Whose turn it is."""
        waiting = [customer for customer in self.customers if customer.left]
        what = self.world.draw.random()
        if waiting and what < 0.5:
            return self.world.draw.choice(waiting).left.pop(0)
        if what < 0.65:
            return self.operators.act
        return self.world.draw.choice(self.machines)


def interleaved(world: World, courier: Any) -> None:
    """One act after the other; but while a process stands at a border, another may act from beginning to end."""
    cast = Cast(world, courier)

    def meanwhile() -> None:
        with tasks.apart():  # it is another process: the task that stands at the border is not its own
            perform(world, cast.somebody())

    world.meanwhile = meanwhile
    quiet = STEPS
    while cast.acts_left or quiet:
        quiet -= not cast.acts_left
        world.disturb()
        perform(world, cast.somebody())
        _time_passes(world)
        if world.chance(world.profile.outage / 2):
            world.clock.forward(hours=world.draw.choice((1, 6, 26)))
            world.faults["clock jump"] += 1
    world.meanwhile = None


def overlapping(world: World, courier: Any) -> None:
    """Customers, two workers, two crons, two couriers and two operators at once, each in a thread of its own. What customers do
    twice they do from two tabs at the same moment."""
    cast = Cast(world, courier)
    is_over = threading.Event()

    def shop() -> None:
        while waiting := [customer for customer in cast.customers if customer.left]:
            with suppress(IndexError):  # another of us was faster
                _shops(world, world.draw.choice(waiting).left.pop(0))

    def machine(act: Act) -> Act:
        def run() -> None:
            while not is_over.is_set():
                perform(world, act)
                time.sleep(0.002)

        return run

    def weather() -> None:
        while not is_over.is_set():
            world.disturb()
            time.sleep(0.02)

    shoppers = _started([shop] * SHOPPERS)
    others = _started(
        [
            *(machine(act) for act in (*cast.machines, webhooks.poll, reconciliation.run, *[cast.operators.act] * 2)),
            weather,
        ]
    )
    _ended(world, shoppers)
    is_over.set()
    _ended(world, others)


def _shops(world: World, act: Act) -> None:
    tabs = 1 + (world.draw.random() < world.profile.twice)
    world.faults["two tabs at once"] += tabs - 1
    for tab in _started([lambda: perform(world, act)] * tabs):
        tab.join()
    # minutes at most: somebody may be about to write down an hour that is over then, which no real clock lets happen
    world.clock.forward(seconds=world.draw.choice((1, 5, 20, 60, 200)))


def perform(world: World, act: Act) -> None:
    """One act of somebody whose process may die in it."""
    with world.mortal():
        try:
            act()
        except REFUSALS + world.provider.refusals as error:
            world.faults[f"refused: {type(error).__name__}"] += 1
        except Exception as error:
            world.errors.append(
                f"an error nobody expected: {type(error).__name__}: {str(error)[:200]} ({_where(error)})"
            )


def _where(error: Exception) -> str:
    """The places it came through last, innermost first."""
    frames = reversed(traceback.extract_tb(error.__traceback__))
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)[:600]


def _time_passes(world: World) -> None:
    world.clock.forward(seconds=world.draw.choice((1, 2, 5, 20, 60, 200, 700)))


def _started(acts: Sequence[Act]) -> list[threading.Thread]:
    threads = [threading.Thread(target=contextvars.copy_context().run, args=(act,), daemon=True) for act in acts]
    for thread in threads:
        thread.start()
    return threads


def _ended(world: World, threads: Sequence[threading.Thread]) -> None:
    until = time.monotonic() + LONGEST_DAY
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
        if thread.is_alive():
            world.errors.append("somebody never came to an end")
