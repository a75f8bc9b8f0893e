"""What an order would cost: the cart in a currency, delivered to a country in a chosen way."""

from collections.abc import Sequence
from dataclasses import dataclass

from backoffice.carts.filling import PricedCart, Ware
from backoffice.core import clock
from backoffice.core.money import Money
from backoffice.core.words import gettext
from backoffice.entities.service import Seller
from backoffice.fulfilment.methods import Offer, Tariff
from backoffice.orders.models import LineKind
from backoffice.orders.service import LineData
from backoffice.tax import rates


@dataclass(frozen=True)
class Quote:
    """A filling of the cart with its delivery. ``chosen`` is None where nothing is shipped, or cannot be; ``kept_back``
    is what is not sold into that country."""

    cart: PricedCart
    offers: Sequence[Offer]
    chosen: Offer | None
    kept_back: Sequence[Ware]

    @property
    def total(self) -> Money:
        return self.cart.goods + self.chosen.price if self.chosen else self.cart.goods

    @property
    def can_be_ordered(self) -> bool:
        arrives = not self.kept_back and (self.chosen is not None or not self.cart.needs_delivery)
        return self.cart.is_for_sale and bool(self.total) and arrives


def of(cart: PricedCart, tariff: Tariff, country: str, delivery_code: str | None) -> Quote:
    """The quote for one way of delivery; with None the first that the country offers."""
    kept_back = [line.ware for line in cart.lines if not line.ware.goes_to(country)]
    if not cart.needs_delivery:
        return Quote(cart, [], None, kept_back)
    offers = tariff.offers(country, cart.shipped)
    wished = [item for item in offers if delivery_code in (None, item.code)]
    return Quote(cart, offers, wished[0] if wished else None, kept_back)


def lines(quote: Quote, entity: Seller) -> list[LineData]:
    """The lines of the order, delivery last where it costs something."""
    today = clock.today(entity.zone)
    found = [
        LineData(
            kind=LineKind(line.ware.kind.value),
            variant_id=line.ware.id,
            sku=line.ware.sku,
            name=line.ware.full_name,
            quantity=line.quantity,
            unit=line.unit,
            rate=rates.rate(entity.country, line.ware.vat_class, today),
        )
        for line in quote.cart.lines
        if line.unit is not None
    ]
    if quote.chosen and quote.chosen.price:
        found.append(
            LineData(
                kind=LineKind.DELIVERY,
                variant_id=None,
                sku=quote.chosen.code,
                name=gettext("Delivery: %(name)s", name=quote.chosen.name),
                quantity=1,
                unit=quote.chosen.price,
                rate=rates.rate(entity.country, quote.chosen.vat_class, today),
            )
        )
    return found
