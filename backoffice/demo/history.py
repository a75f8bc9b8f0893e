"""Years of a shop in bulk: customers, orders, invoices, payments, events, parcels, movements of stock and the audit of it
all, as if they had been lived. Reproducible by its seed, and resumed where it was interrupted."""

import json
import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from backoffice.core import clock, sealing
from backoffice.core.errors import CounterfoilError
from backoffice.core.folding import terms
from backoffice.customers import finding
from backoffice.demo.books import COLUMNS, COUNTED, CUSTOMER, SYSTEM, Books, Buyer, Ware, as_day, sealed, stamp
from backoffice.demo.bulk import Writer
from backoffice.demo.people import PLACES, person_name
from backoffice.demo.stories import Refs, Shop, Stories

BATCH = 1_000  # orders in one transaction
YEARS = 4.0
HOURS = (1, 1, 1, 1, 1, 2, 3, 5, 8, 9, 10, 9, 9, 8, 8, 8, 9, 10, 12, 13, 12, 9, 5, 2)  # how busy each hour is
Told = Callable[[int], None]  # told how many orders were written


class Lived(CounterfoilError):
    """A history ends where real life begins: numbers and dates rise together."""

    status = 409

    def __init__(self) -> None:
        super().__init__(
            "This shop has orders of its own already. A history is written into a shop that has sold nothing."
        )


