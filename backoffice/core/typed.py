"""What people type, without what nobody can see in it."""

import unicodedata


def tidy(value: str | None) -> str | None:
    """A line without blanks at its ends and without control and format characters."""
    if value is None:
        return None
    return "".join(sign for sign in value if unicodedata.category(sign) not in ("Cc", "Cf")).strip()


def tidy_lines(value: str | None) -> str | None:
    """Like tidy, for text of several lines."""
    return "\n".join(tidy(line) or "" for line in value.splitlines()).strip() if value else value
