"""Changing the ways of delivery: what is said of them, where they go, what they cost. Orders keep what they agreed to."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

from sqlalchemy import select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.catalog import version
from backoffice.core import references
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError
from backoffice.core.formatting import country, is_country
from backoffice.core.money import Money
from backoffice.core.seen import check, mark
from backoffice.fulfilment.models import DeliveryMethod, DeliveryRate, DeliveryZone
from backoffice.tax.rates import RATES

CODE = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")


class NotARate(CounterfoilError):
    status = 422

    def __init__(self) -> None:
        super().__init__("A delivery costs nothing or more, and is free from a sum above nothing, or never.")


class RateTaken(CounterfoilError):
    status = 409

    def __init__(self, zone: str, currency: str) -> None:
        super().__init__(f"It has a price for {zone} in {currency} already: change that one.")


class NotAMethod(CounterfoilError):
    """Something said of a way of delivery that cannot be kept. ``problem`` says what."""

    status = 422

    def __init__(self, problem: str) -> None:
        super().__init__(problem)


class NotAZone(CounterfoilError):
    status = 422

    def __init__(self, problem: str) -> None:
        super().__init__(problem)


@dataclass(frozen=True)
class RateData:
    """A price in one currency; ``free_from`` is the sum of shipped goods from which it costs nothing."""

    zone: str
    price: Money
    free_from: Money | None = None


@dataclass(frozen=True)
class MethodData:
    """What is said of a way of delivery. ``tracking_url`` has {} where the number of a parcel goes; empty where the carrier
    has no page. ``position`` is its place among the others, the first is offered first."""

    name: str
    promise: str
    carrier: str
    tracking_url: str
    vat_class: str
    position: int


def create_zone(name: str, countries: Sequence[str], *, by: Actor) -> DeliveryZone:
    """Countries that cost the same to deliver to. Raises NotAZone, also for a country that is in another zone: it would be
    offered the same way of delivery twice."""
    _check_zone(name, countries, None)
    zone = DeliveryZone(ref=references.new("zon"), name=name, countries={"codes": sorted(countries)})
    session.add(zone)
    audit.record(Tag.DELIVERY_CHANGED, zone, by=by, name=name, countries=", ".join(sorted(countries)))
    version.bump()
    return zone


def change_zone(zone: DeliveryZone, countries: Sequence[str], *, seen: str, by: Actor, reason: str) -> bool:
    """Deliver to other countries at the prices of a zone; False where it is so. ``seen`` is the ``mark`` of those that the page
    showed. Raises NotAZone, ChangedMeanwhile."""
    _check_zone(zone.name, countries, zone)
    session.refresh(zone, with_for_update=True)
    before, after = zone.countries["codes"], sorted(set(countries))
    if before == after:
        return False
    check(seen, before)
    zone.countries = {"codes": after}
    audit.record(Tag.DELIVERY_CHANGED, zone, by=by, reason=reason, countries=(", ".join(before), ", ".join(after)))
    version.bump()
    return True


def create_method(
    code: str, data: MethodData, rates: Sequence[RateData], *, by: Actor, active: bool = True
) -> DeliveryMethod:
    """A new way of delivery. Raises NotAMethod."""
    _check(data)
    if not CODE.match(code):
        raise NotAMethod("The code holds small letters, digits and hyphens, like parcel-locker.")
    if session.scalar(select(DeliveryMethod.id).where(DeliveryMethod.code == code)):
        raise NotAMethod(f"The code “{code}” is used already. Choose another.")
    method = DeliveryMethod(ref=references.new("dlv"), code=code, active=active, **asdict(data))
    zones = {zone.name: zone for zone in session.scalars(select(DeliveryZone))}
    method.rates = [
        DeliveryRate(
            zone=zones[rate.zone],
            currency=rate.price.currency,
            amount=rate.price.amount,
            free_from=rate.free_from.amount if rate.free_from else None,
        )
        for rate in rates
    ]
    session.add(method)
    audit.record(Tag.DELIVERY_CHANGED, method, by=by, name=data.name, rates=len(rates))
    version.bump()
    return method


def as_seen(method: DeliveryMethod) -> str:
    """What is said of a way of delivery and what it costs, in a form that says nothing of it."""
    return mark(*_shown(method))


def rewrite(method: DeliveryMethod, data: MethodData, *, seen: str, by: Actor, reason: str) -> bool:
    """Say something else of a way of delivery; False where nothing differs. ``seen`` is what ``as_seen`` said when somebody
    began. Raises NotAMethod, ChangedMeanwhile."""
    _check(data)
    session.refresh(method, with_for_update=True)  # of two at the same moment the second finds what the first wrote
    changes = {
        name: (getattr(method, name), value) for name, value in asdict(data).items() if getattr(method, name) != value
    }
    if not changes:
        return False
    check(seen, *_shown(method))
    for name, (_before, value) in changes.items():
        setattr(method, name, value)
    audit.record(Tag.DELIVERY_CHANGED, method, by=by, reason=reason, **changes)
    version.bump()
    return True


def add_rate(
    method: DeliveryMethod, zone: DeliveryZone, price: Money, free_from: Money | None, *, by: Actor, reason: str
) -> DeliveryRate:
    """Deliver to one more zone, or in one more currency. The same price once more is the one that is there. Raises NotARate,
    RateTaken."""
    _check_rate(price, free_from)
    free = free_from.amount if free_from else None
    known = next((row for row in method.rates if row.zone_id == zone.id and row.currency == price.currency), None)
    if known and (known.amount, known.free_from) != (price.amount, free):
        raise RateTaken(zone.name, price.currency)
    if known:
        return known
    rate = DeliveryRate(method=method, zone=zone, currency=price.currency, amount=price.amount, free_from=free)
    session.add(rate)
    audit.record(
        Tag.DELIVERY_CHANGED,
        method,
        by=by,
        reason=reason,
        zone=zone.name,
        price=(None, price),
        free_from=(None, free_from),
    )
    version.bump()
    return rate


def drop_rate(rate: DeliveryRate, *, by: Actor, reason: str) -> None:
    """Deliver there, in that currency, no more. Raises NotAMethod for the last price of one that is offered."""
    if rate.method.active and len(rate.method.rates) == 1:
        raise NotAMethod("This is its last price: offer it no more instead.")
    price = Money(rate.amount, rate.currency)
    audit.record(Tag.DELIVERY_CHANGED, rate.method, by=by, reason=reason, zone=rate.zone.name, price=(price, None))
    session.delete(rate)
    version.bump()


def change_rate(
    rate: DeliveryRate, price: Money, free_from: Money | None, *, seen: str, by: Actor, reason: str
) -> bool:
    """Let a delivery cost something else from now on; False where it does already. Orders keep what they agreed to. ``seen`` is
    what ``as_seen`` said of its way when somebody decided.

    Raises NotARate, ChangedMeanwhile."""
    _check_rate(price, free_from)
    after = (price.amount, free_from.amount if free_from else None)
    session.refresh(rate, with_for_update=True)
    before = (rate.amount, rate.free_from)
    if before == after:
        return False
    check(seen, *_shown(rate.method))
    rate.amount, rate.free_from = after
    free = tuple(Money(value, rate.currency) if value is not None else None for value in (before[1], after[1]))
    audit.record(
        Tag.DELIVERY_CHANGED, rate.method, by=by, reason=reason, zone=rate.zone.name,
        price=(Money(before[0], rate.currency), price), free_from=free,
    )  # fmt: skip
    version.bump()
    return True


def switch(method: DeliveryMethod, active: bool, *, by: Actor, reason: str) -> bool:
    """Offer a method, or offer it no more; False where it is so. Raises NotAMethod for one without a price."""
    if method.active == active:
        return False
    if active and not method.rates:
        raise NotAMethod("It has no price yet: say first what it costs where.")
    method.active = active
    audit.record(Tag.DELIVERY_CHANGED, method, by=by, reason=reason, active=(not active, active))
    version.bump()
    return True


def _shown(method: DeliveryMethod) -> tuple[object, ...]:
    rates = sorted((row.zone_id, row.currency, row.amount, row.free_from) for row in method.rates)
    return *(getattr(method, item.name) for item in fields(MethodData)), rates


def _check_rate(price: Money, free_from: Money | None) -> None:
    if price.amount < 0 or (free_from is not None and free_from.amount <= 0):
        raise NotARate


def _check(data: MethodData) -> None:
    if not data.name or not data.promise:
        raise NotAMethod("Say what it is called, and how long it takes: customers choose by both.")
    if data.tracking_url and not (data.tracking_url.startswith("https://") and data.tracking_url.count("{}") == 1):
        raise NotAMethod("The page of the carrier begins with https:// and has {} where the number of the parcel goes.")
    if data.vat_class not in {rate.vat_class for rate in RATES}:
        raise NotAMethod("Choose one of the VAT rates.")


def _check_zone(name: str, countries: Sequence[str], zone: DeliveryZone | None) -> None:
    if not name or not countries:
        raise NotAZone("A zone needs a name and at least one country.")
    unknown = [code for code in countries if not is_country(code)]
    if unknown:
        raise NotAZone(f"“{unknown[0][:20]}” is no country that we know: write two letters each, like AT DE DK.")
    for other in session.scalars(
        select(DeliveryZone).order_by(DeliveryZone.id).with_for_update().execution_options(populate_existing=True)
    ):
        if zone is not None and other.id == zone.id:
            continue
        if other.name == name:
            raise NotAZone(f"There is a zone “{name}” already.")
        both = sorted(set(countries) & set(other.countries["codes"]))
        if both:
            raise NotAZone(f"{country(both[0])} is in the zone “{other.name}”: take it out there first.")
