"""A shop for simulated days: migrated and furnished once, and anew for every day. On SQLite in a folder of its own, or on a
MariaDB or MySQL server, in databases of its own."""

import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import create_engine, make_url, text

from backoffice import wiring
from backoffice.app import create_app, schema
from backoffice.catalog import version
from backoffice.core import clock, units
from backoffice.core.actor import Origin, coming_from
from backoffice.core.db import Base, db
from backoffice.core.ports import EXTENSION, Runtime
from backoffice.demo import seed
from backoffice.simulation import keepers
from backoffice.simulation import service as simulation
from backoffice.simulation.service import Life
from backoffice.simulation.world import START, Clock, Profile
from config import Settings, load
from integrations.sandbox.inprocess import InProcess

DATA_KEY = "the same for every day: the people of a template are read on all of them"
NAMED = "counterfoil_sim_"  # how databases on a server begin that are ours to make and to drop


@dataclass(frozen=True)
class Template:
    """A furnished shop that days begin with: the address of its database, and of the server where it is on one."""

    url: str
    server: str = ""


@contextmanager
def furnished(folder: Path, server: str = "") -> Iterator[Template]:
    """Make the template that every day begins with; ``server`` is the address of one where databases may be made
    (``mysql+pymysql://user:password@host:port``)."""
    with _database(folder, "template.db", server) as url:
        with _shop(folder, url) as app:
            schema.attach(app)
            upgrade()
            with coming_from(Origin("req_simulated", "code")), clock.running_on(lambda: START - timedelta(days=1)):
                units.write(seed.seed)
                units.write(keepers.furnish)
            if not server:
                with db.engine.connect() as connection:
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        yield Template(url, server)


def live_all(
    seeds: Sequence[str],
    folder: Path,
    template: Template,
    profile: Profile,
    told: Callable[[Life], None] = lambda _life: None,
) -> list[Life]:
    """Live these days one after the other, in this process, in a folder (and a database) of its own."""
    lives = []
    with place(folder, template) as app:
        for day in seeds:
            lives.append(live(day, app, folder, template, profile))
            told(lives[-1])
    return lives


@contextmanager
def place(folder: Path, template: Template) -> Iterator[Flask]:
    """Where days are lived: an application on a migrated database."""
    folder.mkdir(parents=True, exist_ok=True)
    with _database(folder, "day.db", template.server) as url, _shop(folder, url) as app:
        if template.server:
            schema.attach(app)
            upgrade()
        yield app


def live(day: str, app: Flask, folder: Path, template: Template, profile: Profile) -> Life:
    """Live one day in a place, which is furnished anew."""
    for file in folder.glob("*.db*"):
        file.unlink()
    if template.server:
        _copy_rows(template)
    else:
        shutil.copy(make_url(template.url).database or "", folder / "day.db")
    version.forget()
    life = simulation.live(day, profile, lambda now: _provider(app, folder, now))
    db.engine.dispose()
    return life


def _copy_rows(template: Template) -> None:
    """Empty the database of the day and fill it with the template's rows."""
    source = make_url(template.url).database
    tables = list(Base.metadata.tables)
    filled = " UNION ALL ".join(f"(SELECT '{name}' FROM {name} LIMIT 1)" for name in tables)  # noqa: S608 - our own names
    with db.engine.begin() as connection:
        connection.execute(text("SET FOREIGN_KEY_CHECKS = 0"))
        for (name,) in connection.execute(text(filled)).all():
            connection.execute(text(f"TRUNCATE {name}"))  # triggers do not guard against TRUNCATE
        for name in tables:
            connection.execute(text(f"INSERT INTO {name} SELECT * FROM {source}.{name}"))  # noqa: S608 - our own names
        connection.execute(text("SET FOREIGN_KEY_CHECKS = 1"))


def _provider(app: Flask, folder: Path, now: Clock) -> InProcess:
    provider = InProcess(folder, now)
    running: Runtime = app.extensions[EXTENSION]
    app.extensions[EXTENSION] = replace(running, ports=wiring.simulated(running.settings, provider))
    return provider


@contextmanager
def _database(folder: Path, file: str, server: str) -> Iterator[str]:
    """The address of an empty database: a file, or one on the server that is dropped afterwards."""
    if not server:
        yield f"sqlite:///{folder / file}"
        return
    name = NAMED + secrets.token_hex(6)
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name}"))
        engine.dispose()


@contextmanager
def _shop(folder: Path, url: str) -> Iterator[Flask]:
    folder.mkdir(parents=True, exist_ok=True)
    settings: Settings = replace(
        load({"COUNTERFOIL_VAR": str(folder), "LOG_LEVEL": "CRITICAL", "BASE_URL": "http://shop.sim"}),
        data_key=DATA_KEY,
        database_url=url,
        redis_url=f"unix://{folder}/nobody.sock",
    )
    app = create_app(settings)
    with app.app_context():
        yield app
        db.engine.dispose()
