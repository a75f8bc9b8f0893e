"""A walk past every page of the shop in the states that a customer meets, for tests that look at each of them."""

import itertools
import re
from collections.abc import Callable
from email import message_from_string
from email.policy import default

from playwright.sync_api import Page, expect

from backoffice.app.edge import page as error_page
from tests.support.processes import World
from tests.support.shop import LEVEL, hidden, product_path

WIDTHS = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1440, "height": 900}}

# Pages that everybody may see: the rule, and an address of it.
VERSION = "<int(max=99999):version>"
PUBLIC = {
    "/": "/",
    "/shop/<slug>": "/shop/levels",
    "/products/<slug>": "/products/vernier-caliper",
    "/search": "/search?q=brass",
    "/cart": "/cart",
    "/terms": "/terms",
    f"/terms/{VERSION}": "/terms/1",
    "/privacy": "/privacy",
    f"/privacy/{VERSION}": "/privacy/1",
    "/withdrawal": "/withdrawal",
    f"/withdrawal/{VERSION}": "/withdrawal/1",
    "/withdraw": "/withdraw",
    "/orders/find": "/orders/find",
    "/withdraw/received": "/withdraw/received",
    "/imprint": "/imprint",
    "/delivery": "/delivery",
    f"/imprint/{VERSION}": "/imprint/1",
    "/account/login": "/account/login",
    "/account/register": "/account/register",
    "/account/forgot": "/account/forgot",
    "/admin/login": "/admin/login",
}
# The same pages where they have little to show, or something in particular.
STATES = (
    "/search?q=livel",
    "/search?q=gift&to=50",
    "/search?q=level&to=1&from=cheap",
    "/shop/levels?from=9999",
    "/shop/levels?t.Material=oak&sort=price",
    "/products/spirit-level-oak?variant=SL-100-OAK",
    "/products/hanging-and-setting",
    "/products/handbook-of-measuring",
)
REFUSALS = {403: "This page is not for everybody.", 429: "Too many requests came from your network.", 500: "Sorry."}
SOLD = (("SR-150", "2"), ("HB-PDF", "1"), ("SV-HANG", "1"))  # to ship, to download, to visit
NUMBERS = itertools.count(1)

Look = Callable[[str], None]


def come_to_rest(page: Page) -> None:
    """A page that was just asked for has no style yet, and one that is nearly ready asks for itself again."""
    page.wait_for_load_state()
    expect(page.locator("[data-again]")).to_have_count(0, timeout=20_000)
    page.wait_for_load_state()


def account_link(world: World, email: str) -> str:
    """Where the mail of a registration leads."""
    visitor = world.buyer()
    form = hidden(visitor.get("/account/register").text)
    assert "Look into your mail" in visitor.post("/account/register", {**form, "email": email, "name": "Ada"}).text
    return link_in_mail(world, email, "/account/password/")


def link_in_mail(world: World, email: str, path: str) -> str:
    def mail() -> str | None:
        texts = (file.read_text() for file in world.folder.glob("mail/*.eml"))
        found = [text for text in texts if email in text and path in text.replace("=\n", "")]
        return found[-1] if found else None

    world.wait(lambda: mail() is not None, "the link is sent")
    parsed = message_from_string(mail(), policy=default)
    return re.search(rf"({path}\S+)", parsed.get_body(("plain",)).get_content()).group(1)


def put_in(world: World, page: Page, sku: str = LEVEL, quantity: str = "1") -> None:
    page.goto(world.base + product_path(sku))
    page.locator("#quantity").fill(quantity)
    page.get_by_role("button", name="Add to cart").click()


def to_payment_page(world: World, page: Page, email: str = "ada@example.org") -> None:
    """A guest with a level, up to the provider's page."""
    put_in(world, page)
    order(page, email)


def order(page: Page, email: str) -> None:
    """From the cart to the provider's page."""
    page.get_by_role("button", name="To checkout").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Name", exact=True).first.fill("Ada Lovelace")
    page.get_by_label("Street and number").first.fill("Analytical Way 1")
    page.get_by_label("Postcode").first.fill("10115")
    page.get_by_label("Town").first.fill("Berlin")
    page.get_by_label("I accept the").check()
    page.get_by_role("button", name="Order and pay").click()


def pay_with(page: Page, card: str) -> None:
    page.wait_for_url("**/pay/sbx_*")
    page.get_by_text(f"·· {card}").click()
    page.get_by_role("button", name="Pay €").click()


def enter_office(world: World, page: Page, email: str = "olive@plumb-and-level.example") -> None:
    page.goto(world.base + "/admin/login")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill("measure twice")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(re.compile("/admin/$"))


def full_order(world: World, shopper: Page, desk: Page) -> str:
    """The address of an order that has everything: a part of it sent, a file, a proposed date, money given back."""
    for sku, quantity in SOLD:
        put_in(world, shopper, sku, quantity)
    order(shopper, "everything@example.org")
    pay_with(shopper, "4242")
    expect(shopper.get_by_role("heading", level=1)).to_have_text("Thank you, it is yours")
    enter_office(world, desk)
    desk.goto(f"{world.base}/admin/orders/?email=everything@example.org")
    desk.locator("table.list a").first.click()
    desk.get_by_text("Mark as shipped …").click()
    desk.get_by_label(re.compile("Steel rule")).fill("1")
    desk.get_by_label("Number of the parcel").fill("JD0146")
    desk.get_by_role("button", name="Mark as shipped").click()
    expect(desk.get_by_text("The parcel is noted")).to_be_visible()
    desk.get_by_text("Propose a date …").click()
    desk.locator("[name=starts_at]").fill("2099-03-02T10:00")
    desk.get_by_role("button", name="Propose a date").click()
    expect(desk.get_by_text("The date is proposed by mail.")).to_be_visible()
    desk.get_by_role("link", name="Give money back").first.click()
    desk.get_by_label("Sum in EUR").fill("7.77")
    desk.get_by_role("button", name="This sum").click()
    desk.get_by_label("Why?").select_option("goodwill")
    desk.get_by_role("button", name=re.compile("^Give .* back$")).click()
    expect(desk.locator("main")).to_contain_text("on its way back")
    return shopper.url


