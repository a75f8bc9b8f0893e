"""Days on a server in which everybody acts at the same time: they end well, and guards that only matter then are missed when
they are taken away. No such day is quite like another, so a guard has some days to be missed in. docs/simulator.md has the
table."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from backoffice.app import simulating
from backoffice.app.simulating import Template
from backoffice.core.db import db
from backoffice.simulation.service import Life
from backoffice.simulation.world import PROFILES, Profile
from config import ROOT
from tests.simulation.planted import AT_ONCE, INDEXES
from tests.support.servers import MariaDB
from tests.support.shop import LEVEL

pytestmark = pytest.mark.mariadb

CROWDED = replace(PROFILES["overlapping"], customers=16, leave=0.0, twice=0.9, wares=(LEVEL,), again=0.9)
NO_CARDS = replace(CROWDED, keepers=0)  # where other guards than those of cards are to be missed
DAYS = 8  # in which a guard must be missed
HEALTHY = 2
ROW = re.compile(r"^\| (?P<guard>[^|]+?) \| at once \| (?P<found>[^|]+?) \|$", re.M)
FOUND = {row["guard"]: row["found"] for row in ROW.finditer((ROOT / "docs/simulator.md").read_text())}


@pytest.fixture(scope="module")
def day(mariadb: MariaDB, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Day"]:
    folder = tmp_path_factory.mktemp("o")
    with (
        simulating.furnished(folder / "template", mariadb.server_url) as template,
        simulating.place(folder / "day", template) as app,
    ):
        yield Day(app, folder / "day", template)


class Day:
    def __init__(self, app: Flask, folder: Path, template: Template) -> None:
        self.app, self.folder, self.template = app, folder, template

    def lived(self, number: int, profile: Profile = NO_CARDS) -> Life:
        return simulating.live(f"at-once:{number}", self.app, self.folder, self.template, profile)

    def without(self, table: str, columns: tuple[str, ...]) -> None:
        self._alter(f"ALTER TABLE {table} DROP INDEX uq_{table}_{'_'.join(columns)}")

    def again_with(self, table: str, columns: tuple[str, ...]) -> None:
        self._alter(
            "SET FOREIGN_KEY_CHECKS = 0",
            f"TRUNCATE {table}",
            f"ALTER TABLE {table} ADD UNIQUE INDEX uq_{table}_{'_'.join(columns)} ({', '.join(columns)})",
            "SET FOREIGN_KEY_CHECKS = 1",
        )

    def _alter(self, *statements: str) -> None:
        with db.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))
        db.engine.dispose()


def test_the_page_names_every_guard():
    assert set(FOUND) == set(AT_ONCE)


@pytest.mark.parametrize("number", range(HEALTHY))
def test_a_day_in_which_everybody_acts_at_once_ends_well(day, number):
    life = day.lived(number, CROWDED)
    assert life.problems == []
    assert life.faults["two tabs at once"] > 5


@pytest.mark.parametrize("guard", AT_ONCE)
def test_a_guard_that_is_taken_away_is_missed_and_the_day_is_well_with_it(day, guard, monkeypatch):
    wanted = FOUND[guard].split(" or ")
    if guard in INDEXES:
        day.without(*INDEXES[guard])
    try:
        AT_ONCE[guard](monkeypatch)
        number, seen = 0, day.lived(0).problems
        while not _tells(seen, wanted) and number + 1 < DAYS:
            number += 1
            seen = [*seen, *day.lived(number).problems]
    finally:
        monkeypatch.undo()
        if guard in INDEXES:
            day.again_with(*INDEXES[guard])
    assert _tells(seen, wanted), f"not missed in {DAYS} days; found: {seen}"
    assert day.lived(number).problems == [], "with its guard the same day ends well"


def _tells(problems: Sequence[str], wanted: Sequence[str]) -> bool:
    return any(words in problem for words in wanted for problem in problems)
