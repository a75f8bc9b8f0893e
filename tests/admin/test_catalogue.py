"""The catalogue desk and the stockroom: what is changed there, customers see at once, and the audit says who did it."""

import html
import re

import pytest
from babel import Locale
from sqlalchemy import select

from backoffice.catalog.models import DigitalAsset, ProductKind
from backoffice.core import units
from backoffice.core.db import session
from backoffice.fulfilment.models import DeliveryMethod, DeliveryRate
from backoffice.models import AuditEntry, Category, Price, Product, StockItem, StockMovement, Variant
from backoffice.staff.roles import Role
from storefront import fragments
from tests.support.office import level, post
from tests.support.shop import LEVEL, hidden, product_path
from tests.support.staff import colleague


def texts(page: str) -> dict[str, str]:
    """The form of the texts, as it is filled in."""
    area = {
        name: html.unescape(text) for name, text in re.findall(r'<textarea name="(\w+)"[^>]*>([^<]*)</textarea>', page)
    }
    name = re.search(r'name="name" maxlength="120" required value="([^"]*)"', page).group(1)
    category = re.search(r'<option value="([^"]+)" selected>', page.partition('name="category"')[2]).group(1)
    sold_in = re.search(r'name="sold_in" value="([^"]*)"', page).group(1)
    return {**area, "name": html.unescape(name), "category": category, "sold_in": sold_in}


def test_texts_are_changed_and_customers_see_it_cleaned(shop, carl):
    product = level(shop)
    address = f"/admin/products/{product.ref}"
    typed = texts(carl.get(address).text)
    typed.update(name="Spirit level, old oak", story='<p>New <b onclick="x()">words</b></p><script>alert(1)</script>')
    typed.update(facts="Length: 60 cm\nWeight: 1.2 kg", traits="Material: Bog oak")
    assert "customers see them now" in post(carl, f"{address}/texts", address, **typed)
    fragments.forget()
    page = shop.app.test_client().get(product_path(LEVEL)).text
    assert "Spirit level, old oak" in page
    assert "<p>New words</p>" in page
    assert "alert(1)" not in page
    assert "1.2 kg" in page
    assert "Spirit level, old oak" in shop.app.test_client().get("/search?q=old+oak").text
    entry = shop.all(select(AuditEntry).where(AuditEntry.tag == "product.changed"))[-1]
    assert entry.changes["name"] == ["Spirit level, oak", "Spirit level, old oak"]
    assert entry.actor_kind == "staff"
    typed["summary"] = texts(carl.get(address).text)["summary"].replace("oak", "<b>ash</b>")
    story = post(carl, f"{address}/texts", address, **typed)
    assert "<del>oak,</del><ins>&lt;b&gt;ash&lt;/b&gt;,</ins>" in story, "what changed is marked, and nothing else"
    before = shop.count(AuditEntry)
    post(carl, f"{address}/texts", address, **typed)
    assert shop.count(AuditEntry) == before, "the same once more changes nothing"


def test_a_product_is_kept_to_some_countries(shop, carl):
    address = f"/admin/products/{level(shop).ref}"
    story = post(carl, f"{address}/texts", address, **{**texts(carl.get(address).text), "sold_in": "de, dk AT de"})
    assert level(shop).sold_in == "AT DE DK"
    assert "AT DE DK" in story
    page = shop.app.test_client().get("/products/spirit-level-oak").text
    assert "Only in Austria, Denmark, and Germany." in page


MANY_COUNTRIES = " ".join(sorted(code for code in Locale("en").territories if len(code) == 2 and code.isalpha())[:200])


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", " ", "needs a name"), ("summary", "", "needs a summary"), ("facts", "no colon here", "is not of the form"),
        ("category", "nowhere", "no such category"), ("summary", "4242 4242 4242 4242", "looks like a card number"),
        ("sold_in", "AT Narnia", "“NARNIA” is no country"), ("sold_in", MANY_COUNTRIES, "At most 120 countries"),
    ],
)  # fmt: skip
def test_texts_that_cannot_be_kept_come_back_as_they_were_typed(shop, carl, field, value, words):
    address = f"/admin/products/{level(shop).ref}"
    page = carl.get(address).text
    typed = {**texts(page), "story": "<p>An hour of work</p>", field: value}
    answer = carl.post(f"{address}/texts", data={**hidden(page), **typed})
    assert answer.status_code in (404, 422)
    assert words in answer.text
    assert "&lt;p&gt;An hour of work&lt;/p&gt;</textarea>" in answer.text
    assert level(shop).name == "Spirit level, oak"


