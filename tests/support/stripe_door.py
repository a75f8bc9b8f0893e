"""The door of the server that behaves as Stripe does: keys of access and of idempotency, bracketed forms, and faults of the
line. What is behind it is the server's."""

import json
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Flask, Response, request

from integrations.sandbox.faults import drop_connection
from tests.support import stripe_wire as wire
from tests.support.servers import answering, listening

KEY_LIFE = 24 * 3600  # seconds: after them a key is as good as new
Row = dict[str, Any]


class StripeDoor:
    """HTTP for one who holds ``key``. ``faults`` are switched by name: outage, denied (paths), throttle, fail, in_use,
    fail_for_good, lose_open, lose_read and others lose the next answers."""

    def __init__(self, clock: Callable[[], datetime], key: str) -> None:
        self.clock, self.key = clock, key
        self.keys: dict[str, list[Any]] = {}
        self.requests: list[Any] = []
        self.faults: dict[str, Any] = {}
        self.lock = threading.RLock()
        app = Flask(__name__)
        app.add_url_rule("/<path:path>", "all", self._serve, methods=["GET", "POST"])
        door = listening()
        self.url = f"http://127.0.0.1:{door.getsockname()[1]}"
        self.server = answering(door, app)

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def get(self, path: str, params: Row) -> tuple[int, Row]:
        raise NotImplementedError

    def post(self, path: str, params: Row) -> tuple[int, Row]:
        raise NotImplementedError

    def now(self) -> int:
        return int(self.clock().timestamp())

    def _serve(self, path: str) -> Response:
        with self.lock:
            return self._answer(path)

    def _answer(self, path: str) -> Response:
        params = wire.nested(request.args if request.method == "GET" else request.form)
        params |= {name: paper.read() for name, paper in request.files.items()}
        self.requests.append((request.method, path, params, dict(request.headers)))
        if self.faults.get("outage"):
            drop_connection()
            return Response(status=502)
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return wire.answer(401, wire.error("invalid_request_error", None, "Invalid API Key provided"))
        if path in self.faults.get("denied", ()):
            return wire.answer(403, wire.error("invalid_request_error", None, "The provided key may not do this."))
        if self._take("throttle"):
            return wire.answer(429, wire.error("invalid_request_error", "rate_limit", "Too many requests"))
        if self._take("fail"):
            return wire.answer(500, wire.error("api_error", None, "Something went wrong"), retry="false")
        if request.method == "GET":
            return self._lose("read", wire.answer(*self.get(path, params)))
        return self._once(path, params)

    def _once(self, path: str, params: Row) -> Response:
        key, asked = request.headers["Idempotency-Key"], json.dumps([path, params], sort_keys=True, default=str)
        self.keys = {name: kept for name, kept in self.keys.items() if kept[3] > self.now() - KEY_LIFE}
        if self.faults.get("in_use"):
            return wire.answer(409, wire.error("idempotency_error", "idempotency_key_in_use", "in use"), retry="false")
        if key in self.keys:
            known, status, body, _since = self.keys[key]
            if known != asked:
                return wire.answer(
                    400, wire.error("idempotency_error", None, "Keys can only be used with the same parameters")
                )
            answer = wire.answer(status, body)
            answer.headers["Idempotent-Replayed"] = "true"
            return self._lose(wire.what(path), answer)
        if self._take("fail_for_good"):  # as Stripe keeps a failure of its own: who asks with this key hears it again
            status, body = 500, wire.error("api_error", None, "Something went wrong")
        else:
            status, body = self.post(path, params)
        if status != 400 or body["error"]["code"] in ("charge_already_refunded", "amount_too_large"):
            self.keys[key] = [asked, status, json.loads(json.dumps(body)), self.now()]
        return self._lose(wire.what(path), wire.answer(status, body))

    def _lose(self, what: str, answer: Response) -> Response:
        if self._take(f"lose_{what}"):
            drop_connection()
            return Response(status=502, headers={"Stripe-Should-Retry": "false"})
        return answer

    def _take(self, name: str) -> bool:
        left = self.faults.get(name, 0)
        self.faults[name] = max(0, left - 1)
        return left > 0
