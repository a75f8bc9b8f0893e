"""Names of tasks and the handlers behind them. Handlers register themselves in ``jobs.tasks``; ``app`` imports those."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from backoffice.core.errors import ProgrammingError

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Handler:
    """``plain`` handlers run inside one unit that also marks the task done; the others open their own units. A promise
    hangs on those that ``must_run``: nobody can cancel them."""

    run: Callable[..., Any]
    plain: bool
    must_run: bool


class UnknownTask(ProgrammingError):
    def __init__(self, name: str) -> None:
        super().__init__(f"no handler is registered for the task {name!r}")


_handlers: dict[str, Handler] = {}


def plain(name: str, *, must_run: bool = False) -> Callable[[F], F]:
    """Register a handler that is one unit of work."""
    return _register(name, is_plain=True, must_run=must_run)


def call(name: str, *, must_run: bool = False) -> Callable[[F], F]:
    """Register a handler that asks someone outside, and opens its units itself."""
    return _register(name, is_plain=False, must_run=must_run)


def handler(name: str) -> Handler:
    try:
        return _handlers[name]
    except KeyError:
        raise UnknownTask(name) from None


def must_run(name: str) -> bool:
    """Whether a promise hangs on tasks of this name; an unknown name promises nothing."""
    known = _handlers.get(name)
    return known is not None and known.must_run


def names() -> frozenset[str]:
    return frozenset(_handlers)


def _register(name: str, *, is_plain: bool, must_run: bool) -> Callable[[F], F]:
    def keep(function: F) -> F:
        if name in _handlers and _handlers[name].run is not function:
            raise ProgrammingError(f"two handlers for the task {name!r}")
        _handlers[name] = Handler(function, is_plain, must_run)
        return function

    return keep
