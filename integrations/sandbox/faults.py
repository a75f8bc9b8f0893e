"""Troubles on request: what the control page and its API can switch on."""

import socket
import time
from collections.abc import Mapping
from typing import Any

from flask import Response, request

from integrations.sandbox.books import Books

COUNTERS = {
    "lose_create": "Lose the answer to the next new payments, after creating them",
    "lose_pay": "Lose the answer to the customer's next payments, after the charge",
    "lose_refund": "Lose the answer to the next refunds, after giving the money back",
    "refuse_refund": "Refuse the next refunds",
    "lose_evidence": "Lose the answer to the next evidence, after taking it in",
    "lose_read": "Lose the answer to the next look-ups",
    "throttle": "Answer the next calls with 429",
    "fail": "Answer the next calls with 500, before doing anything",
    "authenticate": "Ask for authentication on the next payments",
}
DECLINES = ("", "generic_decline", "insufficient_funds", "expired_card", "lost_card", "processing_error")
REFUNDS = {
    "": "at once",
    "pending": "after 20 s",
    "fails": "and fail after 20 s",
    "fails_later": "at once, and are sent back after 20 s",
}
WEBHOOKS = {
    "normal": "at once",
    "late": "20 s late",
    "twice": "twice",
    "reversed": "out of order",
    "never": "never",
}
PAYOUTS = {"": "daily", "never": "when asked for below"}
LONGEST_LATENCY = 60_000  # milliseconds


class NotASetting(ValueError):
    pass


def state(books: Books) -> dict[str, Any]:
    """All switches with their present values."""
    found = {name: books.switch(name) or 0 for name in (*COUNTERS, "latency_ms")}
    return {
        **found,
        "outage": bool(books.switch("outage")),
        "decline": books.switch("decline") or "",
        "refunds": books.switch("refunds") or "",
        "webhooks": books.switch("webhooks") or "normal",
        "payouts": books.switch("payouts") or "",
    }


def change(books: Books, wishes: Mapping[str, Any]) -> None:
    """Set switches by name. Raises NotASetting and changes nothing when one does not exist or fit."""
    checked = {name: _checked(name, value) for name, value in wishes.items()}
    for name, value in checked.items():
        books.set_switch(name, value)


def reset(books: Books) -> None:
    change(books, dict.fromkeys((*COUNTERS, "latency_ms"), 0) | {"outage": False, "decline": "", "refunds": "",
                  "webhooks": "normal", "payouts": ""})  # fmt: skip


def before_call(books: Books) -> tuple[dict[str, Any], int] | None:
    """What happens to an API call before it is looked at; None lets it through."""
    latency = int(books.switch("latency_ms") or 0)
    if latency:
        time.sleep(latency / 1000)
    if books.switch("outage"):
        drop_connection()
        return _error("outage", "The provider is down."), 503
    if books.take_one("throttle"):
        return _error("rate_limit", "Too many requests."), 429
    if books.take_one("fail"):
        return _error("api_error", "Something went wrong on our side."), 500
    return None


def lose_answer(books: Books, switch: str, answer: Response) -> Response:
    """Drop the connection instead of answering, if the switch says so. The effect has happened."""
    if books.take_one(switch):
        drop_connection()
        return Response(status=502)  # in process there is no connection to drop
    return answer


def drop_connection() -> None:
    connection = request.environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)


def _checked(name: str, value: Any) -> Any:
    if name in COUNTERS or name == "latency_ms":
        number = int(value or 0)
        if not 0 <= number <= LONGEST_LATENCY:
            raise NotASetting(f"{name} must be between 0 and {LONGEST_LATENCY}")
        return number
    if name == "outage":
        return value in (True, "on", "true", "1", 1)
    if name == "decline" and value in DECLINES:
        return value
    if name == "refunds" and value in REFUNDS:
        return value
    if name == "payouts" and value in PAYOUTS:
        return value
    if name == "webhooks" and value in WEBHOOKS:
        return value
    raise NotASetting(f"{name} = {value!r} is not a switch")


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}
