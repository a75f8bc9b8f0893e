"""A large catalogue, written in bulk: products of two variants each, priced, stocked, listed, findable."""

import random
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


PIECES = 1_000_000  # of each variant on the shelf


def fill(connection: Connection, categories: int = 50, products: int = 10_000, seed: int = 1) -> None:
    """Write the catalogue beside what the demo shop has. Reproducible by ``seed``."""
    draw = random.Random(seed)  # noqa: S311 - goods, not secrets
    now = datetime(2026, 1, 1, tzinfo=UTC)
    price_list = connection.exec_driver_sql("SELECT id FROM price_lists WHERE currency = 'EUR'").scalar_one()
    first = 1_000
    rows: dict[str, list[dict[str, Any]]] = {
        name: []
        for name in (
            "categories",
            "products",
            "variants",
            "prices",
            "stock_items",
            "stock_movements",
            "listings",
            "product_terms",
            "product_traits",
        )
    }
    for number in range(categories):
        rows["categories"].append(
            {"id": first + number, "ref": references.new("cat"), "slug": f"shelf-{number}", "name": f"Shelf {number}",
             "lead": "A shelf of the measurement.", "position": 100 + number}
        )  # fmt: skip
    picture = {"alt": "A thing", "line_art": True, "width": 800, "height": 640, "variant_id": None,
               "renditions": {"200": "a" * 64, "400": "b" * 64, "800": "c" * 64}}  # fmt: skip
    for number in range(products):
        product_id, category_id = first + number, first + number % categories
        name = " ".join(draw.sample(WORDS, 3)).capitalize() + f" {number}"
        summary = "For people who measure: " + " ".join(draw.sample(WORDS, 12)) + "."
        amount = draw.randrange(500, 50_000)
        listed = now + timedelta(minutes=number)
        rows["products"].append(
            {"id": product_id, "ref": references.new("prd"), "slug": f"thing-{number}", "name": name, "summary": summary,
             "story": f"<p>{summary * 4}</p>", "facts": {"rows": [["Made in", "Leipzig"], ["Weight", "740 g"]]},
             "options": {"names": ["Size"]}, "kind": "physical", "vat_class": "standard", "sold_in": "",
             "category_id": category_id, "published": True, "listed_at": listed, "created_at": now}
        )  # fmt: skip
        for place in (0, 1):
            variant_id = first + 2 * number + place
            rows["variants"].append(
                {"id": variant_id, "ref": references.new("var"), "product_id": product_id, "sku": f"T-{number}-{place}",
                 "label": ("small", "large")[place], "choices": {"values": [("small", "large")[place]]}, "position": place,
                 "published": True}
            )  # fmt: skip
            rows["prices"].append(
                {
                    "variant_id": variant_id,
                    "price_list_id": price_list,
                    "amount": amount * (place + 1),
                    "valid_from": now,
                    "created_at": now,
                }
            )
            rows["stock_items"].append(
                {"id": variant_id, "ref": references.new("stk"), "variant_id": variant_id, "on_hand": PIECES, "held": 0}
            )
            rows["stock_movements"].append(
                {"item_id": variant_id, "kind": "received", "on_hand_change": PIECES, "held_change": 0, "holder": "",
                 "reason": "demo shop", "at": now}
            )  # fmt: skip
        rows["listings"].append(
            {"price_list_id": price_list, "category_id": category_id, "product_id": product_id, "from_amount": amount,
             "to_amount": amount * 2, "currency": "EUR", "name_key": name.lower(), "listed_at": listed,
             "card": {"slug": f"thing-{number}", "name": name, "summary": summary, "kind": "physical", "variants": 2,
                      "image": picture}}
        )  # fmt: skip
        rows["product_traits"].append(
            {"product_id": product_id, "trait": "Material", "value": draw.choice(("oak", "brass", "steel"))}
        )
        weights = dict.fromkeys(terms(summary), 1) | dict.fromkeys(terms(name), 8)
        rows["product_terms"] += [
            {"term": term, "product_id": product_id, "weight": weight} for term, weight in weights.items()
        ]
    for name, batch in rows.items():
        table: Table = Base.metadata.tables[name]
        for start in range(0, len(batch), 2_000):
            connection.execute(table.insert(), batch[start : start + 2_000])
