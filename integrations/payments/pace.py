"""A provider's limit of calls a second, kept on our side: a call waits for its turn, for a moment."""

import threading
import time
from collections.abc import Callable

from integrations.payments.port import Throttled


class Pace:
    """At most ``rate`` calls a second from this process; who would wait longer than ``patience`` seconds gets Throttled."""

    def __init__(
        self,
        rate: float,
        patience: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.gap, self.patience, self.clock, self.sleep = 1 / rate, patience, clock, sleep
        self.free_at = 0.0
        self.lock = threading.Lock()

    def wait(self, *, anyhow: bool = False) -> None:
        """Raises Throttled; nothing was asked then. ``anyhow``: for something that was asked before, however long it takes."""
        with self.lock:
            now = self.clock()
            turn = max(self.free_at, now)
            if turn - now > self.patience and not anyhow:
                raise Throttled("our own limit of calls a second")
            self.free_at = turn + self.gap
        if turn > now:
            self.sleep(turn - now)
