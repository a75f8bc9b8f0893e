"""The web program as it is served: one parent that prepares what workers share, and two workers."""

import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from tests.support.servers import free_port

ROOT = Path(__file__).parents[2]
PATIENCE = 30  # seconds


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_gunicorn_serves_with_two_workers_that_were_prepared(tmp_path):
    port = free_port()
    env = {**os.environ, "COUNTERFOIL_VAR": str(tmp_path), "REDIS_URL": f"unix://{tmp_path}/nobody.sock"}
    gunicorn = Path(sys.executable).with_name("gunicorn")
    with (tmp_path / "log").open("w") as log:
        web = subprocess.Popen(
            [gunicorn, "wsgi:app", "--bind", f"127.0.0.1:{port}"], cwd=ROOT, env=env, stdout=log, stderr=log
        )
    try:
        until = time.monotonic() + PATIENCE
        while not (answers(f"http://127.0.0.1:{port}/healthz") and len(children(web.pid)) == 2):
            assert web.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < until, (tmp_path / "log").read_text()
            time.sleep(0.1)
    finally:
        web.terminate()
        web.wait(PATIENCE)
