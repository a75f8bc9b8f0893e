"""Measure the shop: product, category, search and a whole guest order, ours beside the floor, cold and warm.

``bin/bench shop`` starts a private MariaDB and Valkey, fills them, and has the floor, ours cold and ours warm up at the same
time; they are asked in turns, two seconds each, so that a machine that changes its speed changes it for all. Printed: medians
of the rates, and medians of the ratios to the floor of the same round."""

import http.client
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sqlalchemy import create_engine

import backoffice.models  # noqa: F401 - all tables are known then
from backoffice.demo.shelves import fill
from tests.support.servers import MariaDB, Valkey, free_port

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = 8  # who order at the same time
CONNECTIONS = 32  # that ask for pages: so many that each of two workers has about half of them
SECONDS = int(os.environ.get("BENCH_SECONDS", "2"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "8"))
PAGES = {"product": "/products/thing-{n}", "category": "/shop/shelf-{n}", "search": "/search?q={word}+level"}
WORDS = ("brass", "oak", "steel", "garden", "tower", "hill", "walnut", "heavy", "bench", "round")
LUA = """
local paths = { %s }
local at = math.random(1, #paths)
request = function() at = at %% #paths + 1 return wrk.format("GET", paths[at]) end
"""


class Server:
    """Two preloaded gunicorn workers with eight threads each."""

    def __init__(self, target: str, env: dict[str, str], config: str, ready: str = "/shop/shelf-0") -> None:
        self.port = free_port()
        command = [
            str(Path(sys.executable).with_name("gunicorn")), target, "--bind", f"127.0.0.1:{self.port}", "--workers", "2",
            "--threads", "8", "--worker-connections", "24", "--preload", "--log-level", "warning", "--config", config,
        ]  # fmt: skip
        self.process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **env})
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
                connection.request("GET", ready)
                assert connection.getresponse().status == 200
                return
            except (OSError, AssertionError):
                time.sleep(0.2)
        raise SystemExit(f"{target} did not start")

    def memory(self) -> float:
        """PSS of all its processes in MiB: shared pages are counted once."""
        pids = [self.process.pid, *_children(self.process.pid)]
        total = 0
        for pid in pids:
            match = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
            total += int(match.group(1)) if match else 0
        return total / 1024

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found]


