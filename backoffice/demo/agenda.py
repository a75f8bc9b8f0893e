"""What is still to happen in a history, soonest first: a story is told in the order of its moments, whoever it is about."""

import heapq
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple


class Step(NamedTuple):
    """``what`` happens at ``at`` to the order, customer or day of that number; ``rest`` is told on to it."""

    at: datetime
    place: int  # of two at one moment, what was planned first comes first
    what: str
    number: int
    rest: tuple[Any, ...]


class Agenda:
    def __init__(self, kept: Sequence[Sequence[Any]] = ()) -> None:
        """``kept`` is what ``dump`` gave."""
        self.steps = [Step(datetime.fromisoformat(item[0]), item[1], item[2], item[3], tuple(item[4])) for item in kept]
        self.planned = max((step.place for step in self.steps), default=0)
        heapq.heapify(self.steps)

    def plan(self, at: datetime, what: str, number: int, *rest: Any) -> None:
        self.planned += 1
        heapq.heappush(self.steps, Step(at, self.planned, what, number, rest))

    def until(self, end: datetime) -> Iterator[Step]:
        """Everything before a moment, also what is planned meanwhile."""
        while self.steps and self.steps[0].at < end:
            yield heapq.heappop(self.steps)

    def dump(self) -> list[list[Any]]:
        """As JSON can keep it."""
        return [[step.at.isoformat(), *step[1:4], list(step.rest)] for step in self.steps]
