"""Documents that name tests: every one that they name exists."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
DOCS = TESTS.parent / "docs"
NAMED = re.compile(r"`((?:[\w/]+/)?test_\w+\.py)?(?:::)?(test_\w+|…\w+)?(…)?`")


def names_in(path: Path) -> set[str]:
    return set(re.findall(r"^ *def (test_\w+)", path.read_text(), re.M))


def missing(text: str) -> list[str]:
    """What a document names and nobody finds. A name after ``::`` alone is of the file named before it; one that is cut at
    the end goes on somehow, and one that begins in the middle stands in some file."""
    everywhere = set().union(*(names_in(path) for path in TESTS.rglob("test_*.py")))
    found, last = [], Path()
    for place, name, is_cut in NAMED.findall(text):
        last = TESTS / place if place else last
        if place and not last.exists():
            found.append(place)
        elif name.startswith("…"):
            if not any(name.removeprefix("…") in item for item in everywhere):
                found.append(name)
        elif name and not any(item == name or (is_cut and item.startswith(name)) for item in names_in(last)):
            found.append(f"{place or last.name}::{name}")
    return found


@pytest.mark.parametrize("document", ["acceptance.md", "guards.md"])
def test_every_test_that_is_named_exists(document):
    text = (DOCS / document).read_text()
    assert len(NAMED.findall(text)) > 50
    assert missing(text) == []


def test_a_test_that_is_gone_is_noticed():
    good = "`core/test_units.py::test_an_error_leaves_nothing_behind`, `::test_a_unit_that_…`, `…units_do_not_nest`"
    gone = "`core/test_units.py::test_gone`, `nowhere/test_it.py`, `…at_all_nobody`"
    assert missing(good + gone) == ["core/test_units.py::test_gone", "nowhere/test_it.py", "…at_all_nobody"]
