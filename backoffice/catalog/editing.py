"""Changing what stands in the catalogue: texts, shelves, VAT. Customers see it with the commit."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.catalog import listings, pricing, richtext, search, version
from backoffice.catalog import service as catalog
from backoffice.catalog.models import Category, Product, ProductKind, ProductTrait
from backoffice.core.actor import Actor
from backoffice.core.cards import refuse_card_number
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.core.formatting import is_country
from backoffice.core.seen import check
from backoffice.core.typed import tidy
from backoffice.tasks import service as tasks

SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
MOST_PAIRS = 60  # facts or traits of a product
MOST_COUNTRIES = 120
LONGEST_STORY = 40_000  # characters of HTML


class Unreadable(CounterfoilError):
    """Something typed that the catalogue cannot hold. ``problem`` says what."""

    status = 422

    def __init__(self, problem: str) -> None:
        super().__init__(problem)


class NotToBeSold(CounterfoilError):
    """What a product lacks before customers may see it. ``problem`` says what."""

    status = 422

    def __init__(self, problem: str) -> None:
        super().__init__(problem)


class Taken(CounterfoilError):
    status = 409

    def __init__(self, what: str, value: str) -> None:
        super().__init__(f"The {what} “{value}” is used already. Choose another.")


@dataclass(frozen=True)
class Texts:
    """What is said of a product; facts and traits in the order they are shown."""

    name: str
    summary: str
    story: str  # HTML; cleaned when it is stored
    category: str  # slug
    sold_in: str  # codes of countries; empty for all
    facts: Sequence[tuple[str, str]]
    traits: Sequence[tuple[str, str]]


def put_on_shelf(product: Product, *, by: Actor) -> bool:
    """Put a product on its shelf; False if it stands there already. Raises NotToBeSold."""
    if product.published:
        return False
    sold = {variant.id for variant in product.variants if variant.published}
    if not sold or not pricing.current(list(sold), pricing.active_lists()[0].currency):
        raise NotToBeSold("Before it stands on a shelf it needs a variant that is sold, and a price for it.")
    if product.kind == ProductKind.DIGITAL and sold - {asset.variant_id for asset in catalog.assets_of(list(sold))}:
        raise NotToBeSold("A download needs its file before it is sold: attach it below.")
    return catalog.publish(product, by=by)


def pairs(text: str) -> list[tuple[str, str]]:
    """Lines of ``Name: value``, empty ones left out. Raises Unreadable for a line without a colon."""
    found = []
    lines = list(filter(None, map(str.strip, text.splitlines())))
    if len(lines) > MOST_PAIRS:
        raise Unreadable(f"At most {MOST_PAIRS} lines fit here.")
    for line in lines:
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not colon or not name or not value:
            raise Unreadable(f"“{line[:60]}” is not of the form “Name: value”.")
        found.append((name[:40], value[:80]))
    return found


def countries(text: str) -> str:
    """``de, AT`` → ``AT DE``. Raises Unreadable for what is the code of no country."""
    codes = sorted(set(text.upper().replace(",", " ").replace(";", " ").split()))
    for code in codes:
        if not is_country(code):
            raise Unreadable(f"“{code[:20]}” is no country that we know: write two letters each, like AT DE DK.")
    if len(codes) > MOST_COUNTRIES:
        raise Unreadable(f"At most {MOST_COUNTRIES} countries fit here. Leave it empty for all.")
    return " ".join(codes)


def check_slug(slug: str) -> str:
    """Raises Unreadable, Taken."""
    slug = slug.strip()
    if not SLUG.match(slug) or len(slug) > 120:
        raise Unreadable("The address may hold small letters, digits and single hyphens, like brass-plumb-bob.")
    if session.scalar(select(Product.id).where(Product.slug == slug)):
        raise Taken("address", slug)
    return slug


def texts_of(product: Product) -> Texts:
    """What is said of it now."""
    traits = select(ProductTrait.trait, ProductTrait.value).where(ProductTrait.product_id == product.id)
    return Texts(
        product.name, product.summary, product.story, product.category.slug, product.sold_in,
        [(str(row[0]), str(row[1])) for row in product.facts.get("rows", [])],
        [(row.trait, row.value) for row in session.execute(traits.order_by(ProductTrait.id))],
    )  # fmt: skip


def rewrite(product: Product, texts: Texts, *, seen: str | None = None, by: Actor) -> bool:
    """Say something else of a product; False where nothing differs. ``seen`` is the ``mark`` of its texts when somebody
    began. Raises Unreadable, NotFound, CardNumber, ChangedMeanwhile."""
    story = richtext.clean(texts.story)
    _check_texts(texts, story)
    category = session.scalars(select(Category).where(Category.slug == texts.category)).one_or_none()
    if category is None:
        raise NotFound("category")
    wanted: dict[str, Any] = {
        "name": tidy(texts.name), "summary": tidy(texts.summary), "story": story, "category_id": category.id,
        "sold_in": countries(texts.sold_in),
        "facts": {"rows": [list(row) for row in texts.facts]},
    }  # fmt: skip
    session.refresh(product, with_for_update=True)  # of two at the same moment the second finds what the first wrote
    changes = differing(product, wanted)
    known = texts_of(product)
    traits, before = sorted(set(texts.traits)), sorted(known.traits)
    if not changes and traits == before:
        return False
    check(seen, known)
    for name, (_before, after) in changes.items():
        setattr(product, name, after)
    if traits != before:
        session.execute(delete(ProductTrait).where(ProductTrait.product_id == product.id).execution_options(moved=True))
        session.add_all(ProductTrait(product=product, trait=trait, value=value) for trait, value in traits)
        changes["traits"] = (_told(before), _told(traits))
    audit.record(Tag.PRODUCT_CHANGED, product, by=by, **_shortened(changes))
    listings.refresh(product)
    return True


def retax(product: Product, vat_class: str, *, seen: str, by: Actor, reason: str) -> bool:
    """Tax what is ordered from now on by another class that has rates, at the same prices, which hold VAT; False where it is.
    ``seen`` is the ``mark`` of the class when somebody began. Raises ChangedMeanwhile."""
    session.refresh(product, with_for_update=True)
    changes = differing(product, {"vat_class": vat_class})
    if not changes:
        return False
    check(seen, product.vat_class)
    product.vat_class = vat_class
    audit.record(Tag.PRODUCT_CHANGED, product, by=by, reason=reason, **changes)
    listings.refresh(product)
    return True


def new_category(name: str, slug: str, lead: str, *, by: Actor) -> Category:
    """A new shelf, behind the others. Raises Unreadable, Taken, CardNumber."""
    slug, name = slug.strip(), name.strip()
    if not name or not SLUG.match(slug) or len(slug) > 120:
        raise Unreadable("A category needs a name, and an address of small letters, digits and single hyphens.")
    refuse_card_number(f"{name} {lead}")
    if session.scalar(select(Category.id).where(Category.slug == slug)):
        raise Taken("address", slug)
    last = session.scalar(select(func.max(Category.position))) or 0
    return catalog.create_category(slug, name[:120], lead.strip(), last + 1, by=by)


def change_category(
    category: Category, name: str, lead: str, position: int, *, seen: str | None = None, by: Actor
) -> bool:
    """Rename, describe or move a shelf; False where nothing differs. ``seen`` is the ``mark`` of its name, words and place when
    somebody began. Raises Unreadable, CardNumber, ChangedMeanwhile."""
    if not name.strip() or not 0 <= position <= 999:
        raise Unreadable("A category needs a name and a place from 0 to 999.")
    refuse_card_number(f"{name} {lead}")
    wanted: dict[str, Any] = {"name": name.strip()[:120], "lead": lead.strip(), "position": position}
    session.refresh(category, with_for_update=True)
    changes = differing(category, wanted)
    if not changes:
        return False
    check(seen, category.name, category.lead, category.position)
    for key, (_before, after) in changes.items():
        setattr(category, key, after)
    audit.record(Tag.CATEGORY_CHANGED, category, by=by, **changes)
    if "name" in changes:  # products are found by the name of their shelf too
        tasks.schedule("catalog.reindex", category_id=category.id)
    version.bump()
    return True


def reindex(category_id: int) -> None:
    """The task after a shelf got another name: its products are found by it."""
    for product in session.scalars(select(Product).where(Product.category_id == category_id, Product.published)):
        search.index(product)


def _check_texts(texts: Texts, story: str) -> None:
    if not tidy(texts.name) or len(texts.name.strip()) > 120:
        raise Unreadable("The product needs a name of at most 120 characters.")
    if not tidy(texts.summary) or len(texts.summary.strip()) > 1_000:
        raise Unreadable("The product needs a summary of at most 1,000 characters.")
    if len(story) > LONGEST_STORY:
        raise Unreadable(f"The story is too long: at most {LONGEST_STORY:,} characters.")
    rows = " ".join(f"{name} {value}" for name, value in (*texts.facts, *texts.traits))
    refuse_card_number(f"{texts.name} {texts.summary} {richtext.plain(story)} {rows}")


def differing(row: Any, wanted: dict[str, Any]) -> dict[str, Any]:
    """Field → (before, after) of what is not so already."""
    return {name: (getattr(row, name), after) for name, after in wanted.items() if getattr(row, name) != after}


def _told(rows: Sequence[tuple[str, str]]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in rows)


def _shortened(changes: dict[str, Any]) -> dict[str, Any]:
    """What the audit keeps of texts: enough to see what changed, not a second copy of the catalogue."""
    return {name: (str(before)[:2_000], str(after)[:2_000]) for name, (before, after) in changes.items()}
