"""Stock: nobody sells what is not there; every path keeps on hand and held in step with the holds."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import session
from backoffice.models import Product, StockHold, StockItem
from backoffice.stock import service as stock
from backoffice.stock.service import SoldOut

STEPS = st.tuples(st.sampled_from(["hold", "take", "release"]), st.integers(0, 4), st.integers(1, 9))


def product_id() -> int:
    with units.read():
        return session.scalars(select(Product.id)).one()


def counts() -> tuple[int, int, int]:
    """On hand, held, and the sum of the holds that are still held."""
    with units.read():
        item = session.scalars(select(StockItem)).one()
        query = select(func.coalesce(func.sum(StockHold.quantity), 0)).where(StockHold.state == "held")
        return item.on_hand, item.held, int(session.scalar(query))


def test_a_hold_that_does_not_fit_is_refused_and_says_how_many_are_left(shop):
    units.write(lambda: stock.hold("a", {product_id(): 20}, by=SYSTEM))
    with pytest.raises(SoldOut) as refusal:
        units.write(lambda: stock.hold("b", {product_id(): 6}, by=SYSTEM))
    assert refusal.value.available == 5
    assert "Only 5 left" in str(refusal.value)
    assert counts() == (25, 20, 20)


def test_a_product_that_was_never_received_is_sold_out(shop):
    with pytest.raises(SoldOut):
        units.write(lambda: stock.hold("a", {999: 1}, by=SYSTEM))


def test_taking_and_releasing_twice_is_once(shop):
    units.write(lambda: stock.hold("a", {product_id(): 2}, by=SYSTEM))
    units.write(lambda: stock.hold("b", {product_id(): 3}, by=SYSTEM))
    for _ in range(2):
        units.write(lambda: stock.take("a", by=SYSTEM))
        units.write(lambda: stock.release("b", by=SYSTEM, reason="test"))
        units.write(lambda: stock.release("a", by=SYSTEM, reason="too late"))
    assert counts() == (23, 0, 0)


@pytest.mark.parametrize("engine_name", ["sqlite"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=12))
def test_whatever_happens_held_is_the_sum_of_the_holds(shop, steps):
    prefix = f"{counts()}-{id(steps)}"
    for verb, holder, quantity in steps:
        name = f"{prefix}-{holder}"
        with suppress(SoldOut, IntegrityError):
            if verb == "hold":
                units.write(lambda n=name, q=quantity: stock.hold(n, {product_id(): q}, by=SYSTEM))
            else:
                act = stock.take if verb == "take" else lambda n, by: stock.release(n, by=by, reason="test")
                units.write(lambda a=act, n=name: a(n, by=SYSTEM))
        on_hand, held, holds = counts()
        assert held == holds
        assert 0 <= held <= on_hand
