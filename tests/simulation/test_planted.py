"""The simulator finds what it must: each guard taken away makes a known day end badly, and the same day is well with the guard
in its place. docs/simulator.md has the table."""

import re
from collections.abc import Callable, Iterator

import pytest

from backoffice.app import simulating
from backoffice.commands import simulate
from backoffice.simulation.service import Life
from backoffice.simulation.world import PROFILES
from config import ROOT
from tests.simulation.planted import PLANTED

ROW = re.compile(r"^\| (?P<guard>[^|]+?) \| `(?P<seed>\d+:\d+)` \| (?P<found>[^|]+?) \|$", re.M)
TABLE = {row["guard"]: (row["seed"], row["found"]) for row in ROW.finditer((ROOT / "docs/simulator.md").read_text())}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Life]]:
    """Lives a day, by its seed."""
    folder = tmp_path_factory.mktemp("p")
    with simulating.furnished(folder / "template") as template, simulating.place(folder / "day", template) as app:
        yield lambda seed: simulating.live(seed, app, folder / "day", template, PROFILES["rough"])


@pytest.fixture(scope="module")
def healthy() -> dict[str, list[str]]:
    """What was found on days with every guard in its place, by seed: lived once."""
    return {}


def test_the_page_names_every_guard():
    assert set(TABLE) == set(PLANTED)


@pytest.mark.parametrize("guard", PLANTED)
def test_a_guard_that_is_taken_away_is_missed(guard, lived, healthy, monkeypatch):
    seed, found = TABLE[guard]
    if seed not in healthy:
        healthy[seed] = lived(seed).problems
    assert healthy[seed] == []
    PLANTED[guard](monkeypatch)
    problems = lived(seed).problems
    assert any(found in problem for problem in problems), problems


def test_the_same_seed_is_the_same_day(lived):
    first, second = lived("5:0"), lived("5:0")
    assert (first.borders, first.faults, first.orders) == (second.borders, second.faults, second.orders)


def test_the_command_lives_days_on_all_cores_and_reports(tmp_path, monkeypatch):
    monkeypatch.setattr(simulate, "SHARE", 1)
    monkeypatch.setattr(simulate, "SHARES", 1)  # on fewer than three cores, fresh processes live the last
    monkeypatch.setenv("COUNTERFOIL_VAR", str(tmp_path))
    monkeypatch.setenv("FLASK_RUN_FROM_CLI", "true")
    runner = simulating.create_app().test_cli_runner()
    done = runner.invoke(args=["simulate", "--runs", "3", "--seed", "11"])
    assert done.exit_code == 0, done.output
    assert re.search(r"^days +3$", done.output, re.M)
    assert re.search(r"^crashes +[1-9]", done.output, re.M)
