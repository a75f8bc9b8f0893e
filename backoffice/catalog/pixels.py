"""Pixels: an upload is opened, checked and resized. Pillow is loaded here, by whoever hangs a picture."""

import io
import warnings
from collections.abc import Mapping

from PIL import Image, ImageOps, UnidentifiedImageError

from backoffice.catalog.images import LARGEST_UPLOAD, NotAPicture

WIDTHS = (200, 400, 800, 1600)
MOST_PIXELS = 24_000_000
LONGEST_SIDE, FLATTEST = 12_000, 20  # pixels; how many times longer than wide
SMALLEST_SIDE = 200
FORMATS = ("PNG", "JPEG", "WEBP")


def renditions(content: bytes, *, line_art: bool) -> tuple[int, int, Mapping[int, bytes]]:
    """Width and height of the widest, and the WebP of every width. Raises NotAPicture."""
    picture = _opened(content)
    widths = [width for width in WIDTHS if width < picture.width] + [min(picture.width, WIDTHS[-1])]
    made = {}
    for width in sorted(set(widths)):
        height = round(picture.height * width / picture.width)
        body = io.BytesIO()
        fitting = picture.resize((width, height), Image.Resampling.LANCZOS)
        fitting.save(body, "WEBP", method=2, **({"lossless": True, "quality": 50} if line_art else {"quality": 84}))
        made[width] = body.getvalue()
    widest = max(made)
    return widest, round(picture.height * widest / picture.width), made


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
            if max(picture.size) > min(LONGEST_SIDE, FLATTEST * min(picture.size)):
                raise NotAPicture("it is too long and thin")
            ImageOps.exif_transpose(picture, in_place=True)
            mode = "RGBA" if "A" in picture.getbands() or "transparency" in picture.info else "RGB"
            return picture if picture.mode == mode else picture.convert(mode)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError, Warning) as error:
        raise NotAPicture("it is damaged, or not a picture we know") from error
