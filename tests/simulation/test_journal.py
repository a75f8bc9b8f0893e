"""A long run goes on where it stopped."""

from collections import Counter

from backoffice.simulation import journal
from backoffice.simulation.service import Life

DAYS = ["7:0", "7:1", "7:2"]


def life(day: str, *problems: str) -> Life:
    return Life(day, list(problems), Counter({"tasks.claimed": 3}), Counter({"outage": 1}), orders=4, checked=45)


def test_days_that_were_kept_are_read_again_as_they_were(tmp_path):
    file = tmp_path / "days.jsonl"
    assert journal.read(file, DAYS, "rough") == []

    journal.keep(file, [life("7:0"), life("7:1", "it was charged 2 times")], "rough")
    journal.keep(file, [life("7:9")], "rough")

    assert journal.read(file, DAYS, "rough") == [life("7:0"), life("7:1", "it was charged 2 times")]
    assert journal.read(file, DAYS, "wild") == [], "the same seed is another day in another profile"


def test_a_day_that_was_cut_off_while_it_was_kept_is_lived_again_and_spoils_no_other(tmp_path):
    file = tmp_path / "days.jsonl"
    journal.keep(file, [life("7:0"), life("7:1")], "rough")
    file.write_bytes(file.read_bytes()[:-20])

    assert journal.read(file, DAYS, "rough") == [life("7:0")]
    journal.keep(file, [life("7:1"), life("7:2")], "rough")
    assert sorted(kept.seed for kept in journal.read(file, DAYS, "rough")) == DAYS
