"""What the demo shop begins with: seller, terms, goods with prices and pieces, delivery, one login."""

from sqlalchemy import select

from backoffice.catalog import pricing
from backoffice.catalog import service as catalog
from backoffice.catalog.models import Category, PriceList, Product, ProductKind
from backoffice.core.actor import SYSTEM
from backoffice.core.db import session
from backoffice.core.money import Money
from backoffice.demo.goods import CATEGORIES, GOODS, Good
from backoffice.demo.terms import IMPRINT, PRIVACY, TERMS, WITHDRAWAL
from backoffice.entities import service as entities
from backoffice.entities.models import Entity, LegalKind
from backoffice.entities.service import EntityData
from backoffice.fulfilment import offering
from backoffice.fulfilment.offering import MethodData, RateData
from backoffice.staff import accounts
from backoffice.staff.roles import Role
from backoffice.stock import service as stock

PASSWORD = "measure twice"  # noqa: S105 - of the development profile only
STAFF = (
    ("olive@plumb-and-level.example", "Olive Ops", Role.ADMINISTRATOR),
    ("otto@plumb-and-level.example", "Otto Orders", Role.OPERATIONS),
    ("fiona@plumb-and-level.example", "Fiona Figures", Role.FINANCE),
    ("carl@plumb-and-level.example", "Carl Catalogue", Role.CATALOGUE),
    ("vera@plumb-and-level.example", "Vera Views", Role.VIEWER),
)

SELLER = EntityData(
    code="PL",
    shop_name="Plumb & Level",
    legal_name="Plumb & Level Messgeräte GmbH",
    street="Lotstraße 12",
    postcode="04229",
    city="Leipzig",
    country="DE",
    vat_id="DE136695976",
    register_entry="Amtsgericht Leipzig HRB 00000 (demo)",
    email="shop@plumb-and-level.example",
    phone="+49 341 000000",
    currency="EUR",
    zone="Europe/Berlin",
)
ZONES = (("Germany", ("DE",)), ("Neighbours", ("AT", "BE", "DK", "FR", "LU", "NL", "PL", "SE")))


def eur(cents: int) -> Money:
    return Money(cents, "EUR")


def dkk(ore: int) -> Money:
    return Money(ore, "DKK")


PARCEL = (
    RateData("Germany", eur(490), eur(10_000)),
    RateData("Germany", dkk(3_700), dkk(75_000)),
    RateData("Neighbours", eur(990), eur(20_000)),
    RateData("Neighbours", dkk(7_400), dkk(150_000)),
)
EXPRESS = (
    RateData("Germany", eur(1_290)),
    RateData("Germany", dkk(9_600)),
    RateData("Neighbours", eur(2_490)),
    RateData("Neighbours", dkk(18_600)),
)


def seed() -> bool:
    """Write the demo shop in the current unit; False (and nothing) when a seller exists."""
    if session.scalars(select(Entity.id).limit(1)).first():
        return False
    entity = entities.create(SELLER, by=SYSTEM)
    for kind, text in (
        (LegalKind.TERMS, TERMS), (LegalKind.PRIVACY, PRIVACY), (LegalKind.WITHDRAWAL, WITHDRAWAL),
        (LegalKind.IMPRINT, IMPRINT),
    ):  # fmt: skip
        entities.publish(entity, kind, text, by=SYSTEM)
    _delivery()
    lists = {
        "EUR": pricing.create_list("euro", "EUR", 1, by=SYSTEM),
        "DKK": pricing.create_list("krone", "DKK", 2, by=SYSTEM),
    }
    products = _goods(lists)
    for good in GOODS:
        catalog.relate(products[good.slug], [products[slug] for slug in good.beside], by=SYSTEM)
    for email, name, role in STAFF:
        accounts.create(email, name, PASSWORD, by=SYSTEM, role=role)
    return True


def _delivery() -> None:
    for name, countries in ZONES:
        offering.create_zone(name, countries, by=SYSTEM)
    parcel = MethodData(
        "Parcel", "2 to 3 working days, carbon-neutral", "DHL",
        "https://www.dhl.de/en/privatkunden/dhl-sendungsverfolgung.html?piececode={}", "standard", 1,
    )  # fmt: skip
    express = MethodData(
        "Express", "there on the working day after it left us", "DHL Express",
        "https://www.dhl.com/en/express/tracking.html?AWB={}", "standard", 2,
    )  # fmt: skip
    offering.create_method("parcel", parcel, PARCEL, by=SYSTEM)
    offering.create_method("express", express, EXPRESS, by=SYSTEM)


def _goods(lists: dict[str, PriceList]) -> dict[str, Product]:
    shelves = {
        slug: catalog.create_category(slug, name, lead, position, by=SYSTEM)
        for position, (slug, name, lead) in enumerate(CATEGORIES, start=1)
    }
    return {good.slug: _good(shelves, lists, good) for good in reversed(GOODS)}  # the first is the newest


def _good(shelves: dict[str, Category], lists: dict[str, PriceList], good: Good) -> Product:
    product = catalog.create(shelves[good.category], good.data(), by=SYSTEM)
    for variant, offered in zip(product.variants, good.offered, strict=True):
        pricing.set_price(variant, lists["EUR"], eur(offered.eur), by=SYSTEM, reason="demo shop")
        pricing.set_price(variant, lists["DKK"], dkk(offered.dkk), by=SYSTEM, reason="demo shop")
        if good.kind == ProductKind.PHYSICAL and offered.pieces:
            stock.receive(variant.id, offered.pieces, by=SYSTEM, reason="demo shop")
    catalog.publish(product, by=SYSTEM)
    return product
