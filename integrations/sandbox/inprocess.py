"""The provider inside the process of whoever simulates: its program, its books and its courier, without a socket."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from integrations.sandbox.courier import Courier
from integrations.sandbox.disputes import NotDisputable
from integrations.sandbox.program import Setup, create_sandbox
from integrations.sandbox.refunds import NotRefundable

KEY, SECRET = "sk_test_simulated", "whsec_simulated"
Send = Callable[[str, bytes, dict[str, str]], int]


@dataclass(frozen=True)
class Answer:
    """What an HTTP client would have got."""

    status_code: int
    headers: Mapping[str, str]
    body: Any

    def json(self) -> Any:
        if self.body is None:
            raise ValueError("no JSON")
        return self.body


class InProcess:
    """``request`` has the shape of ``requests.request``."""

    url = "http://provider.sim"
    key, secret = KEY, SECRET
    refusals: tuple[type[Exception], ...] = (NotRefundable, NotDisputable)

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        setup = Setup(folder / "sandbox.db", self.url, "http://shop.sim/webhooks/sandbox", KEY, SECRET)
        self.app, courier = create_sandbox(setup, clock)
        self.books = courier.books

    def courier(self, send: Send) -> Courier:
        """Delivers the webhooks of these books by ``send``."""
        return Courier(self.books, "http://shop.sim/webhooks/sandbox", SECRET, send)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        timeout: Any = None,
        json: Any = None,
        params: Any = None,
    ) -> Answer:
        answer = self.app.test_client().open(
            urlsplit(url).path, method=method, headers=dict(headers), json=json, query_string=params
        )
        return Answer(answer.status_code, dict(answer.headers), answer.get_json(silent=True))
