"""The wake-up: one small RQ job that says "look at the tasks". Redis may be away; then work is late, never gone."""

import threading
import time
from functools import lru_cache

import structlog
from prometheus_client import Counter
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue

from backoffice.core import units
from backoffice.core.ports import settings

QUEUE = "wakeups"
WAKE_UP = "jobs.wakeup.run"  # by name: the domain never imports jobs
ENOUGH = 4  # wake-ups that wait: as many workers are called, and one more would say nothing new
PATIENCE = 0.2  # seconds to wait for Redis
GAP = 0.02  # seconds between two looks of a ringer

UNHEARD = Counter("counterfoil_unheard_bells_total", "Wake-ups that found no Redis; the sweep runs their tasks later.")
log = structlog.get_logger(__name__)


def ring_after_commit() -> None:
    """Wake a worker once the current unit is committed; many calls in a unit ring once."""
    unit = units.current()
    if call not in unit.after_commit:
        unit.after_commit.append(call)


def call() -> None:
    """Wake a worker: now, or in a moment where this program has a ringer."""
    if _ringer is None:
        ring()
    else:
        _ringer.wanted.set()


def ring() -> bool:
    """Enqueue a wake-up, unless enough wait: whoever takes one of them up from now on finds what was just committed. False
    when Redis did not answer within 0.2 s."""
    return _ring(settings().redis_url)


def have_a_ringer() -> None:
    """Let a thread of this program ring from now on: no request waits for Redis, and those of a moment ring once."""
    global _ringer
    _ringer = _Ringer(settings().redis_url)
    _ringer.start()


class _Ringer(threading.Thread):
    """Rings when somebody wanted it, and looks no sooner than ``GAP`` after the last time: what was committed in between is
    found by the look that follows it. It ends with its program; what it did not ring for, the sweep finds."""

    def __init__(self, url: str) -> None:
        super().__init__(name="ringer", daemon=True)
        self.url = url
        self.wanted = threading.Event()

    def run(self) -> None:
        while True:
            self.wanted.wait()
            self.wanted.clear()  # before the look: who commits from here on is looked for again
            _ring(self.url)
            time.sleep(GAP)


_ringer: _Ringer | None = None


def _ring(url: str) -> bool:
    try:
        queue = _queue(url)
        if queue.count < ENOUGH:
            queue.enqueue(WAKE_UP, job_timeout=600, result_ttl=0, failure_ttl=3600)
    except (RedisError, OSError) as error:
        UNHEARD.inc()
        log.warning("nobody heard the bell", error=type(error).__name__)
        return False
    return True


@lru_cache(maxsize=4)
def _queue(url: str) -> Queue:
    connection = Redis.from_url(
        url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE, retry=Retry(NoBackoff(), 0)
    )
    return Queue(QUEUE, connection=connection)
