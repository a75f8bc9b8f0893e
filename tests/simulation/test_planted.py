"""The simulator finds what it must: each guard taken away makes a known day end badly, and the same day is well with the guard
in its place. docs/simulator.md has the table."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from backoffice.app import simulating
from backoffice.app.simulating import Template
from backoffice.simulation.service import Life
from backoffice.simulation.world import PROFILES
from config import ROOT
from tests.simulation.planted import PLANTED

ROW = re.compile(r"^\| (?P<guard>[^|]+?) \| `(?P<seed>\d+:\d+)` \| (?P<found>[^|]+?) \|$", re.M)
TABLE = {row["guard"]: (row["seed"], row["found"]) for row in ROW.finditer((ROOT / "docs/simulator.md").read_text())}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    with simulating.furnished(tmp_path_factory.mktemp("t")) as made:
        yield made


@pytest.fixture(scope="module")
def healthy() -> dict[str, list[str]]:
    """What was found on days with every guard in its place, by seed: lived once."""
    return {}


def lived(seed: str, template: Template, folder: Path) -> Life:
    (life,) = simulating.live_all([seed], folder, template, PROFILES["rough"])
    return life


def test_the_page_names_every_guard():
    assert set(TABLE) == set(PLANTED)


@pytest.mark.parametrize("guard", PLANTED)
def test_a_guard_that_is_taken_away_is_missed(guard, template, healthy, tmp_path, monkeypatch):
    seed, found = TABLE[guard]
    if seed not in healthy:
        healthy[seed] = lived(seed, template, tmp_path / "healthy").problems
    assert healthy[seed] == []
    PLANTED[guard](monkeypatch)
    problems = lived(seed, template, tmp_path / "planted").problems
    assert any(found in problem for problem in problems), problems


def test_the_same_seed_is_the_same_day(template, tmp_path):
    first, second = (lived("5:0", template, tmp_path / name) for name in ("first", "second"))
    assert (first.borders, first.faults, first.orders) == (second.borders, second.faults, second.orders)


def test_the_command_lives_days_on_all_cores_and_reports(template, tmp_path, monkeypatch):
    monkeypatch.setenv("COUNTERFOIL_VAR", str(tmp_path))
    monkeypatch.setenv("FLASK_RUN_FROM_CLI", "true")
    runner = simulating.create_app().test_cli_runner()
    done = runner.invoke(args=["simulate", "--runs", "8", "--seed", "11"])
    assert done.exit_code == 0, done.output
    assert re.search(r"^days +8$", done.output, re.M)
    assert re.search(r"^crashes +[1-9]", done.output, re.M)
