"""What a simulated day happens in: a clock, a provider in process, a process that dies, and a count of all that was done."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
FAULTS = ("lose_create", "lose_pay", "lose_refund", "lose_read", "throttle", "fail", "refuse_refund")
WEBHOOKS = ("normal", "normal", "normal", "twice", "late", "reversed", "never")
LONGEST_STAND = 0.004  # seconds of the machine's time at a border, where others act at the same time
LONGER_THAN_A_LEASE = 4  # minutes
REFUNDS = ("", "", "", "pending", "fails", "fails_later")


class Crash(BaseException):
    """The process died here. No handler catches it: what was not committed is gone."""


@dataclass(frozen=True)
class Profile:
    """How much goes wrong: probabilities by step, or by border."""

    name: str = "rough"
    customers: int = 48
    keepers: int = 2  # customers with an account who let cards be kept
    leave: float = 0.72  # how many of them fill a cart and go
    wares: tuple[str, ...] = ()  # the articles that customers choose from; none named: all there are
    again: float = 0.4  # how often a customer tries to pay once more
    crash: float = 0.02
    fault: float = 0.10
    outage: float = 0.02
    flood: float = 0.3  # how often an event that came is sent once more
    meanwhile: float = 0.04  # how often another process acts while one stands at a border
    slow: float = 0.3  # how often that other comes so late that a lease has run out
    at_once: bool = False  # whether everybody acts at the same time, in threads on a server
    twice: float = 0.0  # how often a customer does the same from two tabs at the same moment


PROFILES = {
    "calm": Profile("calm", crash=0.0, fault=0.0, outage=0.0, flood=0.0, meanwhile=0.0),
    "rough": Profile(),
    "wild": Profile("wild", leave=0.64, crash=0.06, fault=0.25, outage=0.05, flood=0.6, meanwhile=0.1),
    "overlapping": Profile("overlapping", at_once=True, twice=0.4),
}
DEEPEST = 2  # processes that stand at a border while another acts


class Provider(Protocol):
    """The provider in process, as the simulation uses it."""

    books: Any
    refusals: tuple[type[Exception], ...]  # what its books say to a wish that came too late

    def courier(self, send: Callable[[str, bytes, dict[str, str]], int]) -> Any: ...


class Clock:
    """Moved by whoever acts; it never goes back, however many move it at once."""

    def __init__(self) -> None:
        self.time = START
        self._moving = threading.Lock()

    def __call__(self) -> datetime:
        return self.time

    def forward(self, **step: float) -> None:
        with self._moving:
            self.time += timedelta(**step)


@dataclass
class World:
    draw: random.Random
    clock: Clock
    provider: Provider
    profile: Profile
    borders: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    late: Counter[str] = field(
        default_factory=Counter
    )  # payments that a bank captured after they were over, by our reference
    elsewhere: set[str] = field(
        default_factory=set
    )  # payments that were made in the dashboard, by the provider's reference
    errors: list[str] = field(default_factory=list)  # what should never be raised
    is_calm: bool = False
    meanwhile: Callable[[], None] | None = None  # lets somebody else act
    _standing: int = 0

    def chance(self, probability: float) -> bool:
        return not self.is_calm and self.draw.random() < probability

    def crossed(self, border: str) -> None:
        """A border was crossed. Perhaps others act while this process stands there; perhaps it dies there."""
        self.borders[border] += 1
        if self.profile.at_once:
            time.sleep(self.draw.random() * LONGEST_STAND)
        elif self.meanwhile and self._standing < DEEPEST and self.chance(self.profile.meanwhile):
            self._stand_aside(self.meanwhile)
        if self.chance(self.profile.crash):
            self.faults[f"crash at {border}"] += 1
            raise Crash(border)

    def _stand_aside(self, act: Callable[[], None]) -> None:
        """Somebody else acts from beginning to end; perhaps after so long a time that a lease has run out."""
        self.faults["another process acted meanwhile"] += 1
        if self.draw.random() < self.profile.slow:
            self.faults["a process stood still for minutes"] += 1
            self.clock.forward(minutes=LONGER_THAN_A_LEASE)
        self._standing += 1
        try:
            act()
        finally:
            self._standing -= 1

    def set_switch(self, name: str, value: object) -> None:
        self.provider.books.set_switch(name, value)

    def disturb(self) -> None:
        """Perhaps something goes wrong at the provider, or is mended."""
        if self.chance(self.profile.fault):
            fault = self.draw.choice(FAULTS)
            self.set_switch(fault, 1)
            self.faults[fault] += 1
        if self.chance(self.profile.outage):
            self.set_switch("outage", True)
            self.faults["outage"] += 1
        elif self.draw.random() < 0.5:
            self.set_switch("outage", False)
        if self.chance(self.profile.fault / 2):
            mode = self.draw.choice(WEBHOOKS)
            self.set_switch("webhooks", mode)
            self.faults[f"webhooks {mode}"] += mode != "normal"
        if self.chance(self.profile.fault):
            course = self.draw.choice(REFUNDS)
            self.set_switch("refunds", course)
            self.faults[f"refunds {course}"] += bool(course)

    def calm_down(self) -> None:
        """Nothing goes wrong from here on."""
        self.is_calm = True
        for name in FAULTS:
            self.set_switch(name, 0)
        for name, value in (("outage", False), ("webhooks", "normal"), ("refunds", "")):
            self.set_switch(name, value)

    @contextmanager
    def mortal(self) -> Iterator[None]:
        """What happens in here may be cut off."""
        with suppress(Crash):
            yield
