"""The side of a history that no customer sees: pieces that the workshop delivers, and prices that rise with the years."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from backoffice.demo.books import Books, Ware, amount, stamp
from backoffice.demo.deals import STEPS, Refs, Shop

ROUNDS = (0.92, 0.96, 1.0)  # of today's price: in the beginning, and after each raise
RAISED = 3  # every third ware was cheaper once
PIECES_A_DAY = 2.2  # in an order


def levels(wares: Sequence[Ware], on_hand: Mapping[int, int], orders_a_day: float) -> dict[int, int]:
    """How many pieces of each ware the shelf is to hold, by stock item: what it holds now, or three days of selling."""
    found, count = {}, max(1, len(wares))
    for place, ware in enumerate(wares):
        share = ((place + 1) / count) ** 0.5 - (place / count) ** 0.5  # what stands first is bought most
        found[ware.item_id] = max(on_hand[ware.item_id], round(3 * orders_a_day * PIECES_A_DAY * share))
    return found


def morning(
    refs: Refs, shop: Shop, wares: Sequence[Ware], levels: Mapping[int, int], at: datetime, books: Books, *, last: bool
) -> None:
    """Before the shop wakes up, what is half gone is filled up; on the last morning everything is."""
    for ware in wares:
        level, there = levels[ware.item_id], books.on_hand[ware.item_id]
        if there < level and (last or there <= level // 2):
            receive(refs, shop, ware, level - there, at, books)


def receive(refs: Refs, shop: Shop, ware: Ware, count: int, at: datetime, books: Books) -> None:
    """The workshop delivers."""
    reason, left = "delivery of the workshop", books.on_hand[ware.item_id]
    books.move(ware.item_id, "received", at, "", reason, here=count)
    books.tell(
        at, "stock.received", "stock", ware.item_id, ware.item_ref, shop.workshop, refs("req", _moment(at)),
        f'{{"on_hand": [{left}, {left + count}]}}', reason,
    )  # fmt: skip


def raises(begins: datetime, until: datetime) -> list[datetime]:
    """When prices rose: on the first of February, the last times before the end."""
    years = range(begins.year + 1, until.year + 1)
    found = [moment for year in years if begins < (moment := datetime(year, 2, 1, 8, tzinfo=UTC)) < until]
    return found[-(len(ROUNDS) - 1) :]


def price(
    refs: Refs, shop: Shop, wares: Sequence[Ware], lists: Mapping[str, int], turn: int, at: datetime, books: Books
) -> None:
    """Prices as they are from one turn on: in the beginning everything has one, later some rise. ``lists`` are the price
    lists by currency."""
    reason = "the shop opens" if turn == 0 else "prices of the new year"
    for place, ware in enumerate(wares):
        is_raised = place % RAISED == 0
        if not is_raised and (turn or ware.since < stamp(at)):
            continue
        before, ware.prices = ware.prices, {name: _then(asked, turn, is_raised) for name, asked in ware.asked.items()}
        for currency, cost in sorted(ware.prices.items()):
            if turn and before.get(currency) == cost:
                continue
            books.add("prices", ware.variant_id, lists[currency], cost, stamp(at), stamp(at))
            old = amount(before[currency], currency) if turn else "null"
            changes = f'{{"price": [{old}, {amount(cost, currency)}], "since": [null, "{at.isoformat()}"]}}'
            request = refs("req", _moment(at))
            books.tell(
                at, "price.set", "variant", ware.variant_id, ware.variant_ref, shop.workshop, request, changes, reason
            )


def set_back(wares: Sequence[Ware], turn: int) -> None:
    """Let a history that goes on cost what it cost when it was interrupted."""
    for place, ware in enumerate(wares):
        ware.prices = {name: _then(asked, turn, place % RAISED == 0) for name, asked in ware.asked.items()}


def mornings(begins: datetime, until: datetime) -> list[datetime]:
    """Every morning of a history."""
    first = begins.replace(hour=5, minute=30)
    return [first + timedelta(days=day) for day in range((until - first).days + 1)]


def _then(asked: int, turn: int, is_raised: bool) -> int:
    """In whole tenths of the currency's main unit, as prices are."""
    if not is_raised or ROUNDS[turn] == 1:
        return asked
    return max(round(asked * ROUNDS[turn] / 10) * 10, 1)


def _moment(at: datetime) -> int:
    """A number for the request of a moment: beyond those of orders."""
    return (int(at.timestamp()) << 32) * STEPS
