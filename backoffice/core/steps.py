"""A call step: prepare (unit, committed) → ask (no session) → record (unit).

What we are about to ask exists, with its key and exact parameters, before anyone is asked; what was answered is
recorded in a unit of its own. A crash between the two leaves a row that says what was asked."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from backoffice.core import borders, units
from backoffice.core.actor import Actor
from backoffice.core.errors import CounterfoilError

Q = TypeVar("Q")
A = TypeVar("A")
R = TypeVar("R", covariant=True)


class Learn(Protocol[R]):
    """Asks what became of a row, by its id, and records it; ``then`` is given the row in the unit that records."""

    def __call__(self, row_id: int, /, *, by: Actor, then: Callable[[Any], None] | None = None) -> R: ...


class NotAnswered(CounterfoilError):
    """The provider was asked and said nothing of use."""

    status = 503

    def __init__(self, *, goes_on: bool) -> None:
        again = "Counterfoil asks again by itself." if goes_on else "Ask again in a moment."
        super().__init__("The provider did not answer, so nothing new is known. %(again)s", again=again)


def ask_and_record(name: str, question: Q, *, ask: Callable[[Q], A], record: Callable[[Q, A], R]) -> R:
    """Ask, then record. What is asked was written and committed before (prepare).

    ``name`` names the borders: ``<name>.prepared``, ``<name>.asked``, ``<name>.recorded``."""
    borders.cross(f"{name}.prepared")
    units.closed()
    answer = ask(question)
    borders.cross(f"{name}.asked")
    result = units.write(lambda: record(question, answer))
    borders.cross(f"{name}.recorded")
    return result


def learn_now(learn: Learn[R], row_id: int, *, by: Actor) -> R:
    """What ``learn`` returns, for somebody who waits for it. Raises NotAnswered after recording that nobody answered."""
    silent: list[NotAnswered] = []

    def look(row: Any) -> None:
        silent[:] = [NotAnswered(goes_on=row.is_open)] if row.unanswered else []

    state = learn(row_id, by=by, then=look)
    if silent:
        raise silent[0]
    return state
