"""Where a history stands: kept in a table of its own beside the rows it has written, in the same transactions, until it is
told to its end. An interrupted one goes on as if nothing had happened: the same moments, the same orders on their way."""

import json
from typing import Any

from backoffice.demo.bulk import Writer

TABLE = "demo_history"


def read(writer: Writer, seed: int) -> dict[str, Any] | None:
    """What was kept of the history of this seed; None where none was interrupted."""
    writer.ask(f"CREATE TABLE IF NOT EXISTS {TABLE} (seed INTEGER NOT NULL PRIMARY KEY, state LONGTEXT NOT NULL)")
    rows = writer.ask(f"SELECT state FROM {TABLE} WHERE seed = {int(seed)}")  # noqa: S608 - a number
    return json.loads(rows[0][0]) if rows else None


def keep(writer: Writer, seed: int, state: str) -> None:
    """Inside the batch that it tells of. ``state`` is JSON."""
    writer.ask(f"DELETE FROM {TABLE} WHERE seed = {int(seed)}")  # noqa: S608
    writer.write(TABLE, ("seed", "state"), [(seed, state)])


def drop(writer: Writer) -> None:
    """The history is whole: what follows is lived."""
    writer.ask(f"DROP TABLE IF EXISTS {TABLE}")
