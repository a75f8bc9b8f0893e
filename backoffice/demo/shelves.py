"""A large catalogue, written in bulk: products of two variants each, priced, stocked, listed, findable, and written down."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table

from backoffice.core import references
from backoffice.core.db import Base
from backoffice.core.folding import terms

WORDS = (  # noqa: SIM905 - read as words
    "level caliper square plumb bob rule divider gauge barometer hygrometer thermometer scale brass oak walnut steel iron "
    "pocket bench field garden ship tower bridge river hill north south fine coarse long short heavy light old new small "
    "large round flat deep high even odd true plain"
).split()


PLENTY = (1_000_000, 1_000_000)  # pieces of each variant, for whoever measures and never wants to wait for more
AT_ONCE = 500  # products
LISTED_EVERY = timedelta(seconds=8)
PICTURE = {"alt": "A thing", "line_art": True, "width": 800, "height": 640, "variant_id": None,
           "renditions": {"200": "a" * 64, "400": "b" * 64, "800": "c" * 64}}  # fmt: skip
FIRST = 1_000  # id of the first category, product and variant
Told = Callable[[int], None]  # told how many products were written since the last time


class Shelves:
    """A large catalogue of one seed: the same goods each time, standing on their shelves from ``since`` on."""

    def __init__(
        self, connection: Connection, *, seed: int, since: datetime, price_list: int, pieces: tuple[int, int]
    ) -> None:
        self.connection, self.draw = connection, random.Random(seed)  # noqa: S311 - goods, not secrets
        self.since, self.price_list, self.pieces = since, price_list, pieces
        self.rows: dict[str, list[dict[str, Any]]] = {}

    def put_up(self, categories: int) -> None:
        for number in range(categories):
            category = {
                "id": FIRST + number, "ref": references.new("cat"), "slug": f"shelf-{number}", "name": f"Shelf {number}",
                "lead": "A shelf of the measurement.", "position": 100 + number,
            }  # fmt: skip
            self._add("categories", **category)
            self._tell(
                self.since, "category.created", ("category", category["id"], category["ref"]), name=category["name"]
            )
        self.flush()

    def stock(self, number: int, categories: int) -> None:
        """One product with its two variants: priced, stocked, listed, findable, and written down."""
        product_id, category_id = FIRST + number, FIRST + number % categories
        name = " ".join(self.draw.sample(WORDS, 3)).capitalize() + f" {number}"
        summary = "For people who measure: " + " ".join(self.draw.sample(WORDS, 12)) + "."
        amount, at = self.draw.randrange(500, 50_000), self.since + LISTED_EVERY * number
        about = ("product", product_id, references.new("prd"))
        self._add(
            "products", id=product_id, ref=about[2], slug=f"thing-{number}", name=name, summary=summary,
            story=f"<p>{summary * 4}</p>", facts={"rows": [["Made in", "Leipzig"], ["Weight", "740 g"]]},
            options={"names": ["Size"]}, kind="physical", vat_class="standard", sold_in="", category_id=category_id,
            published=True, listed_at=at, created_at=at,
        )  # fmt: skip
        self._tell(at, "product.created", about, name=name, kind="physical")
        for place in (0, 1):
            self._variant(number, place, about[2], amount * (place + 1), at)
        self._tell(at, "product.published", about, published=(False, True))
        self._add(
            "listings", price_list_id=self.price_list, category_id=category_id, product_id=product_id, from_amount=amount,
            to_amount=amount * 2, currency="EUR", name_key=name.lower(), listed_at=at,
            card={"slug": f"thing-{number}", "name": name, "summary": summary, "kind": "physical", "variants": 2,
                  "image": PICTURE},
        )  # fmt: skip
        self._add(
            "product_traits",
            product_id=product_id,
            trait="Material",
            value=self.draw.choice(("oak", "brass", "steel")),
        )
        weights = dict.fromkeys(terms(summary), 1) | dict.fromkeys(terms(name), 8)
        for term, weight in weights.items():
            self._add("product_terms", term=term, product_id=product_id, weight=weight)

    def flush(self) -> None:
        for name, batch in self.rows.items():
            table: Table = Base.metadata.tables[name]
            for start in range(0, len(batch), 2_000):
                self.connection.execute(table.insert(), batch[start : start + 2_000])
        self.rows = {}

    def _variant(self, number: int, place: int, product: str, amount: int, at: datetime) -> None:
        variant_id, sku, pieces = FIRST + 2 * number + place, f"T-{number}-{place}", self.draw.randint(*self.pieces)
        variant, item = references.new("var"), references.new("stk")
        label = ("small", "large")[place]
        self._add(
            "variants", id=variant_id, ref=variant, product_id=FIRST + number, sku=sku, label=label,
            choices={"values": [label]}, position=place, published=True,
        )  # fmt: skip
        self._tell(at, "variant.created", ("variant", variant_id, variant), sku=sku, product=product)
        self._add(
            "prices", variant_id=variant_id, price_list_id=self.price_list, amount=amount, valid_from=at, created_at=at
        )
        price = {"amount": amount, "currency": "EUR"}
        self._tell(at, "price.set", ("variant", variant_id, variant), price=price, since=at.isoformat())
        self._add("stock_items", id=variant_id, ref=item, variant_id=variant_id, on_hand=pieces, held=0)
        self._add(
            "stock_movements", item_id=variant_id, kind="received", on_hand_change=pieces, held_change=0, holder="",
            reason="demo shop", at=at,
        )  # fmt: skip
        self._tell(at, "stock.received", ("stock", variant_id, item), "demo shop", on_hand=(0, pieces))

    def _add(self, table: str, **row: Any) -> None:
        self.rows.setdefault(table, []).append(row)

    def _tell(self, at: datetime, tag: str, about: tuple[str, Any, Any], reason: str = "", **changes: Any) -> None:
        """What the audit keeps: a pair is what was and what is, everything else is new."""
        told = {name: list(value) if isinstance(value, tuple) else [None, value] for name, value in changes.items()}
        kind, row_id, ref = about
        self._add(
            "audit_log", at=at, tag=tag, subject_kind=kind, subject_id=row_id, subject_ref=ref, actor_kind="system",
            actor_ref="counterfoil", reason=reason, request_id="req_demo_shelves", via="command", network=None, changes=told,
        )  # fmt: skip


def fill(
    connection: Connection,
    categories: int = 50,
    products: int = 10_000,
    seed: int = 1,
    *,
    since: datetime = datetime(2026, 1, 1, tzinfo=UTC),
    pieces: tuple[int, int] = PLENTY,
    told: Told = lambda _count: None,
) -> None:
    """Write the catalogue beside what the demo shop has: of each variant at least and at most so many pieces. Reproducible by
    ``seed``."""
    price_list = connection.exec_driver_sql("SELECT id FROM price_lists WHERE currency = 'EUR'").scalar_one()
    shelves = Shelves(connection, seed=seed, since=since, price_list=price_list, pieces=pieces)
    shelves.put_up(categories)
    for start in range(0, products, AT_ONCE):
        until = min(start + AT_ONCE, products)
        for number in range(start, until):
            shelves.stock(number, categories)
        shelves.flush()
        told(until - start)