def pages_per_second(server: Server, kind: str) -> float:
    """wrk, over 200 different addresses; every answer must be 200."""
    paths = [PAGES[kind].format(n=n if kind == "product" else n % 50, word=WORDS[n % len(WORDS)]) for n in range(200)]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(LUA % ", ".join(json.dumps(path) for path in paths))
        script.flush()
        done = subprocess.run(
            ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", script.name, f"http://127.0.0.1:{server.port}"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    if "Non-2xx" in done.stdout:
        raise SystemExit(f"{kind}: answers were refused\n{done.stdout}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1))


class Browser:
    """One connection, its cookies, forms filled in as the page gives them. ``network`` is where a proxy says it comes from:
    customers do not all sit in one network, and the shop counts what guests of one have open."""

    def __init__(self, port: int, network: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self.network = network
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        headers = {"X-Forwarded-For": self.network}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        for header in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = header.partition(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
        return answer.status, answer.read().decode()


FIELD = re.compile(r'name="?(\w+)"?[^>]*value=["\']([^"\']*)')


def one_order(port: int, number: int) -> None:
    """Seven requests: category, product, add, cart, checkout, order, the order's page."""
    browser = Browser(port, f"10.{random.randrange(256)}.{random.randrange(256)}.1")
    assert browser.ask("GET", f"/shop/shelf-{number % 50}")[0] == 200
    status, page = browser.ask("GET", f"/products/thing-{number % 10_000}")
    assert status == 200
    variant = re.search(r"name=\"?variant\"? value=[\"']([^\"']+)", page).group(1)
    assert browser.ask("POST", "/cart/add", {"variant": variant, "quantity": "1"})[0] == 303
    assert browser.ask("GET", "/cart")[0] == 200
    status, page = browser.ask("GET", "/checkout")
    assert status == 200
    form = {
        name: value
        for name, value in FIELD.findall(page)
        if name in ("csrf_token", "checkout_key", "total", "currency", "terms_version")
    }
    form |= {
        "email": f"b{number}-{os.getpid()}-{time.monotonic_ns()}@example.org", "name": "Ada Lovelace", "street": "Analytical Way 1",
        "postcode": "10115", "city": "Berlin", "country": "DE", "terms": "y", "delivery": "parcel",
    }  # fmt: skip
    status, page = browser.ask("POST", "/checkout", form)
    assert status == 303, page[:3000]
    assert browser.ask("GET", f"/orders/{browser.cookies['order']}")[0] == 200
    browser.connection.close()


def orders_per_second(server: Server) -> float:
    """Eight customers at once, each order on a fresh connection."""
    until = time.monotonic() + SECONDS
    counts = [0] * CLIENTS
    failed: list[BaseException] = []

    def buy(place: int) -> None:
        try:
            while time.monotonic() < until:
                one_order(server.port, place * 1_000 + counts[place])
                counts[place] += 1
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=buy, args=(place,)) for place in range(CLIENTS)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return sum(counts) / (time.monotonic() - started)


AS_RUN = {"PYTHONOPTIMIZE": "2"}  # as the runbook starts it: without docstrings
SERVERS: dict[str, tuple[str, dict[str, str], str]] = {
    "floor": ("bench.floor.app:app", {}, os.devnull),
    "cold": ("bench.ours:app", {"COUNTERFOIL_FRAGMENTS": "off", **AS_RUN}, "gunicorn.conf.py"),
    "warm": ("bench.ours:app", AS_RUN, "gunicorn.conf.py"),
}
Rates = dict[str, list[float]]  # server → one of each round


def measure(env: dict[str, str]) -> tuple[dict[str, Rates], dict[str, float]]:
    """Kind of work → rates; and the memory of each server after all of it."""
    servers: dict[str, Server] = {}
    try:
        for name, (target, more, config) in SERVERS.items():
            servers[name] = Server(target, {**env, **more}, config)
        work: dict[str, Callable[[Server], float]] = {
            **{kind: partial(pages_per_second, kind=kind) for kind in PAGES},
            "order": orders_per_second,
        }
        found: dict[str, Rates] = {}
        for kind, run in work.items():
            for server in servers.values():
                run(server)  # once to fill what is kept, and to compile statements
            rates = found[kind] = {name: [] for name in servers}
            for _ in range(ROUNDS):
                for name, server in servers.items():
                    rates[name].append(run(server))
        return found, {name: server.memory() for name, server in servers.items()}
    finally:
        for server in servers.values():
            server.stop()


def main() -> None:
    if not shutil.which("wrk"):
        raise SystemExit("bench needs wrk: apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "m").mkdir()
        (Path(folder) / "v").mkdir()
        database, valkey = MariaDB(Path(folder) / "m"), Valkey(Path(folder) / "v")
        url = database.url("bench")
        env = {
            "DATABASE_URL": url, "REDIS_URL": valkey.url, "COUNTERFOIL_VAR": folder, "LOG_LEVEL": "ERROR",
            "TRUSTED_PROXIES": "1",
            "BASE_URL": "http://127.0.0.1:1",
        }  # fmt: skip
        flask = [sys.executable, "-m", "flask", "--app", "wsgi"]
        for step in (["db", "upgrade"], ["demo", "seed", "--no-pictures"]):
            subprocess.run([*flask, *step], env={**os.environ, **env}, cwd=ROOT, check=True, capture_output=True)
        engine = create_engine(url)
        with engine.begin() as connection:
            fill(connection)
            connection.exec_driver_sql("ANALYZE TABLE listings, product_terms, products, variants, prices, stock_items")
        engine.dispose()
        try:
            found, memory = measure(env)
        finally:
            valkey.stop()
            database.stop()
    print(f"{'':10} {'floor':>9} {'cold':>9} {'warm':>9}   cold/floor  warm/floor")
    for kind, rates in found.items():
        middle = [statistics.median(rates[name]) for name in SERVERS]
        times = [
            statistics.median(ours / floor for ours, floor in zip(rates[name], rates["floor"], strict=True))
            for name in ("cold", "warm")
        ]
        print(
            f"{kind:10} {middle[0]:9.1f} {middle[1]:9.1f} {middle[2]:9.1f}   {times[0]:10.2f}  {times[1]:10.2f}   per second"
        )
    print(f"{'memory':10} {memory['floor']:9.1f} {memory['cold']:9.1f} {memory['warm']:9.1f}{'':27} MiB PSS")


if __name__ == "__main__":
    main()
