"""The sandbox provider as tests use it: a real HTTP server in a thread, on the test's clock, with its own books."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from integrations.sandbox import faults
from integrations.sandbox.courier import Courier
from integrations.sandbox.program import Setup, create_sandbox
from tests.support.servers import answering, listening

API_KEY = "sk_test_" + "k" * 24
SECRET = "whsec_" + "s" * 32


class Provider:
    """Speaks of what the provider does in the words of the business."""

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        door = listening()
        self.url = f"http://127.0.0.1:{door.getsockname()[1]}"
        setup = Setup(folder / "sandbox.db", self.url, f"{self.url}/nowhere", API_KEY, SECRET)
        app, self.courier = create_sandbox(setup, clock)
        self.books = self.courier.books
        self.clock = clock
        self.server = answering(door, app)

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def delivers_to(self, send: Callable[[str, bytes, dict[str, str]], int]) -> None:
        self.courier = Courier(self.books, self.courier.url, SECRET, send)

    def switch(self, **wishes: object) -> None:
        faults.change(self.books, wishes)

    def payments(self, reference: str = "") -> list[dict]:
        return self.books.payments(reference)

    def captured(self) -> list[int]:
        """What the provider holds, payment by payment: its books are independent of ours."""
        return [item["captured"] for item in self.books.payments() if item["captured"]]
