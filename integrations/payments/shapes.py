"""Reading what a provider answered: what has another shape than expected is no outcome."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from integrations.payments.port import OutcomeUnknown

P = ParamSpec("P")
T = TypeVar("T")


def reads(read: Callable[P, T]) -> Callable[P, T]:
    """Let a reader of plain rows raise OutcomeUnknown where a field is missing, or is of another kind."""

    @wraps(read)
    def safely(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return read(*args, **kwargs)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise OutcomeUnknown("an answer of an unknown shape") from error

    return safely
