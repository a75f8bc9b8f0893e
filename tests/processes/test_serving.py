"""The web program as it is served: the command of the runbook, one parent that prepares what workers share, and two workers."""

import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.processes import World

ROOT = Path(__file__).parents[2]
PATIENCE = 60  # seconds: bytecode without docstrings may have to be made


def children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def runbook_command() -> tuple[dict[str, str], list[str]]:
    """How the runbook says to start the web program: its environment, and its words."""
    line = re.search(r"^(.*gunicorn wsgi:app)\b", (ROOT / "docs/runbook.md").read_text(), re.M)
    words = shlex.split(line[1])
    env = dict(word.split("=", 1) for word in words if "=" in word)
    return env, [word for word in words if "=" not in word]


@pytest.mark.redis
@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_what_the_runbook_starts_serves_an_order_with_two_workers_that_were_prepared(
    database_url, furnish, valkey, tmp_path
):
    world = World(tmp_path, database_url, valkey)
    furnish(database_url)
    more, words = runbook_command()
    gunicorn = Path(sys.executable).with_name(words[0])
    with (tmp_path / "web.log").open("w") as log:
        web = subprocess.Popen(
            [gunicorn, *words[1:], "--bind", f"127.0.0.1:{world.port}"],
            cwd=ROOT, env={**os.environ, **world.env, **more}, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        world.start("provider")
        until = time.monotonic() + PATIENCE
        while not (world.answers(f"{world.base}/healthz") and len(children(web.pid)) == 2):
            assert web.poll() is None, (tmp_path / "web.log").read_text()
            assert time.monotonic() < until, (tmp_path / "web.log").read_text()
            time.sleep(0.1)
        buyer = world.buyer()
        page = buyer.orders(buyer.checkout_form())
        assert page.startswith(world.sandbox), page
        assert "nothing was rehearsed" not in (tmp_path / "web.log").read_text()
    finally:
        web.terminate()
        web.wait(PATIENCE)
        world.stop()
