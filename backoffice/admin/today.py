"""Today against the same day last week, by the hour: orders, money in, money given back, payments declined. One look,
of four parts by index. Money is of the moment at which it came or went, whenever it was begun."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, case, extract, func, literal, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute

from backoffice.core import clock, formatting
from backoffice.core.db import session
from backoffice.core.money import Money
from backoffice.orders.models import Order
from backoffice.payments.models import Payment, PaymentState
from backoffice.refunds.models import LOST, Refund

WIDTH, HEIGHT, HOURS = 240, 56, 24
WEEK = timedelta(days=7)
_NONE: ColumnElement[str] = literal("")
ORDER = ("orders", "money in", "given back", "payments declined")


@dataclass(frozen=True)
class Series:
    """One thing that happens during a day, by the hours of the office. Amounts are in minor units of ``currency``; without one
    they are a number of things."""

    name: str
    today: Sequence[int]
    before: Sequence[int]  # the same day last week, whole
    until_now: int  # of it, by this time of the day
    hour: int  # how many hours of today have begun
    currency: str = ""

    def told(self, amount: int) -> str:
        return formatting.money(Money(amount, self.currency)) if self.currency else str(amount)

    def figure(self, amount: int) -> str:
        return formatting.figure(Money(amount, self.currency)) if self.currency else str(amount)

    @property
    def now(self) -> str:
        return self.told(sum(self.today))

    @property
    def words(self) -> str:
        """``orders``, or ``order`` of one."""
        is_one = not self.currency and sum(self.today) == 1
        return self.name.replace("orders", "order").replace("payments", "payment") if is_one else self.name

    @property
    def then(self) -> str:
        return self.told(self.until_now)

    @property
    def whole(self) -> str:
        return self.told(sum(self.before))

    @property
    def line_now(self) -> str:
        return self._line(self.today[: self.hour])

    @property
    def line_then(self) -> str:
        return self._line(self.before)

    def _line(self, hours: Sequence[int]) -> str:
        """The points of a growing line, for a picture of WIDTH by HEIGHT."""
        top = max(1, sum(self.today), sum(self.before))
        points, total = [f"0,{HEIGHT}"], 0
        for hour, amount in enumerate(hours, start=1):
            total += amount
            points.append(f"{WIDTH * hour / HOURS:.1f},{HEIGHT - (HEIGHT - 4) * total / top:.1f}")
        return " ".join(points)


class _Days(NamedTuple):
    """When both days begin, when the one last week ends, and when it was as late there as it is now (UTC)."""

    zone: str
    today: datetime
    before: datetime
    end: datetime
    then: datetime

    def by_hour(
        self,
        name: str,
        column: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None],
        amount: ColumnElement[int],
        currency: ColumnElement[str] | InstrumentedAttribute[str] = _NONE,
    ) -> Select[*tuple[Any, ...]]:
        """Of a series, the amount by day and hour (in UTC), whether it was before this time of the day, and currency."""
        is_today, day, hour = case((column >= self.today, 1), else_=0), extract("day", column), extract("hour", column)
        is_gone = case((column < self.then, 1), else_=0)
        within = or_(column >= self.today, and_(column >= self.before, column < self.end))
        when = (is_today.label("is_today"), day.label("day"), hour.label("hour"), is_gone.label("is_gone"))
        told = (literal(name).label("name"), *when, amount.label("amount"), currency.label("currency"))
        return (
            select(*told)
            .where(within)
            .group_by(is_today, day, hour, is_gone, *([] if currency is _NONE else [currency]))
        )

    def hour_of(self, row: Any) -> int:
        """The office's hour of a row: days on which clocks change have 23 or 25, and of two of one name both are in it."""
        begins = self.today if row.is_today else self.before
        hours = (begins + timedelta(hours=number) for number in range(25))
        utc = next(item for item in hours if (item.day, item.hour) == (int(row.day), int(row.hour)))
        return utc.astimezone(ZoneInfo(self.zone)).hour


@dataclass
class _Sums:
    """What was found of one series."""

    today: list[int] = field(default_factory=lambda: [0] * HOURS)
    before: list[int] = field(default_factory=lambda: [0] * HOURS)
    until_now: int = 0

    def add(self, days: _Days, row: Any, amount: Any) -> None:
        hours = self.today if row.is_today else self.before
        hours[days.hour_of(row)] += int(amount)
        self.until_now += int(amount) if row.is_gone and not row.is_today else 0


def compare(zone: str) -> list[Series]:
    """What happened, in the order it is shown; money once for each currency. Days begin and end at midnight in ``zone``."""
    local = clock.now().astimezone(ZoneInfo(zone))
    days = _Days(
        zone,
        _begins(local.date(), zone),
        _begins(local.date() - WEEK, zone),
        _begins(local.date() - WEEK + timedelta(days=1), zone),
        (local.replace(tzinfo=None) - WEEK).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC),
    )
    found: dict[tuple[str, str], _Sums] = defaultdict(_Sums)
    for key in (("orders", ""), ("payments declined", "")):
        _ = found[key]  # that nothing happened is said of these
    parts = (
        days.by_hour(ORDER[0], Order.placed_at, func.count()),
        days.by_hour(ORDER[1], Payment.settled_at, func.sum(Payment.captured_amount), Payment.currency),
        days.by_hour(ORDER[2], Refund.accepted_at, func.sum(Refund.amount), Refund.currency).where(
            Refund.state.not_in(LOST)
        ),
        days.by_hour(ORDER[3], Payment.created_at, func.count()).where(
            or_(
                Payment.state == PaymentState.DECLINED,
                and_(Payment.decline_code != "", Payment.state != PaymentState.CANCELLED),
            )
        ),
    )
    for row in session.execute(union_all(*parts)):
        found[row.name, row.currency].add(days, row, row.amount)
    for name, currency in list(found):
        if name == "money in":  # where money came in, that none went back is said too
            _ = found["given back", currency]
    begun = local.hour + 1
    return [
        Series(name, sums.today, sums.before, sums.until_now, begun, currency)
        for (name, currency), sums in sorted(found.items(), key=lambda item: (ORDER.index(item[0][0]), item[0][1]))
    ]


def _begins(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
