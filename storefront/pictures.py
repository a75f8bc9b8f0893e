"""Pictures as pages show them: the addresses of their widths, written once per picture."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from flask import url_for

from backoffice.core.once import once


class Picture(NamedTuple):
    """What an ``img`` needs. Addresses carry the hash of the content, so they can be kept for ever."""

    src: str  # a middling width, for browsers that choose none themselves
    srcset: str
    full: str  # the widest
    width: int  # pixels of the widest
    height: int
    alt: str
    line_art: bool
    variant_id: int | None  # which variant it shows, where it shows one


def pictured(image: Mapping[str, Any]) -> Picture:
    """A picture of the catalogue (``display.picture``) as pages show it."""
    pattern = once("image_address", lambda: url_for("storefront.image", name="NAME"))  # a page has many pictures
    widths = sorted(image["renditions"], key=int)
    addresses = [pattern.replace("NAME", image["renditions"][width]) for width in widths]
    return Picture(
        src=addresses[min(1, len(addresses) - 1)],
        srcset=", ".join([f"{address} {width}w" for width, address in zip(widths, addresses, strict=True)]),
        full=addresses[-1],
        width=image["width"],
        height=image["height"],
        alt=image["alt"],
        line_art=image["line_art"],
        variant_id=image["variant_id"],
    )
