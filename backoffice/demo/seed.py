"""What the demo shop begins with."""

from sqlalchemy import select

from backoffice.catalog import service as catalog
from backoffice.catalog.service import ProductData
from backoffice.core.actor import SYSTEM
from backoffice.core.db import session
from backoffice.core.money import Money
from backoffice.demo.terms import TERMS
from backoffice.entities import service as entities
from backoffice.entities.models import Entity
from backoffice.entities.service import EntityData
from backoffice.staff import service as staff
from backoffice.stock import service as stock

LOGIN = ("olive@plumb-and-level.example", "measure twice")  # the development profile only
PIECES = 25

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
LEVEL = ProductData(
    slug="spirit-level-oak-60",
    sku="SL-60-OAK",
    name="Spirit level, oak, 60 cm",
    summary=(
        "A level you read with your hands as much as your eyes. Steamed oak, two brass-ringed vials, "
        "true to a twentieth of a millimetre per metre."
    ),
    facts=(
        ("Accuracy", "0.05 mm/m"),
        ("Body", "steamed oak, oiled"),
        ("Vials", "acrylic, brass rings"),
        ("Length", "600 mm"),
        ("Weight", "740 g"),
    ),
    drawing="level",
    price=Money(12_900, "EUR"),
    vat_class="standard",
)


def seed() -> bool:
    """Write the demo shop in the current unit; False (and nothing) when a seller exists."""
    if session.scalars(select(Entity.id).limit(1)).first():
        return False
    entity = entities.create(SELLER, by=SYSTEM)
    entities.publish_terms(entity, TERMS, by=SYSTEM)
    product = catalog.create(LEVEL, by=SYSTEM)
    stock.receive(product.id, PIECES, by=SYSTEM, reason="demo shop")
    staff.create(LOGIN[0], "Olive Ops", LOGIN[1], by=SYSTEM)
    return True
