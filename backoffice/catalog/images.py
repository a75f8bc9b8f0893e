"""Pictures of products: an upload is checked, resized to the widths the shop asks for, and stored as WebP; what hangs there is
described, moved and taken down."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from sqlalchemy import select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.catalog import listings
from backoffice.catalog.editing import Unreadable
from backoffice.catalog.models import Product, ProductImage, Variant
from backoffice.core.actor import Actor
from backoffice.core.cards import refuse_card_number
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.core.seen import check
from backoffice.files import service as files
from backoffice.files.models import StoredFile

LARGEST_UPLOAD = 12 * 1024 * 1024  # bytes
CALLED = ("alt", "place", "of variant")  # what can be said of a picture, in the audit
MEDIA_TYPE = "image/webp"
_CALLED = "picture of this product"


class NotAPicture(CounterfoilError):
    status = 422

    def __init__(self, why: str) -> None:
        needs = "Send a PNG, JPEG or WebP of at least 200 pixels."
        super().__init__(f"This picture cannot be used: {why}. {needs}")


@dataclass(frozen=True)
class Prepared:
    """The renditions of one upload, stored and ready to be entered. Widths and heights in pixels."""

    width: int
    height: int
    files: Mapping[int, tuple[str, int]]  # width → sha256, bytes


def prepare(content: bytes, *, line_art: bool = False) -> Prepared:
    """Check an upload and store it in every width. Outside a unit. Raises NotAPicture.

    Line art is stored without loss, which is also smaller. Only pixels survive: metadata (places, cameras, scripts in
    comments) is left behind."""
    pixels: Any = import_module(
        "backoffice.catalog.pixels"
    )  # a web process that only shows pictures never loads Pillow
    width, height, made = pixels.renditions(content, line_art=line_art)
    return Prepared(width, height, {wide: (files.put(body), len(body)) for wide, body in made.items()})


def add(
    product: Product, prepared: Prepared, alt: str, *, by: Actor, variant: Variant | None = None, line_art: bool = False
) -> ProductImage:
    """Hang a prepared picture at the end of a product's pictures; one that hangs there already is not hung twice."""
    renditions = {str(width): sha256 for width, (sha256, _size) in prepared.files.items()}
    variant_id = variant.id if variant else None
    hanging = _locked(product)
    for image in hanging:
        if (image.renditions, image.variant_id) == (renditions, variant_id):
            return image
    for sha256, size in prepared.files.values():
        files.enter(sha256, size, name=f"{product.slug}.webp", media_type=MEDIA_TYPE)
    image = ProductImage(
        product=product,
        variant_id=variant_id,
        position=hanging[-1].position + 1 if hanging else 1,
        alt=alt,
        line_art=line_art,
        width=prepared.width,
        height=prepared.height,
        renditions=renditions,
    )
    session.add(image)
    audit.record(Tag.IMAGE_ADDED, product, by=by, alt=alt)
    listings.refresh(product)
    return image


def change(image: ProductImage, alt: str, place: int, variant: Variant | None, *, seen: str, by: Actor) -> bool:
    """Say something else of a picture, hang it at another place (1 is first), or show it first for another variant (None: for
    none); False where nothing differs. ``seen`` is the ``mark`` that `seen_of` gave when somebody began. Raises Unreadable,
    CardNumber, ChangedMeanwhile, NotFound."""
    product = image.product
    hanging = _locked(product, image)
    if not alt or not 1 <= place <= len(hanging):
        raise Unreadable(f"A picture needs a few words of what it shows, and a place from 1 to {len(hanging)}.")
    refuse_card_number(alt)
    stands = seen_of(image)
    wanted = (alt, place, variant.id if variant else None)
    if wanted == stands:
        return False
    check(seen, *stands)
    hanging.remove(image)
    hanging.insert(place - 1, image)
    image.alt, image.variant_id = alt, wanted[2]
    for number, each in enumerate(hanging, 1):
        each.position = number
    session.flush()
    session.expire(product, ["images"])
    told = zip(CALLED, _told(product, stands), _told(product, wanted), strict=True)
    changes: dict[str, Any] = {name: (before, after) for name, before, after in told if before != after}
    audit.record(Tag.IMAGE_CHANGED, product, by=by, **changes)
    listings.refresh(product)
    return True


def seen_of(image: ProductImage) -> tuple[str, int, int | None]:
    """What it shows, its place among the pictures of its product, and the variant for which it is shown first."""
    return image.alt, image.product.images.index(image) + 1, image.variant_id


def of_product(product: Product, image_id: int) -> ProductImage:
    """Raises NotFound."""
    image = session.get(ProductImage, image_id)
    if image is None or image.product_id != product.id:
        raise NotFound(_CALLED)
    return image


def remove(image: ProductImage, *, by: Actor, reason: str) -> None:
    """Take a picture down; its file stays, for papers and caches may still show it. Raises NotFound."""
    product, alt = image.product, image.alt
    _locked(product, image)
    session.delete(image)
    session.flush()
    session.expire(product, ["images"])
    audit.record(Tag.IMAGE_REMOVED, product, by=by, reason=reason, alt=(alt, None))
    listings.refresh(product)


def _locked(product: Product, image: ProductImage | None = None) -> list[ProductImage]:
    """The pictures of a product in their order, as they hang once nobody else can change them. Raises NotFound where ``image``
    was taken down meanwhile."""
    session.refresh(product, with_for_update=True)
    query = select(ProductImage).where(ProductImage.product_id == product.id).order_by(ProductImage.position)
    hanging = list(session.scalars(query.execution_options(populate_existing=True)))
    session.expire(product, ["images"])
    if image is not None and image not in hanging:
        raise NotFound(_CALLED)
    return hanging


def known(sha256: str) -> StoredFile:
    """A stored picture by its hash: nothing else is ever served from the address of pictures. Raises NotFound."""
    row = session.scalars(
        select(StoredFile).where(StoredFile.sha256 == sha256, StoredFile.media_type == MEDIA_TYPE)
    ).one_or_none()
    if row is None:
        raise NotFound("picture")
    return row


def _told(product: Product, stands: tuple[str, int, int | None]) -> tuple[str, int, str]:
    """The same with the variant by its article number."""
    alt, place, variant_id = stands
    return alt, place, next((variant.sku for variant in product.variants if variant.id == variant_id), "")
