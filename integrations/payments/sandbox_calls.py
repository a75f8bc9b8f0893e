"""Calls to the sandbox over HTTP. Answers are plain rows; every failure is an error of the port."""

from collections.abc import Callable, Mapping
from typing import Any

import requests

from integrations.payments.port import OutcomeUnknown, Refused, Throttled

TIMEOUT = (2.0, 8.0)  # connect, read: the sandbox is next door, and a customer may be waiting
Row = dict[str, Any]


class SandboxCalls:
    """Thread safe: every call is a request of its own. ``send`` has the shape of ``requests.request``."""

    def __init__(self, base_url: str, api_key: str, send: Callable[..., Any]) -> None:
        self._base, self._send = base_url, send
        self._headers = {"Authorization": f"Bearer {api_key}"}

    def get(self, path: str, **params: str) -> Row:
        return self._call("GET", path, params=params)

    def post(self, path: str, body: Mapping[str, Any], key: str) -> Row:
        return self._call("POST", path, json=dict(body), headers={"Idempotency-Key": key})

    def every(self, path: str, **params: str) -> list[Row]:
        """Every row of a list, page after page."""
        found: list[Row] = []
        while True:
            page = self.get(path, limit="100", **params)
            found += page["data"]
            if not page["has_more"]:
                return found
            params["after"] = page["data"][-1]["id"]

    def _call(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **arguments: Any) -> Row:
        try:
            answer = self._send(
                method, self._base + path, headers={**self._headers, **(headers or {})}, timeout=TIMEOUT, **arguments
            )
        except requests.RequestException as error:
            raise OutcomeUnknown(type(error).__name__) from error
        if answer.status_code == 429:
            raise Throttled(answer.headers.get("Retry-After", ""))
        if answer.status_code >= 500 or answer.status_code == 409:
            raise OutcomeUnknown(f"HTTP {answer.status_code}")
        try:
            body: Row = answer.json()
        except ValueError as error:
            raise OutcomeUnknown(f"HTTP {answer.status_code} without JSON") from error
        if answer.status_code >= 400:
            problem = body.get("error", {})
            raise Refused(str(problem.get("code", answer.status_code)), str(problem.get("message", "")))
        return body