def walk_around(world: World, page: Page, look: Look) -> None:
    """What can be seen without buying, and what is not there."""
    for rule, path in PUBLIC.items():
        page.goto(world.base + path)
        look(rule)
    for path in (*STATES, "/nothing-here"):
        page.goto(world.base + path)
        look(path)


def be_refused(world: World, page: Page, look: Look) -> None:
    """Pages that a test cannot bring about without spoiling the shop for others: rendered here, shown under its address."""
    from wsgi import app  # noqa: PLC0415 - reads the environment of the test process

    for status, words in REFUSALS.items():
        with app.test_request_context("/refused"):
            html = app.make_response(error_page(status, words)).get_data(as_text=True)
        _stand_in(page, f"{world.base}/refused-{status}", html)
        page.goto(f"{world.base}/refused-{status}")
        look(f"refused {status}")
    switch = world.folder / "maintenance"
    switch.write_text("We open again at 14:30.")
    try:
        page.goto(world.base + "/")
        look("maintenance")
    finally:
        switch.unlink()


def _stand_in(page: Page, address: str, html: str) -> None:
    page.route(address, lambda route: route.fulfill(body=html, content_type="text/html"))


def buy(world: World, page: Page, look: Look) -> None:
    """A full cart, a form that is wrong, a visit where nobody goes, a card that is declined, an order that waits and is
    given up."""
    put_in(world, page, "SV-HANG")
    put_in(world, page)
    look("/cart full")
    page.get_by_role("button", name="To checkout").click()
    look("/checkout")
    page.get_by_role("button", name="Order and pay").click()
    look("/checkout wrong")
    page.locator("#country").select_option("SE")
    again = page.get_by_role("button", name="Show the prices")
    if again.is_visible():  # without JavaScript; with it the page asks by itself
        again.click()
    expect(page.get_by_text("offered in Austria, Denmark, and Germany only").first).to_be_visible()
    expect(page.get_by_role("button", name="Order and pay")).to_be_disabled()
    look("/checkout where nobody goes")
    page.locator("#country").select_option("DE")
    if again.is_visible():
        again.click()
    expect(page.get_by_role("button", name="Order and pay")).to_be_enabled()
    page.goto(world.base + "/cart")
    page.get_by_role("button", name=re.compile("Remove.*Hanging")).click()
    order(page, "ada@example.org")
    page.wait_for_url("**/pay/sbx_*")
    look("provider: payment page")
    pay_with(page, "0002")
    page.wait_for_url(world.base + "/pay/**")
    look("/pay/<token>")
    page.get_by_role("link", name=re.compile(r"Your order \d+")).click()
    look("/orders/<token> unpaid")
    page.locator("summary", has_text="Cancel this order").click()
    page.get_by_role("button", name="Yes, cancel it").click()
    look("/orders/<token> cancelled")


def come_back_to(place: str, page: Page, look: Look) -> None:
    """An order with parcels, downloads, a date to answer and money given back; and the form to withdraw from it."""
    page.goto(place)
    for words in ("Your downloads", "Our visit", "Your parcels", "Refunds"):
        expect(page.get_by_role("heading", name=words)).to_be_visible()
    look("/orders/<token>")
    page.get_by_role("link", name="Withdraw from this contract").click()
    look("/withdraw filled in")
    page.goto(place.replace("/orders/", "/orders/x"))
    look("/orders/<token> altered")


def have_an_account(world: World, page: Page, look: Look) -> None:
    """From the mail of a registration to a saved address and a kept card."""
    page.goto(world.base + account_link(world, f"tour-{next(NUMBERS)}@example.org"))
    look("/account/password/<token>")
    page.get_by_label("Password").fill("a short sentence")
    page.get_by_role("button", name="Save and log in").click()
    look("/account empty")
    page.get_by_role("link", name="Add an address").click()
    look("/account/addresses/new")
    for label, words in (("Street and number", "Way 1"), ("Postcode", "10115"), ("Town", "Berlin")):
        page.get_by_label(label).fill(words)
    page.get_by_role("button", name="Save").click()
    look("/account")
    moved = f"moved-{next(NUMBERS)}@example.org"
    page.locator("summary", has_text="Use another e-mail address").click()
    page.get_by_role("textbox", name="E-mail").fill(moved)
    page.get_by_role("button", name="Send me the link").click()
    look("/account wrong")
    page.get_by_label("Your password, so that it is you").fill("a short sentence")
    page.get_by_role("button", name="Send me the link").click()
    page.goto(world.base + link_in_mail(world, moved, "/account/email/"))
    look("/account/email/<token>")
    page.get_by_role("button", name="Use this address").click()
    expect(page.locator("main")).to_contain_text(moved)
    page.get_by_role("link", name=re.compile("^Change")).click()
    look("/account/addresses/<ref>")
    page.goto(world.base + "/account/orders")
    look("/account/orders")
    page.goto(world.base + "/account/payment-methods")
    look("/account/payment-methods")
    page.get_by_role("button", name="Add a card").click()
    page.wait_for_url("**/setup/sst_*")
    look("provider: page on which a card is entered")
    page.get_by_role("button", name="Keep it").click()
    expect(page.locator("main")).to_contain_text("is kept.")
    look("/account/payment-methods/<ref> which leads there, with a card")
