"""Receiving, counting, holding, taking and returning pieces. A row is locked before it is changed, what takes away is a
conditional UPDATE besides, and a movement stands beside each: nobody can sell what is not there, and what is there is the sum
of what happened."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from sqlalchemy import Select, Table, bindparam, func, literal_column, select, union_all, update

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.catalog.models import ProductKind, Variant
from backoffice.core import clock, references, units
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.entering import enter
from backoffice.core.errors import Conflict, CounterfoilError, FormUsed, NotFound
from backoffice.core.looks import look
from backoffice.core.seen import ChangedMeanwhile
from backoffice.core.states import StateTable
from backoffice.core.tracking import Subject
from backoffice.core.writes import change, insert, put
from backoffice.stock.models import HoldState, MovementKind, StockHold, StockItem, StockMovement

MOVES = StateTable(
    StockHold.state,
    {
        HoldState.HELD: frozenset({HoldState.TAKEN, HoldState.RELEASED}),
        HoldState.TAKEN: frozenset[HoldState](),
        HoldState.RELEASED: frozenset[HoldState](),
    },
)
_TAGS = {
    MovementKind.RECEIVED: Tag.STOCK_RECEIVED,
    MovementKind.CORRECTED: Tag.STOCK_CORRECTED,
    MovementKind.HELD: Tag.STOCK_HELD,
    MovementKind.RELEASED: Tag.STOCK_RELEASED,
    MovementKind.TAKEN: Tag.STOCK_TAKEN,
    MovementKind.RETURNED: Tag.STOCK_RETURNED,
}
_FREE = StockItem.on_hand - StockItem.held
_AVAILABLE = select(StockItem.variant_id, _FREE).where(
    StockItem.variant_id.in_(bindparam("variant_ids", expanding=True))
)
_LEFT = (
    select(Variant.product_id, func.sum(_FREE))
    .join(StockItem, StockItem.variant_id == Variant.id)
    .where(Variant.product_id.in_(bindparam("product_ids", expanding=True)), Variant.published)
    .group_by(Variant.product_id)
)
_LEFT_WITH = cast(
    "Select[int, int, int]",
    union_all(_AVAILABLE.add_columns(literal_column("1")), _LEFT.add_columns(literal_column("0"))),
)


class Counted(NamedTuple):
    """The pieces of one variant as they are while their row is locked."""

    id: int
    ref: str
    variant_id: int
    on_hand: int
    held: int

    @property
    def available(self) -> int:
        return self.on_hand - self.held

    def subject(self) -> Subject:
        return Subject(StockItem.subject_kind, self.id, self.ref)


_COUNTED = select(*[getattr(StockItem, name) for name in Counted._fields]).with_for_update()
_LOCKED = _COUNTED.where(  # in one order: no two holders wait for each other
    StockItem.variant_id.in_(bindparam("variant_ids", expanding=True))
).order_by(StockItem.variant_id)
_HELD = (
    _COUNTED.add_columns(StockHold)
    .join(StockHold, StockHold.variant_id == StockItem.variant_id)
    .where(StockHold.holder == bindparam("holder"), StockHold.state == HoldState.HELD)
    .order_by(StockHold.variant_id)
    .execution_options(populate_existing=True)
)
_FITS = (  # nobody holds less than nothing, nor more than is there
    StockItem.held + bindparam("more_held") >= 0,
    StockItem.on_hand + bindparam("more") >= StockItem.held + bindparam("more_held"),
)
_MOVED = (
    update(cast("Table", StockItem.__table__))
    .where(StockItem.id == bindparam("item_id"), *_FITS)
    .values(on_hand=bindparam("new_on_hand"), held=bindparam("new_held"))
)
_MOVEMENTS = cast("Table", StockMovement.__table__)


class SoldOut(CounterfoilError):
    """Fewer pieces are available than wanted. ``available`` says how many are."""

    status = 409

    def __init__(self, variant_id: int, wanted: int, available: int) -> None:
        self.variant_id, self.wanted, self.available = variant_id, wanted, available
        if available:
            super().__init__("Only %(available)s left: lower the quantity in your cart.", available=available)
        else:
            super().__init__("This is sold out just now.")


class CountedMeanwhile(ChangedMeanwhile):
    def __init__(self, seen: int, now: int) -> None:
        super().__init__(
            f"There are {now} on the shelf now, and were {seen} when the page was opened: pieces came or went since. "
            "Count once more."
        )


class HeldPieces(CounterfoilError):
    """A count that is lower than what is held for orders."""

    status = 409

    def __init__(self, held: int) -> None:
        super().__init__(
            f"{held} pieces are held for orders that are being paid. Release them first, or count again later."
        )


class NothingMoves(CounterfoilError):
    def __init__(self) -> None:
        super().__init__("Say how many pieces: a whole number above zero.")


def available(variant_ids: Sequence[int]) -> dict[int, int]:
    """Pieces that can be sold now, by variant; a variant that was never received has none."""
    if not variant_ids:
        return {}
    found = {row[0]: row[1] for row in look(_AVAILABLE, variant_ids=list(variant_ids))}
    return {variant_id: found.get(variant_id, 0) for variant_id in variant_ids}


def left_of(product_ids: Sequence[int]) -> dict[int, int]:
    """Pieces of all variants together that can be sold now, by product."""
    if not product_ids:
        return {}
    return {row[0]: int(row[1]) for row in look(_LEFT, product_ids=list(product_ids))}


def left_with(variant_ids: Sequence[int], product_ids: Sequence[int]) -> tuple[dict[int, int], dict[int, int]]:
    """What ``available`` and ``left_of`` say, in one look where both are asked for."""
    if not (variant_ids and product_ids):
        return available(variant_ids), left_of(product_ids)
    variants, products = dict.fromkeys(variant_ids, 0), dict[int, int]()
    for key, left, is_variant in look(_LEFT_WITH, variant_ids=list(variant_ids), product_ids=list(product_ids)):
        (variants if is_variant else products)[key] = int(left)
    return variants, products


def receive(variant_id: int, quantity: int, *, by: Actor, reason: str, request_key: str | None = None) -> None:
    """Put pieces on the shelf; the same ``request_key`` does it once. Raises NothingMoves, FormUsed."""
    if quantity < 1:
        raise NothingMoves
    item = next(iter(_items([variant_id])), None)
    known = select(StockMovement.item_id, StockMovement.on_hand_change).where(StockMovement.request_key == request_key)
    done = session.execute(known).first() if request_key else None
    if done:
        if item is None or tuple(done) != (item.id, quantity):
            raise FormUsed
        return
    if item is None:
        row = enter(StockItem(ref=references.new("stk"), variant_id=variant_id, on_hand=0, held=0))
        item = Counted(row.id, row.ref, variant_id, 0, 0)
    _must(_move(item, MovementKind.RECEIVED, on_hand=quantity, by=by, reason=reason, request_key=request_key))


def list_article(variant: Variant, *, by: Actor) -> bool:
    """Give an article its place in the stockroom before any piece of it came, so that it stands under what is sold out; False
    for what is no piece, or stands there."""
    if variant.product.kind != ProductKind.PHYSICAL or _items([variant.id]):
        return False
    row = enter(StockItem(ref=references.new("stk"), variant_id=variant.id, on_hand=0, held=0))
    audit.record(Tag.STOCK_LISTED, row.subject(), by=by, sku=variant.sku)
    return True


def correct(
    variant_id: int, counted: int, *, by: Actor, reason: str, request_key: str | None = None, seen: int | None = None
) -> bool:
    """Set what is on hand to what was counted; False if it was right. ``seen`` is what was on hand when somebody decided; None
    where nobody looked. Raises HeldPieces, CountedMeanwhile."""
    item = _item(variant_id, 0)
    missing = counted - item.on_hand
    if not missing:
        return False
    if seen is not None and seen != item.on_hand:
        raise CountedMeanwhile(seen, item.on_hand)
    if counted < item.held:
        raise HeldPieces(item.held)
    _must(_move(item, MovementKind.CORRECTED, on_hand=missing, by=by, reason=reason, request_key=request_key))
    return True


def write_off(ref: str, *, by: Actor, reason: str, request_key: str) -> bool:
    """Take the free pieces of an article off the shelf, broken or sold elsewhere; those that are held for orders stay. False if
    none was free; the same ``request_key`` does it once, whatever came since. Raises NotFound."""
    variant_id = session.scalar(select(StockItem.variant_id).where(StockItem.ref == ref))
    if variant_id is None:
        raise NotFound("article in the stockroom")
    held = _item(variant_id, 0).held  # locked: nobody holds more, or fewer, before the count is corrected
    if session.scalars(select(StockMovement.id).where(StockMovement.request_key == request_key)).first():
        return False
    return correct(variant_id, held, by=by, reason=reason, request_key=request_key)


def take_back(variant_id: int, quantity: int, *, holder: str, by: Actor, reason: str) -> None:
    """Put returned pieces back on the shelf. Raises NothingMoves."""
    if quantity < 1:
        raise NothingMoves
    item = _item(variant_id, 0)
    _must(_move(item, MovementKind.RETURNED, on_hand=quantity, holder=holder, by=by, reason=reason))


def hold(holder: str, wanted: Mapping[int, int], *, by: Actor) -> None:
    """Put pieces aside for ``holder`` (variant id → quantity), all or none. Raises SoldOut."""
    items = {item.variant_id: item for item in _items(wanted)}
    now = clock.now()
    movements = []
    for variant_id, quantity in sorted(wanted.items()):
        item = items.get(variant_id)
        if item is None:
            raise SoldOut(variant_id, quantity, 0)
        movement = _change(item, MovementKind.HELD, held=quantity, holder=holder, by=by)
        if movement is None:
            raise SoldOut(variant_id, quantity, item.available)
        movements.append(movement)
    holds = [
        {"holder": holder, "variant_id": variant_id, "quantity": quantity, "state": HoldState.HELD, "created_at": now}
        for variant_id, quantity in sorted(wanted.items())
    ]
    if holds:
        put(StockHold, holds)
        insert(_MOVEMENTS, movements)


def take(holder: str, *, by: Actor) -> None:
    """Turn the pieces held for ``holder`` into sold ones; what was taken before is left alone."""
    movements = [
        _change(item, MovementKind.TAKEN, on_hand=-row.quantity, held=-row.quantity, holder=holder, by=by)
        for item, row in _held(holder)
        if MOVES.move(row, HoldState.TAKEN)
    ]
    _write_all(movements)


def release(holder: str, *, by: Actor, reason: str) -> None:
    """Give the pieces held for ``holder`` back to everybody."""
    movements = [
        _change(item, MovementKind.RELEASED, held=-row.quantity, holder=holder, by=by, reason=reason)
        for item, row in _held(holder)
        if MOVES.move(row, HoldState.RELEASED)
    ]
    _write_all(movements)


def _move(item: Counted, kind: MovementKind, **what: Any) -> bool:
    """``_change``, written down at once; False where it was not possible."""
    movement = _change(item, kind, **what)
    if movement is not None:
        insert(_MOVEMENTS, [movement])
    return movement is not None


def _write_all(movements: Sequence[dict[str, Any] | None]) -> None:
    """Movements that must have been possible, in one statement."""
    done = [movement for movement in movements if movement is not None]
    _must(len(done) == len(movements))
    if done:
        insert(_MOVEMENTS, done)


def _change(
    item: Counted,
    kind: MovementKind,
    *,
    on_hand: int = 0,
    held: int = 0,
    holder: str = "",
    by: Actor,
    reason: str = "",
    request_key: str | None = None,
) -> dict[str, Any] | None:
    """Change both figures of a locked item at once, and tell the audit; the movement that is to be written, in the same unit.
    None where more would be held then than is there."""
    there, put_aside = item.on_hand + on_hand, item.held + held  # the row is locked: nobody else changes it
    values = {"more": on_hand, "more_held": held, "new_on_hand": there, "new_held": put_aside}
    if not change(_MOVED, {"item_id": item.id, **values}, moved=True):
        return None
    units.current().touch(item.subject())
    changes: dict[str, Any] = {"on_hand": (item.on_hand, there)} if on_hand else {}
    if held:
        changes["held"] = (item.held, put_aside)
    if holder:
        changes["holder"] = holder
    audit.record(_TAGS[kind], item.subject(), by=by, reason=reason, **changes)
    return {
        "item_id": item.id,
        "kind": kind,
        "on_hand_change": on_hand,
        "held_change": held,
        "holder": holder,
        "reason": reason,
        "at": clock.now(),
        "request_key": request_key,
    }


def _items(variant_ids: Iterable[int]) -> Sequence[Counted]:
    """Locked until the unit ends."""
    return [Counted._make(row) for row in look(_LOCKED, variant_ids=list(variant_ids))]


def _item(variant_id: int, wanted: int) -> Counted:
    item = next(iter(_items([variant_id])), None)
    if item is None:
        raise SoldOut(variant_id, wanted, 0)
    return item


def _held(holder: str) -> list[tuple[Counted, StockHold]]:
    rows = session.execute(_HELD, {"holder": holder})
    return [(Counted._make(row[:-1]), row[-1]) for row in rows]


def _must(changed: bool) -> None:
    if not changed:
        raise Conflict("a hold and its stock item moved apart while we looked")
