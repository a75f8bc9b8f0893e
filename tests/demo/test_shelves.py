"""A large catalogue in bulk: written down as if it had been entered, and sold from like any other."""

from datetime import UTC, datetime

from sqlalchemy import select

from backoffice.core.db import db
from backoffice.demo import bulk, history, shelves
from backoffice.demo.history import History
from backoffice.models import AuditEntry, OrderLine, Product
from tests.support.consistency import problems

SINCE = datetime(2022, 1, 1, tzinfo=UTC)


def test_a_large_catalogue_fits_and_is_sold_from(shop, monkeypatch):
    monkeypatch.setattr(history, "BATCH", 60)
    told: list[int] = []
    with db.engine.begin() as connection:
        shelves.fill(connection, 4, 700, since=SINCE, pieces=(3, 9), told=told.append)
    assert told == [500, 200]
    assert problems() == []
    (product,) = shop.all(select(Product).where(Product.slug == "thing-0"))
    tags = shop.tags(product.ref)
    assert tags == ["product.created", "product.published"]
    History(bulk.writer(db.engine), seed=2, customers=20, orders=120).write()
    assert problems() == []
    assert any(sku.startswith("T-") for sku in shop.all(select(OrderLine.sku)))
    restocked = select(AuditEntry.id).where(AuditEntry.tag == "stock.received", AuditEntry.actor_kind == "staff")
    assert shop.all(restocked)
