"""What a page offers to do: a button, or why not. And the running of one with a flash instead of an error page."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import flash, get_flashed_messages, redirect, request
from flask.typing import ResponseReturnValue

from backoffice.admin import badges
from backoffice.core import references
from backoffice.core.cards import has_card_number, refuse_card_number
from backoffice.core.errors import CounterfoilError
from backoffice.core.seen import ChangedMeanwhile
from backoffice.core.typed import tidy
from backoffice.staff.roles import Right

MOST_TICKED = 40  # rows that stay ticked: more than a page shows
LONGEST_KEPT = 2_000  # letters of what was typed that a refusal brings back: the cookie they travel in is small

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Field:
    """One more thing an action wants to know. ``kind`` is the input's type, or textarea."""

    name: str
    label: str
    kind: str = "text"
    value: str = ""
    required: bool = True
    most: int | None = None  # of a number; of letters in a textarea
    choices: Sequence[tuple[str, str]] = ()  # make it a select


@dataclass(frozen=True)
class Action:
    """A POST to ``url``. ``why_not`` turns the button into the reason why it cannot be pressed now; ``asks`` adds a
    field for the reason, kept in the audit log."""

    label: str
    url: str
    right: Right
    why_not: str = ""
    asks: str = ""
    first: bool = False
    fields: tuple[Field, ...] = ()
    key: str = ""  # makes one effect of one showing of the page, however often the button is pressed
    back: str = ""  # the page of the office to return to, where it is not that of the address
    is_link: bool = False  # a page to go to, no POST


class ReasonNeeded(CounterfoilError):
    def __init__(self) -> None:
        super().__init__("Say in a few words why: the reason is kept with the change.")


class NotACount(CounterfoilError):
    status = 422

    def __init__(self, text: str, most: int) -> None:
        super().__init__(f"“{text[:20]}” is no whole number from 0 to {most:,}.")


def needs(right: Right) -> Callable[[View], View]:
    """Name the right that a view asks for; its desk's ``sees`` otherwise."""

    def name(view: View) -> View:
        view.right = right  # type: ignore[attr-defined]
        return view

    return name


def typed_text(name: str, most: int = 120) -> str:
    """A line that was typed into the form. Raises CardNumber."""
    text = tidy(request.form.get(name)) or ""
    refuse_card_number(text)
    return text[:most]


def typed_seen() -> str:
    """What the page had shown of what its form changes: a ``mark``."""
    return request.form.get("seen", "")[:40]


def typed_number(name: str) -> int:
    """A whole number that was typed into the form; zero for anything else."""
    text = request.form.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def typed_count(name: str, most: int) -> int:
    """A whole number of pieces or a place, from 0 to ``most``. Raises NotACount: nobody meant nothing by what cannot be
    read."""
    text = request.form.get(name, "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= most):
        raise NotACount(text, most)
    return int(text)


def request_key() -> str:
    """The key of this showing of the page, so that pressing twice does it once."""
    return request.form.get("key", "")[:40] or references.new("key")


def reason() -> str:
    """The reason typed into the form. Raises ReasonNeeded, CardNumber."""
    return typed_reason(needed=True)


def typed_reason(*, needed: bool) -> str:
    """The reason typed into the form, empty where none is ``needed``. Raises ReasonNeeded, CardNumber."""
    text = tidy(request.form.get("reason")) or ""
    if needed and not text:
        raise ReasonNeeded
    refuse_card_number(text)
    return text[:255]


def run(
    act: Callable[[], object],
    done: str | Callable[[Any], str],
    back_to: str,
    *,
    leads_to: Callable[[Any], str] | None = None,
) -> ResponseReturnValue:
    """Run an action, then return to the page with a sentence, which may be made of what the action returned; or go on to the
    page it ``leads_to``, of something new. A refusal keeps what was typed in the form."""
    try:
        made = act()
    except CounterfoilError as error:
        refuse(error)
    else:
        flash(done if isinstance(done, str) else done(made), "good")
        if leads_to:
            return redirect(leads_to(made), 303)
    return redirect(inside(request.form.get("back", "")) or back_to, 303)


def asked(what: str) -> Callable[[Any], str]:
    """What is said when the provider was asked about something: how that stands now."""
    return lambda state: f"The provider was asked: the {what} is {badges.standing(state)}."


def refuse(error: CounterfoilError) -> None:
    """Say why it was not done, and keep what was typed for the form on the next page."""
    flash(str(error), "bad")
    # Only a conflict shows anew what is there; else the form says what had been seen when it was typed.
    renewed = ("seen",) if isinstance(error, ChangedMeanwhile) else ()
    typed = {
        name: value[:LONGEST_KEPT]
        for name, value in request.form.items()
        if name not in ("csrf_token", "key", "back", "ref", *renewed) and value and not has_card_number(value)
    }
    ticked = request.form.getlist("ref")[:MOST_TICKED]
    if typed or ticked:
        told = {**typed, "action": request.path, "ticked": ticked, "chosen": typed.get("action", "")}
        flash(json.dumps(told), "typed")


def typed_before(address: str) -> dict[str, Any]:
    """What was typed into the form of this address when it was refused just now; ``ticked`` are references of rows,
    ``chosen`` is what was to be done to them."""
    for text in get_flashed_messages(category_filter=["typed"]):
        kept: dict[str, Any] = json.loads(str(text))
        if kept["action"] == address:
            return kept
    return {}


def inside(wish: str) -> str:
    """The address where it is one of the office; never another host, never a scheme. Empty for any other."""
    is_path = wish.startswith("/admin/") and wish.isprintable()
    return wish if is_path and "\\" not in wish and ".." not in wish else ""
