"""How one value of a row is shown in a list."""

from typing import Any

from markupsafe import Markup

from backoffice.admin import badges
from backoffice.core import formatting
from backoffice.core.money import Money

TIME = Markup('<time datetime="%s">%s</time>')
CODE = Markup("<code>%s</code>")
LINK = Markup('<a href="%s">%s</a>')
ZONE = "Europe/Berlin"  # the office's time zone; every time says which


def plain(value: Any) -> Any:
    """Values for people: money, times and states; everything else as text."""
    if value is None:
        return ""
    if isinstance(value, Money):
        return formatting.money(value)
    if hasattr(value, "tzinfo"):
        return moment(value)
    return value


def moment(value: Any) -> Markup:
    return TIME % (value.isoformat(), formatting.short_moment(value, ZONE))


def state(_view: Any, _context: Any, row: Any, name: str) -> Markup:
    return badges.badge(getattr(row, name))


def code(_view: Any, _context: Any, row: Any, name: str) -> Markup:
    return CODE % (getattr(row, name) or "")


def choices(states: type[Any]) -> list[tuple[str, str]]:
    return [(str(item), badges.words(item)) for item in states]
