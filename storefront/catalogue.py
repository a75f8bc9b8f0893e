"""The catalogue's pages: home, category, product, search, pictures."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from backoffice.catalog import images, pricing, search, shelves
from backoffice.catalog import service as catalog
from backoffice.catalog.models import Listing, ProductKind
from backoffice.catalog.shelves import Facet, Sort, Wishes
from backoffice.core import clock, links, units
from backoffice.core.errors import NotFound
from backoffice.core.money import Money, NotAnAmount
from backoffice.files import service as files
from backoffice.stock import service as stock
from backoffice.tax import rates
from storefront.answers import public_page
from storefront.blueprint import (
    blueprint,
    comes_from_us,
    currency,
    keep_currency,
    public,
    tariff,
    version,
)
from storefront.fragments import fragment

NEWEST = 9  # the first of them is the window of the home page
FEW = 5  # pieces from which on a page says how many are left
ENOUGH = FEW + 1  # the stock that a page shows is never told more exactly than this
SHA256 = re.compile(r"^[0-9a-f]{64}$")
YEAR = 365 * 24 * 3600  # seconds

SORTS = (
    (Sort.NEWEST, "Newest"),
    (Sort.PRICE, "Price, low to high"),
    (Sort.PRICE_DOWN, "Price, high to low"),
    (Sort.NAME, "Name"),
)


@dataclass(frozen=True)
class Card:
    """A product among others."""

    product_id: int
    slug: str
    name: str
    summary: str
    price: Money
    has_range: bool
    is_shipped: bool
    image: dict[str, Any] | None


@dataclass(frozen=True)
class Shelf:
    """One page of a category, before anybody asked what is in stock."""

    name: str
    lead: str
    slug: str
    cards: tuple[Card, ...]
    next: str | None
    previous: str | None
    facets: tuple[Facet, ...]


@dataclass(frozen=True)
class Choice:
    """One variant on a product's page."""

    id: int
    ref: str
    sku: str
    label: str
    price: Money


@dataclass(frozen=True)
class Piece:
    """Everything a product's page shows that is the same until the catalogue changes."""

    product_id: int
    slug: str
    name: str
    summary: str
    story: Markup
    facts: tuple[tuple[str, str], ...]
    option: str
    kind: ProductKind
    category: tuple[str, str]
    choices: tuple[Choice, ...]
    images: tuple[dict[str, Any], ...]
    related: tuple[Card, ...]
    vat_hundredths: int
    delivery_from: Money | None


@blueprint.get("/")
def home() -> ResponseReturnValue:
    chosen = currency()

    def cards() -> tuple[Card, ...]:
        with units.read():
            return _cards(shelves.newest(chosen.price_list_id, NEWEST))

    newest = fragment(version(), ("newest", chosen.code), cards)
    sold_out = _sold_out(newest)

    def render() -> str:
        main = fragment(
            version(),
            ("home", chosen.code, sold_out),
            lambda: _part(
                "shop/parts/home.html", cards=newest, sold_out=sold_out, categories=_windows(chosen.price_list_id)
            ),
        )
        return render_template("shop/home.html", body=main)

    return public_page((sold_out,), render)


@blueprint.get("/shop/<slug>")
def category(slug: str) -> ResponseReturnValue:
    """A shelf, narrowed and sorted as the address says; what cannot be read in the address is left out."""
    chosen = currency()
    sort = next((item for item, _ in SORTS if item.value == request.args.get("sort")), Sort.NEWEST)
    wishes = _wishes(chosen.code)
    key = request.args.get("after", "")[:200] or None
    common = key is None and not wishes.traits and wishes.least is None and wishes.most is None
    given = {"from": _plain(wishes.least, chosen.code), "to": _plain(wishes.most, chosen.code)}
    kept = {
        **{f"t.{trait}": value for trait, value in wishes.traits.items()},
        **{name: text for name, text in given.items() if text},
    }
    if sort != Sort.NEWEST:
        kept["sort"] = sort.value
    view = (chosen.code, slug, sort.value, tuple(sorted(wishes.traits.items())), wishes.least, wishes.most, key)
    shelf = fragment(
        version(), ("shelf", *view), lambda: _shelf(slug, chosen.price_list_id, sort, wishes, key), shared=common
    )
    sold_out = _sold_out(shelf.cards)

    def render() -> str:
        main = fragment(
            version(),
            ("category", *view, sold_out),
            lambda: _part(
                "shop/parts/category.html",
                shelf=shelf,
                sold_out=sold_out,
                sorts=SORTS,
                sort=sort,
                wishes=wishes,
                given=given,
                kept=kept,
                currency=chosen.code,
            ),
            shared=common,
        )
        narrowed = bool(wishes.traits) or wishes.least is not None or wishes.most is not None or bool(key)
        return render_template("shop/category.html", body=main, shelf=shelf, narrowed=narrowed)

    return public_page((sold_out,), render)


