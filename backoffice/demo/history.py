"""Years of a shop in bulk: customers, orders, invoices, payments, events, parcels, refunds, disputes, prices, movements of
stock and the audit of it all, as if they had been lived, in the order of their moments. Reproducible by its seed, and resumed
where it was interrupted."""

import json
import random
import sys
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from backoffice.core import clock
from backoffice.core.errors import CounterfoilError
from backoffice.demo import checkpoint, workshop
from backoffice.demo.afterwards import Afterwards
from backoffice.demo.agenda import Agenda, Step
from backoffice.demo.books import COUNTED, SYSTEM, Books, Ware, Who, as_day
from backoffice.demo.bulk import Writer
from backoffice.demo.deals import Deal, Refs, Shop
from backoffice.demo.pages import Page
from backoffice.demo.people import People
from backoffice.demo.quarrels import LONGEST, Quarrels
from backoffice.demo.stories import Stories
from backoffice.staff.roles import Role

BATCH = 1_000  # orders in one transaction
UNDER_WAY = 2  # pages that are told and not yet in the database
YEARS = 4.0
HOURS = (1, 1, 1, 1, 1, 2, 3, 5, 8, 9, 10, 9, 9, 8, 8, 8, 9, 10, 12, 13, 12, 9, 5, 2)  # how busy each hour is
PASSED = tuple(accumulate(HOURS, initial=0))[:-1]  # what of a day was before each
Told = Callable[[int], None]  # told how many orders were written


class Lived(CounterfoilError):
    """A history ends where real life begins: numbers and dates rise together."""

    status = 409

    def __init__(self) -> None:
        super().__init__(
            "This shop has orders of its own already. A history is written into a shop that has sold nothing."
        )


class Ended(CounterfoilError):
    """What was told to its end does not grow: its last day is over."""

    status = 409

    def __init__(self, orders: int) -> None:
        super().__init__(
            f"A history of {orders} orders was written into this shop, to its end. It does not grow any more."
        )


class Begun(CounterfoilError):
    """When everything happens depends on how much of it there is."""

    status = 409

    def __init__(self, orders: int, customers: int) -> None:
        super().__init__(
            f"A history of {orders} orders and {customers} customers was begun here and interrupted. "
            "Go on with the same numbers."
        )


