"""Pictures of a product at the catalogue desk: hung, described, moved, shown first for a variant, and taken down."""

import io
import re

import pytest
from PIL import Image
from sqlalchemy import select

from backoffice.models import AuditEntry, Product, ProductImage, Variant
from storefront import fragments
from tests.support.office import all_fields, level, post
from tests.support.shop import LEVEL, hidden, product_path


def picture(size=(400, 300), form="PNG", colour="#885522") -> io.BytesIO:
    body = io.BytesIO()
    Image.new("RGB", size, colour).save(body, form)
    body.seek(0)
    return body


def test_a_picture_is_hung_shown_and_taken_down(shop, carl):
    address = f"/admin/products/{level(shop).ref}"
    form = hidden(carl.get(address).text)
    sent = {**form, "picture": (picture(), "level.png"), "alt": "The level from above"}
    page = carl.post(f"{address}/picture", data=sent, follow_redirects=True).text
    assert "The picture is added" in page
    again = {**form, "picture": (picture(), "level.png"), "alt": "The level from above"}
    before = shop.count(ProductImage)
    carl.post(f"{address}/picture", data=again)  # pressed twice: it hangs once
    assert shop.count(ProductImage) == before
    image = shop.all(select(ProductImage))[-1]
    fragments.forget()
    assert "The level from above" in shop.app.test_client().get(product_path(LEVEL)).text
    post(carl, f"{address}/picture/{image.id}/remove", address, reason="blurred")
    fragments.forget()
    assert "The level from above" not in shop.app.test_client().get(product_path(LEVEL)).text
    assert [tag for tag in shop.tags(level(shop).ref) if tag.startswith("image.")][-2:] == [
        "image.added",
        "image.removed",
    ]


@pytest.mark.parametrize("content", [b"no picture", b"", b"GIF89a" + b"0" * 500])
def test_what_is_no_picture_is_refused(shop, carl, content):
    address = f"/admin/products/{level(shop).ref}"
    form = hidden(carl.get(address).text)
    sent = {**form, "picture": (io.BytesIO(content), "x.png"), "alt": "x"}
    answer = carl.post(f"{address}/picture", data=sent, follow_redirects=True)
    assert 'class="flash bad"' in answer.text


def test_a_picture_may_be_larger_than_any_other_form(shop, carl):
    address = f"/admin/products/{level(shop).ref}"
    form = hidden(carl.get(address).text)
    large = io.BytesIO(b"\x89PNG" + b"0" * 3_000_000)
    sent = {**form, "picture": (large, "x.png"), "alt": "x"}
    answer = carl.post(f"{address}/picture", data=sent, follow_redirects=True)
    assert "cannot be used" in answer.text
    refused = carl.post(f"{address}/texts", data={**form, "story": "x" * 3_000_000})
    assert refused.status_code == 413


@pytest.fixture
def hung(shop, carl):
    """The address of a product with three pictures, red, green and blue in that order."""
    address = f"/admin/products/{level(shop).ref}"
    for image in shop.all(select(ProductImage).where(ProductImage.product_id == level(shop).id)):
        post(carl, f"{address}/picture/{image.id}/remove", address, reason="making room")
    for alt, colour in (("red", "#aa2222"), ("green", "#22aa22"), ("blue", "#2222aa")):
        form = {**hidden(carl.get(address).text), "picture": (picture(colour=colour), "p.png"), "alt": alt}
        carl.post(f"{address}/picture", data=form)
    return address


def hanging(shop) -> dict[str, int]:
    query = select(ProductImage).where(ProductImage.product_id == level(shop).id).order_by(ProductImage.position)
    return {row.alt: row.id for row in shop.all(query)}


def in_shop(shop) -> list[str]:
    fragments.forget()
    page = shop.app.test_client().get(product_path(LEVEL)).text
    return [alt for alt in dict.fromkeys(re.findall(r'alt="([^"]*)"', page)) if alt in ("red", "green", "blue", "sea")]


def test_a_picture_is_moved_and_described_and_the_shop_shows_it_so(shop, carl, hung):
    assert in_shop(shop)[0] == "red"
    blue = hanging(shop)["blue"]
    said = post(
        carl,
        f"{hung}/picture/{blue}",
        hung,
        **{**all_fields(carl.get(hung).text, f"{hung}/picture/{blue}"), "alt": "sea", "place": "1"},
    )
    assert "customers see it so now" in said
    assert list(hanging(shop)) == ["sea", "red", "green"]
    assert in_shop(shop)[0] == "sea"
    entry = shop.all(select(AuditEntry).where(AuditEntry.tag == "image.changed"))[-1]
    assert entry.changes == {"alt": ["blue", "sea"], "place": [3, 1]}
    before = shop.count(AuditEntry)
    post(carl, f"{hung}/picture/{blue}", hung, **all_fields(carl.get(hung).text, f"{hung}/picture/{blue}"))
    assert shop.count(AuditEntry) == before, "nothing was different"


def test_what_cannot_be_said_of_a_picture_changes_nothing(shop, carl, hung):
    place = f"{hung}/picture/{hanging(shop)['green']}"
    page = carl.get(hung).text
    for wrong, words in (
        ({"place": "4"}, "a place from 1 to 3"), ({"place": "0"}, "a place from 1 to 3"), ({"alt": " "}, "a few words"),
        ({"alt": "4242 4242 4242 4242"}, "card"), ({"variant": "var_none"}, "variant"),
    ):  # fmt: skip
        assert words in post(carl, place, hung, **{**all_fields(page, place), **wrong})
    assert list(hanging(shop)) == ["red", "green", "blue"]
    post(carl, f"{hung}/picture/{hanging(shop)['blue']}", hung, alt="blue", place="1", variant="", seen="")
    assert list(hanging(shop)) == ["red", "green", "blue"]
    old = all_fields(page, place)
    first = f"{hung}/picture/{hanging(shop)['blue']}"
    post(carl, first, hung, **{**all_fields(page, first), "place": "1"})
    assert "Somebody changed this" in post(carl, place, hung, **{**old, "alt": "lawn"})
    assert "lawn" not in hanging(shop)


def test_a_picture_is_shown_first_for_the_variant_that_it_shows(shop, carl, hung):
    product = level(shop)
    variants = shop.all(select(Variant).where(Variant.product_id == product.id).order_by(Variant.position))
    place = f"{hung}/picture/{hanging(shop)['green']}"
    chosen = variants[-1]
    post(carl, place, hung, **{**all_fields(carl.get(hung).text, place), "variant": chosen.ref})
    row = shop.all(select(ProductImage).where(ProductImage.id == hanging(shop)["green"]))[0]
    assert row.variant_id == chosen.id
    assert shop.all(select(AuditEntry).where(AuditEntry.tag == "image.changed"))[-1].changes == {
        "of variant": ["", chosen.sku]
    }


def test_a_picture_of_another_product_is_not_touched(shop, carl, hung):
    other = shop.all(select(Product.ref).where(Product.id != level(shop).id))[0]
    said = post(carl, f"/admin/products/{other}/picture/{hanging(shop)['red']}/remove", hung, reason="a slip")
    assert "picture of this product" in said
    assert "red" in hanging(shop)
