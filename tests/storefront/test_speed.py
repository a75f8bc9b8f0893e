"""How many statements a page costs, and what caches may keep of it. Counted, not timed."""

import pytest
from sqlalchemy import select

from backoffice.catalog import pricing, shelves, version
from backoffice.catalog import service as catalog
from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import db
from backoffice.core.money import Money
from backoffice.models import Listing
from storefront import fragments
from tests.support.accounts import registers
from tests.support.shop import LEVEL, hidden, product_path
from tests.support.statements import statements

# path → statements cold, statements warm
PAGES = {
    "/": (8, 1),
    "/shop/levels": (8, 1),
    product_path(LEVEL): (8, 1),
    "/search?q=spirit+level": (7, 1),
    "/search?q=zwieback+quark": (11, 0),
}


@pytest.fixture(autouse=True)
def _version_is_known_for_long(monkeypatch):
    """Statements are counted however slow the machine is: no second look at the version falls between two requests."""
    monkeypatch.setattr(version, "LOOK_EVERY", 600.0)


@pytest.mark.parametrize("path", PAGES)
def test_public_pages_cost_few_statements(shop, path):
    cold, warm = PAGES[path]
    client = shop.app.test_client()
    with statements() as seen:
        assert client.get(path).status_code == 200
    assert len(seen) <= cold, "\n".join(seen)
    with statements() as seen:
        assert client.get(path).status_code == 200
    assert len(seen) <= warm, "\n".join(seen)


def test_more_categories_cost_the_home_page_no_more_statements(shop):
    client = shop.app.test_client()
    with statements() as few:
        client.get("/")
    units.write(lambda: [catalog.create_category(f"more-{n}", f"More {n}", "", 90 + n, by=SYSTEM) for n in range(20)])
    fragments.forget()
    with statements() as many:
        page = client.get("/").text
    assert "More 19" not in page, "a shelf with nothing on it has no window"
    assert len(many) <= len(few)


def test_a_window_shows_the_newest_thing_that_has_a_picture(shop):
    """On both engines: one says that a picture is null, the other that there is none."""
    with units.read():
        assert {window.card for window in shelves.windows(1)} == {None}, "nothing has a picture yet"
    rows = Listing.__table__
    with db.engine.begin() as connection:
        for row in connection.execute(select(rows).where(rows.c.price_list_id == 1, rows.c.product_id % 2 == 0)).all():
            card = {**row.card, "image": {"renditions": {"320": f"{row.product_id}.jpg"}}}
            connection.execute(rows.update().where(rows.c.id == row.id).values(card=card))
    with units.read():
        found = {window.slug: window.card and window.card["slug"] for window in shelves.windows(1)}
        everything = {
            item.slug: shelves.shelf(1, item.id, shelves.Sort.NEWEST, shelves.Wishes({}), None).rows
            for item in shelves.categories()
        }
    assert found == {
        category: next((row.card["slug"] for row in rows if row.card["image"]), None)
        for category, rows in everything.items()
    }
    hidden_behind = [
        rows for rows in everything.values() if not rows[0].card["image"] and any(r.card["image"] for r in rows)
    ]
    assert hidden_behind, "somewhere the newest thing has none, and an older one has"


def test_more_articles_cost_an_order_one_statement_each(shop):
    """Its stock is counted under a condition, article by article; everything else is written down at once."""
    counts = []
    for articles in (("SR-150",), ("SR-150", "SR-300", "PL-90", "VC-150", "LL-2", "FR-200")):
        buyer = shop.buyer(f"{len(articles)}@example.org")
        for sku in articles:
            buyer.fills_cart(1, sku)
        form = buyer.checkout_form()
        with statements() as seen:
            assert buyer.client.post("/checkout", data=form).status_code == 303
        counts.append(len(seen))
    assert counts[1] - counts[0] == len(articles) - 1


def test_a_customer_who_is_logged_in_costs_a_page_two_statements_more(shop):
    client = shop.app.test_client()
    registers(shop, client)
    for path in ("/", "/shop/levels", product_path(LEVEL)):
        client.get(path)
        shop.app.test_client().get(path)
        counts = []
        for visitor in (shop.app.test_client(), client):
            with statements() as seen:
                assert visitor.get(path).status_code == 200
            counts.append(len(seen))
        assert counts[1] <= counts[0] + 2, path


def test_a_longer_shelf_costs_no_more_statements(shop):
    client = shop.app.test_client()
    counts = []
    for path in ("/shop/services", "/shop/plumb-and-square"):
        fragments.forget()
        with statements() as seen:
            client.get(path)
        counts.append(len(seen))
    assert counts[1] <= counts[0] + 1, "the stock is looked up once, however many stand there"


