"""Delivery methods: where they go, what they cost, and from when on they are free."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

from sqlalchemy import select

from backoffice.core.db import session
from backoffice.core.looks import look
from backoffice.core.money import Money
from backoffice.fulfilment.models import DeliveryMethod, DeliveryRate, DeliveryZone


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


def page_of(carrier: str) -> str:
    """The address at which a carrier tells where a parcel is, with {} for its number; empty where we know none."""
    query = select(DeliveryMethod.tracking_url).where(DeliveryMethod.carrier == carrier)
    return session.scalars(query.where(DeliveryMethod.tracking_url != "").order_by(DeliveryMethod.id)).first() or ""


_SORTED_BY = (DeliveryMethod.position, DeliveryMethod.id, DeliveryRate.id)
_TARIFF = (  # sorted here: a database sorts rows with texts in them on its disk
    select(
        DeliveryMethod.code, DeliveryMethod.name, DeliveryMethod.promise, DeliveryMethod.vat_class,
        DeliveryZone.countries, DeliveryRate.amount, DeliveryRate.currency, DeliveryRate.free_from,
        *_SORTED_BY,
    )
    .join(DeliveryRate, DeliveryRate.method_id == DeliveryMethod.id)
    .join(DeliveryZone, DeliveryZone.id == DeliveryRate.zone_id)
    .where(DeliveryMethod.active)
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One rate as it is looked up."""

    code: str
    name: str
    promise: str
    vat_class: str
    countries: frozenset[str]
    price: Money
    free_from: Money | None


@dataclass(frozen=True)
class Tariff:
    """All ways of delivery with all their rates, as staff sorted them."""

    rows: Sequence[Row]

    @property
    def countries(self) -> list[str]:
        """Everywhere that something is delivered to, ISO 3166-1 alpha-2."""
        return sorted({code for row in self.rows for code in row.countries})

    def offers(self, country: str, shipped: Money) -> list[Offer]:
        """The ways to deliver goods worth ``shipped`` to a country, in its currency."""
        return [
            Offer(
                row.code,
                row.name,
                row.promise,
                price_of(row.price, row.free_from, shipped),
                row.vat_class,
                row.free_from,
            )
            for row in self.rows
            if country in row.countries and row.price.currency == shipped.currency
        ]

    def cheapest(self, currency: str, country: str) -> Offer | None:
        """What delivery costs at least for a small parcel: the "plus delivery from" of a product page."""
        return min(self.offers(country, Money.zero(currency)), key=lambda item: item.price.amount, default=None)


def tariff() -> Tariff:
    """What counts now, in one look."""
    return Tariff(
        [
            Row(
                code=code,
                name=name,
                promise=promise,
                vat_class=vat_class,
                countries=frozenset(countries.get("codes", [])),
                price=Money(amount, currency),
                free_from=Money(free_from, currency) if free_from is not None else None,
            )
            for code, name, promise, vat_class, countries, amount, currency, free_from, *_ in sorted(
                look(_TARIFF), key=itemgetter(*range(-len(_SORTED_BY), 0))
            )
        ]
    )


def by_code(code: str) -> DeliveryMethod | None:
    return session.scalars(select(DeliveryMethod).where(DeliveryMethod.code == code)).one_or_none()
