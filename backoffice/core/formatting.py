"""How amounts, times and rates are written for people: one way, on pages, mails and papers."""

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal

from backoffice.core.money import Money, exponent

LOCALE = "en"
KEPT = 4_096  # amounts whose writing is remembered: a shop shows the same ones again and again


@lru_cache(maxsize=KEPT)
def money(value: Money) -> str:
    """``€ 1,234.50``: the currency once, with a space that does not break; minus as −."""
    pattern = "¤\N{NO-BREAK SPACE}" + _digits(value.currency)
    text = format_currency(value.plain(), value.currency, format=pattern, locale=LOCALE, currency_digits=False)
    return text.replace("-", "−")


@lru_cache(maxsize=14)
def weekday(day: date) -> str:
    """``Monday``."""
    return str(format_date(day, "EEEE", locale=LOCALE))


@lru_cache(maxsize=KEPT)
def figure(value: Money) -> str:
    """``1,234.50``: for columns whose head names the currency."""
    return str(format_decimal(value.plain(), format=_digits(value.currency), locale=LOCALE)).replace("-", "−")


def moment(value: datetime, zone: str) -> str:
    """``21 November 2026, 09:14 CET``: the zone is told, because customers live in several."""
    name = value.astimezone(ZoneInfo(zone)).tzname()  # CLDR knows no short names of European zones in plain English
    return f"{format_datetime(value, 'd MMMM y, HH:mm', tzinfo=ZoneInfo(zone), locale=LOCALE)} {name}"


def clock_time(value: datetime, zone: str) -> str:
    return format_datetime(value, "HH:mm", tzinfo=ZoneInfo(zone), locale=LOCALE)


def exact_time(value: datetime, zone: str) -> str:
    """``09:14:07.312``: which of two things in one minute came first."""
    return format_datetime(value, "HH:mm:ss.SSS", tzinfo=ZoneInfo(zone), locale=LOCALE)


@lru_cache(maxsize=KEPT)
def short_moment(value: datetime, zone: str) -> str:
    """``21 Nov 2026, 09:14``: for lists."""
    return format_datetime(value, "d MMM y, HH:mm", tzinfo=ZoneInfo(zone), locale=LOCALE)


@lru_cache(maxsize=KEPT)
def short_day(value: date) -> str:
    """``21 Nov 2026``: for lists."""
    return format_date(value, "d MMM y", locale=LOCALE)


def age(since: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that says enough: ``5 min``, ``3 h``, ``12 days``, ``2 years``."""
    minutes = max(0, int((now - since).total_seconds())) // 60
    days = minutes // 1_440
    if days >= 730:
        return f"{days // 365} years"
    if days:
        return "1 day" if days == 1 else f"{days} days"
    if minutes >= 60:
        return f"{minutes // 60} h"
    return f"{minutes} min" if minutes else "less than a minute"


def ago(value: datetime, now: datetime) -> str:
    """``3 h ago``, or ``in 2 days``."""
    return f"{age(value, now)} ago" if value <= now else f"in {age(now, value)}"


def told(value: datetime, zone: str, now: datetime) -> str:
    """What a time says when it is asked: ``14:30:07 CET, 3 h ago``."""
    return f"{_on_the_clock(value, zone)}, {ago(value, now)}"


@lru_cache(maxsize=KEPT)
def _on_the_clock(value: datetime, zone: str) -> str:
    here = value.astimezone(ZoneInfo(zone))
    return f"{here:%H:%M:%S} {here.tzname()}"


def day(value: date) -> str:
    return format_date(value, "d MMMM y", locale=LOCALE)


def is_country(code: str) -> bool:
    """Whether two letters are the code of a country, as ISO 3166 has them."""
    return len(code) == 2 and code.isascii() and code.isalpha() and code in Locale.parse(LOCALE).territories


def countries(codes: str) -> str:
    """``Austria, Denmark, and Germany``, from codes with blanks between."""
    return str(format_list(sorted(map(country, codes.split())), locale=LOCALE))


def percent(hundredths: int) -> str:
    """1900 → ``19 %``; 550 → ``5.5 %``."""
    whole, rest = divmod(hundredths, 100)
    number = f"{whole}.{rest:02d}".rstrip("0") if rest else str(whole)
    return f"{number}\N{NO-BREAK SPACE}%"


@lru_cache(maxsize=300)
def country(code: str) -> str:
    """The name of an ISO 3166-1 code."""
    return str(Locale.parse(LOCALE).territories.get(code, code))


def _digits(currency: str) -> str:
    digits = exponent(currency)
    return "#,##0" + ("." + "0" * digits if digits else "")
