"""The one kind of list in the office, on Flask-Admin: paged by key, read-only, with its own slim template.

Rows of money and audit are never edited or deleted here: Flask-Admin's routes that could are not even registered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeVar

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin.contrib.sqla import ModelView
from flask_admin.form import BaseForm
from markupsafe import Markup, escape
from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute

from backoffice.admin import access, badges
from backoffice.admin.actions import Action
from backoffice.core import formatting, units
from backoffice.core.db import db, session
from backoffice.core.errors import ProgrammingError
from backoffice.core.money import Money
from backoffice.staff.roles import Right, whom_to_ask

View = TypeVar("View", bound=Callable[..., Any])

ROWS = 20
KEPT_ROUTES = frozenset({"index_view", "one"})
ZONE = "Europe/Berlin"  # the office's time zone; every time says which


@dataclass(frozen=True)
class Filter:
    """One filter of a list, kept in the address. ``choices`` become a select; none means an exact text."""

    name: str
    label: str
    column: InstrumentedAttribute[Any]
    choices: Sequence[tuple[str, str]] = ()
    read: Callable[[str], Any] = str


def needs(right: Right) -> Callable[[View], View]:
    """Name the right that a view asks for; its desk's ``sees`` otherwise."""

    def name(view: View) -> View:
        view.right = right  # type: ignore[attr-defined]
        return view

    return name


class NoRightNamed(ProgrammingError):
    def __init__(self, view: str) -> None:
        super().__init__(f"{view} changes something and names no right: add @needs.")


class DeskList(ModelView):
    """A list of one model, newest first, twenty rows a page, and pages for one row below it."""

    can_create = can_edit = can_delete = can_export = can_view_details = False
    column_display_actions = False
    list_template = "office/list.html"
    page_size = ROWS
    simple_list_pager = True
    filters: ClassVar[Sequence[Filter]] = ()
    numbers: ClassVar[frozenset[str]] = frozenset()  # columns that are right-aligned
    blank: ClassVar[str] = "Nothing here."
    one_template: ClassVar[str] = ""
    sees: ClassVar[Right]  # what its list and pages ask for

    def __init__(self, model: Any, name: str, url: str, category: str | None = None) -> None:
        inherited: list[Any] = getattr(self, "_urls")  # noqa: B009 - Flask-Admin's metaclass collects it, untyped
        self._urls = [route for route in inherited if route[1] in KEPT_ROUTES or not hasattr(ModelView, route[1])]
        for _url, view, methods in self._urls:
            if "POST" in methods and not hasattr(getattr(self, view), "right"):
                raise NoRightNamed(f"{type(self).__name__}.{view}")
        super().__init__(model, db, name=name, endpoint=f"desk_{url}", url=f"/admin/{url}", category=category)

    # -- Flask-Admin's hooks

    def scaffold_form(self, *_args: Any, **_kwargs: Any) -> type[BaseForm]:
        form: type[BaseForm] = BaseForm  # nothing is edited here
        return form

    def scaffold_filters(self, name: Any) -> None:
        return None

    def is_accessible(self) -> bool:
        return access.is_staff()

    def is_visible(self) -> bool:
        return access.has(self.sees)

    def inaccessible_callback(self, name: str, **_kwargs: Any) -> ResponseReturnValue:
        return access.to_login()

    def _run_view(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        """Pages are drawn inside one read unit; actions open their own. Both for those who may."""
        access.demand(getattr(fn, "right", self.sees))
        if request.method in ("GET", "HEAD"):
            with units.read():
                return fn(self, *args, **kwargs)
        return fn(self, *args, **kwargs)

    def get_list(self, *_args: Any, **_kwargs: Any) -> tuple[None, list[Any]]:
        """One page by key: no count, no offset, one row more than shown to know whether there is a next page."""
        query = self.narrowed(select(self.model)).order_by(self.model.id.desc()).limit(ROWS + 1)
        after = request.args.get("after", type=row_number)
        if after:
            query = query.where(self.model.id < after)
        return None, list(session.scalars(query))

    def render(self, template: str, **kwargs: Any) -> str:
        if "actions" in kwargs:
            kwargs["actions"] = [_for_whoever_asks(item) for item in kwargs["actions"]]
        kwargs.update(desk=self, zone=ZONE, badge=badges.badge, words=badges.words, waiting=badges.waiting)
        return str(super().render(template, **kwargs))

    # -- ours

    def narrowed(self, query: Select[Any]) -> Select[Any]:
        """The query with the filters of the address applied; what cannot be read narrows to nothing."""
        for item in self.filters:
            given = request.args.get(item.name, "").strip()
            if given:
                try:
                    query = query.where(item.column == item.read(given))
                except ValueError:
                    query = query.where(item.column.is_(None), item.column.is_not(None))
        return query

    def filter_values(self) -> Mapping[str, str]:
        return {item.name: request.args[item.name] for item in self.filters if request.args.get(item.name)}

    def next_address(self, rows: Sequence[Any]) -> str | None:
        if len(rows) <= ROWS:
            return None
        return str(self.get_url(".index_view", **self.filter_values(), after=rows[ROWS - 1].id))

    def list_actions(self) -> Sequence[Action]:
        """What the list itself offers to do."""
        return ()

    def list_actions_for_you(self) -> list[Action]:
        return [_for_whoever_asks(item) for item in self.list_actions()]

    def link_to(self, row: Any) -> str:
        return str(self.get_url(".one", ref=row.ref)) if self.one_template else ""

    def cell(self, row: Any, name: str) -> Any:
        """What a list shows of one column: formatted by ``column_formatters``, else by its type."""
        formatter = self.column_formatters.get(name)
        if formatter:
            return formatter(self, None, row, name)
        return plain(getattr(row, name))


def _for_whoever_asks(item: Action) -> Action:
    """The action, or who could do it instead."""
    return item if access.has(item.right) else replace(item, why_not=whom_to_ask(item.right).lower().rstrip("."))


def row_number(text: str) -> int:
    """A number that fits a column. Raises ValueError."""
    number = int(text) if len(text) < 19 else -1
    if number < 0:
        raise ValueError(text)
    return number


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
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), formatting.short_moment(value, ZONE))


def state(_view: Any, _context: Any, row: Any, name: str) -> Markup:
    return badges.badge(getattr(row, name))


def code(_view: Any, _context: Any, row: Any, name: str) -> Markup:
    return Markup("<code>{}</code>").format(escape(getattr(row, name) or ""))


def choices(states: type[Any]) -> list[tuple[str, str]]:
    return [(str(item), badges.words(item)) for item in states]