class History:
    """One history of a shop, told in batches."""

    def __init__(self, writer: Writer, *, seed: int, customers: int, orders: int) -> None:
        self.writer, self.seed, self.customers, self.orders = writer, seed, customers, orders
        self.refs = Refs(seed)
        self.now = clock.now()
        self.begins = (self.now - timedelta(days=365.25 * YEARS)).replace(hour=0, minute=0, second=0, microsecond=0)
        (self.entity_id, self.zone, seller), *_ = self._entity()
        self.seller = seller
        (self.terms_id,), *_ = writer.ask("SELECT MAX(id) FROM legal_texts WHERE kind = 'terms'")
        self.wares = self._wares()

    def write(self, told: Told = lambda _count: None) -> int:
        """Write what is missing of it; how many orders there are in the end. Raises Lived."""
        done = self._written("orders", "ord")
        if self.writer.ask("SELECT COUNT(*) FROM orders")[0][0] != done:
            raise Lived
        self._people(self._written("people", "per"))
        shop = Shop(self.entity_id, self.terms_id, self.zone, self.seller, self.now)
        stories = Stories(self.refs, shop, self.wares, self._buyers())
        books = self._books()
        told(done)
        while done < self.orders:
            until = min(done + BATCH, self.orders)
            draw = random.Random(f"{self.seed}:{done}")  # noqa: S311 - a story, no secret
            for index in range(done, until):
                stories.order(index, self._moment(index), draw, books)
            self._receive(books, self._moment(done))
            with self.writer.batch():
                self._flush(books)
                self._count(books)
            done = until
            told(done)
        return done

    # -- what there is

    def _entity(self) -> list[tuple[int, str, str]]:
        names = ("legal_name", "street", "postcode", "city", "country", "email", "vat_id", "register_entry", "phone")
        rows = self.writer.ask(f"SELECT id, zone, {', '.join(names)} FROM entities ORDER BY id LIMIT 1")  # noqa: S608
        keys = ("name", *names[1:])
        return [(row[0], row[1], json.dumps(dict(zip(keys, row[2:], strict=True)))) for row in rows]

    def _wares(self) -> list[Ware]:
        prices: dict[int, dict[str, int]] = {}
        for variant_id, currency, amount in self.writer.ask(
            "SELECT p.variant_id, l.currency, p.amount FROM prices p JOIN price_lists l ON l.id = p.price_list_id ORDER BY p.id"
        ):
            prices.setdefault(variant_id, {})[currency] = amount
        found = self.writer.ask(
            "SELECT v.id, s.id, s.ref, v.sku, p.name, v.label FROM variants v JOIN products p ON p.id = v.product_id "
            "JOIN stock_items s ON s.variant_id = v.id WHERE p.kind = 'physical' ORDER BY v.id"
        )
        return [
            Ware(row[0], row[1], row[2], row[3], f"{row[4]}, {row[5]}" if row[5] else row[4], prices[row[0]])
            for row in found
            if "EUR" in prices.get(row[0], {})
        ]

    def _written(self, table: str, prefix: str) -> int:
        low, high = f"{prefix}_h{self.refs.mark}", f"{prefix}_h{self.refs.mark}~"
        return int(self.writer.ask(f"SELECT COUNT(*) FROM {table} WHERE ref >= '{low}' AND ref < '{high}'")[0][0])  # noqa: S608

    def _books(self) -> Books:
        ids = {name: int(self.writer.ask(f"SELECT COALESCE(MAX(id), 0) FROM {name}")[0][0]) for name in COUNTED}  # noqa: S608
        counters = self.writer.ask(
            f"SELECT year, last, last_issued_on FROM number_counters WHERE entity_id = {self.entity_id} AND series = 'S'"  # noqa: S608
        )
        latest = max((as_day(row[2]) for row in counters), default=self.begins.date())
        on_hand = dict(self.writer.ask("SELECT id, on_hand FROM stock_items"))
        return Books(ids, {row[0]: row[1] for row in counters}, latest, on_hand)

    # -- people

    def _people(self, done: int) -> None:
        """Everybody who will buy, in batches."""
        (first,), *_ = self.writer.ask("SELECT COALESCE(MAX(id), 0) FROM people")
        books = Books({}, {}, self.begins.date(), {})
        while done < self.customers:
            until = min(done + BATCH, self.customers)
            for index in range(done, until):
                first += 1
                self._person(index, first, books)
            with self.writer.batch():
                self._flush(books)
            done = until

    def _person(self, index: int, person_id: int, books: Books) -> None:
        draw = random.Random(f"{self.seed}:person:{index}")  # noqa: S311
        name = person_name(draw)
        ref = self.refs("per", index)
        email = ".".join(terms(name)) + f".{index}@example.org"
        key = sealing.new_wrapped_key()
        seen = self.begins + timedelta(seconds=index * 60 % (86_400 * 30))
        books.add("people", person_id, ref, email, name, key, None, None, stamp(seen), None, "")
        for word in sorted(finding.words_of(name, self._reached(index)[-1])):
            books.add("person_terms", word[:40], person_id)
        changes = (
            f'{{"email": [null, {sealed(ref, "email", key, email)}], "name": [null, {sealed(ref, "name", key, name)}]}}'
        )
        books.tell(seen, "person.created", "person", person_id, ref, (CUSTOMER, ref), self.refs("req", index), changes)

    def _buyers(self) -> list[Buyer]:
        low, high = f"per_h{self.refs.mark}", f"per_h{self.refs.mark}~"
        rows = self.writer.ask(
            f"SELECT id, ref, email, name, wrapped_key FROM people WHERE ref >= '{low}' AND ref < '{high}' ORDER BY ref"  # noqa: S608
        )
        return [self._buyer(index, row) for index, row in enumerate(rows)]

    def _buyer(self, index: int, row: tuple[Any, ...]) -> Buyer:
        person_id, ref, email, name, key = row
        street, postcode, city, country, phone = self._reached(index)
        given = {
            "name": name,
            "street": street,
            "postcode": postcode,
            "city": city,
            "country": country,
            "email": email,
            "phone": phone,
        }
        told = ", ".join(f'"{name}": [null, {sealed(ref, name, key, value)}]' for name, value in given.items())
        return Buyer(person_id, ref, email, name, street, postcode, city, country, phone, told)

    def _reached(self, index: int) -> tuple[str, str, str, str, str]:
        """Where a person lives, and the phone that three of ten told."""
        draw = random.Random(f"{self.seed}:address:{index}")  # noqa: S311
        street, postcode, city, country = draw.choice(PLACES)
        number = draw.randrange(1, 180)
        phone = f"+49 15{draw.randrange(10**8, 10**9)}" if draw.random() < 0.3 else ""
        return f"{street} {number}", postcode, city, country, phone

    # -- time

    def _moment(self, index: int) -> datetime:
        """When an order is placed: evenly over the years, by the rhythm of a day; later indexes later."""
        span = (self.now - self.begins).total_seconds() - 3_600
        seconds = span * index / max(1, self.orders)
        day, rest = divmod(seconds, 86_400)
        share, total = rest / 86_400 * sum(HOURS), 0
        for hour, weight in enumerate(HOURS):
            if share < total + weight:
                return self.begins + timedelta(days=day, hours=hour + (share - total) / weight)
            total += weight
        return self.begins + timedelta(days=day + 1, seconds=-1)

    # -- the batch

    def _receive(self, books: Books, at: datetime) -> None:
        """What a batch sold was delivered before it began, so that the shelf is as full after it as before."""
        request = self.refs("req", int(at.timestamp()))
        items = {ware.item_id: ware.item_ref for ware in self.wares}
        for item_id, count in sorted(books.sold.items()):
            books.add("stock_movements", item_id, "received", count, 0, "", "delivery of the workshop", stamp(at))
            left = books.on_hand[item_id]
            changes = f'{{"on_hand": [{left}, {left + count}]}}'
            books.tell(
                at,
                "stock.received",
                "stock",
                item_id,
                items[item_id],
                SYSTEM,
                request,
                changes,
                "delivery of the workshop",
            )
        books.sold.clear()

    def _count(self, books: Books) -> None:
        """Where the numbers of invoices go on."""
        known = {
            row[0]
            for row in self.writer.ask(
                f"SELECT year FROM number_counters WHERE entity_id = {self.entity_id} AND series = 'S'"  # noqa: S608
            )
        }
        for year, last in books.numbers.items():
            day = books.latest if year == books.latest.year else date(year, 12, 31)
            if year in known:
                self.writer.ask(
                    f"UPDATE number_counters SET last = {last}, last_issued_on = '{day}' WHERE entity_id = {self.entity_id} "  # noqa: S608
                    f"AND series = 'S' AND year = {year}"
                )
            else:
                self.writer.write(
                    "number_counters",
                    ("entity_id", "series", "year", "last", "last_issued_on"),
                    [(self.entity_id, "S", year, last, day)],
                )

    def _flush(self, books: Books) -> None:
        for table, columns in COLUMNS.items():
            rows = books.rows.pop(table, [])
            if rows:
                self.writer.write(table, columns.split(), rows)
