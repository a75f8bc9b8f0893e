"""Measure how webhooks come in and are worked off, by the programs as they run.

``bin/bench intake`` starts a private MariaDB that keeps what it committed (a flush to disk at each commit) and a private Valkey. Three parts:

- events of Stripe's shape, each signed and new, over HTTP to two gunicorn workers; beside a bare view with one durable insert;
- sales that were paid, settled by two real workers from their stored events, with a sandbox provider over HTTP; beside two programs that
  say the very statements of one such settling, half each, to a copy of the database from before, and ask nobody;
- one worker over BENCH_EVENTS (20000) events: what it holds in memory on the way."""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pymysql

from bench.shop import CONNECTIONS, ROOT, Server
from bench.tape import copy
from integrations.sandbox.courier import signature
from tests.support.processes import World
from tests.support.servers import MariaDB, Valkey

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "5"))
EVENTS = int(os.environ.get("BENCH_EVENTS", "20000"))
SALES = int(os.environ.get("BENCH_SALES", "200"))
WRITTEN = 40_000  # events for one round: none is sent twice
SECRET, ACCOUNT = "whsec_bench_0123456789abcdef", "acct_bench"
LUA = """
local file = io.open("%s")
request = function()
  local signed, body = file:read("*l"), file:read("*l")
  if not body then error("all events are sent") end
  return wrk.format("POST", "/webhooks/stripe", {["Stripe-Signature"] = signed, ["Content-Type"] = "application/json"}, body)
end
"""


def event() -> str:
    """One event in the shape of Stripe's: a Checkout session that was paid, of some payment that is not ours."""
    name = uuid.uuid4().hex
    session = {
        "id": f"cs_test_{name}", "object": "checkout.session", "amount_subtotal": 12900, "amount_total": 12900,
        "client_reference_id": f"pay_{name[:20]}", "currency": "eur", "customer": None, "customer_email": None,
        "expires_at": 1790000000, "livemode": False, "metadata": {"payment": f"pay_{name[:20]}"}, "mode": "payment",
        "payment_intent": f"pi_{name}", "payment_method_types": ["card"], "payment_status": "paid", "status": "complete",
        "shipping_cost": None, "success_url": "https://shop.example/payments/return", "ui_mode": "hosted", "url": None,
    }  # fmt: skip
    return json.dumps(
        {
            "id": f"evt_{name}", "object": "event", "api_version": "2026-01-28.clover", "created": int(time.time()),
            "data": {"object": session}, "livemode": False, "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None}, "type": "checkout.session.completed",
        }
    )  # fmt: skip


def per_second(server: Server, folder: Path) -> float:
    """wrk with as many connections as for pages; every answer must be a success."""
    file = folder / f"{uuid.uuid4().hex}.events"
    now = datetime.now(UTC)
    with file.open("w") as out:
        for _ in range(WRITTEN):
            body = event()
            out.write(f"{signature(body.encode(), SECRET, now)}\n{body}\n")
    script = folder / "post.lua"
    script.write_text(LUA % file)
    done = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(script), f"http://127.0.0.1:{server.port}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    if "Non-2xx" in done.stdout or "all events are sent" in done.stderr:
        raise SystemExit(done.stdout + done.stderr)
    file.unlink()
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1))


