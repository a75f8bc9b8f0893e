"""When parcels leave."""

from datetime import date

import pytest

from backoffice.fulfilment import leaving


@pytest.mark.parametrize(
    ("today", "day"),
    [
        ("2026-11-23", "2026-11-24"),
        ("2026-11-27", "2026-11-30"),
        ("2026-11-28", "2026-11-30"),
        ("2026-11-29", "2026-11-30"),
    ],
)
def test_a_parcel_leaves_on_the_next_day_on_which_somebody_works(today, day):
    assert leaving.next_day(date.fromisoformat(today)) == date.fromisoformat(day)
