"""The whole product as real processes: web, worker, sandbox provider, on real servers; any of them may be killed."""

import os
import re
import signal
import sqlite3
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pymysql
import requests
from sqlalchemy.engine import make_url

from tests.support import programs
from tests.support.provider import API_KEY, SECRET
from tests.support.servers import Valkey, free_port
from tests.support.shop import LEVEL, hidden, product_path

PATIENCE = 45.0  # seconds


class World:
    """One deployment in a temporary folder. Programs are started by name, with drills for that one start."""

    def __init__(self, folder: Path, database_url: str, valkey: Valkey) -> None:
        self.folder, self.valkey = folder, valkey
        self.port, self.sandbox_port = free_port(), free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.sandbox = f"http://127.0.0.1:{self.sandbox_port}"
        self.database_url = database_url
        self.processes: dict[str, BaseProcess] = {}
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("COUNTERFOIL")},
            "COUNTERFOIL_VAR": str(folder),
            "DATABASE_URL": database_url,
            "REDIS_URL": valkey.url,
            "PORT": str(self.port),
            "SECRET_KEY": "process-secret-key-0123456789",
            "DATA_KEY": "process-data-key-0123456789ab",
            "SANDBOX_PORT": str(self.sandbox_port),
            "SANDBOX_DB": str(folder / "sandbox.db"),
            "SANDBOX_API_KEY": API_KEY,
            "SANDBOX_WEBHOOK_SECRET": SECRET,
            "SANDBOX_WEBHOOK_URL": f"{self.base}/webhooks/sandbox",
            "LOG_LEVEL": "WARNING",
        }

    # -- programs

    def start(self, name: str, **drills: Any) -> None:
        commands = {
            "web": ["web", str(self.port)],
            "worker": ["module", "jobs.worker"],
            "cron": ["rq", "cron", "jobs/schedule.py", "-u", self.valkey.url],
            "provider": ["module", "integrations.sandbox"],
        }
        env = {**self.env, **{f"COUNTERFOIL_{key.upper()}": str(value) for key, value in drills.items()}}
        self.processes[name] = programs.start(commands[name], env, self.folder / f"{name}.log")
        address = {"web": self.base + "/healthz", "provider": self.sandbox + "/control/"}.get(name)
        if address:
            self.wait(lambda: self.answers(address), f"{name} answers")

    def prepare(self, pictures: bool = False) -> None:
        for step in (["db", "upgrade"], ["demo", "seed", "--pictures" if pictures else "--no-pictures"]):
            self.command(*step)

    def command(self, *words: str) -> str:
        """Run ``flask`` with these words; what it printed."""
        out = self.folder / "command.out"
        out.unlink(missing_ok=True)
        process = programs.start(["flask", *words], self.env, out)
        process.join()
        assert process.exitcode == 0, out.read_text()[-2000:]
        return out.read_text()

    def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        process.kill()
        process.join()

    def died(self, name: str) -> None:
        """Wait for a program that kills itself, and make sure that it did so by SIGKILL."""
        process = self.processes.pop(name)
        process.join(PATIENCE)
        assert process.exitcode == -signal.SIGKILL, (self.folder / f"{name}.log").read_text()[-2000:]

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.join(8)
            if process.exitcode is None:
                process.kill()
                process.join()

    def answers(self, address: str) -> bool:
        try:
            return requests.get(address, timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def wait(self, condition: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
        until = time.monotonic() + patience
        while not condition():
            if time.monotonic() > until:
                logs = "\n".join(path.read_text()[-1500:] for path in self.folder.glob("*.log"))
                raise AssertionError(f"waited in vain: {what}\n{logs}")
            time.sleep(0.1)

    # -- the provider

    def switch(self, **wishes: object) -> None:
        requests.put(self.sandbox + "/control/api/faults", json=wishes, timeout=5).raise_for_status()

    def provider_payments(self) -> list[dict]:
        answer = requests.get(
            self.sandbox + "/v1/payments", headers={"Authorization": f"Bearer {API_KEY}"}, timeout=5
        ).json()
        return answer["data"]

    def captured(self) -> list[int]:
        return [item["captured"] for item in self.provider_payments() if item["captured"]]

    def buyer(self) -> "HttpBuyer":
        return HttpBuyer(self)


def ask(world: World, query: str) -> list:
    """Look into the database from outside."""
    url = make_url(world.database_url)
    if url.drivername == "sqlite":
        with sqlite3.connect(url.database) as connection:
            return connection.execute(query).fetchall()
    connection = pymysql.connect(host=url.host, port=url.port, user=url.username, database=url.database)
    with connection, connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


class HttpBuyer:
    """A customer with a browser that keeps cookies and does not follow redirects by itself."""

    def __init__(self, world: World) -> None:
        self.world, self.http = world, requests.Session()

    def get(self, path: str) -> requests.Response:
        url = path if path.startswith("http") else self.world.base + path
        return self.http.get(url, timeout=20, allow_redirects=False)

    def post(self, path: str, data: dict[str, str]) -> requests.Response:
        url = path if path.startswith("http") else self.world.base + path
        return self.http.post(url, data=data, timeout=20, allow_redirects=False)

    def checkout_form(self) -> dict[str, str]:
        page = self.get(product_path(LEVEL)).text
        assert self.post("/cart/add", {**hidden(page, "variant"), "quantity": "1"}).status_code == 303
        page = self.get("/checkout").text
        return {
            **hidden(page, "checkout_key", "total", "currency", "terms_version"),
            "email": "ada@example.org", "name": "Ada Lovelace", "street": "Analytical Way 1", "postcode": "10115",
            "city": "Berlin", "country": "DE", "terms": "y", "delivery": "parcel",
        }  # fmt: skip

    def orders(self, form: dict[str, str]) -> str:
        """Where the shop sends the customer after the button: the payment page, or its own waiting page."""
        answer = self.post("/checkout", form)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def pays(self, page: str) -> str:
        """Pay on the provider's page; where it sends the customer back to."""
        answer = self.post(page, {"card": "good"})
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def follows(self, place: str) -> str:
        """The page at the end of the redirects."""
        for _ in range(5):
            answer = self.get(place)
            if answer.status_code != 303:
                return answer.text
            place = answer.headers["Location"]
        raise AssertionError("redirects without end")


def heading(page: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page)
    return found.group(1) if found else ""
