"""Migration 0036: a try to send again names what came back, not the try before it, and the one that paid it says so."""

from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from backoffice.app import schema
from backoffice.core.actor import SYSTEM
from backoffice.core.db import db
from backoffice.refunds import service as refunds
from tests.support.refunds import bought


def links(columns: str) -> list[tuple[int | None, ...]]:
    with db.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(f"SELECT id, {columns} FROM refunds ORDER BY id"))]


def test_a_try_names_what_came_back_and_what_it_paid(shop):
    sale = bought(shop.buyer())
    shop.provider.switch(refunds="fails_later")
    lost = shop.refunds(sale, 1_000)
    shop.minutes_pass(4)
    for switches in ({"refuse_refund": 1}, {"refunds": "fails_later"}, {"refunds": "", "refuse_refund": 1}, {}):
        shop.provider.switch(**switches)
        latest = refunds.send_again(lost.ref, reason="a new try", by=SYSTEM)
        shop.minutes_pass(4)
        if shop.refund(latest.ref).accepted_at:
            lost = latest
    expected = [(1, None, None), (2, 1, None), (3, 1, 1), (4, 3, None), (5, 3, 3)]
    assert links("again_of_id, settles_id") == expected
    schema.attach(shop.app)
    downgrade(revision="0035")
    assert links("again_of_id") == [(1, None), (2, 1), (3, 2), (4, 3), (5, 4)]
    upgrade()
    assert links("again_of_id, settles_id") == expected
