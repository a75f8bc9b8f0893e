"""A call step: prepare (unit, committed) → ask (no session) → record (unit).

What we are about to ask exists, with its key and exact parameters, before anyone is asked; what was answered is
recorded in a unit of its own. A crash between the two leaves a row that says what was asked."""

from collections.abc import Callable
from typing import TypeVar

from backoffice.core import borders, units

Q = TypeVar("Q")
A = TypeVar("A")
R = TypeVar("R")


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
