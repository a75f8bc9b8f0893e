"""The page of a product with its variants, and pictures by their hash."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from backoffice.catalog import display, images
from backoffice.catalog.models import ProductKind
from backoffice.core import clock, formatting, links, units
from backoffice.core.errors import NotFound
from backoffice.core.money import Money
from backoffice.core.words import gettext
from backoffice.files import service as files
from backoffice.fulfilment import leaving
from backoffice.stock import display as shelf
from backoffice.stock import service as stock
from backoffice.tax import rates
from storefront.answers import public_page
from storefront.blueprint import blueprint, currency, public, tariff, version
from storefront.cards import Card, cards_of, part
from storefront.fragments import fragment
from storefront.options import Choice, offered
from storefront.pictures import Picture, pictured

FEW = 5  # pieces from which on a page says how many are left
ENOUGH = FEW + 1  # the stock that a page shows is never told more exactly than this
SHA256 = re.compile(r"^[0-9a-f]{64}$")
YEAR = 365 * 24 * 3600  # seconds


class Left(NamedTuple):
    """The stock of a page, told no more exactly than it is shown: of each variant, and what of the things beside is gone."""

    of: tuple[tuple[int, int], ...]
    gone: frozenset[int]


@dataclass(frozen=True)
class Piece:
    """Everything a product's page shows that is the same until the catalogue changes."""

    product_id: int
    address: str
    name: str
    summary: str
    story: Markup
    facts: tuple[tuple[str, str], ...]
    options: tuple[str, ...]
    kind: ProductKind
    category: tuple[str, str]
    choices: tuple[Choice, ...]
    images: tuple[Picture, ...]
    related: tuple[Card, ...]
    sold_in: str  # codes of countries; empty where it is sold to all
    home: str  # the country that the prices of delivery are of
    vat_hundredths: int
    delivery_from: Money | None
    delivery_free_from: Money | None  # of goods


class Seen(NamedTuple):
    """Stock that was read: pieces by variant, and of the products beside."""

    variants: dict[int, int]
    beside: dict[int, int]


@blueprint.get("/products/<slug>")
def product(slug: str) -> ResponseReturnValue:
    return product_page(slug, request.args.get("variant", ""))


def product_page(slug: str, sku: str, quantity: str = "1", problem: str = "", status: int = 200) -> ResponseReturnValue:
    """A product with one variant chosen; with what was typed and what was wrong with it after a failed press."""
    chosen = currency()
    today = clock.today(public().zone)  # the rate of VAT that a page names is that of the day
    seen = Seen({}, {})
    piece = fragment(
        version(),
        ("piece", chosen.code, slug, today),
        lambda: _piece(slug, chosen.price_list_id, chosen.code, seen),
    )
    left = _left(piece, seen)
    lefts = dict(left.of)
    choice = next((item for item in piece.choices if item.sku == sku), None) or _first(piece, lefts)

    def render() -> str:
        parts = fragment(
            version(),
            ("product", chosen.code, slug, today, choice.sku if choice else "", left),
            lambda: _product_parts(piece, choice, left.gone),
        )
        return render_template(
            "shop/product.html", piece=piece, choice=choice, parts=parts, quantity=quantity, problem=problem,
            lefts=lefts, left=lefts.get(choice.id, 0) if choice else 0, few=FEW, structured=_structured,
            options=offered(piece.options, piece.choices, choice), canonical=piece.address, leaves=leaves(today),
        )  # fmt: skip

    if problem:
        return render(), status
    return public_page((today, left, choice.sku if choice else ""), render)


def leaves(today: date, since: date | None = None) -> str:
    """When a parcel leaves that is ordered today, or was paid on a day: ``tomorrow``, or the name of the day; empty where that
    day is over."""
    day = leaving.next_day(since or today)
    if day < today:
        return ""
    if day == today:
        return str(gettext("today"))
    if (day - today).days == 1:
        return str(gettext("tomorrow"))
    return str(gettext("on %(day)s", day=formatting.weekday(day)))


