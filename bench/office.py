"""Measure the office: lists, pages, jump box and export over years of history, ours beside the floor.

``bin/bench office`` writes 10,000 products and BENCH_ORDERS (200000) orders into a private MariaDB and asks one after the other, both
servers in turns, then eight at once. ``BENCH_ORDERS=200000,1000000`` has a database, a floor and an office for each size, all of them
up at the same time and asked in turns. Printed: medians in milliseconds, answers per second, and how far pages and sizes lie apart."""

import http.client
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

import pymysql

from bench.shop import ROOT, Server
from tests.support.servers import MariaDB, Valkey

SIZES = [int(size) for size in os.environ.get("BENCH_ORDERS", "200000").split(",")]
TIMES = int(os.environ.get("BENCH_TIMES", "100"))
WARM = 5  # requests before the first that counts
CLIENTS = 8
ENDS = ("newest orders", "orders, middle page", "orders, last page")
EMAIL, PASSWORD = "olive@plumb-and-level.example", "measure twice"


class Operator:
    """One logged-in colleague on one connection."""

    def __init__(self, port: int, logs_in: bool) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}
        self.token = ""
        if logs_in:
            form = self.form(self.ask("GET", "/admin/login")[1])
            self.ask("POST", "/admin/login", {**form, "email": EMAIL, "password": PASSWORD, "next": ""})
            self.token = self.form(self.ask("GET", "/admin/keys")[1]).get("csrf_token", "")

    def form(self, page: str) -> dict[str, str]:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        return {"csrf_token": found.group(1)} if found else {}

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        answer = self.send(method, path, form)
        return answer.status, answer.read().decode()

    def send(self, method: str, path: str, form: dict[str, str] | None = None) -> http.client.HTTPResponse:
        headers = (
            {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}
        )
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = urlencode(form) if form is not None else None
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
        except http.client.RemoteDisconnected:  # it rested for longer than the server keeps a connection
            self.connection.close()
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
        for header in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = header.partition(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
        return answer


def pages(url: str) -> dict[str, str]:
    """What is asked for: a page of each kind, over what the history holds."""
    where = pymysql.connect(
        host="127.0.0.1", port=int(url.rpartition(":")[2].partition("/")[0]), user="root", database="bench"
    )
    with where.cursor() as cursor:
        cursor.execute("SELECT MAX(id), MIN(id) FROM orders")
        last, first = cursor.fetchone()
        cursor.execute(
            "SELECT email FROM people JOIN orders o ON o.person_id = people.id GROUP BY people.id ORDER BY COUNT(*) DESC LIMIT 1 OFFSET 100".replace(
                "SELECT email", "SELECT people.email"
            )
        )
        (email,) = cursor.fetchone()
        cursor.execute(
            "SELECT ref, number FROM orders WHERE state = 'paid' AND id > %s ORDER BY id LIMIT 1",
            ((first + last) // 2,),
        )
        ref, number = cursor.fetchone()
    where.close()
    return {
        "newest orders": "/admin/orders/",
        "orders, middle page": f"/admin/orders/?after={(first + last) // 2}",
        "orders, last page": "/admin/orders/?end=y",
        "orders by state": "/admin/orders/?state=expired",
        "orders by e-mail": f"/admin/orders/?email={quote(email)}",
        "an order": f"/admin/orders/{ref}",
        "jump box": f"/admin/jump?q={number}",
        "start": "/admin/",
    }


def tell_much(url: str, path: str) -> None:
    """Give the measured order a story of fifty lines."""
    where = pymysql.connect(
        host="127.0.0.1",
        port=int(url.rpartition(":")[2].partition("/")[0]),
        user="root",
        database="bench",
        autocommit=True,
    )
    with where.cursor() as cursor:
        cursor.execute("SELECT id, ref FROM orders WHERE ref = %s", (path.rpartition("/")[2],))
        order_id, ref = cursor.fetchone()
        cursor.executemany(
            "INSERT INTO audit_log (at, tag, subject_kind, subject_id, subject_ref, actor_kind, actor_ref, reason, request_id, via, changes) "
            "VALUES (NOW(6), 'order.prolonged', 'order', %s, %s, 'system', 'counterfoil', 'measured', 'req_bench', 'worker', '{}')",
            [(order_id, ref)] * 36,
        )
    where.close()


def taking_turns(
    operators: Mapping[tuple[int, str], Operator], asked: Mapping[int, Mapping[str, str]]
) -> dict[str, dict[tuple[int, str], float]]:
    """The medians of answers in milliseconds, kind of page → size and server. Servers, sizes and pages take turns with every request,
    so that a machine that is slow for a moment is slow for all of them; in another order each time, so that what a server does
    every so many requests does not meet the same page for ever."""
    kinds, chance = list(asked[SIZES[0]]), random.Random(1)
    taken: dict[str, dict[tuple[int, str], list[float]]] = {kind: {who: [] for who in operators} for kind in kinds}
    for number in range(TIMES + WARM):
        chance.shuffle(kinds)
        for kind in kinds:
            first = list(operators.items())
            for (size, name), operator in (
                first if number % 2 else reversed(first)
            ):  # who comes second finds pages in memory
                started = time.perf_counter()
                status, _page = operator.ask("GET", asked[size][kind])
                if number >= WARM:
                    taken[kind][size, name].append((time.perf_counter() - started) * 1000)
                assert status in (200, 303), (asked[size][kind], status)
    return {kind: {who: statistics.median(times) for who, times in taken[kind].items()} for kind in asked[SIZES[0]]}


def all_at_once(operators: list[Operator], path: str) -> float:
    """Answers per second with one request of each operator under way."""

    def work(operator: Operator) -> None:
        for _ in range(TIMES // 2):
            operator.ask("GET", path)

    for operator in operators:
        operator.connection.close()  # idle ones were let go by the server meanwhile; a closed one opens again by itself
    threads = [threading.Thread(target=work, args=(operator,)) for operator in operators]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(operators) * (TIMES // 2) / (time.perf_counter() - started)


def export(server: Server, operator: Operator) -> tuple[float, float, float]:
    """Milliseconds to the first byte, rows per second, and MiB by which the server's memory stood higher at most meanwhile."""
    operator.connection.close()  # it may have rested for longer than the server keeps one
    before, started = server.memory(), time.perf_counter()
    answer = operator.send("POST", "/admin/orders/export.csv", {"csrf_token": operator.token})
    first, rows, chunks, looked, highest = 0.0, 0, 0, 0.0, before
    while chunk := answer.read1(65_536):
        first = first or (time.perf_counter() - started) * 1000
        rows += chunk.count(b"\n")
        chunks += 1
        if chunks % 200 == 0:  # looking takes some milliseconds, which are not the export's
            began = time.perf_counter()
            highest = max(highest, server.memory())
            looked += time.perf_counter() - began
    return first, rows / (time.perf_counter() - started - looked), max(highest, server.memory()) - before


@dataclass(slots=True)
class Measured:
    """A history of one size: what is asked of it, both servers over it, and their colleagues."""

    asked: dict[str, str]
    servers: dict[str, Server]
    operators: dict[str, list[Operator]] = field(default_factory=dict)

    def log_in(self) -> None:
        self.operators = {
            name: [Operator(server.port, name == "ours") for _ in range(CLIENTS)]
            for name, server in self.servers.items()
        }


@contextmanager
def history(size: int) -> Iterator[Measured]:
    """A private MariaDB and Valkey with so many orders, a floor and an office over them."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as ends:
        for part in ("m", "v"):
            (Path(folder) / part).mkdir()
        database = MariaDB(Path(folder) / "m")
        ends.callback(database.stop)
        valkey = Valkey(Path(folder) / "v")
        ends.callback(valkey.stop)
        url = database.url("bench")
        env = {
            "DATABASE_URL": url, "REDIS_URL": valkey.url, "COUNTERFOIL_VAR": folder, "LOG_LEVEL": "ERROR",
            "BASE_URL": "http://127.0.0.1:1",
        }  # fmt: skip
        flask = [sys.executable, "-m", "flask", "--app", "wsgi"]
        subprocess.run([*flask, "db", "upgrade"], env={**os.environ, **env}, cwd=ROOT, check=True, capture_output=True)
        started = time.monotonic()
        seed = ["demo", "seed", "--no-pictures", "--products", "10000", "--orders", str(size)]
        subprocess.run([*flask, *seed], env={**os.environ, **env}, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        print(f"10,000 products and {size:,} orders written in {time.monotonic() - started:.0f} s", flush=True)
        with (
            pymysql.connect(host="127.0.0.1", port=database.port, user="root", database="bench") as where,
            where.cursor() as cursor,
        ):
            cursor.execute("ANALYZE TABLE orders, payments, invoices, audit_log, webhook_events, shipments, people")
        asked = pages(url)
        tell_much(url, asked["an order"])
        servers = {}
        for name, target, config, ready in (
            ("floor", "bench.floor.office:app", os.devnull, "/admin/"),
            ("ours", "bench.ours:app", "gunicorn.conf.py", "/admin/login"),
        ):
            servers[name] = Server(target, env, config, ready=ready)
            ends.callback(servers[name].stop)
        yield Measured(asked, servers)


def main() -> None:
    with ExitStack() as ends:
        histories = {size: ends.enter_context(history(size)) for size in SIZES}
        for measured in histories.values():
            measured.log_in()
        alone = taking_turns(
            {(size, name): several[0] for size, one in histories.items() for name, several in one.operators.items()},
            {size: one.asked for size, one in histories.items()},
        )
        for size, one in histories.items():
            print(
                f"{size:,} orders{'':15} {'floor ms':>9} {'ours ms':>9} {'times':>6}   {'floor /s':>9} {'ours /s':>9}  (eight at once)"
            )
            for kind, path in one.asked.items():
                many = {name: all_at_once(several, path) for name, several in one.operators.items()}
                floor, ours = alone[kind][size, "floor"], alone[kind][size, "ours"]
                print(
                    f"{kind:28} {floor:9.1f} {ours:9.1f} {ours / floor:6.1f}   {many['floor']:9.0f} {many['ours']:9.0f}"
                )
            pages_of_list = [alone[kind][size, "ours"] for kind in ENDS]
            print(f"newest, middle and last page within {max(pages_of_list) / min(pages_of_list):.2f} of each other")
            for name, server in one.servers.items():
                first, rate, grown = export(server, one.operators[name][0])
                print(
                    f"export, {name}: first byte after {first:.0f} ms, {rate:,.0f} rows/s, memory {grown:.1f} MiB higher at most",
                    flush=True,
                )
        for size in SIZES[1:]:
            times = [f"{kind} {each[size, 'ours'] / each[SIZES[0], 'ours']:.2f}" for kind, each in alone.items()]
            print(f"{size:,} take of {SIZES[0]:,}: {', '.join(times)}")


if __name__ == "__main__":
    main()
