"""Changing what stands in the catalogue: texts, shelves, variants, pictures. Customers see it with the commit."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.catalog import listings, pricing, richtext, search, version
from backoffice.catalog import service as catalog
from backoffice.catalog.models import Category, DigitalAsset, Product, ProductImage, ProductKind, ProductTrait, Variant
from backoffice.core import clock, references
from backoffice.core.actor import Actor
from backoffice.core.cards import refuse_card_number
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.core.folding import fold
from backoffice.core.formatting import is_country
from backoffice.core.seen import check
from backoffice.core.typed import tidy
from backoffice.files.models import StoredFile
from backoffice.tasks import service as tasks

SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
SKU = re.compile(r"^[A-Z0-9][A-Z0-9./-]{0,59}$")
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


class LastVariant(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__("This is the last variant that is sold. Withdraw the product instead.")


class LastFile(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__(
            "This is the only file of something that is sold. Attach another one first, or withdraw the product."
        )


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


def check_sku(sku: str) -> str:
    """Raises Unreadable, Taken."""
    sku = sku.strip().upper()
    if not SKU.match(sku):
        raise Unreadable("An article number holds capital letters, digits, hyphens, dots and slashes, at most 60.")
    if session.scalar(select(Variant.id).where(Variant.sku == sku)):
        raise Taken("article number", sku)
    return sku


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
    changes = _differing(product, wanted)
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


def add_variant(product: Product, sku: str, choices: Sequence[str], *, by: Actor) -> Variant:
    """Offer a product in one more variant, withdrawn until it has a price. Raises Unreadable, Taken."""
    sku = check_sku(sku)
    options = product.options.get("names", [])
    values = [choice.strip()[:80] for choice in choices if choice.strip()]
    if len(values) != len(options):
        raise Unreadable(f"Name a value for each of: {', '.join(options) or 'nothing, it has a single variant'}.")
    label = ", ".join(values)
    if any(fold(variant.label) == fold(label) for variant in product.variants):  # as the databases compare them
        raise Taken("variant", label or product.name)
    variant = Variant(
        ref=references.new("var"),
        product_id=product.id,
        sku=sku,
        label=label,
        choices={"values": values},
        position=max((item.position for item in product.variants), default=0) + 1,
        published=False,
    )
    session.add(variant)
    session.flush()
    session.expire(product, ["variants"])
    audit.record(Tag.VARIANT_CREATED, variant, by=by, sku=sku, product=product.ref)
    return variant


def offer(variant: Variant, *, by: Actor) -> bool:
    """Sell a variant; False if it is sold."""
    return _publish(variant, True, "", by)


def withdraw(variant: Variant, *, by: Actor, reason: str) -> bool:
    """Sell a variant no more; False if it is not sold. Raises LastVariant for the last one of a published product."""
    others = [item for item in variant.product.variants if item.published and item.id != variant.id]
    if variant.published and variant.product.published and not others:
        raise LastVariant
    return _publish(variant, False, reason, by)


def attach(
    variant: Variant, file: StoredFile, name: str, media_type: str, most_downloads: int, *, by: Actor
) -> DigitalAsset:
    """Let buyers of a variant download a file under a name; the same once more is the one that is there. Raises Unreadable
    for a variant that is no download, Taken."""
    if variant.product.kind != ProductKind.DIGITAL:
        raise Unreadable("Only what is downloaded has files.")
    query = select(DigitalAsset).where(DigitalAsset.variant_id == variant.id, DigitalAsset.name == name)
    known = session.scalars(query).one_or_none()
    if known is None:
        return catalog.attach(variant, file, name, most_downloads, by=by, media_type=media_type)
    if known.file_id != file.id:
        raise Taken("file name", name)
    changes = _differing(
        known, {"media_type": media_type, "most_downloads": most_downloads, "taken_away_at": None}
    )  # fmt: skip
    for field, (_before, after) in changes.items():
        setattr(known, field, after)
    if changes:
        audit.record(Tag.VARIANT_CHANGED, variant, by=by, file=(None, name), **changes)
    return known


def detach(asset: DigitalAsset, *, by: Actor, reason: str) -> bool:
    """Give a file to nobody who orders from now on; False where it is so. Raises LastFile for one without which a download
    that is sold would have none."""
    session.execute(select(Variant.id).where(Variant.id == asset.variant_id).with_for_update())
    session.refresh(asset)  # of two colleagues with two files the second finds its own the last
    if asset.taken_away_at is not None:
        return False
    variant = asset.variant
    if variant.is_sold and len(catalog.assets_of([variant.id])) == 1:
        raise LastFile
    asset.taken_away_at = clock.now()
    audit.record(Tag.VARIANT_CHANGED, variant, by=by, reason=reason, file=(asset.name, None))
    return True


def remove_image(product: Product, image_id: int, *, by: Actor, reason: str) -> None:
    """Take a picture down; its file stays, for papers and caches may still show it. Raises NotFound."""
    image = session.scalars(
        select(ProductImage).where(ProductImage.id == image_id, ProductImage.product_id == product.id)
    ).one_or_none()
    if image is None:
        raise NotFound("picture of this product")
    session.delete(image)
    session.flush()
    audit.record(Tag.IMAGE_REMOVED, product, by=by, reason=reason, alt=(image.alt, None))
    listings.refresh(product)


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
    changes = _differing(category, wanted)
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


def _publish(variant: Variant, published: bool, reason: str, by: Actor) -> bool:
    if variant.published == published:
        return False
    variant.published = published
    audit.record(Tag.VARIANT_CHANGED, variant, by=by, reason=reason, published=(not published, published))
    listings.refresh(variant.product)
    return True


def _check_texts(texts: Texts, story: str) -> None:
    if not tidy(texts.name) or len(texts.name.strip()) > 120:
        raise Unreadable("The product needs a name of at most 120 characters.")
    if not tidy(texts.summary) or len(texts.summary.strip()) > 1_000:
        raise Unreadable("The product needs a summary of at most 1,000 characters.")
    if len(story) > LONGEST_STORY:
        raise Unreadable(f"The story is too long: at most {LONGEST_STORY:,} characters.")
    rows = " ".join(f"{name} {value}" for name, value in (*texts.facts, *texts.traits))
    refuse_card_number(f"{texts.name} {texts.summary} {richtext.plain(story)} {rows}")


def _differing(row: Any, wanted: dict[str, Any]) -> dict[str, Any]:
    """Field → (before, after) of what is not so already."""
    return {name: (getattr(row, name), after) for name, after in wanted.items() if getattr(row, name) != after}


def _told(rows: Sequence[tuple[str, str]]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in rows)


def _shortened(changes: dict[str, Any]) -> dict[str, Any]:
    """What the audit keeps of texts: enough to see what changed, not a second copy of the catalogue."""
    return {name: (str(before)[:2_000], str(after)[:2_000]) for name, (before, after) in changes.items()}
