"""Uploads: checked, resized, stripped of what is not pixels; nothing else is served from the address of pictures."""

import io

import pytest
from PIL import Image
from sqlalchemy import select

from backoffice.catalog import images, pixels
from backoffice.catalog import service as catalog
from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.files import service as files
from backoffice.models import ProductImage

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"])


def picture(size=(1000, 800), form="JPEG", mode="RGB", **more) -> bytes:
    body = io.BytesIO()
    Image.new(mode, size, "#884422").save(body, form, **more)
    return body.getvalue()


def test_an_upload_is_resized_to_every_width_below_its_own(shop):
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    prepared = images.prepare(picture(exif=exif))
    assert sorted(prepared.files) == [200, 400, 800, 1000]
    assert (prepared.width, prepared.height) == (1000, 800)
    for width, (sha256, size) in prepared.files.items():
        content = files.read(sha256)
        assert len(content) == size
        assert b"taken at home" not in content
        with Image.open(io.BytesIO(content)) as made:
            assert (made.format, made.width) == ("WEBP", width)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"not a picture", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        picture((100, 900)), picture()[:400], picture(form="GIF"), b"\x00" * 1000,
    ],
    ids=["empty", "text", "svg", "small", "cut", "gif", "zeros"],
)  # fmt: skip
def test_what_is_no_picture_is_refused(shop, content):
    with pytest.raises(images.NotAPicture):
        images.prepare(content)


def test_a_huge_picture_is_refused_before_it_is_opened(shop, monkeypatch):
    monkeypatch.setattr(pixels, "MOST_PIXELS", 500_000)
    with pytest.raises(images.NotAPicture, match="too many pixels"):
        images.prepare(picture())
    with pytest.raises(images.NotAPicture, match="larger than"):
        images.prepare(b"x" * (images.LARGEST_UPLOAD + 1))


def test_pictures_are_served_for_ever_and_other_files_never(shop):
    prepared = images.prepare(picture())
    units.write(lambda: images.add(catalog.by_slug("steel-rule"), prepared, "A rule", by=SYSTEM))
    (image,) = shop.all(select(ProductImage))
    sha256 = image.renditions["400"]
    client = shop.app.test_client()
    answer = client.get(f"/images/{sha256}.webp")
    assert (answer.mimetype, "immutable" in answer.headers["Cache-Control"]) == ("image/webp", True)
    assert client.get(f"/images/{sha256}.webp", headers={"If-None-Match": f'"{sha256}"'}).status_code == 304
    secret = files.put(b"an invoice")
    units.write(lambda: files.enter(secret, 10, name="invoice.pdf", media_type="application/pdf"))
    for name in (secret, "0" * 64, "x", "../../etc/passwd"):
        assert client.get(f"/images/{name}.webp").status_code == 404
    page = client.get("/products/steel-rule").text
    assert f"/images/{sha256}.webp 400w" in page
    assert 'width="1000" height="800" alt="A rule"' in page
