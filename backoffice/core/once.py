"""What one request asks for many times and looks up once."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import g

T = TypeVar("T")

_NOTHING: Any = object()


def once(name: str, find: Callable[[], T]) -> T:
    """What ``find`` returns, kept under ``name`` until the request has ended. What raises is not kept."""
    kept: Any = g._get_current_object()  # one way through the proxy instead of three
    found = kept.get(name, _NOTHING)
    if found is _NOTHING:
        found = find()
        setattr(kept, name, found)
    return cast("T", found)


def keep(name: str, value: object) -> None:
    """Spare this request the look for ``name``: it is known already."""
    setattr(g, name, value)
