"""The wake-up: one small RQ job that says "look at the tasks". Redis may be away; then work is late, never gone."""

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
PATIENCE = 0.2  # seconds a request may wait for Redis

UNHEARD = Counter("counterfoil_unheard_bells_total", "Wake-ups that found no Redis; the sweep runs their tasks later.")
log = structlog.get_logger(__name__)


def ring_after_commit() -> None:
    """Wake a worker once the current unit is committed; many calls in a unit ring once."""
    unit = units.current()
    if ring not in unit.after_commit:
        unit.after_commit.append(ring)


def ring() -> bool:
    """Enqueue a wake-up, unless enough wait: whoever takes one of them up from now on finds what was just committed. False
    when Redis did not answer within 0.2 s."""
    try:
        queue = _queue(settings().redis_url)
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
