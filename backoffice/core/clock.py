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


def day_of(moment: datetime, zone: str) -> date:
    """The day on which something happened in a time zone."""
    return moment.astimezone(ZoneInfo(zone)).date()


def read(text: str) -> datetime:
    """The moment that an ISO text with an offset names, in UTC. Raises ValueError for any other, and beyond the calendar."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} names no offset")
    return _in_utc(moment)


def at_place(local: datetime, zone: str) -> datetime:
    """The moment at which a clock on the wall of an IANA time zone shows ``local``, in UTC. Raises ValueError beyond the
    calendar."""
    return _in_utc(local.replace(tzinfo=ZoneInfo(zone)))


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{moment} is not in the calendar") from None


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
