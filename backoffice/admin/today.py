"""Today against the same day last week: orders by the hour, money, declined payments and refunds. Three looks, by index."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, case, extract, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from backoffice.core import clock
from backoffice.core.db import session
from backoffice.core.money import Money
from backoffice.orders.models import Order
from backoffice.payments.models import Payment, PaymentState
from backoffice.refunds.models import LOST, Refund

WIDTH, HEIGHT, HOURS = 560, 150, 24
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Day:
    """One day of the office, as far as it has gone."""

    orders: int
    declined: int
    money: dict[str, int]  # currency → minor units captured of payments that began that day
    returned: dict[str, int]  # currency → minor units of refunds that began that day and were not refused
    by_hour: Sequence[int]  # orders placed in each hour of the office's day


@dataclass(frozen=True)
class Comparison:
    today: Day
    before: Day  # the same day last week, whole
    hour: int  # of the office's day now
    until_now: int  # orders that the same day last week had by now

    @property
    def currencies(self) -> list[str]:
        return sorted({*self.today.money, *self.before.money})

    @property
    def returned_in(self) -> list[str]:
        return sorted({*self.today.returned, *self.before.returned})

    def returned(self, day: Day, currency: str) -> Money:
        return Money(day.returned.get(currency, 0), currency)

    def money(self, day: Day, currency: str) -> Money:
        return Money(day.money.get(currency, 0), currency)

    @property
    def top(self) -> int:
        return max(1, sum(self.today.by_hour), sum(self.before.by_hour))

    def line(self, day: Day, until: int = HOURS) -> str:
        """The points of a growing line, for a picture of WIDTH by HEIGHT."""
        points, total = [f"0,{HEIGHT}"], 0
        for hour in range(until):
            total += day.by_hour[hour]
            points.append(f"{WIDTH * (hour + 1) / HOURS:.1f},{HEIGHT - (HEIGHT - 8) * total / self.top:.1f}")
        return " ".join(points)


def compare(zone: str) -> Comparison:
    """Days begin and end at midnight in ``zone``."""
    local = clock.now().astimezone(ZoneInfo(zone))
    today, before = (_begins(local.date() - back, zone) for back in (timedelta(), WEEK))
    end = _begins(local.date() - WEEK + timedelta(days=1), zone)
    by_hour = {True: [0] * HOURS, False: [0] * HOURS}
    until_now = 0
    for is_today, hour, is_gone, count in session.execute(_orders(today, before, end)):
        begins = today if is_today else before
        by_hour[bool(is_today)][(int(hour) - begins.hour) % 24] += count
        until_now += count if is_gone and not is_today else 0
    money: dict[bool, dict[str, int]] = {True: {}, False: {}}
    declined = {True: 0, False: 0}
    for is_today, state, currency, amount, count in session.execute(_payments(today, before, end)):
        if state == PaymentState.SETTLED:
            money[bool(is_today)][currency] = int(amount)
        elif state == PaymentState.DECLINED:
            declined[bool(is_today)] += count
    returned: dict[bool, dict[str, int]] = {True: {}, False: {}}
    for is_today, currency, amount in session.execute(_refunds(today, before, end)):
        returned[bool(is_today)][currency] = int(amount)
    days = {
        key: Day(sum(by_hour[key]), declined[key], money[key], returned[key], by_hour[key]) for key in (True, False)
    }
    gone = int((local.astimezone(UTC) - today).total_seconds()) // 3600 + 1
    return Comparison(days[True], days[False], min(gone, HOURS), until_now)


def _begins(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def _orders(today: datetime, before: datetime, end: datetime) -> Select[*tuple[Any, ...]]:
    """By day and hour (in UTC; of the two hours that a day in October has twice, one stands for both), and whether it was
    before this time of the day."""
    is_today, hour = case((Order.placed_at >= today, 1), else_=0), extract("hour", Order.placed_at)
    is_gone = case((Order.placed_at < before + (clock.now() - today), 1), else_=0)
    query = select(is_today, hour, is_gone, func.count()).where(_within(Order.placed_at, today, before, end))
    return query.group_by(is_today, hour, is_gone)


def _payments(today: datetime, before: datetime, end: datetime) -> Select[*tuple[Any, ...]]:
    is_today = case((Payment.created_at >= today, 1), else_=0)
    columns = (is_today, Payment.state, Payment.currency)
    return (
        select(*columns, func.sum(Payment.captured_amount), func.count())
        .where(_within(Payment.created_at, today, before, end))
        .group_by(*columns)
    )


def _refunds(today: datetime, before: datetime, end: datetime) -> Select[*tuple[Any, ...]]:
    is_today = case((Refund.created_at >= today, 1), else_=0)
    return (
        select(is_today, Refund.currency, func.sum(Refund.amount))
        .where(_within(Refund.created_at, today, before, end), Refund.state.not_in(LOST))
        .group_by(is_today, Refund.currency)
    )


def _within(
    column: InstrumentedAttribute[datetime], today: datetime, before: datetime, end: datetime
) -> ColumnElement[bool]:
    return or_(column >= today, and_(column >= before, column < end))
