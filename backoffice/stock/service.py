"""Holding, taking and releasing pieces. Every change is a conditional UPDATE: nobody can sell what is not there."""

from collections.abc import Mapping

from sqlalchemy import select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import clock, references
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import Conflict, CounterfoilError
from backoffice.core.states import StateTable, change_where
from backoffice.stock.models import HoldState, StockHold, StockItem

MOVES = StateTable(
    StockHold.state,
    {
        HoldState.HELD: frozenset({HoldState.TAKEN, HoldState.RELEASED}),
        HoldState.TAKEN: frozenset[HoldState](),
        HoldState.RELEASED: frozenset[HoldState](),
    },
)


class SoldOut(CounterfoilError):
    """Fewer pieces are available than wanted. ``available`` says how many are."""

    status = 409

    def __init__(self, product_id: int, wanted: int, available: int) -> None:
        self.product_id, self.wanted, self.available = product_id, wanted, available
        super().__init__(
            f"Only {available} left: lower the quantity in your cart." if available else "This is sold out just now."
        )


def available(product_ids: list[int]) -> dict[int, int]:
    """Pieces that can be sold now, by product; a product that was never received has none."""
    rows = session.scalars(select(StockItem).where(StockItem.product_id.in_(product_ids)))
    found = {row.product_id: row.available for row in rows}
    return {product_id: found.get(product_id, 0) for product_id in product_ids}


def receive(product_id: int, quantity: int, *, by: Actor, reason: str) -> StockItem:
    """Put pieces on the shelf."""
    item = session.scalars(select(StockItem).where(StockItem.product_id == product_id)).one_or_none()
    if item is None:
        item = StockItem(ref=references.new("stk"), product_id=product_id, on_hand=0, held=0)
        session.add(item)
        session.flush()
    change_where(item, on_hand=StockItem.on_hand + quantity)
    audit.record(Tag.STOCK_RECEIVED, item, by=by, reason=reason, on_hand=(item.on_hand - quantity, item.on_hand))
    return item


def hold(holder: str, wanted: Mapping[int, int], *, by: Actor) -> None:
    """Put pieces aside for ``holder`` (product id → quantity), all or none. Raises SoldOut."""
    for product_id, quantity in sorted(
        wanted.items()
    ):  # one order of locks, so that no two holders wait for each other
        item = _item(product_id, quantity)
        if not change_where(item, StockItem.on_hand - StockItem.held >= quantity, held=StockItem.held + quantity):
            raise SoldOut(product_id, quantity, item.available)
        session.add(
            StockHold(
                holder=holder, product_id=product_id, quantity=quantity, state=HoldState.HELD, created_at=clock.now()
            )
        )
        audit.record(Tag.STOCK_HELD, item, by=by, holder=holder, held=(item.held - quantity, item.held))


def take(holder: str, *, by: Actor) -> None:
    """Turn the pieces held for ``holder`` into sold ones; what was taken before is left alone."""
    for item, row in _held(holder):
        if MOVES.move(row, HoldState.TAKEN):
            _must(
                change_where(
                    item,
                    StockItem.held >= row.quantity,
                    on_hand=StockItem.on_hand - row.quantity,
                    held=StockItem.held - row.quantity,
                )
            )
            audit.record(
                Tag.STOCK_TAKEN, item, by=by, holder=holder, on_hand=(item.on_hand + row.quantity, item.on_hand)
            )


def release(holder: str, *, by: Actor, reason: str) -> None:
    """Give the pieces held for ``holder`` back to everybody."""
    for item, row in _held(holder):
        if MOVES.move(row, HoldState.RELEASED):
            _must(change_where(item, StockItem.held >= row.quantity, held=StockItem.held - row.quantity))
            audit.record(
                Tag.STOCK_RELEASED,
                item,
                by=by,
                reason=reason,
                holder=holder,
                held=(item.held + row.quantity, item.held),
            )


def _item(product_id: int, wanted: int) -> StockItem:
    item = session.scalars(select(StockItem).where(StockItem.product_id == product_id)).one_or_none()
    if item is None:
        raise SoldOut(product_id, wanted, 0)
    return item


def _held(holder: str) -> list[tuple[StockItem, StockHold]]:
    rows = session.execute(
        select(StockItem, StockHold)
        .join(StockHold, StockHold.product_id == StockItem.product_id)
        .where(StockHold.holder == holder, StockHold.state == HoldState.HELD)
        .order_by(StockHold.product_id)
    )
    return [(row[0], row[1]) for row in rows]


def _must(changed: bool) -> None:
    if not changed:
        raise Conflict("a hold and its stock item moved apart while we looked")
