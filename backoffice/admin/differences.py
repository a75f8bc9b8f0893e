"""What changed in a text, word by word: what went is struck out, what came is underlined."""

import re
from difflib import SequenceMatcher

from markupsafe import Markup, escape

SHORTEST = 30  # letters: shorter texts are shown whole, before beside after
LONGEST = 4_000

_WORDS = re.compile(r"\s+|[^\s]+")


def marked(before: str, after: str) -> Markup | None:
    """Both texts as one, with their difference marked; None where they are too short or too long for that to help."""
    if min(len(before), len(after)) < SHORTEST or max(len(before), len(after)) > LONGEST:
        return None
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    parts = []
    for kind, first, last, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(escape("".join(old[first:last])))
            continue
        if last > first:
            parts.append(Markup("<del>{}</del>").format("".join(old[first:last])))
        if end > start:
            parts.append(Markup("<ins>{}</ins>").format("".join(new[start:end])))
    return Markup("").join(parts)