@blueprint.get("/products/<slug>")
def product(slug: str) -> ResponseReturnValue:
    return product_page(slug, request.args.get("variant", ""))


def product_page(slug: str, sku: str, quantity: str = "1", problem: str = "", status: int = 200) -> ResponseReturnValue:
    """A product with one variant chosen; with what was typed and what was wrong with it after a failed press."""
    chosen = currency()
    piece = fragment(
        version(),
        ("piece", chosen.code, slug, clock.today(public().zone)),
        lambda: _piece(slug, chosen.price_list_id, chosen.code),
    )
    left = _left(piece)
    choice = next((item for item in piece.choices if item.sku == sku), None) or _first(piece, left)

    def render() -> str:
        parts = fragment(
            version(),
            ("product", chosen.code, slug, clock.today(public().zone), choice.sku if choice else "", left),
            lambda: _product_parts(piece, choice),
        )
        return render_template(
            "shop/product.html", piece=piece, choice=choice, parts=parts, quantity=quantity, problem=problem,
            lefts=dict(left), left=dict(left).get(choice.id, 0) if choice else 0, few=FEW, structured=_structured,
            canonical=url_for(".product", slug=slug),
        )  # fmt: skip

    if problem:
        return render(), status
    return public_page((left, choice.sku if choice else ""), render)


@blueprint.get("/search")
def search_page() -> ResponseReturnValue:
    words = request.args.get("q", "").strip()[:200]
    page = request.args.get("page", default=1, type=int)
    page = page if 1 <= page <= search.LAST_PAGE else 1
    chosen = currency()

    def look() -> tuple[tuple[Card, ...], bool, str]:
        with units.read():
            found = search.find(words, page)
            return _cards(shelves.listings_of(found.product_ids, chosen.price_list_id)), found.has_more, found.meant

    cards, has_more, meant = fragment(
        version(), ("search", chosen.code, " ".join(words.lower().split()), page), look, shared=False
    )
    sold_out = _sold_out(cards)

    def render() -> str:
        return render_template(
            "shop/search.html", words=words, cards=cards, sold_out=sold_out, page=page, has_more=has_more, meant=meant,
            suggestions=_suggestions(chosen.price_list_id) if not cards else (),
        )  # fmt: skip

    return public_page((sold_out,), render)


@blueprint.get("/images/<name>.webp")
def image(name: str) -> ResponseReturnValue:
    """A picture by the hash of its content: it can be kept for ever."""
    if not SHA256.match(name):
        raise NotFound("picture")
    if request.if_none_match.contains(name):
        answer = Response(status=304)
    else:
        with units.read():
            sha256 = images.known(name).sha256
        answer = Response(files.read(sha256), mimetype=images.MEDIA_TYPE)
    answer.set_etag(name)
    answer.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return answer


@blueprint.post("/currency")
def choose_currency() -> ResponseReturnValue:
    """Show prices in another currency, and go back to where the visitor was."""
    back = request.form.get("back", "/")
    inside = (
        back.startswith("/") and not back.startswith("//") and "\\" not in back and not re.search(r"[\x00-\x20]", back)
    )
    answer = make_response(redirect(back if inside else url_for(".home"), 303))
    code = request.form.get("code", "")
    if comes_from_us() and any(item.code == code for item in public().currencies):
        keep_currency(answer, code)
    return answer


def _shelf(slug: str, price_list_id: int, sort: Sort, wishes: Wishes, key: str | None) -> Shelf:
    with units.read():
        known = catalog.category(slug)
        page = shelves.shelf(price_list_id, known.id, sort, wishes, key)
        return Shelf(
            name=known.name,
            lead=known.lead,
            slug=known.slug,
            cards=_cards(page.rows),
            next=page.next,
            previous=page.previous,
            facets=tuple(shelves.facets(price_list_id, known.id)),
        )


def _piece(slug: str, price_list_id: int, code: str) -> Piece:
    with units.read():
        row = catalog.published(slug)
        sold = [variant for variant in row.variants if variant.published]
        amounts = pricing.current([variant.id for variant in sold], code)
        seller = public()
        cheapest = tariff().cheapest(code, seller.country) if row.kind == ProductKind.PHYSICAL else None
        return Piece(
            product_id=row.id,
            slug=row.slug,
            name=row.name,
            summary=row.summary,
            story=Markup(row.story),  # noqa: S704 - cleaned when it was stored
            facts=tuple((str(name), str(value)) for name, value in row.facts.get("rows", [])),
            option=", ".join(row.options.get("names", [])),
            kind=row.kind,
            category=(row.category.slug, row.category.name),
            choices=tuple(
                Choice(variant.id, variant.ref, variant.sku, variant.label, Money(amounts[variant.id], code))
                for variant in sold
                if variant.id in amounts
            ),
            images=tuple(shelves.picture(item) for item in row.images),
            related=_cards(shelves.related(row.id, price_list_id)),
            vat_hundredths=rates.rate(seller.country, row.vat_class, clock.today(seller.zone)).hundredths,
            delivery_from=cheapest.price if cheapest else None,
        )


