"""Delivery methods: where they go, what they cost, and from when on they are free."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import references
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError
from backoffice.core.money import Money
from backoffice.fulfilment.models import DeliveryMethod, DeliveryRate, DeliveryZone


class NoDelivery(CounterfoilError):
    """Nothing is delivered to this country in this currency, or not in the way that was chosen."""

    status = 409

    def __init__(self) -> None:
        super().__init__("We cannot deliver there in the way you chose. Please choose another delivery or country.")


@dataclass(frozen=True)
class RateData:
    """A price in one currency; ``free_from`` is the sum of shipped goods from which it costs nothing."""

    zone: str
    price: Money
    free_from: Money | None = None


@dataclass(frozen=True)
class Offer:
    """One way to get a parcel there, and what it costs for this filling of the cart."""

    code: str
    name: str
    promise: str
    price: Money
    vat_class: str
    free_from: Money | None

    def missing_for_free(self, shipped: Money) -> Money | None:
        """How much more must be bought until it is free; None where that is never or already so."""
        if self.free_from is None or shipped >= self.free_from:
            return None
        return self.free_from - shipped


def price_of(price: Money, free_from: Money | None, shipped: Money) -> Money:
    """The price of a delivery for goods worth ``shipped``, VAT included on both sides."""
    return Money.zero(price.currency) if free_from is not None and shipped >= free_from else price


def create_zone(name: str, countries: Sequence[str], *, by: Actor) -> DeliveryZone:
    zone = DeliveryZone(ref=references.new("zon"), name=name, countries={"codes": sorted(countries)})
    session.add(zone)
    audit.record(Tag.DELIVERY_CHANGED, zone, by=by, name=name, countries=", ".join(sorted(countries)))
    return zone


def create_method(
    code: str,
    name: str,
    promise: str,
    *,
    carrier: str,
    tracking_url: str,
    vat_class: str,
    position: int,
    rates: Sequence[RateData],
    by: Actor,
) -> DeliveryMethod:
    method = DeliveryMethod(
        ref=references.new("dlv"),
        code=code,
        name=name,
        promise=promise,
        carrier=carrier,
        tracking_url=tracking_url,
        vat_class=vat_class,
        position=position,
        active=True,
    )
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
    audit.record(Tag.DELIVERY_CHANGED, method, by=by, name=name, rates=len(rates))
    return method


def countries() -> list[str]:
    """Everywhere that something is delivered to, ISO 3166-1 alpha-2."""
    codes: set[str] = set()
    for zone in session.scalars(select(DeliveryZone)):
        codes.update(zone.countries.get("codes", []))
    return sorted(codes)


def offers(country: str, shipped: Money) -> list[Offer]:
    """The ways to deliver goods worth ``shipped`` to a country, in its currency, cheapest wish first as staff sorted."""
    found = []
    for method, rate in _rates(shipped.currency):
        if country not in rate.zone.countries.get("codes", []):
            continue
        price = Money(rate.amount, rate.currency)
        free_from = Money(rate.free_from, rate.currency) if rate.free_from is not None else None
        found.append(
            Offer(
                code=method.code,
                name=method.name,
                promise=method.promise,
                price=price_of(price, free_from, shipped),
                vat_class=method.vat_class,
                free_from=free_from,
            )
        )
    return found


def offer(code: str, country: str, shipped: Money) -> Offer:
    """The chosen one. Raises NoDelivery."""
    for known in offers(country, shipped):
        if known.code == code:
            return known
    raise NoDelivery


def cheapest(currency: str, country: str) -> Offer | None:
    """What delivery costs at least for a small parcel: the "plus delivery from" of a product page."""
    known = offers(country, Money.zero(currency))
    return min(known, key=lambda item: item.price.amount) if known else None


def by_code(code: str) -> DeliveryMethod | None:
    return session.scalars(select(DeliveryMethod).where(DeliveryMethod.code == code)).one_or_none()


def _rates(currency: str) -> list[tuple[DeliveryMethod, DeliveryRate]]:
    methods = session.scalars(
        select(DeliveryMethod)
        .where(DeliveryMethod.active.is_(True))
        .options(selectinload(DeliveryMethod.rates))
        .order_by(DeliveryMethod.position, DeliveryMethod.id)
    )
    return [(method, rate) for method in methods for rate in method.rates if rate.currency == currency]
