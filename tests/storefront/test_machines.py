"""What machines read of the shop: one address per page, what a product is and costs, what may be found."""

import json
import re
from xml.etree import ElementTree

import pytest
from sqlalchemy import update

from backoffice.catalog import service as catalog
from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import db
from backoffice.models import Product

SITE = "http://shop.example"
LEVEL_PAGE = "/products/spirit-level-oak"
PUBLIC = ("/", "/shop/levels", LEVEL_PAGE, "/terms", "/privacy", "/withdrawal", "/imprint")


def canonical(page: str) -> str:
    return re.search(r'<link rel="canonical" href="([^"]+)"', page).group(1)


def said(page: str, name: str) -> str:
    return re.search(rf'<meta (?:name|property)="{name}" content="([^"]*)"', page).group(1)


def structured(page: str) -> dict:
    return json.loads(re.search(r'<script type="application/ld\+json">(.+?)</script>', page, re.DOTALL).group(1))


@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_page_has_one_address_and_a_preview(shop, path):
    page = shop.app.test_client().get(path).text
    assert canonical(page) == said(page, "og:url") == SITE + path
    assert said(page, "description") == said(page, "og:description") != ""
    assert said(page, "og:title") != ""
    assert said(page, "og:site_name") == "Plumb &amp; Level"


def test_views_of_one_page_share_its_address_and_only_the_plain_one_is_kept(shop):
    client = shop.app.test_client()
    for view in ("?sort=price", "?t.Material=oak", "?to=50"):
        assert canonical(client.get("/shop/levels" + view).text) == SITE + "/shop/levels"
    assert "noindex" in client.get("/shop/levels?t.Material=oak").text
    assert "noindex" not in client.get("/shop/levels").text
    variant = client.get(LEVEL_PAGE + "?variant=SL-30-OAK").text
    assert canonical(variant) == SITE + LEVEL_PAGE
    assert canonical(client.get("/terms/1").text) == SITE + "/terms"


def test_a_product_says_its_price_currency_and_what_is_there(shop):
    client = shop.app.test_client()
    data = structured(client.get(LEVEL_PAGE).text)
    assert (data["@type"], data["name"]) == ("Product", "Spirit level, oak")
    offers = {offer["sku"]: offer for offer in data["offers"]}
    assert {sku: (offer["price"], offer["priceCurrency"]) for sku, offer in offers.items()} == {
        "SL-30-OAK": ("89.00", "EUR"),
        "SL-60-OAK": ("129.00", "EUR"),
        "SL-100-OAK": ("179.00", "EUR"),
    }
    assert {sku: offer["availability"] for sku, offer in offers.items()} == {
        "SL-30-OAK": "https://schema.org/InStock",
        "SL-60-OAK": "https://schema.org/InStock",
        "SL-100-OAK": "https://schema.org/OutOfStock",
    }
    client.set_cookie("currency", "DKK")
    krone = structured(client.get(LEVEL_PAGE).text)
    assert {offer["priceCurrency"] for offer in krone["offers"]} == {"DKK"}
    visit = structured(client.get("/products/hanging-and-setting").text)
    assert visit["offers"][0]["eligibleRegion"] == ["AT", "DE", "DK"]


def test_texts_of_a_product_end_no_script(shop):
    with db.engine.begin() as connection:
        connection.execute(update(Product).values(summary="</script><script>alert(1)</script>"))
    page = shop.app.test_client().get(LEVEL_PAGE).text
    assert "<script>alert" not in page
    assert structured(page)["description"] == "</script><script>alert(1)</script>"


def test_the_sitemap_lists_what_may_be_found_and_nothing_withdrawn(shop):
    client = shop.app.test_client()
    units.write(lambda: catalog.withdraw(catalog.by_slug("theodolite"), by=SYSTEM, reason="sold"))
    answer = client.get("/sitemap.xml")
    assert answer.mimetype == "application/xml"
    places = [item.text for item in ElementTree.fromstring(answer.data).findall(".//{*}loc")]
    assert len(places) == len(set(places))
    assert {SITE + "/", SITE + "/shop/levels", SITE + LEVEL_PAGE} <= set(places)
    assert SITE + "/products/theodolite" not in places
    for place in places:
        assert client.get(place.removeprefix(SITE)).status_code == 200, place
    robots = client.get("/robots.txt").text
    assert f"Sitemap: {SITE}/sitemap.xml" in robots
    forbidden = re.findall(r"Disallow: (\S+)", robots)
    assert not [place for place in places if place.removeprefix(SITE).startswith(tuple(forbidden))]
    for path in forbidden:
        assert "index, follow" not in client.get(path).text