def test_a_product_is_made_priced_stocked_and_sold(shop, carl):
    form = {
        "name": "Line reel", "slug": "line-reel", "category": "rules", "kind": "physical", "vat_class": "standard",
        "summary": "Thirty metres.", "option": "Colour", "sku": "lr-1", "choice": "Red",
    }  # fmt: skip
    page = post(carl, "/admin/products/create", "/admin/products/", **form)
    assert "nobody sees it until it is published" in page
    product = shop.all(select(Product).where(Product.slug == "line-reel"))[0]
    address = f"/admin/products/{product.ref}"
    assert "needs a variant that is sold, and a price" in post(carl, f"{address}/publish", address)
    assert "LR-1" in carl.get("/admin/stock/?level=out").text, "an article that never came is sold out"
    variant = shop.all(select(Variant).where(Variant.sku == "LR-1"))[0]
    money = {"variant": variant.ref, "currency": "EUR", "amount": "12.50", "reason": "calculated"}
    for _ in range(2):  # pressed twice, it is set once
        assert "The price is set" in post(carl, f"{address}/price", address, **money)
        shop.clock.forward(seconds=1)
    assert shop.all(select(Price.amount).where(Price.variant_id == variant.id)) == [1_250]
    post(carl, "/admin/stock/receive", sku="lr-1", pieces="7", reason="delivery note 88")
    post(carl, f"{address}/publish", address)
    fragments.forget()
    buyer = shop.buyer()
    answer = buyer.client.get("/products/line-reel")
    assert "12.50" in answer.text
    buyer.client.post("/cart/add", data={**hidden(answer.text, "variant"), "quantity": "2"})
    assert buyer.places().order_ref
    assert shop.stock("LR-1") == (7, 2)
    assert "used already" in post(carl, "/admin/products/create", "/admin/products/", **form)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"slug": "Line Reel"}, "small letters"), ({"sku": "a b"}, "article number holds"), ({"choice": ""}, "or neither"),
        ({"name": ""}, "needs a name"), ({"vat_class": "none"}, "one of the VAT rates"),
        ({"category": "x"}, "no such category"),
    ],
)  # fmt: skip
def test_a_product_that_cannot_be_made_leaves_nothing_behind(shop, carl, changes, words):
    form = {
        "name": "Line reel", "slug": "line-reel", "category": "rules", "kind": "physical", "vat_class": "standard",
        "summary": "Thirty metres.", "option": "Colour", "sku": "lr-1", "choice": "Red", **changes,
    }  # fmt: skip
    before = shop.count(Product), shop.count(Variant), shop.count(AuditEntry)
    page = post(carl, "/admin/products/create", "/admin/products/", **form)
    assert words in page
    assert "Thirty metres." in page, "what was typed stays"
    assert (shop.count(Product), shop.count(Variant)) == before[:2]


def test_a_price_from_a_day_on_counts_from_then_and_its_history_stays(shop, carl):
    product = level(shop)
    address = f"/admin/products/{product.ref}"
    variant = shop.all(select(Variant).where(Variant.sku == LEVEL))[0]
    form = {"variant": variant.ref, "currency": "EUR", "amount": "135.00", "since": "2026-11-23T08:00"}
    form["reason"] = "brass costs more"
    page = post(carl, f"{address}/price", address, **form)
    assert re.search(r"135\.00 <span class=\"soft\">from", page)
    assert re.search(r"Price set: €\s129\.00 → €\s135\.00 from 23 Nov 2026, 08:00", page)
    assert re.search(rf"by Carl [^<]*, <a [^>]*>{LEVEL}</a> · brass costs more", page), "who, of which article, and why"
    assert "23 November 2026, 08:00 CET" in page
    buyer = shop.buyer()
    buyer.fills_cart()
    assert "129.00" in buyer.client.get("/cart").text
    shop.clock.forward(days=1)
    shop.works()
    assert "135.00" in buyer.client.get("/cart").text
    history = select(Price.amount).where(Price.variant_id == variant.id, Price.price_list_id == 1)
    assert shop.all(history.order_by(Price.id)) == [12_900, 13_500]
    entry = shop.all(select(AuditEntry).where(AuditEntry.tag == "price.set"))[-1]
    assert (entry.reason, entry.actor_kind, entry.changes["price"][0]["amount"]) == (
        "brass costs more",
        "staff",
        12_900,
    )
    carl = colleague(shop, Role.CATALOGUE)
    for wrong in (
        {"amount": "1,250"},
        {"amount": "-1"},
        {"since": "2020-01-01T00:00"},
        {"since": "soon"},
        {"currency": "XXX"},
    ):
        page = post(carl, f"{address}/price", address, **{**form, "since": "", **wrong})
        assert 'class="flash bad"' in page, wrong
    assert shop.all(select(Price).where(Price.variant_id == variant.id, Price.amount == 1_250)) == []


