"""The office as Flask-Admin knows it, and its sidebar: the desks a colleague may enter, and what waits at each."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from flask import current_app, request
from flask_admin import Admin, BaseView
from markupsafe import Markup

from backoffice.admin import access
from backoffice.admin.views import SavedViews
from backoffice.admin.waiting import NARROWED
from backoffice.staff.roles import Role

KEPT = 256  # sidebars: one for each role, desk, counts and chosen views

Pairs = tuple[tuple[str, Any], ...]


class Office(Admin):
    """Keeps its sidebars: they are drawn anew only for a role, desk, counts or chosen views that nobody had yet."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._opens: Callable[[Role], dict[str, str]] = lru_cache(self._opens_by_role)
        self._sidebar: Callable[[Role, str, bool, Pairs, Pairs], Markup] = lru_cache(KEPT)(self._drawn)

    def sidebar(self, view: BaseView, counts: Mapping[str, int]) -> Markup:
        """For whoever asks, with the desk of ``view`` marked. A desk's link has what the colleague chose to open it with, else
        what their role opens it with."""
        role = access.my_role()
        opens = {**self._opens(role), **access.my_openings()}
        return self._sidebar(role, view.endpoint, request.path == "/admin/", _pairs(counts), _pairs(opens))

    def _opens_by_role(self, role: Role) -> dict[str, str]:
        return {desk.key: urlencode(desk.opens.get(role, {})) for desk in self._views if isinstance(desk, SavedViews)}

    def _drawn(self, _role: Role, endpoint: str, is_start: bool, counts: Pairs, opens: Pairs) -> Markup:
        """What the menu shows depends on the role of whoever asks."""
        here = next(view for view in self._views if view.endpoint == endpoint)
        template = current_app.jinja_env.get_template("office/desks.html")
        shown = {
            "items": self.menu(),
            "here": here,
            "is_start": is_start,
            "counts": dict(counts),
            "opens": dict(opens),
            "narrowed": NARROWED,
        }
        return Markup(template.render(shown))  # noqa: S704 - a template of ours, which escapes


def _pairs(values: Mapping[str, Any]) -> Pairs:
    return tuple(sorted(values.items()))
