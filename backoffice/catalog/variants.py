"""Variants of a product: what is really bought, under an article number, and the files of those that are downloaded."""

import re
from collections.abc import Sequence

from sqlalchemy import select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.catalog import listings
from backoffice.catalog import service as catalog
from backoffice.catalog.editing import Taken, Unreadable, differing
from backoffice.catalog.models import DigitalAsset, Product, ProductKind, Variant
from backoffice.core import clock, references
from backoffice.core.actor import Actor
from backoffice.core.cards import refuse_card_number
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError
from backoffice.core.folding import fold
from backoffice.core.seen import check
from backoffice.files.models import StoredFile

SKU = re.compile(r"^[A-Z0-9][A-Z0-9./-]{0,59}$")


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


def check_sku(sku: str, *, of: Variant | None = None) -> str:
    """An article number for a new variant, or another one for this. Raises Unreadable, Taken."""
    sku = sku.strip().upper()
    if not SKU.match(sku):
        raise Unreadable("An article number holds capital letters, digits, hyphens, dots and slashes, at most 60.")
    if session.scalar(select(Variant.id).where(Variant.sku == sku, Variant.id != (of.id if of else 0))):
        raise Taken("article number", sku)
    return sku


def add(product: Product, sku: str, choices: Sequence[str], *, by: Actor) -> Variant:
    """Offer a product in one more variant, withdrawn until it has a price. Raises Unreadable, Taken, CardNumber."""
    sku = check_sku(sku)
    values = _values(product, choices)
    variant = Variant(
        ref=references.new("var"),
        product_id=product.id,
        sku=sku,
        label=", ".join(values),
        choices={"values": values},
        position=max((item.position for item in product.variants), default=0) + 1,
        published=False,
    )
    session.add(variant)
    session.flush()
    session.expire(product, ["variants"])
    audit.record(Tag.VARIANT_CREATED, variant, by=by, sku=sku, product=product.ref)
    return variant


def correct(variant: Variant, sku: str, choices: Sequence[str], *, seen: str, by: Actor, reason: str) -> bool:
    """Call a variant by another article number or other values; orders and papers keep what it was called when they were
    written. False where nothing differs. ``seen`` is the ``mark`` of its number and label when somebody began. Raises
    Unreadable, Taken, CardNumber, ChangedMeanwhile."""
    product = variant.product
    session.refresh(product, with_for_update=True)  # of two at the same moment the second finds what the first wrote
    session.refresh(variant)
    sku, values = check_sku(sku, of=variant), _values(product, choices, but=variant)
    wanted = {"sku": sku, "label": ", ".join(values), "choices": {"values": values}}
    changes = differing(variant, wanted)
    if not changes:
        return False
    check(seen, variant.sku, variant.label)
    for name, (_before, after) in changes.items():
        setattr(variant, name, after)
    changes.pop("choices", None)  # the label says them
    audit.record(Tag.VARIANT_CHANGED, variant, by=by, reason=reason, **changes)
    listings.refresh(product)
    return True


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
    changes = differing(
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


def _publish(variant: Variant, published: bool, reason: str, by: Actor) -> bool:
    if variant.published == published:
        return False
    variant.published = published
    audit.record(Tag.VARIANT_CHANGED, variant, by=by, reason=reason, published=(not published, published))
    listings.refresh(variant.product)
    return True


def _values(product: Product, choices: Sequence[str], *, but: Variant | None = None) -> list[str]:
    """What is typed for each of the product's options, as none ``but`` this has it. Raises Unreadable, Taken, CardNumber."""
    options = product.options.get("names", [])
    values = [choice.strip()[:80] for choice in choices if choice.strip()]
    if len(values) != len(options):
        raise Unreadable(f"Name a value for each of: {', '.join(options) or 'nothing, it has a single variant'}.")
    label = ", ".join(values)
    refuse_card_number(label)
    others = [variant for variant in product.variants if variant is not but]
    if any(fold(variant.label) == fold(label) for variant in others):  # as the databases compare them
        raise Taken("variant", label or product.name)
    return values
