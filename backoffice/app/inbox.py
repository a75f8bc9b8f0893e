"""The HTTP face of the inbox: ``POST /webhooks/<provider>``, answered before anything that pages need.

A provider has no session, cookie, form or language, reads no page of ours, and is judged by its signature; a burst of its
messages should not pay for them."""

import time
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

import structlog
from flask import Flask
from werkzeug.datastructures import EnvironHeaders
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wsgi import get_input_stream

from backoffice.app import edge
from backoffice.core.actor import origin
from backoffice.webhooks import service as webhooks

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX = "/webhooks/"
ROUTE = "/webhooks/<provider>"
log = structlog.get_logger(__name__)


class Inbox:
    """WSGI middleware: takes what is sent to the inbox, and passes on everything else."""

    def __init__(self, app: Flask, pages: "WSGIApplication") -> None:
        self.app = app
        self.pages = pages

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not path.startswith(PREFIX):
            return self.pages(environ, start_response)
        started = time.perf_counter()
        status = self._status(path.removeprefix(PREFIX), environ)
        headers = [
            ("Content-Length", "0"),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Request-Id", origin().request_id),
        ]
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            headers.append(("Allow", "POST"))
        edge.measure(ROUTE, environ["REQUEST_METHOD"], status, time.perf_counter() - started)
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [b""]

    def _status(self, provider: str, environ: "WSGIEnvironment") -> int:
        if environ["REQUEST_METHOD"] != "POST":
            return HTTPStatus.METHOD_NOT_ALLOWED
        most = webhooks.LARGEST + 1  # a body without a length is cut there: one more says so
        try:
            raw = get_input_stream(environ, max_content_length=most).read()
            with self.app.app_context():
                return webhooks.receive(provider, raw, cast("Mapping[str, str]", EnvironHeaders(environ)))
        except RequestEntityTooLarge:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        except Exception:
            log.exception("an event was not taken in", provider=provider[:40])  # its provider sends it again
            return HTTPStatus.INTERNAL_SERVER_ERROR
