"""Measure what money runs through: webhooks taken in, payments settled, books reconciled; ours beside the floor.

``bin/bench money`` works in one process on a private MariaDB, with the sandbox provider in the same process. The floor sends the
very statements that ours sent, with their values, through one PyMySQL connection to a copy of the database from before: no
mapping, no units, no audit guard, no provider. What ours takes beyond that is Python."""

import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pymysql
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import func, select

from backoffice import wiring
from backoffice.app import create_app, schema
from backoffice.collection import service as collection
from backoffice.core import actor, clock, units
from backoffice.core.actor import Origin, coming_from
from backoffice.core.db import db, session
from backoffice.core.ports import EXTENSION, Runtime
from backoffice.demo import bulk, mirror, seed
from backoffice.demo.history import History
from backoffice.reconciliation import service as reconciliation
from backoffice.reconciliation.models import ProviderLine
from backoffice.webhooks import service as webhooks
from bench import selling
from bench.tape import Tape, connect, copy, replay
from config import load
from integrations.sandbox import takeover
from integrations.sandbox.courier import signature
from integrations.sandbox.inprocess import SECRET, InProcess
from tests.support.servers import MariaDB

SALES = int(os.environ.get("BENCH_SALES", "300"))
HISTORY = int(os.environ.get("BENCH_HISTORY", "20000"))
SEED = 1


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "m").mkdir()
        server = MariaDB(folder / "m")
        try:
            _measure(server, folder)
        finally:
            server.stop()


def _measure(server: MariaDB, folder: Path) -> None:
    app, provider = _shop(folder, server.url("ours"))
    with app.app_context(), coming_from(Origin("req_bench0000", "code")):
        sales = _prepare(app, provider)
        print(f"{'':28} {'things':>7} {'ours':>10} {'floor':>10}   ours/floor   statements each")
        events = [
            _signed(provider, item) for item in provider.books.events(limit=10_000) if item["type"] == "payment.paid"
        ]
        _beside(server, "webhooks taken in", len(events), lambda: [_take_in(*item) for item in events])
        _beside(
            server, "payments settled", len(sales), lambda: [collection.learn(item, by=actor.SYSTEM) for item in sales]
        )
        _beside(server, f"books of {HISTORY} orders", _lines, reconciliation.run)
        _beside(server, "the same, nothing new", 1, reconciliation.run)
        _beside(server, "the same, all compared", _lines, lambda: reconciliation.run(everything=True))
        db.engine.dispose()


def _beside(server: MariaDB, what: str, things: int | Callable[[], int], work: Callable[[], Any]) -> None:
    """Ours on its database, then its statements on a copy from before; ``things`` are counted afterwards where they are a look."""
    floor = _copied(server)
    tape = Tape()
    with tape.recording():
        began = time.perf_counter()
        work()
        ours = time.perf_counter() - began
    alone = replay(tape.units(), floor)
    floor.close()
    count = things if isinstance(things, int) else things()
    sent = len([text for text, _values, _many in tape.statements if text != "COMMIT"])
    print(
        f"{what:28} {count:7} {count / ours:8.1f}/s {count / alone:8.1f}/s   {alone / ours:10.2f}   {sent / count:15.2f}"
    )


def _lines() -> int:
    """The provider's lines that were taken in."""
    with units.read():
        return session.scalar(select(func.count()).select_from(ProviderLine)) or 0


def _copied(server: MariaDB) -> pymysql.Connection:
    theirs = server.url("floor")
    copy(db.engine.url.render_as_string(hide_password=False), theirs)
    return connect(theirs)


def _shop(folder: Path, url: str) -> tuple[Flask, InProcess]:
    settings = replace(
        load({"COUNTERFOIL_VAR": str(folder), "LOG_LEVEL": "CRITICAL", "BASE_URL": "http://shop.bench"}),
        database_url=url,
        redis_url=f"unix://{folder}/nobody.sock",
    )
    app = create_app(settings)
    schema.attach(app)
    with app.app_context():
        upgrade()
    provider = InProcess(folder, clock.now)
    running: Runtime = app.extensions[EXTENSION]
    app.extensions[EXTENSION] = replace(running, ports=wiring.simulated(settings, provider))
    return app, provider


def _prepare(app: Flask, provider: InProcess) -> list[int]:
    """Years of history on both sides, and sales that were paid and that nobody here has heard of yet."""
    provider.books.set_switch("payouts", "never")
    units.write(seed.seed)
    History(bulk.writer(db.engine), seed=SEED, customers=HISTORY // 10, orders=HISTORY).write()
    for piece in mirror.payments_of(SEED):
        takeover.take_over(provider.books, piece)
    takeover.pay_out_days(provider.books)
    return [selling.sale(provider.books, number) for number in range(SALES)]


def _signed(provider: InProcess, item: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    raw = json.dumps(item).encode()
    return raw, {"Sandbox-Signature": signature(raw, SECRET, datetime.now(UTC)), "Content-Type": "application/json"}


def _take_in(raw: bytes, headers: dict[str, str]) -> None:
    assert webhooks.receive("sandbox", raw, headers) == 200


if __name__ == "__main__":
    main()
