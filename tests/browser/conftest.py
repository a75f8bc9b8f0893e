"""A whole deployment of real processes, and a real Chromium in front of it."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser import tour
from tests.browser.tour import WIDTHS
from tests.conftest import MUST_HAVE_ALL
from tests.support.processes import PATIENCE, World
from tests.support.servers import Valkey


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        message = "CHROMIUM IS NOT THERE, BROWSER TESTS ARE SKIPPED (apt-get install chromium)"
        print(f"\n!!! {message}")
        if MUST_HAVE_ALL:
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def with_pictures(tmp_path_factory: pytest.TempPathFactory, valkey_server: Valkey) -> Path:
    """The folder of a furnished shop on SQLite with its pictures: drawn once, by whichever test process is first."""
    of_this_run = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # each has a folder of its own in that of the run
        of_this_run = of_this_run.parent
    shared = of_this_run / "with_pictures"
    try:
        shared.mkdir()
    except FileExistsError:
        until = time.monotonic() + 4 * PATIENCE
        while not (shared / "done").exists():
            assert time.monotonic() < until, "the shop with pictures was not furnished"
            time.sleep(0.2)
    else:
        World(shared, f"sqlite:///{shared / 'shop.db'}", valkey_server).prepare(pictures=True)
        (shared / "done").touch()
    return shared


@pytest.fixture(scope="module", params=["sqlite", "mariadb"])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, valkey_server: Valkey
) -> Iterator[World]:
    """The shop as it runs in life, shared by the tests of a module: on SQLite, and on MariaDB."""
    folder: Path = tmp_path_factory.mktemp("b")
    if request.param == "sqlite":
        shutil.copytree(request.getfixturevalue("with_pictures"), folder, dirs_exist_ok=True)
        world = World(folder, f"sqlite:///{folder / 'shop.db'}", valkey_server)
    else:
        url = request.getfixturevalue("mariadb").url(f"browser_{folder.name}".replace("-", "_"))
        world = World(folder, url, valkey_server)
        world.prepare()
    for program in ("provider", "web", "worker", "cron"):
        world.start(program)
    yield world
    world.stop()


@pytest.fixture(scope="module")
def everything(world: World, browser: Browser) -> str:
    """The address of an order that has everything an order can have."""
    contexts = [browser.new_context(viewport=WIDTHS["desk"]) for _ in range(2)]
    place = tour.full_order(world, *(context.new_page() for context in contexts))
    for context in contexts:
        context.close()
    return place


@pytest.fixture(autouse=True)
def no_troubles(world: World) -> Iterator[None]:
    yield
    world.switch(
        outage=False,
        decline="",
        webhooks="normal",
        lose_create=0,
        lose_pay=0,
        lose_read=0,
        latency_ms=0,
        fail=0,
        throttle=0,
    )