class History:
    """One history of a shop, told in batches."""

    def __init__(self, writer: Writer, *, seed: int, customers: int, orders: int) -> None:
        self.writer, self.seed, self.customers, self.orders = writer, seed, customers, orders
        self.refs = Refs(seed)
        (self.entity_id, zone, seller), *_ = self._entity()
        (terms_id,), *_ = writer.ask("SELECT MAX(id) FROM legal_texts WHERE kind = 'terms'")
        colleagues = (self._colleague(role) for role in (Role.OPERATIONS, Role.FINANCE, Role.CATALOGUE))
        self.shop = Shop(self.entity_id, terms_id, zone, seller, *colleagues)
        self.lists = {row[1]: row[0] for row in writer.ask("SELECT id, currency FROM price_lists")}
        self.wares = self._wares()

    def write(self, told: Told = lambda _count: None) -> int:
        """Write what is missing of it; how many orders there are in the end. Raises Lived, Ended, Begun."""
        low, high = self.refs.within("ord")
        done = int(self.writer.ask(f"SELECT COUNT(*) FROM orders WHERE ref >= '{low}' AND ref < '{high}'")[0][0])  # noqa: S608
        kept = checkpoint.read(self.writer, self.seed)
        if done and kept is None:
            checkpoint.drop(self.writer)
            if done < self.orders:
                raise Ended(done)
            return done
        if self.writer.ask("SELECT COUNT(*) FROM orders")[0][0] != done:
            raise Lived
        if kept and (kept["orders"], kept["customers"]) != (self.orders, self.customers):
            raise Begun(kept["orders"], kept["customers"])
        self._open(kept)
        told(done)
        writing: deque[Future[int]] = deque()
        with _hands() as (typesetter, hand):
            for rows, state, written in self._pages(done):
                if len(writing) == UNDER_WAY:
                    told(writing.popleft().result())
                page = typesetter.submit(self._typeset, *rows)
                writing.append(hand.submit(self._enter, page, state, written, writing[-1] if writing else None))
            for last in writing:
                told(last.result())
        checkpoint.drop(self.writer)
        return self.orders

    def _pages(self, done: int) -> Iterator[tuple[tuple[Any, ...], str, int]]:
        """The story, what one page takes at a time: with where it stands then, and how many orders there are."""
        while done < self.orders:
            until = min(done + BATCH, self.orders)
            end = self._moment(until) if until < self.orders else self.now
            self._plan(done, until, end)
            self.draw = random.Random(f"{self.seed}:{done}")  # noqa: S311 - a story, no secret
            for step in self.agenda.until(end):
                self._tell(step)
            done = until
            yield self.books.close(), json.dumps(self._state()), done

    def _typeset(self, rows: Mapping[str, Sequence[Any]], *rest: Any) -> Page:
        return Page({table: self.writer.typeset(some) for table, some in rows.items()}, *rest)

    def _enter(self, page: Future[Page], state: str, done: int, before: Future[int] | None) -> int:
        if before:
            before.result()  # raises what it raised: nothing is entered behind a page that is not there
        with self.writer.batch():
            page.result().write(self.writer, self.entity_id)
            checkpoint.keep(self.writer, self.seed, state)
        return done

    # -- where it stands

    def _open(self, kept: dict[str, Any] | None) -> None:
        """Begin, or go on where it stood."""
        state = kept or {
            "now": clock.now().isoformat(),
            "until": "",
            "agenda": [],
            "deals": [],
            "turn": 0,
            "levels": {},
        }
        self.now = datetime.fromisoformat(state["now"])
        self.begins = (self.now - timedelta(days=365.25 * YEARS)).replace(hour=0, minute=0, second=0, microsecond=0)
        self.until = datetime.fromisoformat(state["until"] or (self.begins - timedelta(days=1)).isoformat())
        self.books = self._books()
        self.agenda = Agenda(state["agenda"])
        self.people = People(self.refs, self.seed, self.writer)
        workshop.set_back(self.wares, state["turn"])
        self.turn = state["turn"]
        self.stories = Stories(self.refs, self.shop, self.wares, self.agenda)
        self.afterwards, self.quarrels = Afterwards(self.stories), Quarrels(self.stories)
        self.deals = {deal.index: deal for deal in map(Deal.load, state["deals"])}
        a_day = self.orders / ((self.now - self.begins) / timedelta(days=1))
        levels = state["levels"] or workshop.levels(self.wares, self.books.on_hand, a_day)
        self.levels = {int(item): level for item, level in levels.items()}

    def _state(self) -> dict[str, Any]:
        waiting = {step.number for step in self.agenda.steps}
        self.deals = {index: deal for index, deal in self.deals.items() if index in waiting}
        return {
            "orders": self.orders, "customers": self.customers, "now": self.now.isoformat(),
            "until": self.until.isoformat(), "agenda": self.agenda.dump(), "turn": self.turn, "levels": self.levels,
            "deals": [deal.dump() for deal in self.deals.values()],
        }  # fmt: skip

    # -- what happens when

    def _plan(self, done: int, until: int, end: datetime) -> None:
        """What begins before a moment by itself: orders, customers, mornings, and new prices."""
        for index in range(done, until):
            self.agenda.plan(self._moment(index), "place", index)
        for turn, at in enumerate([self.begins - timedelta(hours=2), *workshop.raises(self.begins, self.now)]):
            if self.until <= at < end:
                self.agenda.plan(at, "prices", turn)
        index = self.people.count
        while index < self.customers and (at := self._joins(index)) < end:
            self.agenda.plan(at, "person", index)
            index += 1
        mornings = workshop.mornings(self.begins, self.now)
        for place, at in enumerate(mornings):
            if self.until <= at < end:
                self.agenda.plan(at, "morning", place, int(place == len(mornings) - 1))
        self.until = end

    def _joins(self, index: int) -> datetime:
        """When a customer comes for the first time: more of them while the shop is new."""
        share: float = (index / self.customers) ** 1.7
        return self.begins - timedelta(hours=1) + (self.now - self.begins) * share

    def _moment(self, index: int) -> datetime:
        """When an order is placed: evenly over the years, by the rhythm of a day; later indexes later."""
        span = (self.now - self.begins).total_seconds() - 3_600
        seconds = span * index / max(1, self.orders)
        day, rest = divmod(seconds, 86_400)
        if day == span // 86_400:  # the last day is not over: its evening would be yet to come
            return self.begins + timedelta(seconds=seconds)
        share = rest / 86_400 * sum(HOURS)
        hour = bisect_right(PASSED, share) - 1
        return self.begins + timedelta(days=day, hours=hour + (share - PASSED[hour]) / HOURS[hour])

    def _tell(self, step: Step) -> None:
        at, books, draw = step.at, self.books, self.draw
        match step.what:
            case "person":
                self.people.join(step.number, at, books)
            case "morning":
                workshop.morning(self.refs, self.shop, self.wares, self.levels, at, books, last=bool(step.rest[0]))
            case "prices":
                self.turn = step.number
                workshop.price(self.refs, self.shop, self.wares, self.lists, step.number, at, books)
            case "place":
                self.deals[step.number] = self.stories.place(step.number, self.people.chosen(draw), at, draw, books)
            case _:
                self._go_on(self.deals[step.number], step)

    def _go_on(self, deal: Deal, step: Step) -> None:
        at, books, draw = step.at, self.books, self.draw
        match step.what:
            case "decline":
                self.stories.decline(deal, at, books, *step.rest)
            case "again":
                self.stories.again(deal, at, books)
            case "end":
                self.stories.end(deal, at, books, *step.rest)
            case "pay":
                self.stories.pay(deal, at, books)
                self.afterwards.open(deal, at, draw, books)
            case "parcel":
                self.afterwards.parcel(deal, at, books, *step.rest)
            case "refund":
                self.afterwards.refund(deal, at, draw, books, *step.rest)
            case "dispute" if at < self.now - LONGEST:  # one that is not decided yet would have to be asked about
                self.quarrels.open(deal, at, draw, books)
            case "answer":
                self.quarrels.answer(deal, at, books, *step.rest)
            case "decide":
                self.quarrels.decide(deal, at, draw, books, *step.rest)
            case "accept":
                self.quarrels.accept(deal, at, books)

    # -- what there is

    def _entity(self) -> list[tuple[int, str, str]]:
        names = ("legal_name", "street", "postcode", "city", "country", "email", "vat_id", "register_entry", "phone")
        rows = self.writer.ask(f"SELECT id, zone, {', '.join(names)} FROM entities ORDER BY id LIMIT 1")  # noqa: S608
        keys = ("name", *names[1:])
        return [(row[0], row[1], json.dumps(dict(zip(keys, row[2:], strict=True)))) for row in rows]

    def _colleague(self, role: Role) -> Who:
        """Who does the work of a role; the system, where nobody has it."""
        rows = self.writer.ask(f"SELECT ref FROM staff WHERE role = '{role.value}' ORDER BY id LIMIT 1")  # noqa: S608
        return ("staff", rows[0][0]) if rows else SYSTEM

    def _wares(self) -> list[Ware]:
        prices: dict[int, dict[str, int]] = {}
        since: dict[int, str] = {}
        for variant_id, currency, amount, valid_from in self.writer.ask(
            "SELECT p.variant_id, l.currency, p.amount, p.valid_from FROM prices p JOIN price_lists l ON l.id = "
            "p.price_list_id ORDER BY p.valid_from, p.id"
        ):
            prices.setdefault(variant_id, {})[currency] = amount
            since.setdefault(variant_id, str(valid_from))
        found = self.writer.ask(
            "SELECT v.id, v.ref, s.id, s.ref, v.sku, p.name, v.label FROM variants v JOIN products p ON p.id = v.product_id "
            "JOIN stock_items s ON s.variant_id = v.id WHERE p.kind = 'physical' AND s.on_hand > 0 ORDER BY v.id"
        )
        return [
            Ware(*_named(row), dict(prices[row[0]]), prices[row[0]], since[row[0]])
            for row in found
            if "EUR" in prices.get(row[0], {})
        ]

    def _books(self) -> Books:
        ids = {name: int(self.writer.ask(f"SELECT COALESCE(MAX(id), 0) FROM {name}")[0][0]) for name in COUNTED}  # noqa: S608
        counters = self.writer.ask(
            f"SELECT series, year, last, last_issued_on FROM number_counters WHERE entity_id = {self.entity_id}"  # noqa: S608
        )
        latest = max((as_day(row[3]) for row in counters), default=self.begins.date())
        stock = self.writer.ask("SELECT id, on_hand, held FROM stock_items")
        numbers = {(row[0], row[1]): row[2] for row in counters}
        return Books(ids, numbers, latest, {row[0]: row[1] for row in stock}, {row[0]: row[2] for row in stock})


@contextmanager
def _hands() -> Iterator[tuple[ThreadPoolExecutor, ThreadPoolExecutor]]:
    """One sets a page while the next is told, one writes the page before it down. Most of writing is waiting for the database,
    in little pieces: after each one the story has to let the hand have the interpreter back at once, not after the usual five
    milliseconds."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(0.0002)
    try:
        with ThreadPoolExecutor(max_workers=1) as typesetter, ThreadPoolExecutor(max_workers=1) as hand:
            yield typesetter, hand
    finally:
        sys.setswitchinterval(usual)


def _named(row: tuple[Any, ...]) -> tuple[int, str, int, str, str, str]:
    """Ids and references of a ware, its number, and its name as lines of orders say it."""
    variant_id, variant, item_id, item, sku, product, label = row
    return variant_id, variant, item_id, item, sku, f"{product}, {label}" if label else product
