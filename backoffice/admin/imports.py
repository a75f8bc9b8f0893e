"""A table of articles, read from CSV: looked through row by row first, and taken whole or not at all.

Taking the same table twice changes nothing the second time: prices and counts say what is, not by how much."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from backoffice.catalog import editing, pricing
from backoffice.catalog import service as catalog
from backoffice.catalog.models import Category, PriceList, ProductKind, Variant
from backoffice.catalog.service import ProductData, VariantData
from backoffice.catalog.variants import check_sku
from backoffice.core.actor import Actor
from backoffice.core.cards import refuse_card_number
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError
from backoffice.core.money import Money
from backoffice.core.seen import ChangedMeanwhile, mark
from backoffice.stock import service as stock
from backoffice.stock.models import StockItem
from backoffice.tax.rates import RATES

MOST = 2_000  # rows
LARGEST = 500_000  # characters
FOR_NEW = ("name", "address", "category", "summary", "vat")
COLUMNS = ("article", *FOR_NEW, "counted")
LONGEST = {"name": 120, "summary": 1_000}  # letters
SAMPLE = """article,name,address,category,summary,vat,EUR,DKK,counted
SL-60-OAK,,,,,,135.00,,24
LR-1,Line reel,line-reel,rules,Thirty metres.,standard,12.50,95.00,7
"""


class Unreadable(CounterfoilError):
    status = 422

    def __init__(self, why: str) -> None:
        super().__init__(f"This table cannot be read: {why}.")


class HasProblems(CounterfoilError):
    status = 422

    def __init__(self, rows: int) -> None:
        super().__init__(f"{rows} rows have problems, so nothing was taken. Mend them in the table and send it again.")


@dataclass
class Row:
    """One row: where it stands in the file, what would change, and what is wrong with it."""

    number: int
    article: str
    changes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    steps: list[Callable[[Actor, str], object]] = field(default_factory=list)


def look_through(text: str) -> list[Row]:
    """What a table would do, row by row. In a unit; changes nothing. Raises Unreadable for what is no such table."""
    given, lists = _given(text), {row.currency: row for row in pricing.lists()}
    articles = [values["article"].upper() for _number, values, _problem in given]
    query = select(Variant).where(Variant.sku.in_(articles)).options(joinedload(Variant.product, innerjoin=True))
    known = {variant.sku: variant for variant in session.scalars(query)}
    ids = [variant.id for variant in known.values()]
    prices = {currency: pricing.current(ids, currency) for currency in lists}
    counts = {row.variant_id: row for row in session.scalars(select(StockItem).where(StockItem.variant_id.in_(ids)))}
    categories = set(session.scalars(select(Category.slug)))
    rows, seen, addresses = [], set(), set()
    for number, values, problem in given:
        row = Row(number, values["article"].upper(), problems=[problem] if problem else [])
        rows.append(row)
        if row.article in seen:
            row.problems.append("this article stands above already")
            continue
        seen.add(row.article)
        variant = known.get(row.article)
        if variant:
            _change(row, values, variant, lists, prices, counts.get(variant.id))
        else:
            _create(row, values, lists, categories)
            if values["address"] and values["address"] in addresses:
                row.problems.append("this address stands above already")
            addresses.add(values["address"])
    return rows


def as_seen(rows: Sequence[Row]) -> str:
    """What a table would do, in a form that says nothing of it."""
    return mark([(row.number, row.changes) for row in rows])


def take(text: str, reason: str, *, seen: str, by: Actor) -> int:
    """Do what ``look_through`` showed, all of it, in the unit of the caller; the number of rows that changed something.
    ``seen`` is what ``as_seen`` said of it: pieces that were sold meanwhile are not counted back.

    Raises Unreadable, ChangedMeanwhile, HasProblems, and whatever a service refuses: then nothing is taken."""
    rows = look_through(text)
    if seen != as_seen(rows):
        raise ChangedMeanwhile
    wrong = [row for row in rows if row.problems]
    if wrong:
        raise HasProblems(len(wrong))
    for row in rows:
        for step in row.steps:
            step(by, reason)
    return sum(bool(row.steps) for row in rows)


def read(raw: bytes) -> str:
    """The text of a file. Raises Unreadable for what is none: Excel writes Unicode or the code page of Windows."""
    for encoding in ("utf-8", "cp1252"):
        with suppress(UnicodeDecodeError):
            return raw.decode(encoding)
    raise Unreadable("it is no text; save it as CSV")


def _given(text: str) -> list[tuple[int, dict[str, str], str]]:
    """Number and values of each row, and what is wrong with it as a whole."""
    if len(text) > LARGEST:
        raise Unreadable(f"it is longer than {LARGEST:,} characters")
    refuse_card_number(text)
    text = text.removeprefix("\ufeff")
    first = text.partition("\n")[0]
    try:
        reader = csv.DictReader(
            io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",", strict=True
        )
        heads = [(head or "").strip() for head in reader.fieldnames or []]
        reader.fieldnames = heads
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise Unreadable(str(error)) from None
    if "article" not in heads:
        raise Unreadable("its first line names no column “article”")
    currencies = {row.currency for row in pricing.lists()}
    strange = [head for head in heads if head not in COLUMNS and head not in currencies]
    if strange:
        raise Unreadable(f"nobody knows the column “{strange[0][:40]}”")
    twice = [head for head in heads if head and heads.count(head) > 1]
    if twice:
        raise Unreadable(f"its first line names the column “{twice[0][:40]}” twice")
    rows = [(number, row) for number, row in rows if any(row.values())]
    if not 0 < len(rows) <= MOST:
        raise Unreadable(f"it has {len(rows):,} rows; from 1 to {MOST:,} are taken at a time")
    every = dict.fromkeys((*COLUMNS, *currencies), "")
    return [(number, {**every, **_cells(row)}, _beyond(row, len(heads))) for number, row in rows]


def _cells(row: Mapping[str | None, Any]) -> dict[str, str]:
    return {head: (value or "").strip() for head, value in row.items() if head}


def _beyond(row: Mapping[str | None, Any], heads: int) -> str:
    """Cells that no head stands over: an amount with a comma that the file cuts at, and all behind it is one to the right."""
    more = row.get(None) or []
    if not any(cell.strip() for cell in more):
        return ""
    return f"it has {heads + len(more)} cells, and the first line {heads}: put amounts with a comma in quotation marks"


def _change(
    row: Row, values: Mapping[str, str], variant: Variant, lists: Mapping[str, PriceList],
    prices: Mapping[str, Mapping[int, int]], item: StockItem | None,
) -> None:  # fmt: skip
    """Prices and count of an article that exists."""
    named = [name for name in FOR_NEW if values[name]]
    if named:
        row.problems.append(f"the article exists; leave {', '.join(named)} empty here and change texts on its page")
    for currency, price_list in lists.items():
        price = _price(row, values[currency], currency)
        before = prices[currency].get(variant.id)
        if price is not None and price.amount != before:
            was = Money(before, currency) if before is not None else None
            row.changes.append(f"{currency} {was.plain() if was else 'no price'} → {price.plain()}")
            row.steps.append(_set_price(variant, price_list, price))
    counted, on_hand = _count(row, values["counted"]), item.on_hand if item else 0
    if counted is not None and item is not None and counted < item.held:
        row.problems.append(f"{item.held} pieces are held for orders that are being paid")
    elif counted is not None and counted != on_hand:
        row.changes.append(f"pieces {on_hand} → {counted}")
        row.steps.append(_set_count(variant, counted, is_new=item is None))


def _create(row: Row, values: Mapping[str, str], lists: Mapping[str, PriceList], categories: set[str]) -> None:
    """A product of one variant, not published: somebody looks at it first."""
    missing = [name for name in FOR_NEW if not values[name]]
    if missing:
        row.problems.append(f"nobody knows this article, and for a new one {', '.join(missing)} is missing")
        return
    row.problems += [
        f"{name} has {len(values[name]):,} letters, and at most {most:,} fit"
        for name, most in LONGEST.items()
        if len(values[name]) > most
    ]
    if values["category"] not in categories:
        row.problems.append(f"there is no category “{values['category'][:60]}”")
    if values["vat"] not in {rate.vat_class for rate in RATES}:
        row.problems.append(f"there is no VAT rate “{values['vat'][:30]}”")
    for check, value in ((check_sku, row.article), (editing.check_slug, values["address"])):
        try:
            check(value)
        except CounterfoilError as error:
            row.problems.append(str(error))
    wanted = {currency: _price(row, values[currency], currency) for currency in lists}
    counted = _count(row, values["counted"])
    row.changes.append(f"new product “{values['name'][:60]}”, not published")

    def create(by: Actor, reason: str) -> None:
        data = ProductData(
            slug=values["address"], name=values["name"], summary=values["summary"], vat_class=values["vat"],
            variants=[VariantData(row.article)], kind=ProductKind.PHYSICAL,
        )  # fmt: skip
        editing.check_slug(data.slug)  # two rows may name one address
        (variant,) = catalog.create(catalog.category(values["category"]), data, by=by).variants
        stock.list_article(variant, by=by)
        for currency, price in wanted.items():
            if price is not None:
                pricing.set_price(variant, lists[currency], price, by=by, reason=reason)
        if counted:
            stock.receive(variant.id, counted, by=by, reason=reason)

    row.steps.append(create)


def _set_price(variant: Variant, price_list: PriceList, price: Money) -> Callable[[Actor, str], object]:
    return lambda by, reason: pricing.set_price(variant, price_list, price, by=by, reason=reason)


def _set_count(variant: Variant, counted: int, *, is_new: bool) -> Callable[[Actor, str], object]:
    if is_new:
        return lambda by, reason: stock.receive(variant.id, counted, by=by, reason=reason)
    return lambda by, reason: stock.correct(variant.id, counted, by=by, reason=reason)


def _price(row: Row, text: str, currency: str) -> Money | None:
    if not text:
        return None
    try:
        price = Money.parse(text, currency)
    except CounterfoilError as error:
        row.problems.append(str(error))
        return None
    if price.amount < 0:
        row.problems.append(f"a price in {currency} is nothing or more")
    if price > pricing.highest(currency):
        row.problems.append(str(pricing.AbsurdPrice()))
    return price


def _count(row: Row, text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        row.problems.append(f"“{text[:20]}” is no number of pieces")
        return None
    return int(text)


def rows_with_problems(rows: Sequence[Row]) -> int:
    return sum(bool(row.problems) for row in rows)
