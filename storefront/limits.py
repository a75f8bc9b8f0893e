"""Limits on what a network may ask for in a time. Counted in Redis; where that is away, nothing is refused (logins are
counted in the database instead)."""

import math
import time
from collections.abc import Callable
from functools import wraps

import structlog
from flask import make_response
from flask.typing import ResponseReturnValue
from limits import parse
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from backoffice.core.actor import origin
from backoffice.core.errors import CounterfoilError
from backoffice.core.once import keep, once
from backoffice.core.ports import settings

View = Callable[..., ResponseReturnValue]
PATIENCE = 0.2  # seconds
REFUSAL = "too_much"  # under which a request keeps it

log = structlog.get_logger(__name__)
_limiters: dict[str, MovingWindowRateLimiter] = {}


class TooMuch(CounterfoilError):
    status = 429

    def __init__(self, seconds: int) -> None:
        super().__init__("Too many requests came from your network. Please wait a while, then try again.")
        self.retry_after = max(1, seconds)


def limited(rule: str, *, keeps_form: bool = False) -> Callable[[View], View]:
    """Refuse a network that asks more often than ``rule`` ("20 per hour"): raises TooMuch. With ``keeps_form`` the view draws
    its form again instead, which is not valid then and says why (``ShopForm.problem``): what was typed stays."""
    allowed = parse(rule)

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: object, **kwargs: object) -> ResponseReturnValue:
            mark = (view.__name__, origin().network or "unknown")
            try:
                if _limiter().hit(allowed, *mark):
                    return view(*args, **kwargs)
                reset = _limiter().get_window_stats(allowed, *mark).reset_time
            except RedisError as error:
                log.info("limits do without Redis", error=type(error).__name__)
                return view(*args, **kwargs)
            refused = TooMuch(math.ceil(reset - time.time()))
            if not keeps_form:
                raise refused
            keep(REFUSAL, refused)
            answer = make_response(view(*args, **kwargs))
            answer.status_code = refused.status
            answer.headers["Retry-After"] = str(refused.retry_after)
            return answer

        return guarded

    return decorate


def refusal() -> TooMuch | None:
    """Why the forms of this request are not acted on, whatever stands in them."""
    return once(REFUSAL, lambda: None)


def _limiter() -> MovingWindowRateLimiter:
    url = settings().redis_url
    if url not in _limiters:
        address = f"redis+{url}" if url.startswith("unix://") else url
        storage = RedisStorage(address, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
        _limiters[url] = MovingWindowRateLimiter(storage)
    return _limiters[url]
