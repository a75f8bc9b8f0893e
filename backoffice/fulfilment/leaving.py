"""When parcels leave: on the next day on which somebody works here."""

from datetime import date, timedelta

SATURDAY = 5


def next_day(today: date) -> date:
    """The day on which what is ordered ``today`` leaves: from Monday to Friday. Holidays are not known here."""
    day = today + timedelta(days=1)
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return day
