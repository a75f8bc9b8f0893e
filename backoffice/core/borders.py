"""Named points where a process may die: between a commit and a call, a call and a commit, a commit and an answer.

Drills and tests kill the process here for real; the simulator raises here. In normal running nothing happens."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_watchers: list[Callable[[str], None]] = []


def cross(name: str) -> None:
    """Tell the watchers that this border is crossed now."""
    for watcher in _watchers:
        watcher(name)


def watch(watcher: Callable[[str], None]) -> None:
    _watchers.append(watcher)


@contextmanager
def watched_by(watcher: Callable[[str], None]) -> Iterator[None]:
    """Tell ``watcher`` of every border while this lasts."""
    watch(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


def kill_at(name: str) -> None:
    """End this process with SIGKILL when it crosses the border ``name`` (drills; refused in production)."""

    def watcher(crossed: str) -> None:
        if crossed == name:
            os.kill(os.getpid(), signal.SIGKILL)

    watch(watcher)