def test_a_variant_is_added_priced_and_sold(shop, carl):
    product = level(shop)
    address = f"/admin/products/{product.ref}"
    options = product.options["names"]
    form = {"sku": "sl-77-ash", **{f"choice{place}": f"new {place}" for place in range(len(options))}}
    assert "Give it a price, then sell it" in post(carl, f"{address}/variant", address, **form)
    (variant,) = shop.all(select(Variant).where(Variant.sku == "SL-77-ASH"))
    assert (variant.product_id, variant.published) == (product.id, False)
    assert shop.tags(variant.ref) == ["variant.created"]
    assert "is used already" in post(carl, f"{address}/variant", address, **form)
    price = {"variant": variant.ref, "currency": "EUR", "reason": "new"}
    assert "digit too many" in post(carl, f"{address}/price", address, **price, amount="99999999999.00")
    post(carl, f"{address}/price", address, **price, amount="77.00")
    post(carl, f"{address}/sell", address, variant=variant.ref, sold="yes", reason="x")
    fragments.forget()
    assert "77.00" in shop.app.test_client().get(f"/products/{product.slug}?variant=SL-77-ASH").text


def test_the_last_variant_of_a_product_on_the_shelf_is_not_taken_away(shop, carl):
    product = level(shop)
    address = f"/admin/products/{product.ref}"
    variants = shop.all(select(Variant).where(Variant.product_id == product.id).order_by(Variant.position))
    for variant in variants[:-1]:
        post(carl, f"{address}/sell", address, variant=variant.ref, sold="no", reason="out of season")
    last = {"variant": variants[-1].ref, "sold": "no", "reason": "x"}
    assert "Withdraw the product instead" in post(carl, f"{address}/sell", address, **last)
    fragments.forget()
    page = shop.app.test_client().get(f"/products/{product.slug}").text
    assert variants[0].sku not in page
    post(carl, f"{address}/sell", address, variant=variants[0].ref, sold="yes", reason="back")
    assert shop.all(select(Variant.published).where(Variant.id == variants[0].id)) == [True]


def test_a_withdrawn_product_is_gone_from_the_shop(shop, carl):
    product = level(shop)
    address = f"/admin/products/{product.ref}"
    assert "Say in a few words why" in post(carl, f"{address}/withdraw", address, reason="")
    post(carl, f"{address}/withdraw", address, reason="a recall")
    fragments.forget()
    assert shop.app.test_client().get(f"/products/{product.slug}").status_code == 404
    post(carl, f"{address}/publish", address)
    fragments.forget()
    assert shop.app.test_client().get(f"/products/{product.slug}").status_code == 200


def test_categories_are_made_changed_and_moved(shop, carl):
    post(carl, "/admin/categories/create", "/admin/categories/", name="Ropes", slug="ropes", lead="For what hangs.")
    row = shop.all(select(Category).where(Category.slug == "ropes"))[0]
    address = f"/admin/categories/{row.ref}"
    post(carl, f"{address}/change", address, name="Ropes & reels", lead="", position="0")
    fragments.forget()
    assert "Ropes &amp; reels" in shop.app.test_client().get("/").text
    assert "used already" in post(carl, "/admin/categories/create", "/admin/categories/", name="R", slug="ropes")
    assert "needs a name" in post(carl, f"{address}/change", address, name=" ", position="0")


