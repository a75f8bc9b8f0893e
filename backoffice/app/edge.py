"""The edge of the web program: request ids, headers, and refusals turned into pages, once."""

import re
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import structlog
from flask import Flask, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from prometheus_client import Histogram
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError

from backoffice.admin import access
from backoffice.admin.furnishing import LARGEST_FILE
from backoffice.catalog.images import LARGEST_UPLOAD
from backoffice.core.actor import Origin, coming_from, new_request_id, origin, truncated
from backoffice.core.errors import CounterfoilError
from backoffice.core.ports import EXTENSION
from backoffice.core.said import said
from backoffice.core.words import gettext
from backoffice.logins.throttle import WINDOW
from backoffice.staff.roles import Right, may
from config import Settings

GIVEN_ID = re.compile(r"^[A-Za-z0-9_-]{8,64}$")
YEAR = 365 * 24 * 3600
COME_BACK = str(int(WINDOW.total_seconds()))  # seconds after which attempts are counted anew

SECONDS = Histogram("counterfoil_request_seconds", "Time to answer, by route and status.", ["route", "status"])
log = structlog.get_logger(__name__)

LARGEST = {"desk_products.picture": LARGEST_UPLOAD, "desk_products.file": LARGEST_FILE}  # bytes

TITLES = {
    400: "That did not work",
    403: "This is not open to you",
    404: "Nothing here",
    405: "That does not work here",
    409: "Something has changed",
    413: "Too large",
    429: "Too many attempts",
    500: "Our mistake",
    503: "Back in a moment",
}
ADVICE = {
    403: "This page is not for everybody. If it is about an order, its number and your e-mail address open it.",
    404: "The address may be mistyped, or the link may have expired.",
    405: "This address only takes what a form sends. Go back and press the button again.",
    500: "Nothing you did was lost knowingly. Please try again in a moment; if it stays, tell us the number below.",
}
OFFICE_ADVICE = {403: "Log in with an account that may do this, or ask a colleague who may."}


class Introduced:
    """WSGI middleware: every request runs under an origin with a request id, which its tasks and audit rows inherit.

    The id of a header counts only behind a proxy of our own (``is_behind_proxy``): visitors would choose theirs."""

    def __init__(self, app: Callable[..., Iterable[bytes]], *, is_behind_proxy: bool) -> None:
        self.app = app
        self.is_behind_proxy = is_behind_proxy

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        given = environ.get("HTTP_X_REQUEST_ID", "") if self.is_behind_proxy else ""
        path = environ.get("PATH_INFO", "")
        via = {"admin": "office", "webhooks": "webhook"}.get(path.strip("/").partition("/")[0], "web")
        where = Origin(
            request_id=given if GIVEN_ID.match(given) else new_request_id(),
            via=via,
            network=truncated(environ.get("REMOTE_ADDR")),
        )
        with coming_from(where):
            return self.app(environ, start_response)


def let_pictures_in(app: Flask) -> None:
    """Pictures and files of products are larger than anything else that is sent to us: where they arrive, more is taken."""

    @app.before_request
    def widen() -> None:
        largest = LARGEST.get(request.endpoint or "")
        known = access.identity_of(request) if largest else None
        if largest and known and may(known.role, Right.EDIT_CATALOGUE):
            request.max_content_length = largest + 1024 * 1024


def install(app: Flask, settings: Settings) -> None:
    """Register headers, measurements and error pages."""
    always = [
        ("Content-Security-Policy", content_policy(app.extensions[EXTENSION].ports.payments.page_origin)),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        ("X-Frame-Options", "SAMEORIGIN"),
        ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ]
    if settings.is_https:
        always.append(("Strict-Transport-Security", f"max-age={YEAR}; includeSubDomains"))

    @app.before_request
    def start_watch() -> None:
        request.environ["counterfoil.started"] = time.perf_counter()

    @app.after_request
    def finish(response: Response) -> Response:
        headers = response.headers
        headers["X-Request-Id"] = origin().request_id
        said = {name.lower() for name, _ in headers}
        for name, value in always:
            if name.lower() not in said:
                headers.add(name, value)
        if "cache-control" not in said and not (request.endpoint or "").endswith("static"):
            headers.add("Cache-Control", "no-store")
        if response.status_code == 429 and "retry-after" not in said:  # a form that says itself what was wrong
            headers.add("Retry-After", COME_BACK)
        _measure(response)
        return response

    @app.errorhandler(CounterfoilError)
    def refused(error: CounterfoilError) -> ResponseReturnValue:
        words = [said(error), *([_in_the_words_of_the_page(ADVICE[404])] if error.status == 404 else [])]
        answer = app.make_response(page(error.status, " ".join(words)))
        if error.retry_after:
            answer.headers["Retry-After"] = str(error.retry_after)
        return answer

    @app.errorhandler(HTTPException)
    def wrong(error: HTTPException) -> ResponseReturnValue:
        return _answer(app, error)


def _answer(app: Flask, error: HTTPException) -> ResponseReturnValue:
    """The page of what went wrong on the way to a view."""
    if isinstance(error, SecurityError):  # a host that is not ours: no page of ours has an address there
        return Response("This host is not served here.\n", 400, mimetype="text/plain")
    if isinstance(error, InternalServerError) or error.code is None:
        return page(500, _in_the_words_of_the_page(ADVICE[500]))
    if error.response is not None or error.code < 400:
        return error
    advice = {**ADVICE, **OFFICE_ADVICE} if _is_office() else ADVICE
    words = _in_the_words_of_the_page(advice.get(error.code, error.description or ""))
    answer = app.make_response(page(error.code, words))
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            answer.headers[name] = value
    return answer


def page(status: int, message: str) -> ResponseReturnValue:
    """The error page of the program that was asked: office, shop, or JSON for machines."""
    title = _in_the_words_of_the_page(TITLES.get(status, TITLES[400]))
    if request.path.startswith(("/healthz", "/readyz", "/metrics")):
        return jsonify(title=title, detail=message, status=status), status
    template = "office/error.html" if _is_office() else "shop/error.html"
    return render_template(
        template, title=title, message=message, status=status, request_id=origin().request_id
    ), status


def _in_the_words_of_the_page(text: str) -> str:
    """The office speaks English, the shop its own language."""
    return text if _is_office() or not text else gettext(text)


def _is_office() -> bool:
    return request.path.startswith("/admin")


def content_policy(page_origin: str) -> str:
    """No inline script or style, no third party; forms may end at the provider's payment page."""
    pay = f" {page_origin}" if page_origin else ""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
        f"frame-src 'self'; form-action 'self'{pay}; base-uri 'none'; frame-ancestors 'self'; manifest-src 'self'"
    )


@lru_cache(maxsize=1_000)
def _seconds(route: str, status: int) -> Histogram:
    return SECONDS.labels(route, status)


def measure(route: str, method: str, status: int, seconds: float, *, is_told: bool = True) -> None:
    """Count an answer, and tell the log of it."""
    _seconds(route, status).observe(seconds)
    if is_told:
        log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


def _measure(response: Response) -> None:
    started = request.environ.get("counterfoil.started")
    rule = request.url_rule
    measure(
        rule.rule if rule else "unknown",
        request.method,
        response.status_code,
        time.perf_counter() - started if started else 0.0,
        is_told=rule is not None and not rule.endpoint.endswith("static"),
    )
