"""Migration 0036: a try to send again names what came back, not the try before it, and the one that paid it says so."""

import pytest
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


@pytest.mark.parametrize("by_hand", [False, True])
def test_what_was_accepted_when_its_debt_had_been_paid_is_told_as_paid_twice(shop, by_hand):
    """Before, a refused try that was made after all paid once more what another try, or somebody by hand, had paid."""
    sale = bought(shop.buyer())
    shop.provider.switch(refunds="fails_later")
    lost = shop.refunds(sale, 1_000)
    shop.minutes_pass(4)
    shop.provider.switch(refunds="", refuse_refund=1)
    refunds.send_again(lost.ref, reason="a new try", by=SYSTEM)
    if by_hand:
        refunds.pay_otherwise(lost.ref, how="transfer of 3 November", by=SYSTEM)
    else:
        refunds.send_again(lost.ref, reason="once more", by=SYSTEM)
    shop.clock.forward(hours=1)
    schema.attach(shop.app)
    downgrade(revision="0035")
    with db.engine.begin() as connection:
        late = text("UPDATE refunds SET state = 'succeeded', accepted_at = :at WHERE id = 2")
        connection.execute(late, {"at": shop.clock().replace(tzinfo=None)})
    upgrade()
    expected = [(1, None, None, 0), (2, 1, None, 1), *([] if by_hand else [(3, 1, 1, 0)])]
    assert links("again_of_id, settles_id, twice_amount > 0") == expected
