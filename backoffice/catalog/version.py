"""The catalogue's version: it rises with every change that customers can see, and caches go by it."""

import time

from sqlalchemy import URL, select, update

from backoffice.catalog.models import CatalogueState
from backoffice.core import clock, units
from backoffice.core.db import engine, session
from backoffice.core.looks import look

LOOK_EVERY = 1.0  # seconds for which the version is taken as known

_VERSION = select(CatalogueState.version)
_seen: tuple[URL, int, float] | None = None  # database, version, when it was looked up


def current() -> int:
    """The version of everything customers can see of the catalogue. Looked up at most once a second in each process;
    a change made in this process is known at once."""
    global _seen
    known = seen()
    if known is None:
        known = look(_VERSION).scalar() or 0
        _seen = (engine().url, known, time.monotonic())
    return known


def seen() -> int | None:
    """The version as it was looked up a moment ago; needs no unit."""
    if _seen is None or _seen[0] is not engine().url or time.monotonic() - _seen[2] > LOOK_EVERY:
        return None
    return _seen[1]


def forget() -> None:
    """Look the version up anew."""
    global _seen
    _seen = None


def bump() -> None:
    """Let every cached fragment be out of date."""
    units.after_commit(forget)
    changed = session.execute(
        update(CatalogueState)
        .values(version=CatalogueState.version + 1, changed_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    if not changed.rowcount:  # type: ignore[attr-defined]
        session.add(CatalogueState(id=1, version=1, changed_at=clock.now()))
