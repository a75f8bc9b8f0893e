"""The one kind of list in the office, on Flask-Admin: paged by key, read-only, with its own slim template.

Rows of money and audit are never edited or deleted here: Flask-Admin's routes that could are not even registered."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar
from urllib.parse import urlencode

from flask import Response, redirect, request, stream_with_context
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_admin.contrib.sqla import ModelView
from flask_admin.form import BaseForm
from markupsafe import Markup, escape
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import InstrumentedAttribute, load_only, with_expression
from sqlalchemy.sql.base import ExecutableOption
from werkzeug.datastructures import MultiDict

from backoffice.admin import access, exports, looks
from backoffice.admin.actions import Action, needs, typed_before
from backoffice.admin.cells import ZONE, plain
from backoffice.admin.filters import DAY, Filter, days, narrowed
from backoffice.admin.frame import Page, drawn_with, for_whoever_asks
from backoffice.admin.paging import Keyset
from backoffice.admin.views import SavedViews
from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import clock, references, units
from backoffice.core.db import db
from backoffice.core.errors import ProgrammingError
from backoffice.staff.roles import Right, Role

KEPT_ROUTES = frozenset({"index_view", "one"})
LONG = frozenset({"last_error", "reason", "note", "resolution"})  # columns that are given room
TICKED = '<tr><td class="tick"><input type="checkbox" name="ref" value="%s" form="many" aria-label="Tick %s"%s></td>'
PICKED = Markup('<label><input type="checkbox" name="show" value="{}"{}> {}</label>')
SHOW = "show"  # names the columns in an address
SHAPE = re.compile(r'<span aria-hidden="true">[^<]*</span>')  # of a badge; each begins with its own


class NoRightNamed(ProgrammingError):
    def __init__(self, view: str) -> None:
        super().__init__(f"{view} changes something and names no right: add @needs.")


class TwoFiltersOfOneName(ProgrammingError):
    pass


class DeskList(Page, SavedViews, ModelView):
    """A list of one model, newest first, twenty rows a page, and pages for one row below it."""

    can_create = can_edit = can_delete = can_export = can_view_details = False
    column_display_actions = False
    list_template = "office/list.html"
    narrows: ClassVar[Sequence[Filter]] = ()
    moment: ClassVar[str] = ""  # the attribute that "from" and "to" are about
    moment_label: ClassVar[str] = ""  # what they say they are about, where it is not when something began
    column_more: ClassVar[Sequence[str]] = ()  # columns that are shown when they are asked for
    # A filter and its value → the columns that are shown there unless others are asked for.
    column_narrowed: ClassVar[Mapping[tuple[str, str], Sequence[str]]] = {}
    # Computed column → the columns it is made of. A desk that says so reads what it shows and no more; None reads whole rows.
    made_of: ClassVar[Mapping[str, Sequence[str]] | None] = None
    # Column → the attribute it is made of, and how that is found in other tables, for lists that show it.
    looked_up: ClassVar[Mapping[str, tuple[InstrumentedAttribute[Any], ColumnElement[Any]]]] = {}
    numbers: ClassVar[frozenset[str]] = frozenset()  # columns that are right-aligned
    spoken: ClassVar[frozenset[str]] = frozenset()  # columns of which a file says what the list says, in words
    # Column → what a file says of a row there, where that is neither the attribute's own value nor what the list says.
    filed: ClassVar[Mapping[str, exports.Words]] = {}
    personal: ClassVar[bool] = False  # whether its rows show personal data
    blank: ClassVar[str] = "Nothing here."
    one_template: ClassVar[str] = ""
    more_links: ClassVar[Sequence[tuple[str, str, Right]]] = ()  # words, endpoint and right of further pages

    def __init__(self, model: Any, name: str, url: str, category: str | None = None) -> None:
        inherited: list[Any] = getattr(self, "_urls")  # noqa: B009 - Flask-Admin's metaclass collects it, untyped
        self._urls = [route for route in inherited if route[1] in KEPT_ROUTES or not hasattr(ModelView, route[1])]
        for _url, view, methods in self._urls:
            if "POST" in methods and not hasattr(getattr(self, view), "right"):
                raise NoRightNamed(f"{type(self).__name__}.{view}")
        self.key = url
        self._read = lru_cache(64)(self._slim)  # as many choices of columns as colleagues keep
        self._head = lru_cache(64)(self._headed)
        self._picker = lru_cache(64)(self._picked)
        of_days = days(getattr(model, self.moment), ZONE, self.moment_label) if self.moment else ()
        self._every_filter = (*self.narrows, *of_days)
        super().__init__(model, db, name=name, endpoint=f"desk_{url}", url=f"/admin/{url}", category=category)
        names = [item.name for item in self.filters()]
        if len(set(names)) < len(names):
            raise TwoFiltersOfOneName(type(self).__name__)

    # -- Flask-Admin's hooks

    def scaffold_form(self, *_args: Any, **_kwargs: Any) -> type[BaseForm]:
        form: type[BaseForm] = BaseForm  # nothing is edited here
        return form

    def scaffold_filters(self, name: Any) -> None:
        return None

    def is_visible(self) -> bool:
        return access.has(self.sees)

    def render(self, template: str, **kwargs: Any) -> str:
        return str(super().render(template, desk=self, **drawn_with(kwargs)))

    # -- the list

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        """One page of the list: no count, no offset; filters, columns and the place in it live in the address."""
        shown = self.shown(request.args)
        query, problems = narrowed(self._query(shown), self.filters(), request.args)
        page = self._keyset(request.args).page(query, request.args)
        many = self.offered()
        typed = typed_before(self.get_url(".batch")) if many else {}
        kept = self._kept(request.args)
        asked_for = any(item.is_personal and request.args.get(item.name) for item in self.filters())
        if self.personal or asked_for:
            looks.at_list(self.key, self._told(request.args), len(page.rows), asked_for=asked_for)
        return self.render(
            self.list_template,
            page=page,
            problems=problems,
            many=many,
            head=self._head(tuple(shown), bool(many)),
            drawn=self._drawn(page.rows, shown, has_ticks=bool(many), ticked=typed.get("ticked", ())),
            typed=typed,
            keeping=typed_before(self.get_url(".keep_view")),
            picker=self._picker(tuple(shown)),
            kept=kept,
            is_narrowed=bool(self._given(request.args)),
            at=lambda step: f"{self.get_url('.index_view')}?{urlencode([*kept, *(step or {}).items()])}",
            views=[(view, self.as_kept(kept) == view.query) for view in self.views()],
            many_key=references.new("mny"),
            list_actions=[for_whoever_asks(item) for item in self.list_actions()],
        )

    @expose("/export.csv", methods=["POST"])
    @needs(Right.EXPORT)
    def download(self) -> ResponseReturnValue:
        """The whole list as narrowed, with the columns shown, oldest row first; taking it is an audit row."""
        shown = self.shown(request.args)
        with units.read():  # a filter may look something up
            query, problems = narrowed(self._query(shown), self.filters(), request.args)
        if problems:  # the list says which: a file that is empty for no reason would be believed
            return redirect(f"{self.get_url('.index_view')}?{urlencode(self._kept(request.args))}", 303)
        columns = exports.columns_of(
            self.model, shown, {**{name: self._spoken(name) for name in self.spoken}, **self.filed}
        )
        narrowed_by = self._told(request.args)
        audit.record_alone(Tag.LIST_EXPORTED, access.me(), by=access.by(), desk=self.key, narrowed_by=narrowed_by)
        lines = exports.stream(query, self._keyset(request.args), columns)
        answer = Response(stream_with_context(lines), mimetype="text/csv")
        answer.headers["Content-Disposition"] = f'attachment; filename="{self._file_name(request.args)}.csv"'
        return answer

    def _spoken(self, name: str) -> exports.Words:
        """What the list says in a column, without its shape."""
        cell = self.column_formatters[name]

        def words(row: Any) -> str:
            parts = SHAPE.sub("\0", str(escape(cell(self, None, row, name)))).split("\0")
            return ", ".join(filter(None, (Markup(part).striptags() for part in parts)))  # noqa: S704 - our own cells

        return words

    def rows(self) -> Select[Any]:
        """The rows of the list, with what its columns read of others: the same for colleagues of one role."""
        return select(self.model)

    def _query(self, shown: Sequence[tuple[str, str]]) -> Select[Any]:
        """All rows, built once for what is shown and for a role."""
        return self._read(tuple(name for name, _label in shown), access.my_role())

    def _slim(self, shown: tuple[str, ...], _role: Role) -> Select[Any]:
        """The rows, read no wider than they are shown; a cell that looks further raises."""
        return self.rows().options(*self._widths(shown))

    def _widths(self, shown: tuple[str, ...]) -> list[ExecutableOption]:
        options: list[ExecutableOption] = [
            with_expression(*self.looked_up[name]) for name in shown if name in self.looked_up
        ]
        if self.made_of is not None:
            names = {"id", "ref", self.moment or "id"}
            for name in shown:
                names.update(self.made_of.get(name, () if name in self.looked_up else (name,)))
            options.append(load_only(*(getattr(self.model, name) for name in sorted(names)), raiseload=True))
        return options

    def filters(self) -> Sequence[Filter]:
        return self._every_filter

    def list_actions(self) -> Sequence[Action]:
        """What the list itself offers to do."""
        return ()

    def may_be_kept(self) -> list[str]:
        return [*(item.name for item in self.filters()), SHOW]

    def shown(self, given: MultiDict[str, str]) -> list[tuple[str, str]]:
        """Name and label of the columns asked for, in the desk's order; the usual ones of such a list when none was."""
        asked = given.getlist(SHOW)
        known = [name for name in (*self.column_list, *self.column_more) if name in asked]
        chosen = known and not any(
            set(known) == set(usual) for usual in (self.column_list, *self.column_narrowed.values())
        )
        return self._labelled(known if chosen else self._usual(given))

    def _usual(self, given: Mapping[str, str]) -> Sequence[str]:
        """Where nobody chose: the form of the list sends along what was shown when another filter was set."""
        narrowed = (names for (name, value), names in self.column_narrowed.items() if given.get(name) == value)
        return next(narrowed, self.column_list)

    def link_to(self, row: Any) -> str:
        return self.page_of(row.ref) if self.one_template else ""

    def page_of(self, ref: str) -> str:
        """Where a thing of this desk has its page."""
        return f"{self.url}/{ref}"

    def cell(self, row: Any, name: str) -> Any:
        """What a list shows of one column: formatted by ``column_formatters``, else by its type."""
        formatter = self.column_formatters.get(name)
        if formatter:
            return formatter(self, None, row, name)
        return plain(getattr(row, name))

    def offered(self) -> Sequence[Any]:
        """What this colleague may do to many rows at once."""
        return ()

    def _drawn(
        self, rows: Sequence[Any], shown: Sequence[tuple[str, str]], *, has_ticks: bool, ticked: Sequence[str]
    ) -> Markup:
        """The rows of the table; the first cell of each leads to its page. Drawn here, because a template escapes a label as
        often as it shows it."""
        cells = [(name, f'<td data-label="{escape(label)}" class="{self._css(name)}">') for name, label in shown]
        parts: list[str] = []
        for row in rows:
            contents = [escape(self.cell(row, name)) for name, _opening in cells]
            link = self.link_to(row)
            if link and contents:
                contents[0] = Markup(f'<a href="{escape(link)}">{contents[0] or "open"}</a>')  # noqa: S704 - both escaped
            ref = escape(row.ref) if has_ticks else ""
            parts.append(TICKED % (ref, ref, " checked" if row.ref in ticked else "") if has_ticks else "<tr>")
            parts += (f"{opening}{content}</td>" for (_name, opening), content in zip(cells, contents, strict=True))
            parts.append("</tr>\n")
        return Markup("".join(parts))  # noqa: S704 - every part was escaped above

    def _headed(self, shown: Sequence[tuple[str, str]], has_ticks: bool) -> Markup:
        """The head of the table."""
        ticks = '<th scope="col"><span class="hidden">Ticked</span></th>' if has_ticks else ""
        cells = (f'<th scope="col" class="{self._css(name)}">{escape(label)}</th>' for name, label in shown)
        return Markup(f"{ticks}{''.join(cells)}")  # noqa: S704 - labels are escaped

    def _picked(self, shown: Sequence[tuple[str, str]]) -> Markup:
        """A box for each column that there is, ticked where it is shown."""
        return Markup("").join(
            PICKED.format(name, Markup(" checked") if (name, label) in shown else "", label)
            for name, label in self._labelled([*self.column_list, *self.column_more])
        )

    def _css(self, name: str) -> str:
        return ("number" if name in self.numbers else "") + (" long" if name in LONG else "")

    def _labelled(self, names: Sequence[str]) -> list[tuple[str, str]]:
        return [(name, (self.column_labels or {}).get(name, name.replace("_", " ").capitalize())) for name in names]

    def _given(self, args: MultiDict[str, str]) -> Mapping[str, str]:
        return {item.name: args[item.name].strip() for item in self.filters() if args.get(item.name, "").strip()}

    def _file_name(self, args: MultiDict[str, str]) -> str:
        """By the days it is narrowed to, else by today: the file of March says so in June."""
        given = self._given(args)
        bounds = [word for name in ("from", "to") if DAY.fullmatch(given.get(name, "")) for word in (name, given[name])]
        return "-".join([self.key, *(bounds or [f"{clock.now():%Y-%m-%d}"])])

    def _told(self, args: MultiDict[str, str]) -> str:
        return looks.told(self.filters(), self._given(args))

    def _kept(self, args: MultiDict[str, str]) -> list[tuple[str, str]]:
        return [*self._given(args).items(), *((SHOW, name) for name in args.getlist(SHOW))]

    def _keyset(self, args: MultiDict[str, str]) -> Keyset:
        """By row id; by day and row id where the list is narrowed to days, so that both go through one index."""
        by_day = args.get("from", "").strip() or args.get("to", "").strip()
        return Keyset(self.model, getattr(self.model, self.moment) if by_day and self.moment else None)
