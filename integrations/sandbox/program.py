"""The sandbox as a program: ``python -m integrations.sandbox``. Settings come from the environment."""

import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from werkzeug.serving import make_server

from integrations.sandbox.api import api
from integrations.sandbox.books import Books
from integrations.sandbox.control import control
from integrations.sandbox.courier import Courier
from integrations.sandbox.pages import pages

PAUSE = 0.3  # seconds between two rounds of the courier


@dataclass(frozen=True)
class Setup:
    database: Path | str
    url: str  # where this program answers, for links to its pages
    webhook_url: str
    api_key: str
    webhook_secret: str
    merchant: str = "Plumb & Level"


def system_clock() -> datetime:
    return datetime.now(UTC)


def create_sandbox(setup: Setup, clock: Callable[[], datetime] = system_clock) -> tuple[Flask, Courier]:
    """The provider's web program and its courier, on any clock, ready to be run in any process."""
    app = Flask(__name__)
    books = Books(setup.database, clock, setup.url)
    app.extensions["books"] = books
    app.config.update(API_KEY=setup.api_key, MERCHANT=setup.merchant)
    app.register_blueprint(api)
    app.register_blueprint(pages)
    app.register_blueprint(control)
    app.jinja_env.globals["merchant"] = setup.merchant
    return app, Courier(books, setup.webhook_url, setup.webhook_secret)


def run_courier(courier: Courier, stop: threading.Event) -> None:
    while not stop.wait(PAUSE):
        try:
            courier.books.advance()
            courier.round()
        except Exception:
            logging.getLogger(__name__).exception("a round of the courier failed")


def setup_from(env: Mapping[str, str]) -> tuple[Setup, int]:
    """Raises SystemExit with a sentence when something is missing or this is a production environment."""
    if env.get("COUNTERFOIL_ENV") == "production":
        sys.exit("The sandbox moves no money: it refuses to run with COUNTERFOIL_ENV=production.")
    needed = ("SANDBOX_DB", "SANDBOX_PORT", "SANDBOX_WEBHOOK_URL", "SANDBOX_API_KEY", "SANDBOX_WEBHOOK_SECRET")
    missing = [name for name in needed if not env.get(name)]
    if missing:
        sys.exit(f"The sandbox needs {', '.join(missing)} in its environment (bin/dev sets them).")
    port = int(env["SANDBOX_PORT"])
    return Setup(
        database=env["SANDBOX_DB"],
        url=env.get("SANDBOX_URL") or f"http://127.0.0.1:{port}",
        webhook_url=env["SANDBOX_WEBHOOK_URL"],
        api_key=env["SANDBOX_API_KEY"],
        webhook_secret=env["SANDBOX_WEBHOOK_SECRET"].split(",")[0],
    ), port


def main() -> None:
    setup, port = setup_from(os.environ)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    app, courier = create_sandbox(setup)
    stop = threading.Event()
    threading.Thread(target=run_courier, args=(courier, stop), daemon=True).start()
    server = make_server("127.0.0.1", port, app, threaded=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        stop.set()
