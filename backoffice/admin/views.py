"""Saved views of a list: kept, shared, opened with, forgotten."""

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar
from urllib.parse import parse_qsl, urlencode

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose

from backoffice.admin import access
from backoffice.admin.actions import needs, run, typed_text
from backoffice.core import units
from backoffice.staff import saved_views
from backoffice.staff.roles import Right, Role
from backoffice.staff.saved_views import View


class SavedViews(BaseView):
    """The part of a list that keeps its filters and columns under a name."""

    key: str  # of the desk, as in its address
    opens: ClassVar[Mapping[Role, Mapping[str, str]]] = {}  # what the list is narrowed to for a role, until they choose

    def may_be_kept(self) -> Iterable[str]:
        """The names of an address that belong to a view."""
        raise NotImplementedError

    @expose("/views", methods=["POST"])
    @needs(Right.SAVE_VIEWS)
    def keep_view(self) -> ResponseReturnValue:
        query = self.as_kept(parse_qsl(str(request.form.get("query", ""))[:4_000]))
        wish = {what: bool(request.form.get(what)) for what in ("shared", "opens", "replace")}
        name = request.form.get("name", "")

        def act() -> None:
            if wish["shared"]:
                access.demand(Right.SHARE_VIEWS)
            typed_text("name")
            units.write(lambda: saved_views.keep(access.me().id, self.key, name, query, **wish))

        return run(act, f"“{name.strip()}” is kept.", f"{self.get_url('.index_view')}?{query}")

    @expose("/views/<view>/forget", methods=["POST"])
    @needs(Right.SAVE_VIEWS)
    def forget_view(self, view: str) -> ResponseReturnValue:
        return run(
            lambda: units.write(lambda: saved_views.remove(view, access.me().id)),
            "The view is forgotten.",
            self.get_url(".index_view"),
        )

    def as_kept(self, pairs: Sequence[tuple[str, str]]) -> str:
        """An address's query in the one form that views are kept in and compared by."""
        known: list[str] = list(self.may_be_kept())
        kept = [(name, value) for name, value in pairs if name in known and value]
        return urlencode(sorted(kept, key=lambda pair: known.index(str(pair[0]))))

    def views(self) -> Sequence[View]:
        """One's own and those that others share, by name."""
        return access.views_here()

    def is_mine(self, view: View) -> bool:
        return view.owner_id == access.me().id
