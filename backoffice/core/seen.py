"""What a page showed, in a form that says nothing of it: whoever changes it says what they had seen, so that an older page
takes nothing back that somebody else changed meanwhile."""

import hashlib

from backoffice.core.errors import CounterfoilError

_LETTERS = str.maketrans("0123456789", "ghijklmnop")  # a number could be taken for that of a card


class ChangedMeanwhile(CounterfoilError):
    """``words`` say what has changed, where the page does not."""

    status = 409

    def __init__(self, words: str = "") -> None:
        super().__init__(
            words
            or "Somebody changed this since the page was opened. What you typed is kept: compare, and send it again."
        )


def mark(*shown: object) -> str:
    """The same for the same values in this order: twenty letters. Values say all of themselves in ``repr``."""
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:20].translate(_LETTERS)


def check(seen: str | None, *shown: object) -> None:
    """Raises ChangedMeanwhile where what is there is not what was ``seen``; None where nobody looked at a page."""
    if seen is not None and seen != mark(*shown):
        raise ChangedMeanwhile
