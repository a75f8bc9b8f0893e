"""What is the same for every visitor is made once per version of the catalogue: kept in the process, and in Redis for
the other processes. Without Redis each process makes its own; what is personal never comes here. What Redis gives back
is believed only with our seal: pickles of a stranger would run in this process."""

import contextlib
import hashlib
import hmac
import os
import pickle
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import structlog
from prometheus_client import Counter
from redis import Redis
from redis.exceptions import RedisError

from backoffice.core.ports import settings
from storefront.keeping import Keeper
from storefront.release import release

T = TypeVar("T")
log = structlog.get_logger(__name__)

ROOM = 4 << 20  # bytes that one process keeps
LIFE = 3_600  # seconds
PATIENCE = 0.05  # seconds that a page waits for Redis
OF_THE_SHOP = ("public", "tariff", "links", "top", "bottom")  # what all pages share: known after the first request
SEAL = 32  # bytes
REST = 10.0  # seconds that Redis is left alone after it did not answer

_USED = Counter("counterfoil_fragments", "Fragments of public pages by where they came from.", ["source"])
_FROM_PROCESS, _FROM_REDIS, _MADE = (_USED.labels(source) for source in ("process", "redis", "made"))

_kept = Keeper(ROOM)
_redis: dict[str, Redis] = {}
_away_until = 0.0


def fragment(version: int, key: tuple[Hashable, ...], make: Callable[[], T], *, shared: bool = True) -> T:
    """What ``make`` returns, made once for this version and key. It must be public, plain data or markup, and depend on
    nothing that is not in the key. What visitors choose freely (search words, prices) is not ``shared``: it stays in
    this process, whose share is bounded, and never fills Redis."""
    if os.environ.get("COUNTERFOIL_FRAGMENTS") == "off" and key[0] not in OF_THE_SHOP:
        return make()  # measurements: what a page costs that nobody has asked for yet
    here = settings()
    whole = (version, release(), here.database_url, here.secret_key, *key)
    now = time.monotonic()
    kept = _kept.find(whole, now)
    if kept is not None:
        _FROM_PROCESS.inc()
        return kept[0]  # type: ignore[no-any-return]
    name = "fragment:" + hashlib.sha256(repr(whole).encode()).hexdigest()
    found = _fetch(name) if shared else None
    if found is None:
        _MADE.inc()
        made: T = make()
        if shared:
            _store(name, made)
    else:
        _FROM_REDIS.inc()
        made = found[0]
    _kept.keep(whole, now + LIFE, made)
    return made


def forget() -> None:
    """Know as little as a process that begins (tests)."""
    global _away_until
    _away_until = 0.0
    _kept.clear()


def _fetch(name: str) -> tuple[Any] | None:
    answer = _ask(lambda redis: redis.get(name))
    if not isinstance(answer, bytes) or not hmac.compare_digest(answer[:SEAL], _seal(name, answer[SEAL:])):
        return None
    with contextlib.suppress(Exception):  # written by another release: made anew
        return (pickle.loads(answer[SEAL:]),)  # noqa: S301 - it carries our seal
    return None


def _store(name: str, value: Any) -> None:
    content = pickle.dumps(value)
    _ask(lambda redis: redis.set(name, _seal(name, content) + content, ex=LIFE))


def _seal(name: str, content: bytes) -> bytes:
    return hmac.digest(settings().secret_key.encode(), name.encode() + content, "sha256")


def _ask(question: Callable[[Redis], Any]) -> Any:
    """Ask Redis; one that does not answer is left alone for a while, so that no page waits twice."""
    global _away_until
    if time.monotonic() < _away_until:
        return None
    url = settings().redis_url
    try:
        redis = _redis.get(url)
        if redis is None:
            redis = _redis[url] = Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
        return question(redis)
    except RedisError as error:
        _away_until = time.monotonic() + REST
        log.info("fragments do without Redis", error=type(error).__name__)
        return None
