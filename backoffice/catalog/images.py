"""Pictures of products: an upload is checked, resized to the widths the shop asks for, and stored as WebP."""

import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy import func, select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.catalog import shelves
from backoffice.catalog.models import Product, ProductImage, Variant
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.files import service as files
from backoffice.files.models import StoredFile

WIDTHS = (200, 400, 800, 1600)
LARGEST_UPLOAD = 12 * 1024 * 1024  # bytes
MOST_PIXELS = 40_000_000
SMALLEST_SIDE = 200
FORMATS = ("PNG", "JPEG", "WEBP")
MEDIA_TYPE = "image/webp"


class NotAPicture(CounterfoilError):
    status = 422

    def __init__(self, why: str) -> None:
        needs = f"Send a PNG, JPEG or WebP of at least {SMALLEST_SIDE} pixels."
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
    picture = _opened(content)
    widths = [width for width in WIDTHS if width < picture.width] + [min(picture.width, WIDTHS[-1])]
    stored = {}
    for width in sorted(set(widths)):
        height = round(picture.height * width / picture.width)
        body = io.BytesIO()
        fitting = picture.resize((width, height), Image.Resampling.LANCZOS)
        fitting.save(body, "WEBP", method=2, **({"lossless": True, "quality": 50} if line_art else {"quality": 84}))
        stored[width] = (files.put(body.getvalue()), body.tell())
    widest = max(stored)
    return Prepared(widest, round(picture.height * widest / picture.width), stored)


def add(
    product: Product, prepared: Prepared, alt: str, *, by: Actor, variant: Variant | None = None, line_art: bool = False
) -> ProductImage:
    """Hang a prepared picture at the end of a product's pictures."""
    for sha256, size in prepared.files.values():
        files.enter(sha256, size, name=f"{product.slug}.webp", media_type=MEDIA_TYPE)
    last = session.scalar(select(func.max(ProductImage.position)).where(ProductImage.product_id == product.id))
    image = ProductImage(
        product=product,
        variant_id=variant.id if variant else None,
        position=(last or 0) + 1,
        alt=alt,
        line_art=line_art,
        width=prepared.width,
        height=prepared.height,
        renditions={str(width): sha256 for width, (sha256, _size) in prepared.files.items()},
    )
    session.add(image)
    audit.record(Tag.IMAGE_ADDED, product, by=by, alt=alt)
    shelves.refresh(product)
    return image


def known(sha256: str) -> StoredFile:
    """A stored picture by its hash: nothing else is ever served from the address of pictures. Raises NotFound."""
    row = session.scalars(
        select(StoredFile).where(StoredFile.sha256 == sha256, StoredFile.media_type == MEDIA_TYPE)
    ).one_or_none()
    if row is None:
        raise NotFound("picture")
    return row


def _opened(content: bytes) -> Image.Image:
    if len(content) > LARGEST_UPLOAD:
        raise NotAPicture(f"it is larger than {LARGEST_UPLOAD // 1024 // 1024} MB")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content), formats=FORMATS)
            if picture.width * picture.height > MOST_PIXELS:
                raise NotAPicture("it has too many pixels")
            if min(picture.size) < SMALLEST_SIDE:
                raise NotAPicture("it is too small")
            upright = ImageOps.exif_transpose(picture)
            return upright.convert("RGBA" if "A" in upright.getbands() or "transparency" in picture.info else "RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError, Warning) as error:
        raise NotAPicture("it is damaged, or not a picture we know") from error
