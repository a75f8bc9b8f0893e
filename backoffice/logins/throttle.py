"""Attempts to log in are counted in the database, so that they are limited with Redis away too."""

import hashlib
from datetime import timedelta

from sqlalchemy import delete, func, select

from backoffice.core import clock, units
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError
from backoffice.logins.models import Holder, LoginFailure

WINDOW = timedelta(minutes=15)
MOST_TOGETHER = 5  # for one address from one network: a stranger elsewhere does not lock a customer out
MOST_PER_ADDRESS = 25  # from everywhere
MOST_PER_NETWORK = 50


class TooManyAttempts(CounterfoilError):
    status = 429
    retry_after = int(WINDOW.total_seconds())

    def __init__(self) -> None:
        minutes = int(WINDOW.total_seconds() // 60)
        super().__init__("Too many attempts. Wait %(minutes)s minutes, then try again.", minutes=minutes)


def count(holder: Holder, address: str, network: str | None) -> None:
    """Count an attempt, before the password is looked at: many at once cannot slip through. Raises TooManyAttempts;
    while that lasts nothing more is counted, so that the wait ends.

    Opens its own units, because an attempt is a fact that must be committed."""
    keys = _keys(holder, address, network)
    with units.read():
        if _is_over(keys, spare=1):
            raise TooManyAttempts
    units.write(lambda: _note(keys))
    with units.read():
        if _is_over(keys, spare=0):
            raise TooManyAttempts


def forgive(holder: Holder, address: str, network: str | None) -> None:
    """A right login takes the attempts of its address away, and its own from its network's."""
    together, of_address, of_network = _keys(holder, address, network)
    session.execute(delete(LoginFailure).where(LoginFailure.key.in_([together, of_address])))
    own = session.scalar(select(func.max(LoginFailure.id)).where(LoginFailure.key == of_network))
    if own:
        session.execute(delete(LoginFailure).where(LoginFailure.id == own))


def _is_over(keys: list[str], *, spare: int) -> bool:
    """Whether one of the three counts is above its most, less ``spare``."""
    rows = session.execute(
        select(LoginFailure.key, func.count())
        .where(LoginFailure.key.in_(keys), LoginFailure.at > clock.now() - WINDOW)
        .group_by(LoginFailure.key)
    )
    counts = {row[0]: int(row[1]) for row in rows}
    most = (MOST_TOGETHER, MOST_PER_ADDRESS, MOST_PER_NETWORK)
    return any(counts.get(key, 0) > limit - spare for key, limit in zip(keys, most, strict=True))


def _note(keys: list[str]) -> None:
    session.execute(delete(LoginFailure).where(LoginFailure.at < clock.now() - 2 * WINDOW))
    session.add_all(LoginFailure(key=key, at=clock.now()) for key in keys)


def _keys(holder: Holder, address: str, network: str | None) -> list[str]:
    """Address and network together, the address, the network; for one kind of holder each: customers' mistakes never
    close the office."""
    kind, where = holder.value[0], network or "unknown"
    return [
        f"{kind}t:{hashlib.sha256(f'{address} {where}'.encode()).hexdigest()}",
        f"{kind}:{hashlib.sha256(address.encode()).hexdigest()}",
        f"{kind}n:{where}",
    ]
