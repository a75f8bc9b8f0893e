"""The catalogue's pages: home, category, search; and the currency they are shown in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backoffice.catalog import search, shelves
from backoffice.catalog.shelves import Facet, Sort, Wishes
from backoffice.core import units
from backoffice.core.money import Money, NotAnAmount
from backoffice.core.words import gettext
from storefront.answers import public_page
from storefront.blueprint import (
    blueprint,
    comes_from_us,
    currency,
    keep_currency,
    public,
    version,
)
from storefront.cards import Card, cards_of, part, sold_out_of
from storefront.fragments import fragment
from storefront.pictures import Picture, pictured

SIGNS = re.compile(r"[\s€$£¥]")
NEWEST = 9  # the first of them is the window of the home page

SORTS = (
    (Sort.NEWEST, "Newest"),
    (Sort.PRICE, "Price, low to high"),
    (Sort.PRICE_DOWN, "Price, high to low"),
    (Sort.NAME, "Name"),
)


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
class Limits:
    """What may be spent, as the address says; ``unread`` is what could not be read as an amount."""

    least: int | None  # in minor units
    most: int | None
    currency: str
    unread: Sequence[str]

    @property
    def given(self) -> dict[str, str]:
        """The limits as the address of the next page says them."""
        limits = {"from": self.least, "to": self.most}
        return {name: Money(amount, self.currency).plain() for name, amount in limits.items() if amount is not None}


@blueprint.get("/")
def home() -> ResponseReturnValue:
    chosen = currency()

    def cards() -> tuple[Card, ...]:
        with units.read():
            return cards_of(shelves.newest(chosen.price_list_id, NEWEST))

    newest = fragment(version(), ("newest", chosen.code), cards)
    sold_out = sold_out_of(newest)

    def render() -> str:
        main = fragment(
            version(),
            ("home", chosen.code, sold_out),
            lambda: part(
                "shop/parts/home.html", cards=newest, sold_out=sold_out, categories=_windows(chosen.price_list_id)
            ),
        )
        cover = next((card.image for card in newest if card.image), None)
        return render_template("shop/home.html", body=main, cover=cover)

    return public_page((sold_out,), render)


@blueprint.get("/shop/<slug>")
def category(slug: str) -> ResponseReturnValue:
    """A shelf, narrowed and sorted as the address says; what cannot be read in the address is left out."""
    chosen = currency()
    sort = next((item for item, _ in SORTS if item.value == request.args.get("sort")), Sort.NEWEST)
    limits = _limits(chosen.code)
    wishes = Wishes(traits=_traits(), least=limits.least, most=limits.most)
    key = request.args.get("after", "")[:200] or None
    common = key is None and not wishes.traits and not limits.given
    kept = {**{f"t.{trait}": value for trait, value in wishes.traits.items()}, **limits.given}
    if sort != Sort.NEWEST:
        kept["sort"] = sort.value
    view = (chosen.code, slug, sort.value, tuple(sorted(wishes.traits.items())), wishes.least, wishes.most, key)
    shelf = fragment(
        version(), ("shelf", *view), lambda: _shelf(slug, chosen.price_list_id, sort, wishes, key), shared=common
    )
    sold_out = sold_out_of(shelf.cards)

    def render() -> str:
        main = fragment(
            version(),
            ("category", *view, sold_out),
            lambda: part(
                "shop/parts/category.html",
                shelf=shelf,
                sold_out=sold_out,
                sorts=SORTS,
                sort=sort,
                wishes=wishes,
                limits=limits,
                kept=kept,
                currency=chosen.code,
            ),
            shared=common,
        )
        narrowed = bool(wishes.traits or limits.given or key)
        return render_template("shop/category.html", body=main, shelf=shelf, narrowed=narrowed, unread=limits.unread)

    return public_page((sold_out,), render)


@blueprint.get("/search")
def search_page() -> ResponseReturnValue:
    words = request.args.get("q", "").strip()[:200]
    page = request.args.get("page", default=1, type=int)
    page = page if 1 <= page <= search.LAST_PAGE else 1
    chosen = currency()
    limits = _limits(chosen.code)
    prices = search.Prices(chosen.price_list_id, limits.least, limits.most)

    def look() -> tuple[tuple[Card, ...], bool, str, bool]:
        with units.read():
            found = search.within(prices, page) if limits.given and not words else search.find(words, page, prices)
            cards = cards_of(shelves.listings_of(found.product_ids, chosen.price_list_id))
            return cards, found.has_more, found.meant, found.some

    cards, has_more, meant, some = fragment(
        version(), ("search", chosen.code, " ".join(words.lower().split()), page, prices), look, shared=False
    )
    sold_out = sold_out_of(cards)

    def render() -> str:
        return render_template(
            "shop/search.html", words=words, cards=cards, sold_out=sold_out, page=page, has_more=has_more, meant=meant,
            some=some,
            limits=limits, currency=chosen.code, suggestions=_suggestions(chosen.price_list_id) if not cards else (),
        )  # fmt: skip

    return public_page((sold_out,), render)


@blueprint.post("/currency")
def choose_currency() -> ResponseReturnValue:
    """Show prices in another currency, and go back to where the visitor was."""
    back = request.form.get("back", "/")
    inside = (
        back.startswith("/") and not back.startswith("//") and "\\" not in back and not re.search(r"[\x00-\x20]", back)
    )
    answer = make_response(redirect(_without_prices(back) if inside else url_for(".home"), 303))
    code, before = request.form.get("code", ""), currency().code
    if comes_from_us() and any(item.code == code for item in public().currencies):
        keep_currency(answer, code)
        if inside and code != before and re.search(r"[?&](from|to)=[^&]", back):
            flash(gettext("The limits of price were in %(currency)s, so they were taken out.", currency=before), "")
    return answer


def _without_prices(address: str) -> str:
    """Limits of a price, and a place in a list sorted by it, mean nothing in another currency."""
    path, _, query = address.partition("?")
    kept = [(name, value) for name, value in parse_qsl(query) if name not in ("from", "to", "after")]
    return f"{path}?{urlencode(kept)}" if kept else path


def _shelf(slug: str, price_list_id: int, sort: Sort, wishes: Wishes, key: str | None) -> Shelf:
    with units.read():
        known = shelves.category(slug)
        page = shelves.shelf(price_list_id, known.id, sort, wishes, key)
        return Shelf(
            name=known.name,
            lead=known.lead,
            slug=known.slug,
            cards=cards_of(page.rows),
            next=page.next,
            previous=page.previous,
            facets=tuple(_facets(price_list_id, known.id, wishes, found=bool(page.rows))),
        )


def _facets(price_list_id: int, category_id: int, wishes: Wishes, *, found: bool) -> list[Facet]:
    """What is left to narrow by; where nothing was found, everything there is, so that another wish can be tried."""
    return shelves.facets(price_list_id, category_id, wishes if found else Wishes({}))


def _windows(price_list_id: int) -> list[tuple[str, str, str, Picture | None]]:
    """Each category with a picture of something in it."""
    with units.read():
        return [
            (slug, name, lead, pictured(card["image"]) if card else None)
            for slug, name, lead, card in shelves.windows(price_list_id)
        ]


def _suggestions(price_list_id: int) -> tuple[Card, ...]:
    with units.read():
        return cards_of(shelves.newest(price_list_id, 4))


def _traits() -> dict[str, str]:
    traits = {
        name[2:]: value[:80]
        for name, value in request.args.items()
        if name.startswith("t.") and value and len(name) < 43
    }
    return dict(list(traits.items())[:6])


def _limits(code: str) -> Limits:
    least, most = _amount("from", code), _amount("to", code)
    typed = ((request.args.get("from", "").strip(), least), (request.args.get("to", "").strip(), most))
    unread = [text[:40] for text, read in typed if text and read is None]
    if least is not None and most is not None and least > most:  # the other way round
        least, most = most, least
    return Limits(least, most, code, unread)


def _amount(name: str, code: str) -> int | None:
    """``50``, ``50,00``, ``€ 50`` or ``50 EUR``."""
    given = SIGNS.sub("", request.args.get(name, "").upper().removesuffix(code).removeprefix(code))
    try:
        return Money.parse(given, code).amount if given else None
    except NotAnAmount:
        return None
