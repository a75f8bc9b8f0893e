"""The switch for maintenance: a file in the folder for state, so that it works while the database does not.

While it is there the shop answers 503; the office, the webhooks and the probes go on. Each host has its own."""

import contextlib
from pathlib import Path

from backoffice.core.ports import settings


def begin(notice: str) -> None:
    """Close the shop. ``notice`` is shown to customers: when it opens again."""
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(notice)


def end() -> bool:
    """Open the shop; False if it was open."""
    try:
        _path().unlink()
    except FileNotFoundError:
        return False
    return True


def notice() -> str | None:
    """What customers are told while the shop is closed; None while it is open."""
    with contextlib.suppress(OSError):
        return _path().read_text()
    return None


def _path() -> Path:
    return settings().var / "maintenance"
