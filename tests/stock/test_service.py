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
from backoffice.models import StockHold, StockItem, StockMovement, Variant
from backoffice.stock import service as stock
from backoffice.stock.service import HeldPieces, NothingMoves, SoldOut
from tests.support.shop import LEVEL

STEPS = st.tuples(
    st.sampled_from(["hold", "take", "release", "receive", "correct", "return"]), st.integers(0, 4), st.integers(1, 9)
)


def variant_id() -> int:
    with units.read():
        return session.scalars(select(Variant.id).where(Variant.sku == LEVEL)).one()


def counts() -> tuple[int, int, int]:
    """On hand, held, and the sum of the holds that are still held."""
    with units.read():
        item = session.scalars(select(StockItem).where(StockItem.variant_id == variant_id())).one()
        query = select(func.coalesce(func.sum(StockHold.quantity), 0)).where(StockHold.state == "held")
        return item.on_hand, item.held, int(session.scalar(query))


def test_a_hold_that_does_not_fit_is_refused_and_says_how_many_are_left(shop):
    units.write(lambda: stock.hold("a", {variant_id(): 20}, by=SYSTEM))
    with pytest.raises(SoldOut) as refusal:
        units.write(lambda: stock.hold("b", {variant_id(): 6}, by=SYSTEM))
    assert refusal.value.available == 5
    assert "Only 5 left" in str(refusal.value)
    assert counts() == (25, 20, 20)


def test_a_product_that_was_never_received_is_sold_out(shop):
    with pytest.raises(SoldOut):
        units.write(lambda: stock.hold("a", {999: 1}, by=SYSTEM))


def test_taking_and_releasing_twice_is_once(shop):
    units.write(lambda: stock.hold("a", {variant_id(): 2}, by=SYSTEM))
    units.write(lambda: stock.hold("b", {variant_id(): 3}, by=SYSTEM))
    for _ in range(2):
        units.write(lambda: stock.take("a", by=SYSTEM))
        units.write(lambda: stock.release("b", by=SYSTEM, reason="test"))
        units.write(lambda: stock.release("a", by=SYSTEM, reason="too late"))
    assert counts() == (23, 0, 0)


def act(verb: str, holder: str, quantity: int) -> None:
    """One thing that can happen to the stock."""
    match verb:
        case "hold":
            stock.hold(holder, {variant_id(): quantity}, by=SYSTEM)
        case "take":
            stock.take(holder, by=SYSTEM)
        case "release":
            stock.release(holder, by=SYSTEM, reason="test")
        case "receive":
            stock.receive(variant_id(), quantity, by=SYSTEM, reason="test")
        case "correct":
            stock.correct(variant_id(), quantity * 4, by=SYSTEM, reason="counted")
        case "return":
            stock.take_back(variant_id(), quantity, holder=holder, by=SYSTEM, reason="sent back")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=12))
def test_whatever_happens_stock_is_the_sum_of_its_movements(shop, steps):
    prefix = f"{counts()}-{id(steps)}"
    for verb, holder, quantity in steps:
        with suppress(SoldOut, HeldPieces, IntegrityError):
            units.write(lambda v=verb, n=f"{prefix}-{holder}", q=quantity: act(v, n, q))
        on_hand, held, holds = counts()
        assert held == holds
        assert 0 <= held <= on_hand
        with units.read():
            sums = select(func.sum(StockMovement.on_hand_change), func.sum(StockMovement.held_change))
            item = session.scalars(select(StockItem).where(StockItem.variant_id == variant_id())).one()
            assert tuple(session.execute(sums.where(StockMovement.item_id == item.id)).one()) == (on_hand, held)


def test_a_count_below_what_is_held_is_refused(shop):
    units.write(lambda: stock.hold("a", {variant_id(): 20}, by=SYSTEM))
    with pytest.raises(HeldPieces):
        units.write(lambda: stock.correct(variant_id(), 19, by=SYSTEM, reason="counted"))
    assert units.write(lambda: stock.correct(variant_id(), 21, by=SYSTEM, reason="four were broken"))
    assert not units.write(lambda: stock.correct(variant_id(), 21, by=SYSTEM, reason="counted again"))
    assert counts() == (21, 20, 20)


def test_nothing_is_received_or_returned_by_zero(shop):
    for act_ in (
        lambda: stock.receive(variant_id(), 0, by=SYSTEM, reason="x"),
        lambda: stock.take_back(variant_id(), -1, holder="a", by=SYSTEM, reason="x"),
    ):
        with pytest.raises(NothingMoves):
            units.write(act_)
