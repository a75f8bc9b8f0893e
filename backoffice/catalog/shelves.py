"""The shelves as they are shown: pages cut out of the listings by key, and what stands among others. Read in plain rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple, cast

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, func, literal_column, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from backoffice.catalog.models import (
    Category,
    Listing,
    Product,
    ProductTrait,
    RelatedProduct,
)
from backoffice.catalog.narrowing import cost_within
from backoffice.core import clock
from backoffice.core.db import session
from backoffice.core.errors import NotFound
from backoffice.core.looks import look
from backoffice.core.money import Money

ROWS = 24  # cards on a page


class Sort(StrEnum):
    """How a shelf is sorted."""

    NEWEST = "newest"
    PRICE = "price"
    PRICE_DOWN = "price-down"
    NAME = "name"


_COLUMNS: dict[Sort, tuple[InstrumentedAttribute[Any], bool]] = {
    Sort.NEWEST: (Listing.listed_at, True),
    Sort.PRICE: (Listing.from_amount, False),
    Sort.PRICE_DOWN: (Listing.from_amount, True),
    Sort.NAME: (Listing.name_key, False),
}


@dataclass(frozen=True)
class Wishes:
    """What a visitor narrows a shelf to: traits by name, and a price range in minor units of the list's currency."""

    traits: Mapping[str, str]
    least: int | None = None
    most: int | None = None


class CategoryFacts(NamedTuple):
    """What is said of a category."""

    id: int
    slug: str
    name: str
    lead: str


class Window(NamedTuple):
    """A category as the home page shows it: with the card of the newest thing in it that has a picture, if one has."""

    slug: str
    name: str
    lead: str
    card: dict[str, Any] | None


class Listed(NamedTuple):
    """A listing as it is shown. ``card`` is what ``_card`` made."""

    product_id: int
    from_amount: int  # of the cheapest variant, in minor units
    to_amount: int
    currency: str
    name_key: str
    listed_at: datetime
    card: dict[str, Any]

    @property
    def from_price(self) -> Money:
        return Money(self.from_amount, self.currency)

    @property
    def has_range(self) -> bool:
        return self.from_amount != self.to_amount


_CATEGORY = select(*[getattr(Category, name) for name in CategoryFacts._fields]).where(
    Category.slug == bindparam("slug")
)
_IN_CATEGORY = (Listing.price_list_id == bindparam("price_list_id"), Listing.category_id == Category.id)
_HAS_PICTURE = (
    func.coalesce(func.json_extract(Listing.card, "$.image"), "null") != "null"
)  # MariaDB says null as a word
_WINDOWS = (
    select(
        Category.slug,
        Category.name,
        Category.lead,
        select(Listing.card)
        .where(*_IN_CATEGORY, _HAS_PICTURE)
        .order_by(Listing.listed_at.desc(), Listing.product_id.desc())
        .limit(literal_column("1"))
        .correlate(Category)
        .scalar_subquery()
        .label("card"),
    )
    .where(select(Listing.id).where(*_IN_CATEGORY).correlate(Category).exists())
    .order_by(Category.position, Category.id)
)
_IN_LIST = select(*[getattr(Listing, name) for name in Listed._fields]).where(
    Listing.price_list_id == bindparam("price_list_id")
)
_NEWEST = _IN_LIST.order_by(Listing.listed_at.desc(), Listing.product_id.desc()).limit(bindparam("most"))
_SOME = _IN_LIST.where(Listing.product_id.in_(bindparam("product_ids", expanding=True)))
RELATED = (
    _IN_LIST.join(RelatedProduct, RelatedProduct.related_id == Listing.product_id)
    .where(RelatedProduct.product_id == bindparam("product_id"))
    .order_by(RelatedProduct.position)
)
_FACETS = (
    select(ProductTrait.trait, ProductTrait.value, func.count())
    .join(Listing, Listing.product_id == ProductTrait.product_id)
    .where(Listing.price_list_id == bindparam("price_list_id"), Listing.category_id == bindparam("category_id"))
    .group_by(ProductTrait.trait, ProductTrait.value)
    .order_by(ProductTrait.trait, ProductTrait.value)
)


@dataclass(frozen=True)
class Page:
    rows: Sequence[Listed]
    next: str | None  # the key after which the next page begins
    previous: str | None = None


@dataclass(frozen=True)
class Facet:
    """One thing to narrow by, with how many products each value leaves together with the other wishes."""

    trait: str
    values: Sequence[tuple[str, int]]


def category(slug: str) -> CategoryFacts:
    """Raises NotFound."""
    row = look(_CATEGORY, slug=slug).one_or_none()
    if row is None:
        raise NotFound("category")
    return CategoryFacts._make(row)


def shelf(price_list_id: int, category_id: int, sort: Sort, wishes: Wishes, key: str | None) -> Page:
    """One page of a shelf, after ``key`` or (with a leading ``-``) before it. A key that cannot be read is the start."""
    column, down = _COLUMNS[sort]
    backwards = bool(key) and str(key).startswith("-")
    mark = _read_key(column, (key or "").removeprefix("-"))
    query = _shelf(
        sort, len(wishes.traits), wishes.least is not None, wishes.most is not None, bool(mark), down != backwards
    )
    values = _values(wishes, mark)
    rows = list(map(Listed._make, look(query, price_list_id=price_list_id, category_id=category_id, **values)))
    more, rows = len(rows) > ROWS, rows[:ROWS]
    if backwards:
        rows.reverse()
    has_next, has_previous = (bool(mark), more) if backwards else (more, bool(mark))
    return Page(
        rows,
        _write_key(column, rows[-1]) if has_next and rows else None,
        "-" + _write_key(column, rows[0]) if has_previous and rows else None,
    )