def test_a_whole_guest_order_costs_at_most_45_statements(shop):
    """Seven requests: category, product, add, cart, checkout, order (the payment page is opened), the order's page. The
    settlement, whoever tells of it first, is one more unit with a bound of its own."""
    client = shop.app.test_client()
    warm_up = shop.buyer("warm@example.org")
    warm_up.fills_cart()
    warm_up.client.get("/cart")
    warm_up.checkout_form()
    buyer = shop.buyer()
    client.get("/shop/levels")
    client.get("/")
    with statements() as seen:
        client.get("/shop/levels")
        page = client.get(product_path(LEVEL)).text
        client.post("/cart/add", data={**hidden(page, "variant"), "quantity": "1"})
        client.get("/cart")
        buyer.client = client
        form = buyer.checkout_form()
        answer = client.post("/checkout", data=form)
        assert answer.status_code == 303
        client.get(order_page_of(client))
    sale = shop.sale_of(buyer, answer.location)
    shop.pays(sale)
    path, order_path = shop.return_path(sale.payment_ref), shop.order_path(sale.order_ref)
    with statements() as more:
        assert client.get(path).status_code == 303
    assert "Thank you" in client.get(order_path).text
    assert len(seen) <= 45, "\n".join(seen)
    assert len(more) <= 45, "\n".join(more)


# page of a customer who is logged in, with a cart, an address, a card and orders → statements, after one visit
OWN_PAGES = {
    "/cart": 5, "/checkout": 8, "/account": 12, "/account/orders": 8, "/account/payment-methods": 4,
    "/account/addresses/new": 3, "/orders/…": 14,
}  # fmt: skip


@pytest.fixture
def customer(shop):
    """Somebody who was here before."""
    buyer = shop.buyer()
    registers(shop, buyer.client)
    buyer.fills_cart()
    sale = buyer.places({**buyer.checkout_form(), "keep_address": "y"})
    shop.pays(sale)
    shop.works()
    buyer.fills_cart()
    return buyer, sale


@pytest.mark.parametrize("path", OWN_PAGES)
def test_pages_of_a_customer_cost_few_statements_however_much_they_have(shop, customer, path):
    buyer, sale = customer
    place = path.replace("/orders/…", shop.order_path(sale.order_ref))

    def cost() -> list[str]:
        assert buyer.client.get(place).status_code == 200
        with statements() as seen:
            assert buyer.client.get(place).status_code == 200
        return seen

    few = cost()
    assert len(few) <= OWN_PAGES[path], "\n".join(few)
    for sku in ("PL-90", "SR-150", "HB-PDF"):
        buyer.fills_cart(2, sku)
    more = buyer.places()
    shop.pays(more)
    shop.works()
    for sku in ("PL-90", "SR-150", "HB-PDF"):
        buyer.fills_cart(2, sku)
    if "/orders/" in path and path != "/account/orders":
        place = shop.order_path(more.order_ref)
    many = cost()
    assert len(many) <= len(few) + (1 if place.startswith("/orders/") else 0), "\n".join(many)


def order_page_of(client) -> str:
    """The address of the order that the browser remembers."""
    return f"/orders/{client.get_cookie('order').value}"


def test_a_public_page_is_not_sent_again_until_something_changes(shop):
    client = shop.app.test_client()
    first = client.get(product_path(LEVEL))
    tag = {"If-None-Match": first.headers["ETag"]}
    assert first.headers["Cache-Control"].startswith("public")
    assert first.headers["Vary"] == "Cookie"
    assert client.get(product_path(LEVEL), headers=tag).status_code == 304
    shop.clock.forward(minutes=1)
    units.write(
        lambda: pricing.set_price(catalog.variant(LEVEL), pricing.list_in("EUR"), Money(13_000, "EUR"), by=SYSTEM)
    )
    assert client.get(product_path(LEVEL), headers=tag).status_code == 200


def test_a_product_page_is_of_its_day(shop):
    """It names a rate of VAT, and rates change at midnight without anybody touching the catalogue."""
    client = shop.app.test_client()
    first = client.get(product_path(LEVEL)).headers["ETag"]
    shop.clock.forward(days=1)
    assert client.get(product_path(LEVEL)).headers["ETag"] != first


def test_what_is_said_once_is_on_no_page_that_is_kept(shop):
    client = shop.app.test_client()
    path = "/shop/levels"
    client.get(path)
    kept = client.get(path).headers["ETag"]
    form = {"code": "DKK", "back": f"{path}?to=50"}
    client.post("/currency", data=form)
    client.post("/currency", data={**form, "code": "EUR"})
    told = client.get(path, headers={"If-None-Match": kept})
    assert (told.status_code, "were in DKK" in told.text) == (200, True), "whoever has the page sees it all the same"
    assert (told.headers.get("ETag"), told.headers["Cache-Control"]) == (None, "private, no-store")
    after = client.get(path)
    assert "were in DKK" not in after.text
    assert after.headers["ETag"]


def test_a_page_with_somebody_in_it_is_private(shop):
    buyer = shop.buyer()
    before = buyer.client.get("/").headers["ETag"]
    buyer.fills_cart()
    answer = buyer.client.get("/")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["ETag"] != before
    for path in ("/cart", "/checkout", "/account/login"):
        assert "no-store" in buyer.client.get(path).headers["Cache-Control"]


def test_the_last_piece_leaves_the_page_of_everybody(shop):
    buyer = shop.buyer()
    page = buyer.client.get("/products/theodolite").text
    assert "In stock" in page
    assert "the last one" in page
    buyer.fills_cart(1, "TD-1")
    buyer.places()
    assert "Sold out just now" in shop.app.test_client().get("/products/theodolite").text
    assert "sold out" in shop.app.test_client().get("/shop/plumb-and-square").text


def test_styles_and_scripts_carry_their_version(shop):
    page = shop.app.test_client().get("/").text
    assert "/static/shop/shop.css?v=" in page
    assert "/static/shop/shop.js?v=" in page
