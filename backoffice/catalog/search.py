"""Search: every published product has its folded words in a table; a query is an intersection of prefix ranges.

The same on every engine: no full-text index, no LIKE. A word that leads nowhere is compared with the words we know."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from string import ascii_lowercase

from sqlalchemy import ColumnElement, and_, delete, false, func, literal, or_, select, union_all

from backoffice.catalog import richtext
from backoffice.catalog.models import Category, Listing, Product, ProductTerm, ProductTrait, Variant
from backoffice.catalog.narrowing import cost_within
from backoffice.core.db import session
from backoffice.core.folding import terms

MOST_WORDS = 6  # of a query that count
SHORTEST_PREFIX = 2  # a single letter is only found as a word of its own
SUGGESTIONS = 400  # words that a misspelt one is compared with, the commonest first
SLIP = 2  # letters that a misspelt word is longer or shorter at the most
PER_PAGE = 24
LAST_PAGE = 20

NAME, CATEGORY, TRAIT, TEXT = 8, 4, 3, 1


@dataclass(frozen=True)
class Prices:
    """What may be spent: limits in minor units of a price list, both included; None is no limit."""

    price_list_id: int
    least: int | None = None
    most: int | None = None


@dataclass(frozen=True)
class Found:
    """Product ids, best first. Where nothing has the words as they were typed, ``meant`` is a better spelling, and the
    products are those that it finds; where that leads nowhere either, they have ``some`` of the words."""

    product_ids: Sequence[int]
    has_more: bool = False
    meant: str = ""
    some: bool = False


def index(product: Product) -> None:
    """Write the words of a product anew; a withdrawn product has none."""
    session.execute(delete(ProductTerm).where(ProductTerm.product_id == product.id))
    if not product.published:
        return
    session.add_all(
        ProductTerm(term=term, product_id=product.id, weight=weight) for term, weight in sorted(_words(product).items())
    )
    session.flush()


def find(query: str, page: int = 1, prices: Prices | None = None) -> Found:
    """Products that have every word of the query, or a word that begins so; names count most."""
    words = list(dict.fromkeys(terms(query)))[:MOST_WORDS]
    if not words:
        return Found([])
    ids = _matching(words, page, prices)
    meant = "" if ids or page > 1 else _better(words)
    if meant:
        ids = _matching(meant.split(), page, prices)
    some = not ids and page == 1 and len(words) > 1
    if some:
        ids = _having_some(meant.split() or words, prices)
    has_more = len(ids) > PER_PAGE and page < LAST_PAGE
    return Found(ids[:PER_PAGE], has_more=has_more, meant=meant, some=some and bool(ids))


def within(prices: Prices, page: int = 1) -> Found:
    """Everything that may cost so much, the cheapest first."""
    query = select(Listing.product_id).where(*_bounds(prices)).order_by(Listing.from_amount, Listing.product_id)
    ids = list(session.scalars(query.limit(PER_PAGE + 1).offset((min(page, LAST_PAGE) - 1) * PER_PAGE)))
    return Found(ids[:PER_PAGE], has_more=len(ids) > PER_PAGE and page < LAST_PAGE)


def in_office(query: str) -> ColumnElement[bool]:
    """Condition on products for staff: those on the shelf by their words, those off it by their name. One look."""
    words = list(dict.fromkeys(terms(query)))[:MOST_WORDS]
    if not words:
        return false()
    on_shelf = and_(*(Product.id.in_(select(ProductTerm.product_id).where(*_range(word))) for word in words))
    named = and_(*(func.lower(Product.name).contains(word, autoescape=True) for word in words))
    found = union_all(
        select(Product.id).where(on_shelf), select(Product.id).where(~Product.published, named)
    ).subquery()
    return Product.id.in_(select(found.c.id))  # MariaDB takes no index for a look that stands beside an OR


def _matching(words: Sequence[str], page: int, prices: Prices | None) -> list[int]:
    parts = [
        select(ProductTerm.product_id, func.max(ProductTerm.weight).label("weight"))
        .where(*_range(word))
        .group_by(ProductTerm.product_id)
        .subquery()
        for word in words
    ]
    first, *others = parts
    score: ColumnElement[int] = first.c.weight
    joined = first.join(others[0], others[0].c.product_id == first.c.product_id) if others else first
    for other in others[1:]:
        joined = joined.join(other, other.c.product_id == first.c.product_id)
    for other in others:
        score = score + other.c.weight
    query = select(first.c.product_id).select_from(joined)
    if prices:
        query = query.where(_within(prices, first.c.product_id))
    query = (
        query.order_by(score.desc(), first.c.product_id)
        .limit(PER_PAGE + 1)
        .offset((min(page, LAST_PAGE) - 1) * PER_PAGE)
    )
    return list(session.scalars(query))


def _having_some(words: Sequence[str], prices: Prices | None) -> list[int]:
    """Products that have most of the words; those of one or two letters find nothing by themselves."""
    parts = [
        select(ProductTerm.product_id, func.max(ProductTerm.weight).label("weight"))
        .where(*_range(word))
        .group_by(ProductTerm.product_id)
        for word in words
        if len(word) > SHORTEST_PREFIX
    ]
    if not parts:
        return []
    found = union_all(*parts).subquery()
    query = select(found.c.product_id).group_by(found.c.product_id)
    if prices:
        query = query.where(_within(prices, found.c.product_id))
    query = query.order_by(func.count().desc(), func.sum(found.c.weight).desc(), found.c.product_id)
    return list(session.scalars(query.limit(PER_PAGE)))


def _within(prices: Prices, product_id: ColumnElement[int]) -> ColumnElement[bool]:
    """That a product has a variant that may cost so much."""
    return select(literal(1)).where(Listing.product_id == product_id, *_bounds(prices)).exists()


def _bounds(prices: Prices) -> list[ColumnElement[bool]]:
    return [Listing.price_list_id == prices.price_list_id, *cost_within(prices.least, prices.most)]


def _range(word: str) -> list[ColumnElement[bool]]:
    if len(word) < SHORTEST_PREFIX:
        return [ProductTerm.term == word]
    return [ProductTerm.term >= word, ProductTerm.term < _after(word)]


def _after(prefix: str) -> str:
    """The first text behind all that begin with ``prefix``; terms hold nothing above ``z``."""
    return prefix + "{"


def _better(words: Sequence[str]) -> str:
    """The query with every word that leads nowhere replaced by the nearest known one; empty where there is none."""
    corrected = []
    leading = select(*[select(literal(1)).select_from(ProductTerm).where(*_range(word)).exists() for word in words])
    for word, is_known in zip(words, session.execute(leading).one(), strict=True):
        if is_known:
            corrected.append(word)
            continue
        near = next((close for close in map(partial(_closest, word), _HEADS) if close), None)
        if not near:
            return ""
        corrected.append(near)
    return " ".join(corrected) if corrected != list(words) else ""


def _heads(word: str) -> list[str]:
    """Beginnings of what may have been meant: the same letter, or the second one, where the first two were swapped or one is
    missing."""
    return sorted({word[:1], word[1:2]} - {""})


def _other_heads(word: str) -> list[str]:
    """Any letter before the next two: the first one was mistyped."""
    return [letter + word[1:3] for letter in ascii_lowercase] if len(word) > SHORTEST_PREFIX + 1 else []


_HEADS = (_heads, _other_heads)  # the likelier slip first


def _closest(word: str, heads: Callable[[str], Sequence[str]]) -> str | None:
    near = get_close_matches(word, _vocabulary(word, heads(word)), n=1, cutoff=0.7)
    return near[0] if near else None


def _vocabulary(word: str, heads: Sequence[str]) -> list[str]:
    """Known words about as long as this one that begin so, the commonest first."""
    if not heads:
        return []
    query = (
        select(ProductTerm.term)
        .where(or_(*[and_(ProductTerm.term >= head, ProductTerm.term < _after(head)) for head in heads]))
        .where(func.length(ProductTerm.term) > 2)
        .where(func.length(ProductTerm.term).between(len(word) - SLIP, len(word) + SLIP))
        .group_by(ProductTerm.term)
        .order_by(func.count().desc(), ProductTerm.term)
    )
    return list(session.scalars(query.limit(SUGGESTIONS * min(len(heads), 2))))


def _words(product: Product) -> dict[str, int]:
    category = session.get_one(Category, product.category_id)
    traits = session.execute(
        select(ProductTrait.trait, ProductTrait.value).where(ProductTrait.product_id == product.id)
    ).all()
    variants = session.execute(select(Variant.sku, Variant.label).where(Variant.product_id == product.id)).all()
    sources = [
        (TEXT, product.summary + " " + richtext.plain(product.story)),
        (TRAIT, " ".join(f"{row[0]} {row[1]}" for row in traits)),
        (TRAIT, " ".join(f"{row[0]} {row[1]}" for row in variants)),
        (CATEGORY, category.name),
        (NAME, product.name),
    ]
    weights: dict[str, int] = {}
    for weight, text in sources:
        for term in terms(text):
            weights[term] = max(weight, weights.get(term, 0))
    return weights