def test_stock_is_received_and_counted_with_a_reason_and_never_below_what_is_held(shop, carl):
    shop.buyer().orders(quantity=3)
    item = shop.all(select(StockItem).join(Variant, Variant.id == StockItem.variant_id).where(Variant.sku == LEVEL))[0]
    address = f"/admin/stock/{item.ref}"
    assert "Order 10001" in carl.get(address).text
    assert "still to be sent" not in carl.get(address).text, "nothing is paid yet"
    post(carl, f"{address}/correct", address, counted="20", reason="three were broken, two lost")
    assert shop.stock() == (20, 3)
    for counted, words in (("21", "There are 20 on the shelf now, and were 25"), ("20", "nothing was changed")):
        assert words in post(carl, f"{address}/correct", address, counted=counted, reason="an older page", seen="25")
    assert "3 pieces are held" in post(carl, f"{address}/correct", address, counted="2", reason="?")
    assert "no such article" in post(carl, "/admin/stock/receive", "/admin/stock/", sku="NOPE", pieces="1", reason="?")
    assert "above zero" in post(carl, "/admin/stock/receive", "/admin/stock/", sku=LEVEL, pieces="0", reason="?")
    moved = shop.all(select(StockMovement).where(StockMovement.item_id == item.id))
    assert sum(row.on_hand_change for row in moved) == 20
    assert [row.reason for row in moved][-1] == "three were broken, two lost"
    assert re.findall(r"/admin/stock/(stk_\w+)", carl.get("/admin/stock/?level=held").text) == [item.ref]


def test_pieces_are_received_once_however_often_the_form_is_sent(shop, carl):
    form = {"sku": LEVEL, "pieces": "7", "reason": "delivery note 12", "key": "key_of_the_page"}
    before, _held = shop.stock()
    for _ in range(2):
        assert "on the shelf" in post(carl, "/admin/stock/receive", "/admin/stock/", **form)
    assert shop.stock()[0] == before + 7
    post(carl, "/admin/stock/receive", "/admin/stock/", **{**form, "key": "key_of_the_next_page"})
    assert shop.stock()[0] == before + 14


def test_a_file_that_does_not_exist_yet_is_not_sold(shop, carl):
    book = shop.all(select(Product).where(Product.kind == ProductKind.DIGITAL))[0]
    address = f"/admin/products/{book.ref}"
    units.write(lambda: session.execute(DigitalAsset.__table__.delete()))
    post(carl, f"{address}/withdraw", address, reason="the file is gone")
    assert "needs its file" in post(carl, f"{address}/publish", address)
    assert shop.all(select(Product.published).where(Product.id == book.id)) == [False]


def test_products_are_found_by_the_new_name_of_their_shelf(shop, carl):
    shelf = shop.all(select(Category).where(Category.id == level(shop).category_id))[0]
    address = f"/admin/categories/{shelf.ref}"
    post(carl, f"{address}/change", address, name="Zymurgy", lead="", position=str(shelf.position))
    shop.works()
    fragments.forget()
    assert f"/products/{level(shop).slug}" in shop.app.test_client().get("/search?q=zymurgy").text


def test_delivery_costs_what_the_desk_says_from_the_next_order_on(shop, carl):
    method = shop.all(select(DeliveryMethod).where(DeliveryMethod.code == "parcel"))[0]
    rate = shop.all(select(DeliveryRate).where(DeliveryRate.method_id == method.id, DeliveryRate.currency == "EUR"))[0]
    address = f"/admin/delivery/{method.ref}"
    post(carl, f"{address}/rate", address, rate=str(rate.id), amount="5.90", free_from="", reason="fuel")
    buyer = shop.buyer()
    buyer.fills_cart()
    fragments.forget()
    assert "5.90" in buyer.client.get("/checkout").text
    for wrong in ({"amount": "-1"}, {"amount": "x"}, {"free_from": "0"}, {"rate": "999"}):
        form = {"rate": str(rate.id), "amount": "5.90", "reason": "x", **wrong}
        assert 'class="flash bad"' in post(carl, f"{address}/rate", address, **form), wrong
    for _ in range(2):  # pressed twice is once: the form says what is wished, not that it be turned
        post(carl, f"{address}/switch", address, reason="strike", offered="no")
    fragments.forget()
    assert 'value="parcel"' not in buyer.client.get("/checkout").text
    assert units.write(lambda: session.get(DeliveryMethod, method.id).active) is False
