"""Every page of the shop on a phone and on a desk, with and without JavaScript: it fits, it is quiet, it works."""

import re

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Route, expect

from tests.browser import tour
from tests.browser.tour import WIDTHS, account_link, pay_with
from tests.support.processes import World
from tests.support.shop import product_path

EXPECTED = {
    200,
    303,
    304,
    404,
    422,
    503,
}  # what the tour meets: it gets lost, forgets fields, and comes while the shop is shut

pytestmark = [pytest.mark.browser, pytest.mark.redis, pytest.mark.parametrize("world", ["sqlite"], indirect=True)]


def is_trouble(message: ConsoleMessage) -> bool:
    """Whether a console says more than that an answer was a refusal, which the test looks at itself."""
    return message.type in ("error", "warning") and "Failed to load resource" not in message.text


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_fits_and_is_quiet(world: World, browser: Browser, everything: str, width: str, javascript: bool):
    context = browser.new_context(viewport=WIDTHS[width], java_script_enabled=javascript)
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if is_trouble(message) else None)
    page.on(
        "response",
        lambda answer: problems.append(f"{answer.status} {answer.url}") if answer.status not in EXPECTED else None,
    )
    context.set_default_timeout(20_000)

    def look(name: str) -> None:
        tour.come_to_rest(page)
        heading = page.get_by_role("heading", level=1)
        expect(heading, name).to_have_count(1)
        expect(heading, name).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than the screen"

    tour.walk_around(world, page, look)
    tour.be_refused(world, page, look)
    tour.buy(world, page, look)
    tour.come_back_to(everything, page, look)
    tour.have_an_account(world, page, look)
    assert problems == []
    context.close()


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
def test_a_gift_is_sent_abroad(world: World, browser: Browser, javascript: bool):
    """A present under 50 euro, found by searching for one. The price of delivery follows the country: by itself with
    JavaScript, by a second press without."""
    context = browser.new_context(viewport=WIDTHS["phone"], java_script_enabled=javascript)
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto(world.base + "/")
    page.get_by_role("link", name="Search").click()
    page.get_by_role("searchbox").fill("gift")
    page.get_by_label("Price up to").fill("50")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("Balance with weights")).to_have_count(0)  # a present, but a dear one
    page.get_by_role("link", name="Pocket level").click()
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("button", name="To checkout").click()
    for name, words in (
        ("email", "ada@example.org"),
        ("name", "Ada"),
        ("street", "Way 1"),
        ("postcode", "10115"),
        ("city", "Berlin"),
    ):
        page.locator(f"#{name}").fill(words)
    page.get_by_label("Send it to another address").check()
    for name, words in (("name", "Grace"), ("street", "Harbour 3"), ("postcode", "2100"), ("city", "København")):
        page.locator(f"#to_{name}").fill(words)
    page.locator("#to_country").select_option("DK")
    page.locator("#gift_note").fill("For your new shelf")
    page.get_by_label("I accept the").check()
    if javascript:
        expect(page.locator("[data-total]")).to_have_text("€\N{NO-BREAK SPACE}47.90")
    else:
        page.get_by_role("button", name="Order and pay").click()
        expect(page.get_by_role("alert")).to_contain_text("the total is €\N{NO-BREAK SPACE}47.90 now")
        expect(page.locator("#to_street")).to_have_value("Harbour 3")
    page.get_by_role("button", name="Order and pay").click()
    pay_with(page, "4242")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, your gift is ordered")
    expect(page.get_by_text("For your new shelf")).to_be_visible()
    context.close()


