"""What simulated days rely on."""

import sys
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from backoffice.simulation.world import START, Clock

STEPS = 4_000


@pytest.fixture
def _impatient() -> Iterator[None]:
    """Threads give way to each other at every opportunity."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_impatient")
def test_the_clock_never_goes_back_however_many_move_it():
    """A refund is compared with the moment at which a bank took the money: time that goes back makes healthy days red."""
    clock = Clock()

    def move() -> None:
        for _ in range(STEPS):
            clock.forward(seconds=1)

    threads = [threading.Thread(target=move) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock() == START + timedelta(seconds=4 * STEPS)