def _piece(slug: str, price_list_id: int, code: str, seen: Seen) -> Piece:
    """Read with its variants and what stands beside it, whose stock, which is no part of it, is put into ``seen``."""
    seller, ways = public(), tariff()
    with units.read():
        row = display.product(slug)
        variants = shelf.variants(row.id, price_list_id)
        beside = shelf.related(row.id, price_list_id)
        seen.variants.update((item.id, item.left) for item in variants)
        seen.beside.update(beside.left)
        address = url_for(".product", slug=row.slug)
        cheapest = ways.cheapest(code, seller.country) if row.kind == ProductKind.PHYSICAL else None
        return Piece(
            product_id=row.id,
            address=address,
            name=row.name,
            summary=row.summary,
            story=Markup(row.story),  # noqa: S704 - cleaned when it was stored
            facts=tuple((str(name), str(value)) for name, value in row.facts.get("rows", [])),
            options=tuple(row.options.get("names", [])),
            kind=row.kind,
            category=(row.category_slug, row.category_name),
            choices=tuple(
                Choice(
                    item.id,
                    item.ref,
                    item.sku,
                    item.label,
                    tuple(item.choices.get("values", [])),
                    Money(item.amount, code),
                    f"{address}?{urlencode({'variant': item.sku})}",
                )
                for item in variants
                if item.amount is not None
            ),
            images=tuple(map(pictured, row.pictures)),
            related=cards_of(beside.rows),
            sold_in=row.sold_in,
            home=formatting.country(seller.country),
            vat_hundredths=rates.rate(seller.country, row.vat_class, clock.today(seller.zone)).hundredths,
            delivery_from=cheapest.price if cheapest else None,
            delivery_free_from=cheapest.free_from if cheapest else None,
        )


def _product_parts(piece: Piece, choice: Choice | None, gone: frozenset[int]) -> tuple[Markup, ...]:
    shown = list(piece.images)
    if choice:
        shown.sort(key=lambda item: item.variant_id != choice.id)
    facts = {"piece": piece, "choice": choice, "pictures": shown, "gone": gone}
    return tuple(part(f"shop/parts/product_{place}.html", **facts) for place in ("top", "rest", "beside"))


def _structured(piece: Piece, left: Mapping[int, int]) -> dict[str, Any]:
    """What the page says to machines (schema.org Product)."""
    offers = [
        {
            "@type": "Offer",
            "sku": item.sku,
            "price": item.price.plain(),
            "priceCurrency": item.price.currency,
            "url": links.absolute(item.address),
            **({"eligibleRegion": piece.sold_in.split()} if piece.sold_in else {}),
            "availability": f"https://schema.org/{'InStock' if left[item.id] else 'OutOfStock'}",
        }
        for item in piece.choices
    ]
    return {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": piece.name,
        "description": piece.summary,
        "image": [links.absolute(item.full) for item in piece.images],
        "brand": {"@type": "Brand", "name": public().name},
        "offers": offers,
    }


def _left(piece: Piece, seen: Seen) -> Left:
    """Asked for, in one look, where it was not seen just now."""
    counted = [choice.id for choice in piece.choices] if piece.kind == ProductKind.PHYSICAL else []
    beside = [card.product_id for card in piece.related if card.is_shipped]
    left = seen
    if not (seen.variants or seen.beside) and (counted or beside):
        with units.read():
            left = Seen(*stock.left_with(counted, beside))
    return Left(
        tuple(
            (choice.id, max(0, min(left.variants[choice.id], ENOUGH)) if counted else ENOUGH)
            for choice in piece.choices
        ),
        frozenset(product_id for product_id in beside if left.beside.get(product_id, 0) < 1),
    )


def _first(piece: Piece, left: Mapping[int, int]) -> Choice | None:
    """The variant a page opens with: the first that can be had."""
    return next((item for item in piece.choices if left[item.id]), piece.choices[0] if piece.choices else None)


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
