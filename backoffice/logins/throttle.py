"""Attempts to log in are counted in the database, so that they are limited with Redis away too."""

import hashlib
from datetime import timedelta

from sqlalchemy import delete, func, select

from backoffice.core import clock, units
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError
from backoffice.logins.models import Holder, LoginFailure

WINDOW = timedelta(minutes=15)
MOST_PER_ADDRESS = 5
MOST_PER_NETWORK = 50


class TooManyAttempts(CounterfoilError):
    status = 429

    def __init__(self) -> None:
        minutes = int(WINDOW.total_seconds() // 60)
        super().__init__(f"Too many attempts. Wait {minutes} minutes, then try again.")


def count(holder: Holder, address: str, network: str | None) -> None:
    """Count an attempt, before the password is looked at: many at once cannot slip through. Raises TooManyAttempts.

    Opens its own units, because an attempt is a fact that must be committed."""
    keys = [_key(holder, address), f"n:{network or 'unknown'}"]
    units.write(lambda: _note(keys))
    with units.read():
        rows = session.execute(
            select(LoginFailure.key, func.count())
            .where(LoginFailure.key.in_(keys), LoginFailure.at > clock.now() - WINDOW)
            .group_by(LoginFailure.key)
        )
        counts = {row[0]: int(row[1]) for row in rows}
    if counts.get(keys[0], 0) > MOST_PER_ADDRESS or counts.get(keys[1], 0) > MOST_PER_NETWORK:
        raise TooManyAttempts


def forgive(holder: Holder, address: str) -> None:
    """A right login takes the attempts of its address away."""
    session.execute(delete(LoginFailure).where(LoginFailure.key == _key(holder, address)))


def _note(keys: list[str]) -> None:
    session.execute(delete(LoginFailure).where(LoginFailure.at < clock.now() - 2 * WINDOW))
    session.add_all(LoginFailure(key=key, at=clock.now()) for key in keys)


def _key(holder: Holder, address: str) -> str:
    return f"{holder.value[0]}:{hashlib.sha256(address.encode()).hexdigest()}"
