"""Answers of public pages: an ETag of everything the page depends on, and who may keep it how long."""

import hashlib
from collections.abc import Callable, Hashable

from flask import Response, make_response, request, session
from flask.typing import ResponseReturnValue

from storefront.blueprint import CURRENCY_COOKIE, currency, pieces, version
from storefront.customer import identity
from storefront.fragments import fragment
from storefront.release import release

SHARED_SECONDS = 60  # how long a shared cache may answer for visitors without cookies


def public_page(depends_on: tuple[Hashable, ...], render: Callable[[], str]) -> ResponseReturnValue:
    """A page everybody may read: 304 for a browser that has it; shared caches keep it for visitors without cookies.

    The ETag covers the catalogue's version, what the page depends on beside it, and what its frame shows."""
    if "_flashes" in session:  # said once: on a page that is kept by nobody, whatever the browser has
        answer = make_response(render())
        answer.headers["Cache-Control"] = "private, no-store"
        return answer
    known = identity()
    shown = (
        release(),
        version(),
        currency().code,
        pieces(),
        known.name if known else "",
        request.full_path,
        *depends_on,
    )
    tag = hashlib.sha256(repr(shown).encode()).hexdigest()[:24]
    personal = bool(set(request.cookies) - {CURRENCY_COOKIE})
    if request.if_none_match.contains(tag):
        answer = Response(status=304)
    elif personal:
        answer = make_response(render())
    else:  # the tag covers everything that a page without a person in it depends on
        page = fragment(version(), ("page", tag), lambda: render().encode(), shared=False)
        answer = Response(page, mimetype="text/html")
    answer.set_etag(tag)
    if request.cookies:
        answer.headers["Cache-Control"] = "private, no-cache"
    else:
        answer.headers["Cache-Control"] = f"public, max-age=0, s-maxage={SHARED_SECONDS}, must-revalidate"
    answer.headers["Vary"] = "Cookie"
    return answer
