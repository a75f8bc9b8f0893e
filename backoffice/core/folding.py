"""How words are compared in search and sorting: without case, accents and punctuation, the same on every engine."""

import re
import unicodedata

LONGEST = 40  # characters of a term that count

_WORD = re.compile(r"[0-9a-z]+")
# Letters that decompose into nothing simpler (Unicode has no mapping for them).
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l", "þ": "th", "ð": "d"})


def fold(text: str) -> str:
    """``Meßgerät Ø 5`` → ``messgerat o 5``."""
    simple = unicodedata.normalize("NFKD", text).lower().translate(_LETTERS)
    return "".join(sign for sign in simple if not unicodedata.combining(sign))


def terms(text: str) -> list[str]:
    """The folded words of a text, in its order, each at most 40 characters."""
    return [word[:LONGEST] for word in _WORD.findall(fold(text))]
