"""Fixtures: one MariaDB and one Valkey per test process, a migrated database per test, a shop on a settable clock."""

import gc
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask_migrate import upgrade
from redis import Redis
from sqlalchemy import Table, create_engine, text
from xdist.scheduler import LoadScopeScheduling

from backoffice import commands
from backoffice.app import create_app, schema
from backoffice.catalog import version
from backoffice.core import clock as core_clock
from backoffice.core import units
from backoffice.core.actor import Origin, coming_from
from backoffice.core.db import Base, db
from backoffice.demo import seed
from backoffice.logins import passwords
from config import Settings
from storefront import fragments
from tests.support import letters
from tests.support.provider import API_KEY, SECRET, Provider
from tests.support.reuse import TEMPLATES, Engines
from tests.support.servers import MariaDB, MySQL, NotToBeHad, Valkey
from tests.support.shop import Clock, Shop, Visitor

pytest_plugins = ["tests.support.stripe_shop"]
MUST_HAVE_ALL = os.environ.get("CI") == "true"


# What the tests of these folders share takes long to make: those of one module, on one engine, stay in one process.
TOGETHER = ("tests/browser/", "tests/simulation/")


class Together(LoadScopeScheduling):
    """One test after the other to whichever process is free; what shares much, together and first."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(TOGETHER):
            return f"{nodeid.partition('::')[0]} {'mariadb' if 'mariadb' in nodeid else ''}"
        return nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Together:
    return Together(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        params = getattr(getattr(item, "callspec", None), "params", {})
        for mark in ("mariadb", "mysql"):
            if params.get("engine_name") == mark:
                item.add_marker(mark)
    if not os.environ.get("TESTS_MYSQL"):
        kept = [item for item in items if not item.get_closest_marker("mysql")]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept


def pytest_collection_finish() -> None:
    """Nearly every test makes an application and leaves it behind: the collector is not to look through all that was
    imported each time, and need not look so often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 10)


