"""Where work waits before it is a task: rows that were committed first and are a queue themselves, as the inbox of webhooks.
Whoever runs tasks has theirs written before it claims any."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Feed:
    """``is_waiting`` looks, inside a unit; ``write_tasks`` opens units of its own, and two at once are harmless."""

    is_waiting: Callable[[], bool]
    write_tasks: Callable[[], None]


_feeds: dict[str, Feed] = {}


def feed_from(name: str, feed: Feed) -> None:
    """Register another place where work waits; once more under the same name is the same place."""
    _feeds[name] = feed


def is_any_waiting() -> bool:
    return any(feed.is_waiting() for feed in _feeds.values())


def write_tasks() -> None:
    for feed in _feeds.values():
        feed.write_tasks()
