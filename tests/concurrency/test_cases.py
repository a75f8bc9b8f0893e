"""One case that several close at once, on MariaDB: it is closed once, and to nobody that is an error."""

import pytest

from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.core import units
from backoffice.core.tracking import Subject
from tests.support.at_once import at_once
from tests.support.consistency import problems

pytestmark = pytest.mark.parametrize("engine_name", ["mariadb"])


def test_a_case_that_many_close_at_once_is_closed_once(shop):
    stuck = [Subject("task", number, f"tsk_{number}") for number in range(1, 16)]
    with shop.app.app_context():
        for about in stuck:
            units.write(lambda about=about: cases.open_case(CaseKind.TASK_GAVE_UP, about, task="mail.send", error="no"))

    def close(about: Subject) -> bool:
        return units.write(lambda: cases.close(CaseKind.TASK_GAVE_UP, about, because="It was run again."))

    for about in stuck:
        results = at_once(shop.app, *[lambda about=about: close(about)] * 6)
        assert sorted(results, key=str) == [False] * 5 + [True], results
    assert shop.open_cases() == []
    assert problems() == []
