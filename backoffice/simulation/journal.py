"""A file that keeps the days lived so far, so that a long run can be stopped, or die, and go on."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from backoffice.simulation.service import Life


def read(file: Path, days: Iterable[str], profile: str) -> list[Life]:
    """The days among ``days`` that the file holds under this profile. No file yet holds none; a line that was cut off
    while it was written counts as a day not lived."""
    wanted = set(days)
    found: dict[str, Life] = {}
    for line in file.read_text().splitlines() if file.exists() else ():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if entry.pop("profile") == profile and entry["seed"] in wanted:
            for name in ("borders", "faults"):
                entry[name] = Counter(entry[name])
            found[entry["seed"]] = Life(**entry)
    return list(found.values())


def keep(file: Path, lives: Iterable[Life], profile: str) -> None:
    """Add days to the file."""
    with file.open("a+b") as journal:
        if journal.tell() and not _ends_well(file):
            journal.write(b"\n")  # after a line that was cut off
        for life in lives:
            journal.write(json.dumps({"profile": profile, **vars(life)}).encode() + b"\n")


def _ends_well(file: Path) -> bool:
    with file.open("rb") as journal:
        journal.seek(-1, 2)
        return journal.read(1) == b"\n"
