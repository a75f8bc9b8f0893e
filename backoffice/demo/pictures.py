"""The demo shop's pictures: drawn, made into pixels, and sent through the same door as any upload. And its files."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from sqlalchemy import select

from backoffice.catalog import images
from backoffice.catalog import service as catalog
from backoffice.catalog.images import Prepared
from backoffice.catalog.models import Product, ProductImage
from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import session
from backoffice.core.ports import Ports, ports
from backoffice.demo import recordings
from backoffice.demo.drawings import draw
from backoffice.demo.goods import GOODS, Good
from backoffice.files import service as files

WIDTH = 1200  # pixels
HANDBOOK = Path(__file__).with_name("handbook.typ")
DOWNLOADS = 5


def hang() -> int:
    """Draw what has no picture yet; the number of pictures made. Outside a unit: drawing takes seconds."""
    with units.read():
        done = set(session.scalars(select(Product.slug).join(ProductImage, ProductImage.product_id == Product.id)))
        there = set(session.scalars(select(Product.slug)))
    wanted = [good for good in GOODS if good.slug in there - done]
    port = ports()
    with ThreadPoolExecutor(2) as pool:
        pixels = list(pool.map(lambda good: _pixels(port, good), wanted))
    made = 0
    for good, drawings in zip(wanted, pixels, strict=True):
        prepared = [images.prepare(png, line_art=True) for png in drawings]
        units.write(partial(_hang, good, prepared))
        made += len(prepared)
    return made


def attach() -> None:
    """Give the digital goods their files."""
    for good in GOODS:
        with units.read():
            there = {asset.name for asset in catalog.assets_of([catalog.variant(good.offered[0].sku).id])}
        for name, maker in good.files:
            if name in there:
                continue
            record = recordings.RECORDINGS.get(maker)
            content = record() if record else ports().papers.pdf(HANDBOOK, {"dated": "2026-03-01"})
            sha256 = files.put(content)
            units.write(partial(_attach, good, name, sha256, len(content)))


def _drawings(good: Good) -> list[tuple[int | str, ...]]:
    """What is drawn of a good, the cover first."""
    distinct = list(dict.fromkeys(offered.drawing for offered in good.offered))
    return [distinct[good.cover], *(item for item in distinct if item != distinct[good.cover])]


def _pixels(port: Ports, good: Good) -> list[bytes]:
    distinct = _drawings(good)
    return [port.papers.png(draw(good.family, *measures), WIDTH) for measures in distinct]


def _hang(good: Good, prepared: list[Prepared]) -> None:
    product = catalog.by_slug(good.slug)
    distinct = _drawings(good)
    variants = {offered.drawing: catalog.variant(offered.sku) for offered in reversed(good.offered)}
    for measures, picture in zip(distinct, prepared, strict=True):
        variant = variants[measures] if len(distinct) > 1 else None
        name = f"{good.name}, {variant.label}" if variant else good.name
        images.add(product, picture, f"Line drawing: {name}", by=SYSTEM, variant=variant, line_art=True)


def _attach(good: Good, name: str, sha256: str, size: int) -> None:
    variant = catalog.variant(good.offered[0].sku)
    media_type = "application/pdf" if name.endswith(".pdf") else "audio/wav"
    catalog.attach(variant, files.enter(sha256, size, name=name, media_type=media_type), name, DOWNLOADS, by=SYSTEM)
