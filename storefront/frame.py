"""The frame of every page of the shop: head, foot, and what templates may call."""

import structlog
from flask import render_template, request
from flask.sansio.blueprints import BlueprintSetupState
from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError

from backoffice.core import links
from backoffice.core.errors import CounterfoilError
from backoffice.core.formatting import LOCALE
from backoffice.core.words import gettext, ngettext
from storefront.blueprint import NOBODY, Public, blueprint, closed, currency, pieces, public, version
from storefront.fragments import fragment
from storefront.release import release

CATEGORY = "storefront.category"

log = structlog.get_logger(__name__)


@blueprint.record
def speak(state: BlueprintSetupState) -> None:
    """In all templates, also in macros that are imported without a context."""
    state.app.jinja_env.globals.update(_=gettext, ngettext=ngettext)


@blueprint.app_context_processor
def every_page() -> dict[str, object]:
    """What templates may call."""
    return {"shop": frame, "link": links.absolute, "release": release, "language": LOCALE}


def frame() -> dict[str, object]:
    """Asked for by the template, so that pages that do not show the frame read nothing. Survives a lost database, so
    that the error page can be shown."""
    if closed() is None:
        try:
            shelf = str(request.view_args["slug"]) if request.endpoint == CATEGORY and request.view_args else ""
            chosen, here = currency(), _here()
            return {
                "public": public(),
                "currency": chosen,
                "here": here,
                "links": _kept("links"),
                "top": _kept("top", shelf, pieces(), chosen.code if here else ""),
                "bottom": _kept("bottom"),
            }
        except (SQLAlchemyError, CounterfoilError) as error:
            log.warning("the frame of the page could not be read", error=type(error).__name__)
    parts = {name: _part(name, NOBODY) for name in ("links", "top", "bottom")}
    return {"public": NOBODY, "currency": None, "here": "", **parts}


def _kept(name: str, shelf: str = "", count: int = 0, code: str = "") -> Markup:
    """A part of the frame: the same on every page of a shelf with as much in the cart. ``code`` is the currency where
    another can be chosen."""
    key = (name, shelf, count, code)
    return fragment(version(), key, lambda: _part(name, public(), shelf, count, code), shared=False)


def _part(name: str, shown: Public, shelf: str = "", count: int = 0, code: str = "") -> Markup:
    facts = {"public": shown, "here": shelf, "pieces": count, "code": code}
    return Markup(render_template(f"shop/parts/{name}.html", **facts))  # noqa: S704


def _here() -> str:
    """Where a visitor comes back to after choosing a currency; nowhere from a form that is being filled in."""
    filling = request.method != "GET" or request.endpoint in ("storefront.checkout_page", "storefront.withdraw")
    return "" if filling else request.full_path.rstrip("?")
