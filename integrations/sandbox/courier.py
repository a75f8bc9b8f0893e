"""Webhooks: signed, delivered at least once, tried again with growing pauses."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime, timedelta

import requests

from integrations.sandbox.books import Books

TIMEOUT = 8  # seconds
TRIES = 10
FIRST_PAUSE = timedelta(seconds=4)


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    return requests.post(url, data=body, headers=headers, timeout=TIMEOUT, allow_redirects=False).status_code


class Courier:
    """Delivers what is due. ``send`` is replaced by the simulator; here it is a real HTTP POST."""

    def __init__(
        self, books: Books, url: str, secret: str, send: Callable[[str, bytes, dict[str, str]], int] = post
    ) -> None:
        self.books, self.url, self.secret, self.send = books, url, secret, send

    def round(self) -> int:
        """Deliver everything that is due now; returns how many deliveries were accepted."""
        newest_first = self.books.switch("webhooks") == "reversed"
        accepted = 0
        for delivery in self.books.due_deliveries(newest_first):
            outcome, good = self._deliver(delivery["body"].encode())
            tries = delivery["tries"] + 1
            again = None if good or tries >= TRIES else self.books.clock() + FIRST_PAUSE * 2 ** (tries - 1)
            self.books.delivered(delivery["id"], outcome, again)
            accepted += good
        return accepted

    def _deliver(self, body: bytes) -> tuple[str, bool]:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Sandbox/1.0",
            "Sandbox-Signature": signature(body, self.secret, self.books.clock()),
        }
        try:
            status = self.send(self.url, body, headers)
        except requests.RequestException as error:
            return type(error).__name__, False
        return f"HTTP {status}", 200 <= status < 300


def signature(body: bytes, secret: str, moment: datetime) -> str:
    stamp = int(moment.timestamp())
    return f"t={stamp},v1={hmac.new(secret.encode(), f'{stamp}.'.encode() + body, hashlib.sha256).hexdigest()}"