@pytest.mark.parametrize("javascript", [True, False])
def test_another_saved_address_takes_nothing_away_that_was_typed(world: World, browser: Browser, javascript: bool):
    context = browser.new_context(viewport=WIDTHS["phone"], java_script_enabled=javascript)
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto(world.base + account_link(world, f"saved-{javascript}@example.org".lower()))
    page.get_by_label("Password").fill("a short sentence")
    page.get_by_role("button", name="Save and log in").click()
    for street in ("Way 1", "Second Street 2"):
        page.goto(world.base + "/account/addresses/new")
        for name, words in (("name", "Ada"), ("street", street), ("postcode", "10115"), ("city", "Berlin")):
            page.locator(f"#{name}").fill(words)
        page.get_by_role("button", name="Save").click()
    tour.put_in(world, page)
    page.get_by_role("button", name="To checkout").click()
    expect(page.locator("#street")).to_have_value("Way 1")
    page.locator("#street").fill("Typed Lane 9")  # what is chosen after it counts
    page.get_by_label("Send it to another address").check()
    page.locator("#to_name").fill("Grace")
    page.locator("#to_country").select_option("DK")
    page.locator("#phone").fill("+49 30 1234567")
    page.get_by_role("button", name="Second Street 2, Berlin", exact=True).click()
    for name, words in (
        ("street", "Second Street 2"),
        ("country", "DE"),
        ("phone", "+49 30 1234567"),
        ("to_name", "Grace"),
        ("to_country", "DK"),
    ):
        expect(page.locator(f"#{name}")).to_have_value(words)
    page.locator("#street").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Checkout")
    expect(page.locator("#street")).to_have_value("Second Street 2")
    context.close()


def test_every_picture_of_a_product_can_be_seen_large(world: World, browser: Browser):
    for javascript in (True, False):
        context = browser.new_context(viewport=WIDTHS["phone"], java_script_enabled=javascript)
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.goto(world.base + "/products/vernier-caliper")
        second = page.locator("#picture-2 img")
        expect(page.locator("#picture-1 img")).to_be_in_viewport()
        expect(second).not_to_be_in_viewport(ratio=0.5)
        page.get_by_role("link", name="Show picture 2").click()
        expect(second).to_be_in_viewport(ratio=0.9)
        page.locator("#picture-2 a").click()
        large = page.locator("#large-2")
        expect(large.locator("img")).to_be_in_viewport(ratio=1)
        assert large.bounding_box() == {"x": 0, "y": 0, **WIDTHS["phone"]}, "all of the screen, and nothing behind it"
        large.get_by_role("link", name="Close").click()
        expect(large).to_be_hidden()
        expect(second).to_be_in_viewport(ratio=0.9)
        context.close()


def test_what_is_typed_before_the_script_is_there_stays(world: World, browser: Browser):
    """On a slow line a form is filled in, by hand or by the browser, while the script is still on its way: what was kept of
    an earlier look at the form gives way to it."""
    context = browser.new_context(viewport=WIDTHS["phone"])
    context.set_default_timeout(20_000)
    page = context.new_page()
    tour.put_in(world, page)
    page.get_by_role("button", name="To checkout").click()
    page.locator("#name").fill("Ada")
    page.locator("#city").fill("Berlin")
    page.get_by_role("button", name="Order and pay").click()
    expect(page.locator("#email-error")).to_be_visible()  # kept is now: no e-mail, this name, this town
    late: list[Route] = []
    page.route("**/shop.js*", lambda route: late.append(route))
    page.goto(world.base + "/checkout", wait_until="commit")
    page.locator("#email").fill("ada@example.org")
    page.locator("#name").fill("Grace")
    page.locator("#country").select_option("DK")
    assert late, "the script is asked for and not answered yet"
    for route in late:
        route.continue_()
    page.wait_for_load_state()
    for name, words in (("email", "ada@example.org"), ("name", "Grace"), ("city", "Berlin"), ("country", "DK")):
        expect(page.locator(f"#{name}")).to_have_value(words)
    expect(page.locator("[data-delivery]")).to_have_text("€\N{NO-BREAK SPACE}9.90")
    context.close()


def test_what_is_wrong_with_a_field_is_said_until_somebody_mends_it(world: World, browser: Browser):
    context = browser.new_context(viewport=WIDTHS["phone"])
    context.set_default_timeout(20_000)
    page = context.new_page()
    tour.put_in(world, page)
    page.get_by_role("button", name="To checkout").click()
    page.get_by_role("button", name="Order and pay").click()
    wrong = page.locator("[aria-invalid]")
    told = page.get_by_role("alert").get_by_role("listitem")
    expect(page.locator("#email-error")).to_be_visible()
    before = told.count()
    assert wrong.count() == before > 3
    page.locator("#email").press_sequentially("a")
    expect(page.locator("#email-error")).to_have_count(0)
    expect(page.locator("#email")).not_to_have_attribute("aria-invalid", "true")
    expect(told).to_have_count(before - 1)
    assert wrong.count() == before - 1
    assert "email-error" not in (page.locator("#email").get_attribute("aria-describedby") or "")
    left = page.locator("input[aria-invalid]:not([type=checkbox])").evaluate_all("all => all.map(one => one.id)")
    for name in left:
        page.locator(f"#{name}").press_sequentially("1")
    page.get_by_label("I accept the").check()
    expect(page.get_by_role("alert")).to_have_count(0)
    context.close()


