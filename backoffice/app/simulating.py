"""A shop for simulated days: on SQLite in a folder of its own, migrated and furnished once, copied for every day."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade

from backoffice import wiring
from backoffice.app import create_app, schema
from backoffice.catalog import version
from backoffice.core import clock, units
from backoffice.core.actor import Origin, coming_from
from backoffice.core.db import db
from backoffice.core.ports import EXTENSION, Runtime
from backoffice.demo import seed
from backoffice.simulation import service as simulation
from backoffice.simulation.service import Life
from backoffice.simulation.world import START, Clock, Profile
from config import Settings, load
from integrations.sandbox.inprocess import InProcess

TEMPLATE = "template.db"


def furnish(folder: Path) -> Path:
    """Make the template that every day begins with."""
    with _shop(folder, TEMPLATE) as app:
        schema.attach(app)
        upgrade()
        with coming_from(Origin("req_simulated", "code")), clock.running_on(lambda: START - timedelta(days=1)):
            units.write(seed.seed)
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder / TEMPLATE


def live_all(
    seeds: Sequence[str],
    folder: Path,
    template: Path,
    profile: Profile,
    told: Callable[[Life], None] = lambda _life: None,
) -> list[Life]:
    """Live these days one after the other, in this process, in a folder of its own."""
    lives = []
    with _shop(folder, "day.db") as app:
        for day in seeds:
            for file in folder.glob("*.db*"):
                file.unlink()
            shutil.copy(template, folder / "day.db")
            version.forget()
            lives.append(simulation.live(day, profile, lambda now: _provider(app, folder, now)))
            db.engine.dispose()
            told(lives[-1])
    return lives


def _provider(app: Flask, folder: Path, now: Clock) -> InProcess:
    provider = InProcess(folder, now)
    running: Runtime = app.extensions[EXTENSION]
    app.extensions[EXTENSION] = replace(running, ports=wiring.simulated(running.settings, provider))
    return provider


@contextmanager
def _shop(folder: Path, database: str) -> Iterator[Flask]:
    folder.mkdir(parents=True, exist_ok=True)
    settings: Settings = replace(
        load({"COUNTERFOIL_VAR": str(folder), "LOG_LEVEL": "CRITICAL", "BASE_URL": "http://shop.sim"}),
        database_url=f"sqlite:///{folder / database}",
        redis_url=f"unix://{folder}/nobody.sock",
    )
    app = create_app(settings)
    with app.app_context():
        yield app
        db.engine.dispose()
