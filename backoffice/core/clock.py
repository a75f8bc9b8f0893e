"""Time enters here and nowhere else: aware UTC, settable in tests and drills."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def _system() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system


def now() -> datetime:
    """The current moment, aware, in UTC, to the microsecond."""
    return _source()


def today(zone: str) -> date:
    """The calendar date in an IANA time zone."""
    return now().astimezone(ZoneInfo(zone)).date()


def run_ahead(seconds: int) -> None:
    """Let this process live in the future (drills: a lease that ran out, without waiting for it)."""
    global _source
    _source = lambda: _system() + timedelta(seconds=seconds)  # noqa: E731


@contextmanager
def running_on(source: Callable[[], datetime]) -> Iterator[None]:
    """Let the whole process take its time from elsewhere (tests, the simulator)."""
    global _source
    previous, _source = _source, source
    try:
        yield
    finally:
        _source = previous