def _product_parts(piece: Piece, choice: Choice | None) -> tuple[Markup, Markup]:
    shown = list(piece.images)
    if choice:
        shown.sort(key=lambda item: item["variant_id"] != choice.id)
    facts = {"piece": piece, "choice": choice, "pictures": shown}
    return (
        _part("shop/parts/product_top.html", **facts),
        _part("shop/parts/product_rest.html", **facts),
    )


def _structured(piece: Piece, left: int, choice: Choice | None) -> dict[str, Any]:
    """What the page says to machines (schema.org Product)."""
    offers = [
        {
            "@type": "Offer",
            "sku": item.sku,
            "price": item.price.plain(),
            "priceCurrency": item.price.currency,
            "url": links.absolute(url_for(".product", slug=piece.slug, variant=item.sku)),
            **({"availability": f"https://schema.org/{'InStock' if left else 'OutOfStock'}"} if item == choice else {}),
        }
        for item in piece.choices
    ]
    pictures = [links.absolute(url_for(".image", name=item["renditions"][str(item["width"])])) for item in piece.images]
    return {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": piece.name,
        "description": piece.summary,
        "image": pictures,
        "brand": {"@type": "Brand", "name": public().name},
        "offers": offers,
    }


def _part(template: str, **facts: Any) -> Markup:
    """A rendered part of a page, escaped by its template."""
    return Markup(render_template(template, **facts))  # noqa: S704


def _cards(rows: Sequence[Listing]) -> tuple[Card, ...]:
    return tuple(
        Card(
            product_id=row.product_id,
            slug=row.card["slug"],
            name=row.card["name"],
            summary=row.card["summary"],
            price=row.from_price,
            has_range=row.has_range,
            is_shipped=row.card["kind"] == ProductKind.PHYSICAL,
            image=row.card["image"],
        )
        for row in rows
    )


def _sold_out(cards: Sequence[Card]) -> frozenset[int]:
    """Which of these have nothing left, in one look."""
    shipped = [card.product_id for card in cards if card.is_shipped]
    if not shipped:
        return frozenset()
    with units.read():
        left = stock.left_of(shipped)
    return frozenset(product_id for product_id in shipped if left.get(product_id, 0) < 1)


def _left(piece: Piece) -> tuple[tuple[int, int], ...]:
    """What is left of each variant, told no more exactly than the page shows it."""
    if piece.kind != ProductKind.PHYSICAL:
        return tuple((choice.id, ENOUGH) for choice in piece.choices)
    with units.read():
        left = stock.available([choice.id for choice in piece.choices])
    return tuple((choice.id, max(0, min(left[choice.id], ENOUGH))) for choice in piece.choices)


def _first(piece: Piece, left: tuple[tuple[int, int], ...]) -> Choice | None:
    """The variant a page opens with: the first that can be had."""
    there = dict(left)
    return next((item for item in piece.choices if there[item.id]), piece.choices[0] if piece.choices else None)


def _windows(price_list_id: int) -> list[tuple[str, str, str, dict[str, Any] | None]]:
    """Each category with a picture of something in it."""
    found = []
    with units.read():
        for item in shelves.categories():
            page = shelves.shelf(price_list_id, item.id, Sort.NEWEST, Wishes({}), None)
            pictures = [row.card["image"] for row in page.rows if row.card["image"]]
            if page.rows:
                found.append((item.slug, item.name, item.lead, pictures[0] if pictures else None))
    return found


def _suggestions(price_list_id: int) -> tuple[Card, ...]:
    with units.read():
        return _cards(shelves.newest(price_list_id, 4))


def _wishes(code: str) -> Wishes:
    traits = {
        name[2:]: value[:80]
        for name, value in request.args.items()
        if name.startswith("t.") and value and len(name) < 43
    }
    return Wishes(traits=dict(list(traits.items())[:6]), least=_amount("from", code), most=_amount("to", code))


def _amount(name: str, code: str) -> int | None:
    given = request.args.get(name, "").strip().replace(",", ".")
    if not given:
        return None
    try:
        return Money.parse(given, code).amount
    except NotAnAmount:
        return None


def _plain(amount: int | None, code: str) -> str:
    return Money(amount, code).plain() if amount is not None else ""
