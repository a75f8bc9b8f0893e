"""Programs whose key opens another account than the configured one: neither takes money."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import stripe_server
from tests.support.processes import World

ROOT = Path(__file__).parents[2]
PROGRAMS = {
    "web": ["-m", "gunicorn", "wsgi:app", "--bind", "127.0.0.1:0"],
    "worker": ["-m", "jobs.worker"],
}


@pytest.mark.redis
@pytest.mark.parametrize("engine_name", ["sqlite"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_whose_key_opens_another_account_ends_and_says_why(program, database_url, valkey, stripe, tmp_path):
    world = World(tmp_path, database_url, valkey)
    keys = {
        "PAYMENTS": "stripe", "STRIPE_API_KEY": stripe_server.KEY, "STRIPE_ACCOUNT": "acct_of_another_shop",
        "STRIPE_WEBHOOK_SECRET": stripe_server.SECRET, "STRIPE_API_BASE": stripe.url,
    }  # fmt: skip
    ended = subprocess.run(
        [sys.executable, *PROGRAMS[program]],
        cwd=ROOT, env={**os.environ, **world.env, **keys}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 1, ended.stderr[-2000:]
    assert f"opens account {stripe_server.ACCOUNT} in test mode" in ended.stderr
    assert "configured is acct_of_another_shop" in ended.stderr
    assert [path for _method, path, *_ in stripe.requests] == ["v1/account"]