def server_or_skip(kind, folder: Path):
    try:
        return kind(folder)
    except NotToBeHad as reason:
        message = f"{kind.__name__} IS NOT THERE, ITS TESTS ARE SKIPPED: {reason}"
        print(f"\n!!! {message}", file=sys.stderr)
        if MUST_HAVE_ALL and kind is not MySQL:
            pytest.fail(message)
        pytest.skip(message)


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    server = server_or_skip(MariaDB, tmp_path_factory.mktemp("m"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def mysql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MySQL]:
    server = server_or_skip(MySQL, tmp_path_factory.mktemp("y"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    server = server_or_skip(Valkey, tmp_path_factory.mktemp("v"))
    yield server
    server.stop()


@pytest.fixture
def valkey(valkey_server: Valkey) -> Iterator[Valkey]:
    """A running, empty Valkey; a test may stop it."""
    if valkey_server.process is None:
        valkey_server.start()
    connection = Redis.from_url(valkey_server.url)
    connection.flushall()
    connection.close()
    yield valkey_server
    if valkey_server.process is None:
        valkey_server.start()


@pytest.fixture(scope="session", autouse=True)
def engines_are_kept() -> None:
    db._make_engine = Engines().make


@pytest.fixture(scope="session")
def sqlite_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the database of a test lies: one place, so that one engine does."""
    return tmp_path_factory.mktemp("d") / "shop.db"


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> None:
    """argon2 at its lowest cost: its strength is not what these tests are about."""
    passwords.use(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def settings_for(var: Path, url: str, **changes: object) -> Settings:
    values: dict[str, object] = {
        "env": "development",
        "var": var,
        "secret_key": "test-secret-key-0123456789abcdef",
        "data_key": "test-data-key-0123456789abcdefgh",
        "database_url": url,
        "redis_url": f"unix://{var}/nobody.sock",
        "base_url": "http://shop.example",
        "payments": "sandbox",
        "sandbox_url": "http://127.0.0.1:9",
        "sandbox_api_key": API_KEY,
        "stripe_api_key": "",
        "stripe_account": "",
        "stripe_mode": "test",
        "stripe_api_base": "",
        "webhook_secrets": (SECRET,),
        "mail": "folder",
        "mail_from": "Plumb & Level <shop@plumb-and-level.example>",
        "log_level": "CRITICAL",
        "log_format": "text",
        "proxies": 0,
        "guest_orders": 30,
        "metrics_token": "",
        "kill_at": "",
        "clock_ahead": 0,
    }
    return Settings(**{**values, **changes})


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, copied for each test."""
    folder = tmp_path_factory.mktemp("t")
    app = create_app(settings_for(folder, f"sqlite:///{folder / 'template.db'}"))
    schema.attach(app)
    with app.app_context():
        upgrade()
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()
    return folder / "template.db"


class DemoRows:
    """What seeding the demo shop writes, kept after the first time: the same rows on every engine, in a moment."""

    def __init__(self) -> None:
        self.rows: list[tuple[Table, list[dict]]] = []

    def write(self) -> None:
        if not self.rows:
            units.write(seed.seed)
            with db.engine.connect() as connection:
                for table in Base.metadata.sorted_tables:
                    found = [dict(row) for row in connection.execute(table.select()).mappings()]
                    if found:
                        self.rows.append((table, found))
            return
        with db.engine.begin() as connection:
            for table, rows in self.rows:
                connection.execute(table.insert(), rows)


@pytest.fixture(scope="session")
def demo_rows() -> DemoRows:
    return DemoRows()


@pytest.fixture(scope="session")
def furnish(demo_rows: DemoRows, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], None]:
    """Write the demo shop into a migrated database at an address, for programs that are started on it."""

    def write(url: str) -> None:
        app = create_app(settings_for(tmp_path_factory.mktemp("f"), url))
        with app.app_context(), coming_from(Origin("req_test0000", "code")), core_clock.running_on(Clock()):
            demo_rows.write()
            db.engine.dispose()

    return write


class MigratedServer:
    """One migrated database on a server, emptied before each test."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = create_engine(url)

    def empty(self) -> None:
        filled = " UNION ALL ".join(f"(SELECT '{table}' FROM {table} LIMIT 1)" for table in Base.metadata.tables)
        with self.engine.begin() as connection:
            connection.execute(text("SET FOREIGN_KEY_CHECKS = 0"))
            for (table,) in connection.execute(text(filled)).all():
                connection.execute(text(f"TRUNCATE {table}"))  # triggers do not guard against TRUNCATE
            connection.execute(text("SET FOREIGN_KEY_CHECKS = 1"))


def migrated(server: MariaDB) -> MigratedServer:
    url = server.url("shop")
    app = create_app(settings_for(Path("/nonexistent"), url))
    schema.attach(app)
    with app.app_context():
        upgrade()
        db.engine.dispose()
    return MigratedServer(url)


@pytest.fixture(scope="session")
def mariadb_migrated(mariadb: MariaDB) -> MigratedServer:
    return migrated(mariadb)


@pytest.fixture(scope="session")
def mysql_migrated(mysql: MySQL) -> MigratedServer:
    return migrated(mysql)


@pytest.fixture(params=["sqlite", "mariadb", "mysql"])
def engine_name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def database_url(engine_name: str, request: pytest.FixtureRequest) -> str:
    """An empty, migrated database."""
    if engine_name == "sqlite":
        path: Path = request.getfixturevalue("sqlite_path")
        for left in path.parent.glob("shop.db*"):
            left.unlink()
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    server: MigratedServer = request.getfixturevalue(f"{engine_name}_migrated")
    server.empty()
    return server.url


@pytest.fixture
def clock() -> Iterator[Clock]:
    ours = Clock()
    with core_clock.running_on(ours):
        yield ours


@pytest.fixture
def provider(tmp_path: Path, clock: Clock) -> Iterator[Provider]:
    ours = Provider(tmp_path, clock)
    yield ours
    ours.stop()


@pytest.fixture
def app(database_url: str, provider: Provider, tmp_path: Path) -> Iterator[Flask]:
    """An application on an empty database, inside its context; it knows nothing of the one before."""
    fragments.forget()
    version.forget()
    app = create_app(settings_for(tmp_path, database_url, sandbox_url=provider.url))
    commands.install(app)
    app.jinja_env.bytecode_cache = TEMPLATES
    app.test_client_class = Visitor
    app.config["PROPAGATE_EXCEPTIONS"] = True  # an unexpected error fails the test with its own traceback
    with app.app_context(), coming_from(Origin("req_test0000", "code")):
        yield app
        db.engine.dispose()


@pytest.fixture
def shop(app: Flask, clock: Clock, provider: Provider, demo_rows: DemoRows) -> Iterator[Shop]:
    """The demo shop, open for business. Whatever mails it wrote say the same in both of their halves."""
    demo_rows.write()
    yield Shop(app, clock, provider)
    assert letters.disagreements() == []