def intake(server: MariaDB, valkey: Valkey, folder: Path) -> None:
    ours_url, floor_url = server.url("intake"), server.url("floor")
    env = {
        "DATABASE_URL": ours_url, "REDIS_URL": valkey.url, "PAYMENTS": "stripe", "STRIPE_API_KEY": "sk_test_bench",
        "STRIPE_ACCOUNT": ACCOUNT, "STRIPE_WEBHOOK_SECRET": SECRET, "COUNTERFOIL_VAR": str(folder / "intake"),
        "LOG_LEVEL": "WARNING", "BASE_URL": "http://127.0.0.1",
    }  # fmt: skip
    flask(env, "db", "upgrade")
    with connected(floor_url) as db:
        db.execute(
            "CREATE TABLE floor_events (id BIGINT PRIMARY KEY AUTO_INCREMENT, raw MEDIUMBLOB NOT NULL) ENGINE=InnoDB"
        )
    floor = Server("bench.floor.intake:app", {"DATABASE_URL": floor_url}, "/dev/null", "/healthz")
    ours = Server("wsgi:app", env, "gunicorn.conf.py", "/healthz")
    rates: list[tuple[float, float]] = []
    try:
        for _ in range(ROUNDS):
            rates.append((per_second(floor, folder), per_second(ours, folder)))
    finally:
        floor.stop()
        ours.stop()
    relayed = subprocess.run(
        [sys.executable, "-c", RELAY], env={**os.environ, **env}, cwd=ROOT, check=True, capture_output=True, text=True
    )
    with connected(ours_url) as db:
        db.execute("SELECT COUNT(*), (SELECT COUNT(*) FROM tasks WHERE name = 'webhooks.handle') FROM webhook_events")
        stored, tasks = db.fetchone()
        assert stored == tasks
    print(f"{'webhooks taken in /s':34} ours {statistics.median(r[1] for r in rates):8.0f}   "
          f"floor {statistics.median(r[0] for r in rates):8.0f}   "
          f"ours/floor {statistics.median(r[1] / r[0] for r in rates):.2f}   ({stored} stored)")  # fmt: skip
    print(f"{'their tasks written /s':34} ours {stored / float(relayed.stdout):8.0f}")


def settlements(server: MariaDB, valkey: Valkey, folder: Path) -> None:
    world = deployment(server, valkey, folder, "settled")
    sell = [sys.executable, "-c", SELL, world.sandbox, str(SALES)]
    unheard = {
        **world.env,
        "REDIS_URL": f"unix://{world.folder}/nobody.sock",
        "LOG_LEVEL": "ERROR",
    }  # no worker is called before its time
    subprocess.run(sell, env=unheard, cwd=ROOT, check=True)
    with connected(world.database_url) as db:
        db.execute(SETTLED)
        assert db.fetchone() == (0,)
    floor = floor_of_settlements(server, world, folder)
    subprocess.run([sys.executable, "-c", RING], env=world.env, cwd=ROOT, check=True)  # a wake-up for each of them
    workers = [subprocess.Popen([sys.executable, "-m", "jobs.worker"], env=world.env, cwd=ROOT) for _ in range(2)]
    waits(world, SETTLED, lambda count: count > 0)
    began = time.perf_counter()
    waits(world, SETTLED, lambda count: count == SALES)
    seconds = time.perf_counter() - began
    for worker in workers:
        worker.terminate()
        worker.wait()
    world.stop()
    print(f"{'settlements /s, two workers':34} ours {SALES / seconds:8.1f}   floor {floor:8.1f}   "
          f"ours/floor {SALES / seconds / floor:.2f}   ({SALES} sales in {seconds:.1f} s)")  # fmt: skip


def floor_of_settlements(server: MariaDB, world: World, folder: Path) -> float:
    """Sales a second of two programs that say what one of ours said, settling the same sales in a copy."""
    taped, said = server.url("taped"), server.url("said")
    for url in (taped, said):
        copy(world.database_url, url)
    tape = folder / "tape"
    env = {**world.env, "DATABASE_URL": taped, "REDIS_URL": f"unix://{folder}/nobody.sock", "LOG_LEVEL": "ERROR"}
    subprocess.run([sys.executable, "-c", RECORD, str(tape)], env=env, cwd=ROOT, check=True)
    halves = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.floor.settling", f"{tape}{half}", said],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for half in range(2)
    ]  # fmt: skip
    for half in halves:
        assert half.stdout.readline() == "ready\n"
    for half in halves:
        half.stdin.write("go\n")
        half.stdin.flush()
    seconds = max(float(half.communicate()[0]) for half in halves)
    with connected(said) as db:
        db.execute(SETTLED)
        assert db.fetchone() == (SALES,)
    return SALES / seconds