def newest(price_list_id: int, most: int) -> list[Listed]:
    return list(map(Listed._make, look(_NEWEST, price_list_id=price_list_id, most=most)))


def listings_of(product_ids: Sequence[int], price_list_id: int) -> list[Listed]:
    """The cards of these products that are on a shelf, in the order asked for."""
    if not product_ids:
        return []
    rows = map(Listed._make, look(_SOME, product_ids=product_ids, price_list_id=price_list_id))
    found = {row.product_id: row for row in rows}
    return [found[product_id] for product_id in product_ids if product_id in found]


def facets(price_list_id: int, category_id: int, wishes: Wishes) -> list[Facet]:
    """What a shelf can be narrowed by, given what it is narrowed by already; a trait with one value for everything that is
    left is left out, unless it is wished for: then it stays, so that the wish can be taken back."""
    query = _facets(len(wishes.traits), wishes.least is not None, wishes.most is not None)
    rows: Iterable[Any] = look(query, price_list_id=price_list_id, category_id=category_id, **_values(wishes, None))
    found: dict[str, list[tuple[str, int]]] = {}
    for trait, value, count in rows:
        found.setdefault(trait, []).append((value, count))
    for trait, value in wishes.traits.items():
        if value not in dict(found.setdefault(trait, [])):
            found[trait].append((value, 0))
    return [
        Facet(trait, values) for trait, values in sorted(found.items()) if len(values) > 1 or trait in wishes.traits
    ]


def categories() -> list[Category]:
    return list(session.scalars(select(Category).order_by(Category.position, Category.id)))


def windows(price_list_id: int) -> list[Window]:
    """Every category that has something on its shelf, however many there are, in one look."""
    return list(map(Window._make, look(_WINDOWS, price_list_id=price_list_id)))


def slugs() -> list[tuple[str, datetime]]:
    """Every published product's address and when it was listed: for the sitemap."""
    query = select(Product.slug, Product.listed_at).where(Product.published).order_by(Product.id)
    return [(row[0], row[1]) for row in session.execute(query)]


@lru_cache(maxsize=200)
def _shelf(sort: Sort, traits: int, has_least: bool, has_most: bool, after: bool, falling: bool) -> Select[Any]:
    """The statement of such a page, built once; its values are named as ``_values`` names them."""
    column, _ = _COLUMNS[sort]
    query = _IN_LIST.where(Listing.category_id == bindparam("category_id"))
    query = query.where(*[_has_trait(place) for place in range(traits)])
    query = query.where(*_bounds(has_least, has_most))
    if after:
        query = query.where(_beyond(column, falling))
    order = [column.desc(), Listing.product_id.desc()] if falling else [column, Listing.product_id]
    return query.order_by(*order).limit(ROWS + 1)


@lru_cache(maxsize=50)
def _facets(traits: int, has_least: bool, has_most: bool) -> Select[Any]:
    """What is left to narrow by: what a trait counts is narrowed by every wish but the one about itself."""
    query: Any = _FACETS.where(*_bounds(has_least, has_most))
    for place in range(traits):
        query = query.where(or_(ProductTrait.trait == bindparam(f"trait_{place}"), _has_trait(place)))
    return cast("Select[Any]", query)


def _has_trait(place: int) -> ColumnElement[bool]:
    trait = aliased(ProductTrait)
    return (
        select(trait.id)
        .where(
            trait.product_id == Listing.product_id,
            trait.trait == bindparam(f"trait_{place}"),
            trait.value == bindparam(f"value_{place}"),
        )
        .correlate(Listing)
        .exists()
    )


def _bounds(has_least: bool, has_most: bool) -> list[ColumnElement[bool]]:
    return cost_within(bindparam("least") if has_least else None, bindparam("most") if has_most else None)


def _beyond(column: InstrumentedAttribute[Any], falling: bool) -> ColumnElement[bool]:
    value: BindParameter[Any] = bindparam("mark")
    product_id: BindParameter[Any] = bindparam("mark_id")
    if falling:
        return or_(column < value, and_(column == value, Listing.product_id < product_id))
    return or_(column > value, and_(column == value, Listing.product_id > product_id))


def _values(wishes: Wishes, mark: tuple[Any, int] | None) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for place, (trait, value) in enumerate(wishes.traits.items()):
        values |= {f"trait_{place}": trait, f"value_{place}": value}
    if wishes.least is not None:
        values["least"] = wishes.least
    if wishes.most is not None:
        values["most"] = wishes.most
    if mark:
        values["mark"], values["mark_id"] = mark
    return values


def _write_key(column: InstrumentedAttribute[Any], row: Listed) -> str:
    value = getattr(row, column.key)
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return f"{row.product_id}.{text}"


def _read_key(column: InstrumentedAttribute[Any], key: str) -> tuple[Any, int] | None:
    product_id, _, text = key.partition(".")
    if not (product_id.isascii() and product_id.isdigit() and len(product_id) < 19):
        return None
    try:
        if column is Listing.listed_at:
            return clock.read(text), int(product_id)
        if column is Listing.from_amount:
            return (int(text), int(product_id)) if len(text) < 19 else None
    except ValueError:
        return None
    return text[:120], int(product_id)
