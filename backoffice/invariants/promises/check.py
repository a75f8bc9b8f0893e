"""What a promise is checked by."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """``key`` names it for ever; ``words`` say what would be found, ``holds`` what is true while nothing is; ``promise`` is
    what it proves. ``query`` finds what does not fit, and nothing where all of it does; its first column names a thing by its
    reference, where it has one."""

    key: str
    promise: str
    words: str
    holds: str
    query: str
