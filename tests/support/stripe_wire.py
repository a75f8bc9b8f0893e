"""How Stripe writes on the wire: bracketed forms, lists by key, errors."""

import re
from typing import Any

from flask import Response, jsonify

Row = dict[str, Any]


def nested(form: Any) -> Row:
    """``metadata[a]=b`` and ``line_items[0][quantity]=1`` as dictionaries and lists."""
    made: Row = {}
    for name, value in form.items(multi=True):
        parts = re.findall(r"[^\[\]]+", name)
        here: Any = made
        for part in parts[:-1]:
            here = here.setdefault(part, {})
        here[parts[-1]] = value
    return _lists(made)


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    found = {name: _lists(item) for name, item in value.items()}
    if found and all(name.isdigit() for name in found):
        return [found[name] for name in sorted(found, key=int)]
    return found


def page(rows: list[Row], params: Row) -> Row:
    ordered = sorted(rows, key=lambda row: row.get("id", ""), reverse=True)
    after = params.get("starting_after")
    if after:
        ordered = ordered[[row["id"] for row in ordered].index(after) + 1 :]
    limit = int(params.get("limit", 10))
    return {"object": "list", "data": ordered[:limit], "has_more": len(ordered) > limit}


def what(path: str) -> str:
    """The name of the fault that loses the answer to a POST."""
    if path.startswith("v1/disputes/"):
        return "evidence"
    if path.startswith("v1/payment_intents/"):
        return "cancel"
    return "refund" if path == "v1/refunds" else "open"


def missing(what: str) -> tuple[int, Row]:
    return 404, error("invalid_request_error", "resource_missing", f"No such {what}")


def error(kind: str, code: str | None, message: str) -> Row:
    return {"error": {"type": kind, "code": code, "message": message}}


def answer(status: int, body: Row, retry: str = "") -> Response:
    shown = {name: value for name, value in body.items() if not name.startswith("_")}
    made = jsonify(shown)
    made.status_code = status
    made.headers["Request-Id"] = "req_of_the_test_server"  # with it the library would begin to tell how long we waited
    if retry:
        made.headers["Stripe-Should-Retry"] = retry
    return made