def memory(server: MariaDB, valkey: Valkey, folder: Path) -> None:
    world = deployment(server, valkey, folder, "long")
    subprocess.run([sys.executable, "-c", STORE, str(EVENTS)], env=world.env, cwd=ROOT, check=True)
    worker = subprocess.Popen([sys.executable, "-m", "jobs.worker"], env=world.env, cwd=ROOT)
    time.sleep(8)
    for share in range(1, 5):
        until = EVENTS * share // 4
        while True:
            subprocess.run([sys.executable, "-c", RING], env=world.env, cwd=ROOT, check=True)
            if waits(world, HANDLED, lambda count, until=until: count >= until, patience=20):
                break
        held = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{worker.pid}/smaps_rollup").read_text(), re.M)
        print(f"{'one worker after events':34} {until:8} {int(held.group(1)) / 1024:8.1f} MiB")
    worker.terminate()
    worker.wait()
    world.stop()


SETTLED = "SELECT COUNT(*) FROM payments WHERE state = 'settled'"
HANDLED = "SELECT COUNT(*) FROM webhook_events WHERE state <> 'received'"
RING = """
from wsgi import app
from backoffice.tasks import bell
with app.app_context():
    for _ in range(2): bell.ring()
"""
# Sales as the shop makes them, paid at the provider; its events are stored and nobody has looked at them.
SELL = """
import sys
from wsgi import app
from backoffice.core.actor import Origin, coming_from
from bench.selling import sell
with app.app_context(), coming_from(Origin("req_bench0000", "code")):
    sell(sys.argv[1], int(sys.argv[2]))
"""
# The tasks of all events that arrived, by one process; how long it took.
RELAY = """
import time
from wsgi import app
from backoffice.webhooks import relay
with app.app_context():
    began = time.perf_counter()
    relay.write_tasks()
    print(time.perf_counter() - began)
"""
# What one process says to settle them all, in two files for two programs.
RECORD = """
import pickle, sys
from pathlib import Path
from wsgi import app
from sqlalchemy import func, select
from backoffice.core import units
from backoffice.core.db import session
from backoffice.payments.models import Payment
from backoffice.tasks import runner
from backoffice.core.actor import Origin, coming_from
from bench.tape import Tape
def unsettled():
    with units.read():
        return session.scalar(select(func.count()).select_from(Payment).where(Payment.state != "settled"))
with app.app_context(), coming_from(Origin("req_bench0000", "code")):
    tape = Tape()
    with tape.recording():
        while unsettled(): runner.run_due(1)
said = tape.units()
for half in range(2):
    Path(sys.argv[1] + str(half)).write_bytes(pickle.dumps(said[half * len(said) // 2:(half + 1) * len(said) // 2]))
"""
STORE = """
import sys
from wsgi import app
from backoffice.core.actor import Origin, coming_from
from bench.selling import store
with app.app_context(), coming_from(Origin("req_bench0000", "code")):
    store(int(sys.argv[1]))
"""


def deployment(server: MariaDB, valkey: Valkey, folder: Path, name: str) -> World:
    place = folder / name
    place.mkdir()
    world = World(place, server.url(name), valkey)
    world.prepare()
    world.start("provider")
    return world


def waits(world: World, query: str, enough: Callable[[int], bool], patience: float = 300) -> bool:
    until = time.monotonic() + patience
    with connected(world.database_url) as db:
        while time.monotonic() < until:
            db.execute(query)
            if enough(db.fetchone()[0]):
                return True
            time.sleep(0.02)
    return False


def connected(url: str) -> pymysql.cursors.Cursor:
    where = url.rpartition("@")[2]
    port, _, name = where.partition(":")[2].partition("/")
    return pymysql.connect(host="127.0.0.1", port=int(port), user="root", database=name, autocommit=True).cursor()


def flask(env: dict[str, str], *words: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *words], env={**os.environ, **env}, cwd=ROOT, check=True
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("m", "v"):
            (folder / part).mkdir()
        server, valkey = MariaDB(folder / "m", durable=True), Valkey(folder / "v")
        try:
            intake(server, valkey, folder)
            settlements(server, valkey, folder)
            memory(server, valkey, folder)
        finally:
            valkey.stop()
            server.stop()


if __name__ == "__main__":
    main()
