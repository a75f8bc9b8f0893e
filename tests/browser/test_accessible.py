"""axe on every page that the url map can reach, light and dark, phone and desk. Exceptions are a list with reasons."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser import tour
from tests.browser.tour import WIDTHS
from tests.support.processes import World

pytestmark = [pytest.mark.browser, pytest.mark.redis, pytest.mark.parametrize("world", ["sqlite"], indirect=True)]

# Rules that do not hold, with the reason. Empty is the goal.
EXCEPTIONS: dict[str, str] = {}

OPEN_ALL = (
    "document.querySelectorAll('details:not([open])').forEach(part => { part.open = true; part.dataset.opened = 'y' })"
)
CLOSE_AGAIN = "document.querySelectorAll('[data-opened]').forEach(part => { part.open = false })"

LOOK = "options => axe.run(document, options).then(results => results.violations)"
ALL = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
CONTRAST = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "rule", "values": ["color-contrast"]},
    "preload": False,  # no style sheet of elsewhere
}

BE_DONE = "document.getAnimations().forEach(change => change.finish())"  # colours fade over

# Rules of the url map that are no pages for people.
NO_PAGES = re.compile(
    r"static|healthz|readyz|metrics|/of/<order>$|\.pdf|/state$|/html$|<int:position>|/quote$|\.xml$|\.txt$|\.webp$"
)


def invited_colleague(world: World, page: Page, email: str) -> str:
    """Where the mail of an invitation leads."""
    page.goto(world.base + "/admin/staff/")
    page.locator("summary", has_text="Invite a colleague").click()
    page.locator(".actions").get_by_label("Name").fill("Nora New")
    page.locator(".actions").get_by_label("E-mail").fill(email)
    page.get_by_role("button", name="Invite a colleague").click()
    return tour.link_in_mail(world, email, "/admin/welcome/")


@pytest.fixture(scope="module")
def world_with_sales(world: World, browser: Browser) -> World:
    """One sale that went through, one that was declined, one that waits."""
    for card in ("4242", "0002", None):
        context = browser.new_context(viewport=WIDTHS["desk"])
        page = context.new_page()
        tour.to_payment_page(world, page)
        if card:
            tour.pay_with(page, card)
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


# Pages of the office that no list leads to: the rule, and an address of it.
OFFICE = {
    "/admin/": "/admin/",
    "/admin/jump": "/admin/jump?q=nothing+like+it",
    "/admin/keys": "/admin/keys",
    "/admin/products/table": "/admin/products/table",
    "/admin/cases/kinds/<kind>": "/admin/cases/kinds/withdrawal",
    "/admin/ledger/balance": "/admin/ledger/balance",
    "/admin/promises/": "/admin/promises/",
    "/admin/legal/": "/admin/legal/",
    "/admin/legal/<kind>": "/admin/legal/terms",
    "/admin/breaks/books": "/admin/breaks/books",
}
DESKS = (
    "orders", "shipments", "customers", "payments", "invoices", "products", "categories", "stock", "delivery", "audit",
    "webhooks", "mails", "tasks", "batches", "cases", "staff", "refunds", "disputes", "credit_notes", "ledger",
    "breaks", "payouts", "provider_lines", "price_lists",
)  # fmt: skip


def give_back(world: World, page: Page) -> str:
    """So that there is a refund with its note to look at; the address of the page that gives back more."""
    page.goto(f"{world.base}/admin/payments/?state=settled")
    page.locator("table.list a").first.click()
    page.wait_for_load_state()
    offer = page.get_by_role("link", name="Give money back")
    if not offer.count():  # refunded and disputed by the test before
        return page.url.replace("/admin/payments/", "/admin/refunds/of/")
    offer.click()
    page.wait_for_load_state()
    place = page.url
    page.get_by_label("Sum in EUR").fill(str(next(tour.NUMBERS)))
    page.get_by_role("button", name="This sum").click()
    page.get_by_label("Why?").select_option("goodwill")
    page.get_by_role("button", name=re.compile("^Give .* back$")).click()
    expect(page.locator("main")).to_contain_text("on its way back")
    return place


def dispute_one(world: World, page: Page) -> str:
    """So that there is a dispute to look at; the address of its answer."""
    link = page.locator("table.list a").first
    page.goto(world.base + "/admin/disputes/")
    if not link.count():  # the oldest sale: the newest is refunded by give_back
        page.goto(world.sandbox + "/control/")
        sold = page.get_by_role("region", name="Payments").locator("tr", has_text="paid")
        sold.last.get_by_role("button", name="Dispute", exact=True).click()
    for _ in range(60):
        page.goto(world.base + "/admin/disputes/")
        if link.count():
            return world.base + link.get_attribute("href") + "/answer"
        page.wait_for_timeout(250)
    raise AssertionError("the dispute never arrived")


def differ_once(world: World, page: Page) -> None:
    """So that there are a difference, a payout and lines to look at: the provider has a payment that is not ours."""
    earlier = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
    foreign = {"id": "sbx_foreign", "reference": "pay_foreign", "amount": 4_200, "currency": "EUR", "method": "Visa ·· 1111",
               "created": earlier, "settled": earlier, "refunds": [], "disputes": []}  # fmt: skip
    assert page.request.post(f"{world.sandbox}/control/history", data={"payments": [foreign]}).ok
    assert page.request.post(f"{world.sandbox}/control/payouts").ok
    page.goto(f"{world.base}/admin/breaks/")
    page.get_by_role("button", name="Reconcile now").click()
    for _ in range(60):
        page.goto(f"{world.base}/admin/breaks/")
        if page.locator("table.list a").count():
            return
        page.wait_for_timeout(250)
    raise AssertionError("the difference was never found")


def do_to_many(world: World, page: Page) -> None:
    """So that there is a batch to look at; its page follows it to the end by itself."""
    page.goto(f"{world.base}/admin/orders/?state=paid")
    page.get_by_role("checkbox", name=re.compile("Tick")).first.check()
    page.locator("#many summary").click()
    page.locator("#many [name=reason]").fill("the mails were lost")
    page.get_by_role("button", name="Do it").click()
    expect(page.locator("#progress .head")).to_contain_text("Done", timeout=30_000)


# The other roles see the same pages with other buttons: each width is walked by two of them.
COLLEAGUES = {
    "desk": ("otto@plumb-and-level.example", "carl@plumb-and-level.example"),
    "phone": ("fiona@plumb-and-level.example", "vera@plumb-and-level.example"),
}


def as_colleague(world: World, page: Page, email: str, check: Callable[[str], None]) -> None:
    """Every desk that a role has, and the first thing on it."""
    page.context.clear_cookies()
    tour.enter_office(world, page, email)
    check(f"/admin/ as {email}")
    page.locator("nav a[href*='/admin/']").first.wait_for(state="attached")
    desks = page.eval_on_selector_all("nav a[href^='/admin/']", "links => [...new Set(links.map(link => link.href))]")
    assert len(desks) > 5, f"{email} has no desks"
    for desk in desks:
        page.goto(desk)
        check(f"{desk.removeprefix(world.base)} as {email}")
    if email.startswith(("carl", "vera")):
        page.goto(f"{world.base}/admin/staff/")
        expect(page.locator("h1")).to_contain_text("not open to you")
        check(f"/admin/staff/ that is refused to {email}")


def be_answered(world: World, page: Page, check: Callable[[str], None]) -> None:
    """Pages that only answer a form, well or badly, and refusals of the office."""
    for table, name in (
        ("article,EUR\nSR-150,9.10\n", "a preview"),
        ("article,EUR\nSR-150,dear\nnobody,1\n", "a bad table"),
    ):
        page.goto(f"{world.base}/admin/products/table")
        page.locator("textarea[name=table]").fill(table)
        page.get_by_role("button", name="Look through it").click()
        expect(page.locator("table.list")).to_be_visible()
        check(f"/admin/products/table with {name}")
    page.goto(f"{world.base}/admin/staff/")
    page.locator("summary", has_text="Invite a colleague").click()
    page.locator(".actions").get_by_label("Name").fill("Nora New")
    page.locator(".actions form").first.evaluate("form => { form.noValidate = true; form.requestSubmit() }")
    page.wait_for_load_state()
    check("/admin/staff/ after a form that was refused")
    page.goto(f"{world.base}/admin/no-such-page")
    check("/admin/ where nothing is")
    page.goto(f"{world.base}/admin/orders/ord_nobody")
    check("/admin/orders/ of nobody")


def addresses(world: World, page: Page) -> dict[str, str]:
    """One address for each rule, found by clicking through the lists."""
    found = {rule: world.base + path for rule, path in OFFICE.items()}
    found["/admin/refunds/of/<payment>"] = give_back(world, page) + "?what=all"
    found["/admin/disputes/<ref>/answer"] = dispute_one(world, page)
    differ_once(world, page)
    do_to_many(world, page)
    for desk in DESKS:
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
def test_no_page_has_a_barrier(world_with_sales, everything, page):
    from wsgi import app  # noqa: PLC0415 - reads the environment of the test process

    world = world_with_sales
    axe = Axe().axe_script
    seen: dict[str, list[str]] = {}
    other = {"light": "dark", "dark": "light"}
    scheme = "dark" if page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else "light"

    def check(name: str) -> None:
        tour.come_to_rest(page)
        page.evaluate(OPEN_ALL)  # forms of actions too
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than the screen"
        page.evaluate(axe)
        violations = page.evaluate(LOOK, ALL)
        page.emulate_media(color_scheme=other[scheme])  # what is said differs in nothing but its colours
        page.evaluate(BE_DONE)
        violations += page.evaluate(LOOK, CONTRAST)
        page.emulate_media(color_scheme=scheme)
        page.evaluate(BE_DONE)
        page.evaluate(CLOSE_AGAIN)
        seen[name] = [
            f"{item['id']}: {item['nodes'][0]['html'][:160]} {item['nodes'][0].get('failureSummary', '')[:200]}"
            for item in violations
            if item["id"] not in EXCEPTIONS
        ]

    tour.walk_around(world, page, check)
    tour.be_refused(world, page, check)
    tour.buy(world, page, check)
    page.goto(world.sandbox + "/control/")
    check("provider: control page")
    tour.come_back_to(everything, page, check)
    tour.have_an_account(world, page, check)

    tour.enter_office(world, page)
    for rule, address in addresses(world, page).items():
        page.goto(address)
        check(rule)
    be_answered(world, page, check)
    page.goto(world.base + invited_colleague(world, page, f"axe-{next(tour.NUMBERS)}@example.org"))
    check("/admin/welcome/<token>")

    for email in COLLEAGUES["desk" if page.viewport_size["width"] > 600 else "phone"]:
        as_colleague(world, page, email, check)

    barriers = {name: found for name, found in seen.items() if found}
    assert barriers == {}

    pages = {rule.rule for rule in app.url_map.iter_rules() if "GET" in rule.methods and not NO_PAGES.search(rule.rule)}
    walked = {name.split(" ")[0] for name in seen}
    assert not pages - walked, "a page that nobody walked: add it above"
