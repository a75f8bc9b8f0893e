"""An order before the workers are forked: it goes all the way, and nothing of it stays."""

import pytest
from flask import request, request_finished
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from backoffice.app import rehearsal
from backoffice.catalog.models import Product, Variant
from backoffice.core import units
from backoffice.core.db import db, session
from backoffice.orders.models import Order
from backoffice.stock.models import StockItem
from tests.support.shop import paid

STOCK = StockItem.__table__


@pytest.fixture
def asked(shop):
    """Path and status of every request."""
    seen: list[tuple[str, int]] = []

    def note(_app, response) -> None:
        seen.append((request.path, response.status_code))

    with request_finished.connected_to(note):
        yield seen


def everything() -> dict[str, list[tuple]]:
    with units.read():
        return {
            table.name: sorted(map(repr, session.execute(select(table)).all())) for table in db.metadata.sorted_tables
        }


def test_an_order_goes_all_the_way_and_nothing_of_it_stays(shop, asked):
    before = everything()
    assert before["stock_items"]
    assert rehearsal.run(shop.app)
    assert everything() == before
    assert ("/checkout", 200) in asked
    assert ("/checkout", 422) in asked
    path, status = asked[-1]
    assert path.startswith("/orders/")
    assert status == 200
    assert shop.mails() == []
    assert shop.provider.books.payments() == []


def sell_out(*which) -> None:
    units.write(lambda: session.execute(update(STOCK).where(*which).values(on_hand=0, held=0)) and None)


def test_what_is_sold_out_is_passed_over(shop):
    first = select(Variant.id).join(Product).where(Product.slug == "spirit-level-oak")
    with shop.app.app_context():
        with units.read():
            ids = list(session.scalars(first))
        sell_out(STOCK.c.variant_id.in_(ids))
    assert rehearsal.run(shop.app)


def test_where_all_is_sold_out_nothing_is_rehearsed(shop):
    with shop.app.app_context():
        sell_out()
    assert rehearsal.run(shop.app) is False


def test_a_shop_that_was_never_filled_starts_all_the_same(app):
    assert rehearsal.run(app) is False


def test_a_database_that_is_not_there_is_asked_once(shop, asked, monkeypatch):
    def gone() -> None:
        raise OperationalError("", None, Exception("Can't connect"))

    monkeypatch.setattr(rehearsal, "connection", gone)
    assert rehearsal.run(shop.app) is False
    assert asked == []


def test_the_next_order_is_an_order_like_any_other(shop):
    rehearsal.run(shop.app)
    buyer = shop.buyer()
    buyer.fills_cart()
    paid(shop, buyer)
    assert shop.count(Order) == 1
