"""Something that somebody else does while a process stands at a border."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from backoffice.core import borders


@contextmanager
def once_at(border: str, act: Callable[[], object]) -> Iterator[None]:
    """Do ``act`` when this border is crossed for the first time."""
    acts = iter([act])

    def crossed(name: str) -> None:
        if name == border:
            for first in acts:
                first()

    with borders.watched_by(crossed):
        yield
