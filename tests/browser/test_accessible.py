"""axe on every page that the url map can reach, light and dark, phone and desk. Exceptions are a list with reasons."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.test_buying import WIDTHS, pay_with, to_payment_page
from tests.support.processes import World

pytestmark = [pytest.mark.browser, pytest.mark.redis, pytest.mark.parametrize("world", ["sqlite"], indirect=True)]

# Rules that do not hold, with the reason. Empty is the goal.
EXCEPTIONS: dict[str, str] = {}

# Rules of the url map that are no pages for people.
NO_PAGES = re.compile(
    r"static|healthz|readyz|metrics|\.pdf|/state$|/html$|<int:position>|/webhooks/<provider>|^/admin/$"
)


@pytest.fixture(scope="module")
def world_with_sales(world: World, browser: Browser) -> World:
    """One sale that went through, one that was declined, one that waits."""
    for card in ("4242", "0002", None):
        context = browser.new_context(viewport=WIDTHS["desk"])
        page = context.new_page()
        to_payment_page(world, page)
        if card:
            pay_with(page, card)
        page.wait_for_load_state()
        context.close()
    world.wait(lambda: len(list(world.folder.glob("mail/*.eml"))) >= 2, "the mails are sent")
    return world


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    scheme, width = request.param
    context = browser.new_context(viewport=WIDTHS[width], color_scheme=scheme)
    yield context.new_page()
    context.close()


def addresses(world: World, page: Page) -> dict[str, str]:
    """One address for each rule, found by clicking through the lists."""
    found: dict[str, str] = {}
    for desk in ("orders", "payments", "invoices", "audit", "webhooks", "mails", "tasks", "cases"):
        found[f"/admin/{desk}/"] = f"{world.base}/admin/{desk}/"
        page.goto(found[f"/admin/{desk}/"])
        link = page.locator("table.list a").first
        if link.count():
            key = "<int(max=999999999999999999):number>" if desk == "audit" else "<ref>"
            found[f"/admin/{desk}/{key}"] = world.base + link.get_attribute("href")
    page.goto(world.base + "/dev/mail/")
    found["/dev/mail/"] = page.url
    found["/dev/mail/<name>"] = world.base + page.locator("main a").first.get_attribute("href")
    return found


@pytest.mark.parametrize(
    "page", [("light", "desk"), ("dark", "phone")], indirect=True, ids=["light-desk", "dark-phone"]
)
def test_no_page_has_a_barrier(world_with_sales, page):
    from wsgi import app  # noqa: PLC0415 - reads the environment of the test process

    world = world_with_sales
    axe = Axe()
    seen: dict[str, list[str]] = {}

    def check(name: str) -> None:
        results = axe.run(
            page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
        )
        seen[name] = [
            f"{item['id']}: {item['nodes'][0]['html'][:160]} {item['nodes'][0].get('failureSummary', '')[:200]}"
            for item in results.response["violations"]
            if item["id"] not in EXCEPTIONS
        ]

    shop = world.base
    for path in ("/", "/cart", "/terms", "/terms/1", "/imprint", "/nothing-here", "/admin/login"):
        page.goto(shop + path)
        check(path)
    page.goto(shop + "/")
    page.get_by_role("button", name="Add to cart").click()
    check("/cart full")
    page.get_by_role("link", name="To checkout").click()
    check("/checkout")
    page.get_by_role("button", name="Order and pay").click()
    check("/checkout wrong")
    to_payment_page(world, page)
    page.wait_for_url("**/pay/sbx_*")
    check("provider: payment page")
    pay_with(page, "0002")
    page.wait_for_url("**/pay/**")
    check("/pay/<token>")
    page.get_by_role("link", name=re.compile(r"Your order \d+")).click()
    check("/orders/<token>")
    page.goto(world.sandbox + "/control/")
    check("provider: control page")

    page.goto(shop + "/admin/login")
    page.get_by_label("E-mail").fill("olive@plumb-and-level.example")
    page.get_by_label("Password").fill("measure twice")
    page.get_by_role("button", name="Log in").click()
    for rule, address in addresses(world, page).items():
        page.goto(address)
        check(rule)

    barriers = {name: found for name, found in seen.items() if found}
    assert barriers == {}

    pages = {rule.rule for rule in app.url_map.iter_rules() if "GET" in rule.methods and not NO_PAGES.search(rule.rule)}
    walked = {name.split(" ")[0].replace("/terms/1", "/terms/<int(max=99999):version>") for name in seen}
    assert pages - walked <= {"/admin/cases/<ref>"}, "a page that nobody walked: add it above"
