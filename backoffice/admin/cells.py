"""How one value of a row is shown in a list."""

from datetime import date, datetime
from typing import Any

from markupsafe import Markup

from backoffice.admin import badges
from backoffice.core import clock, formatting
from backoffice.core.money import Money
from backoffice.orders.models import Order

TIME = '<time datetime="%s" title="%s">%s</time>'
DAY = Markup('<time datetime="%s">%s</time>')
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
    if isinstance(value, date):
        return DAY % (value.isoformat(), formatting.short_day(value))
    return value


def moment(value: datetime) -> Markup:
    """A time in the office's zone, which names it and says how long ago that was when it is asked."""
    told = formatting.told(value, ZONE, clock.now())
    return Markup(TIME % (value.isoformat(), told, formatting.short_moment(value, ZONE)))  # noqa: S704 - made of digits and names of zones


def since(value: datetime) -> Markup:
    """A time with how long ago it was in sight: for heads of pages."""
    return Markup('{} <span class="soft">({})</span>').format(moment(value), formatting.ago(value, clock.now()))


def person(ref: str, words: str, flags: Markup | str = "") -> Markup:
    """A customer, leading to their page, with what to look out for."""
    link = LINK % (f"/admin/customers/{ref}", words)
    return Markup("{} {}").format(link, flags) if flags else link


def buyer(order: Order, flags: Markup | str = "", called: str = "") -> Markup:
    """Whoever ordered, by the name of the order or of a paper, leading to what we know of them, with what to look out for."""
    return person(f"of/{order.ref}", called or order.name, flags)


def about(kind: str, ref: str) -> Markup:
    """A thing of ours, by what it is and its reference."""
    return Markup("{} <code>{}</code>").format(kind.replace("_", " "), ref)


def reference(ref: str) -> Markup:
    """A name that machines know something by."""
    return Markup('<code class="ref">{}</code>').format(ref)


def state(_view: Any, _context: Any, row: Any, name: str) -> Markup:
    return badges.badge(getattr(row, name))


def code(_view: Any, _context: Any, row: Any, name: str) -> Markup:
    return CODE % (getattr(row, name) or "")


def choices(states: type[Any]) -> list[tuple[str, str]]:
    return [(str(item), badges.words(item)) for item in states]