def test_what_is_mended_before_the_script_is_there_is_not_called_wrong(world: World, browser: Browser):
    context = browser.new_context(viewport=WIDTHS["phone"])
    context.set_default_timeout(20_000)
    page = context.new_page()
    tour.put_in(world, page)
    page.get_by_role("button", name="To checkout").click()
    page.wait_for_load_state()
    late: list[Route] = []
    page.route("**/shop.js*", lambda route: late.append(route))
    page.get_by_role("button", name="Order and pay").click(no_wait_after=True)
    page.locator("#email").press_sequentially("a")
    page.get_by_label("I accept the").check()
    assert late, "the script is asked for and not answered yet"
    expect(page.locator("#email-error")).to_have_count(1)
    before = page.get_by_role("alert").get_by_role("listitem").count()
    for route in late:
        route.continue_()
    expect(page.locator("#email-error")).to_have_count(0)
    expect(page.get_by_role("alert").get_by_role("listitem")).to_have_count(before - 2)
    expect(page.locator("#name-error")).to_be_visible()
    context.close()


def test_a_customer_makes_an_account_and_the_office_ships_in_two_parcels(world: World, browser: Browser):
    context = browser.new_context(viewport=WIDTHS["desk"])
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto(world.base + account_link(world, "parcels@example.org"))
    page.get_by_label("Password").fill("a short sentence")
    page.get_by_role("button", name="Save and log in").click()
    page.goto(world.base + product_path("SR-300"))
    page.locator("#quantity").fill("3")
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("button", name="To checkout").click()
    expect(page.locator("#email")).to_have_value("parcels@example.org")
    for name, words in (("street", "Way 1"), ("postcode", "10115"), ("city", "Berlin")):
        page.locator(f"#{name}").fill(words)
    page.get_by_label("Keep this address").check()
    page.get_by_label("I accept the").check()
    page.get_by_role("button", name="Order and pay").click()
    pay_with(page, "4242")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, it is yours")
    order_page = page.url

    desk = context.new_page()
    desk.goto(world.base + "/admin/orders/?email=parcels@example.org")
    desk.get_by_label("E-mail").fill("olive@plumb-and-level.example")
    desk.get_by_label("Password").fill("measure twice")
    desk.get_by_role("button", name="Log in").click()
    desk.locator("table.list a").first.click()
    for pieces, left in (("2", "1"), ("1", "")):
        desk.get_by_text("Mark as shipped …").click()
        desk.get_by_label(re.compile("Steel rule")).fill(pieces)
        desk.get_by_label("Number of the parcel").fill(f"JD{pieces}")
        desk.get_by_role("button", name="Mark as shipped").click()
        expect(desk.get_by_text("The parcel is noted")).to_be_visible()
        page.goto(order_page)
        expect(page.get_by_role("link", name=f"JD{pieces}")).to_be_visible()
        if left:
            expect(page.get_by_text(f"Still to come: {left} piece.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("On its way to you")
    page.goto(world.base + "/account")
    expect(page.get_by_text("Way 1, 10115 Berlin")).to_be_visible()
    context.close()


def test_an_order_on_paper_says_who_sells_and_shows_nothing_to_press(world: World, browser: Browser, everything: str):
    context = browser.new_context(viewport=WIDTHS["desk"], color_scheme="dark")
    page = context.new_page()
    page.goto(everything)
    expect(page.get_by_text("Plumb & Level Messgeräte GmbH")).to_be_hidden()
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.get_by_text("Plumb & Level Messgeräte GmbH")).to_be_visible()
    expect(page.get_by_text("DE136695976")).to_be_visible()
    expect(page.get_by_text("Analytical Way 1")).to_be_visible()
    assert page.get_by_role("button").all() == []
    assert page.locator("header.top, footer.bottom").filter(visible=True).count() == 0
    colours = page.evaluate("[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]")
    assert colours == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"], "ink on paper, whatever the screen likes"
    sheet = page.pdf(format="A4")
    assert sheet.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", sheet)) <= 2
    context.close()
