"""Thirty tasks of a day in the office, each from the login on, with its clicks counted: docs/desk-tasks.md says how many
a task may take, and this test that it does. Typing and Enter are no clicks; the login is not counted."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from config import ROOT
from tests.browser import morning, tour
from tests.browser.tour import WIDTHS
from tests.support.processes import World, ask
from tests.support.shop import LEVEL

pytestmark = [pytest.mark.browser, pytest.mark.redis, pytest.mark.parametrize("world", ["sqlite"], indirect=True)]

PASSWORD = "measure twice"
TABLE = re.compile(r"^\| (?P<task>[^|]+?) \| (?P<who>\w+) \| (?P<clicks>\d+) \|", re.M)
DOCUMENTED = {
    row["task"]: (row["who"], int(row["clicks"])) for row in TABLE.finditer((ROOT / "docs/desk-tasks.md").read_text())
}
TASKS: dict[str, Callable[["Desk"], None]] = {}


class Desk:
    """A colleague at work: what they click is counted, what they type is not."""

    def __init__(self, world: World, page: Page, sold: dict[str, str]) -> None:
        self.world, self.page, self.sold, self.clicks = world, page, sold, 0

    def click(self, what: Locator) -> None:
        what.first.click()
        self.clicks += 1

    def press(self, name: str) -> None:
        self.click(self.page.get_by_role("button", name=name, exact=True))

    def follow(self, name: str) -> None:
        self.click(self.page.get_by_role("link", name=name, exact=True))

    def desk(self, name: str) -> None:
        self.click(self.page.locator(".desks").get_by_role("link", name=re.compile(f"^{name}")))

    def form(self, name: str, /, **typed: str) -> None:
        """Open a form of the page, type into it, press its button."""
        details = self.page.locator(".actions details").filter(has_text=f"{name} …").first
        self.click(details.locator("summary"))
        for field, text in typed.items():
            box = details.locator(f"[name={field}]")
            box.select_option(text) if box.evaluate("box => box.tagName") == "SELECT" else box.fill(text)
        self.click(details.get_by_role("button"))

    def jump(self, words: str) -> None:
        """By keyboard alone."""
        self.page.keyboard.press("/")
        self.page.keyboard.type(words)
        self.page.keyboard.press("Enter")
        self.page.wait_for_load_state()

    def sees(self, words: str) -> None:
        expect(self.page.locator("main")).to_contain_text(words)


def task(words: str) -> Callable[[Callable[[Desk], None]], Callable[[Desk], None]]:
    def keep(act: Callable[[Desk], None]) -> Callable[[Desk], None]:
        TASKS[words] = act
        return act

    return keep


@pytest.fixture(scope="module")
def sold(world: World, browser: Browser) -> dict[str, str]:
    """What the tasks are about, as it came to be: the provider's ids of some payments."""
    found = {
        "paid": morning.order_of(world, "ada@example.org"),
        "two": morning.order_of(world, "grace@example.org", quantity=2),
        "open": morning.order_of(world, "eve@example.org", card=None),
        "later": morning.order_of(world, "alan@example.org", card=None),
    }
    world.wait(lambda: len(list(world.folder.glob("mail/*.eml"))) >= 2, "the confirmations are sent")
    contexts = [browser.new_context(viewport=WIDTHS["desk"]) for _ in range(3)]
    shopper, visited, desk = (context.new_page() for context in contexts)
    morning.prices_and_shelves_change(world, desk)
    desk.context.clear_cookies()
    tour.enter_office(world, desk)
    morning.date_is_declined(world, visited, desk)
    morning.money_comes_for_an_order_that_was_given_up(world, shopper)
    morning.customer_withdraws(world, "10004", "alan@example.org")
    morning.mail_server_is_away(world)
    morning.provider_says_nothing(world)
    for context in contexts:
        context.close()
    return found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=WIDTHS["desk"], accept_downloads=True)
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


@task("Find an order by the provider's id")
def _(desk: Desk) -> None:
    desk.jump(desk.sold["paid"])
    desk.sees("Payment of order 10001")


@task("Say why this customer was charged")
def _(desk: Desk) -> None:
    desk.jump("ada@example.org")
    desk.sees("paid in 1 order")
    desk.follow("Order 10001")
    desk.sees("Payment settled, € 129.00")


@task("Ship half an order")
def _(desk: Desk) -> None:
    desk.jump("10002")
    details = desk.page.locator(".actions details").filter(has_text="Mark as shipped")
    desk.click(details.locator("summary"))
    details.locator("[type=number]").first.fill("1")
    details.get_by_label("Number of the parcel").fill("JD014600003")
    desk.click(details.get_by_role("button"))
    desk.sees("Partly delivered")


@task("A customer says the invoice never came")
def _(desk: Desk) -> None:
    desk.jump("S-2026-000001")
    desk.press("Send it to the customer")
    desk.sees("The invoice is on its way to ")


@task("Handle an event of the provider once more")
def _(desk: Desk) -> None:
    desk.desk("Webhooks")
    desk.click(desk.page.locator("table.list tr").filter(has_text="payment.paid").locator("a").first)
    desk.form("Handle it once more", reason="the customer says it was paid")
    desk.sees("as soon as a worker is free")


@task("Ask about a payment whose outcome is unknown")
def _(desk: Desk) -> None:
    desk.follow("The provider has not said what became of a payment")
    unknown = "SELECT COUNT(*) FROM payments WHERE state = 'unknown'"
    assert ask(desk.world, unknown) == [(1,)]
    desk.press("Ask the provider now")
    desk.sees("The provider was asked")
    expect(desk.page.get_by_role("button", name="Ask the provider now")).to_have_count(0)
    assert ask(desk.world, unknown) == [(0,)]


@task("Start a stuck task again")
def _(desk: Desk) -> None:
    desk.follow("A task failed too often and stopped trying")
    row = desk.page.locator("table.list details").first
    desk.click(row.locator("summary"))
    row.locator("[name=reason]").fill("the mail server is back")
    desk.click(row.get_by_role("button"))
    desk.sees("The task runs as soon as a worker is free.")
    left = (path.read_text() for path in desk.world.folder.glob("mail/*.eml"))
    desk.world.wait(lambda: any("mary@example.org" in text for text in left), "the confirmation leaves")


@task("Fill a shelf that is nearly empty")
def _(desk: Desk) -> None:
    desk.follow("Theodolite, restored")
    desk.form("Receive pieces", pieces="4", reason="delivery note 88")
    desk.sees("are on the shelf.")


@task("Find what is sold out and fill its shelf")
def _(desk: Desk) -> None:
    desk.follow("Sold out on the shelf")
    desk.click(desk.page.locator("table.list a"))
    desk.form("Receive pieces", pieces="6", reason="delivery note 89")
    desk.sees("are on the shelf.")


@task("Publish the next version of the terms")
def _(desk: Desk) -> None:
    desk.desk("Legal texts")
    desk.follow("Write the next one")
    text = desk.page.locator("[name=text]")
    text.fill(text.input_value() + "\n\n9. Sundays\nWe rest.")
    desk.page.locator("[name=reason]").fill("we are tired")
    desk.press("Publish version 2")
    desk.sees("Version 2, since")


@task("Say who changed a price")
def _(desk: Desk) -> None:
    desk.jump(morning.PRICED)
    desk.sees("Price set")
    desk.sees("by Carl Catalogue")
    desk.sees("steel costs more")


@task("Export the invoices of a month for the accountant")
def _(desk: Desk) -> None:
    desk.desk("Invoices")
    first = datetime.now(UTC).replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    desk.page.get_by_label("Issued from").fill(f"{first:%Y-%m-%d}")
    desk.page.get_by_label("Issued to").fill(f"{last:%Y-%m-%d}")
    desk.press("Filter")
    with desk.page.expect_download() as download:
        desk.press("Export these as CSV")
    assert download.value.suggested_filename == f"invoices-from-{first:%Y-%m-%d}-to-{last:%Y-%m-%d}.csv"
    assert "S-2026-000001" in Path(download.value.path()).read_text(encoding="utf-8-sig")


@task("Close the account of a colleague who leaves")
def _(desk: Desk) -> None:
    desk.desk("Staff")
    desk.follow("Vera Views")
    desk.form("Close account", reason="leaves the firm")
    desk.sees("The account is closed")


@task("Invite a colleague")
def _(desk: Desk) -> None:
    desk.desk("Staff")
    desk.form("Invite a colleague", name="Nora New", email="nora@example.org", role="finance")
    desk.sees("The link is on its way by mail.")


@task("Cancel an unpaid order")
def _(desk: Desk) -> None:
    desk.jump("10003")
    desk.form("Cancel order", reason="ordered twice")
    desk.sees("The order is cancelled and its stock released.")


@task("Give a customer an hour more to pay")
def _(desk: Desk) -> None:
    desk.jump("10004")
    desk.form("Give an hour more", reason="the bank calls back")
    desk.sees("There is an hour more to pay")


@task("Correct the address of a parcel")
def _(desk: Desk) -> None:
    desk.jump("10001")
    desk.form("Correct the address", street="Analytical Way 2", reason="a slip of the pen")
    desk.sees("Analytical Way 2")


@task("Correct an e-mail address and send the confirmation again")
def _(desk: Desk) -> None:
    desk.jump("10001")
    desk.form("Correct the e-mail", email="ada.lovelace@example.org", reason="misspelt")
    desk.press("Send the confirmation again")
    desk.sees("The confirmation is on its way once more.")


@task("Ask a colleague about an order")
def _(desk: Desk) -> None:
    desk.jump("10002")
    desk.form("Add note", text="@olive, may the rest wait until Monday?")
    desk.sees("may the rest wait until Monday?")


@task("Answer a colleague who called me")
def _(desk: Desk) -> None:
    desk.sees("calls you")
    desk.click(desk.page.get_by_role("link", name="Otto Orders calls you"))
    desk.form("Add note", text="It may.")
    desk.sees("It may.")


@task("Take a case and close it with what was done")
def _(desk: Desk) -> None:
    desk.follow("Money arrived for an order that no longer expected it")
    desk.click(desk.page.locator("table.list a"))
    desk.press("Take it")
    desk.form("Close the case", reason="returned at the provider, re_1")
    desk.sees("The case is closed.")


@task("Let a case sleep until a day")
def _(desk: Desk) -> None:
    desk.follow("A customer cannot take the date we proposed")
    desk.click(desk.page.locator("table.list a"))
    day = datetime.now(UTC) + timedelta(days=30)
    desk.form("Let it sleep", until=f"{day:%Y-%m-%d}", reason="she is abroad")
    desk.sees(f"Asleep until {day.day} {day:%b %Y}")


@task("Read what to do about a withdrawal")
def _(desk: Desk) -> None:
    desk.follow("A customer withdraws from a contract")
    desk.click(desk.page.locator("table.list a"))
    desk.follow("How to handle it")
    desk.sees("Return the money within 14 days")


@task("Sell nothing more to a customer")
def _(desk: Desk) -> None:
    desk.jump("grace@example.org")
    desk.form("Bar", reason="three chargebacks")
    desk.sees("Nothing is sold to this customer online")


@task("Change a price from a day on")
def _(desk: Desk) -> None:
    desk.jump(LEVEL)
    details = desk.page.locator(".actions details").filter(has_text="Set a price …")
    desk.click(details.locator("summary"))
    details.locator("[name=variant]").select_option(index=1)
    for field, text in (("amount", "139.00"), ("since", "2099-01-01T08:00"), ("reason", "oak costs more")):
        details.locator(f"[name={field}]").fill(text)
    desk.click(details.get_by_role("button"))
    desk.sees("€ 139.00 from")


@task("Correct the count of an article")
def _(desk: Desk) -> None:
    desk.desk("Stock")
    desk.page.locator(".filters").get_by_label("Article number").fill(LEVEL)
    desk.page.keyboard.press("Enter")
    desk.click(desk.page.locator("table.list a"))
    desk.form("Correct the count", counted="20", reason="counted in the evening")
    desk.sees("The count is corrected.")


@task("Keep the paid orders as a view of one's own")
def _(desk: Desk) -> None:
    desk.desk("Orders")
    desk.page.locator(".filters select[name=state]").select_option("paid")
    desk.press("Filter")
    desk.click(desk.page.locator("summary", has_text="Keep this view"))
    desk.page.locator(".over [name=name]").fill("Paid ones")
    desk.press("Keep")
    desk.sees("is kept")


@task("Give part of the price back for a scratch")
def _(desk: Desk) -> None:
    desk.jump(desk.sold["two"])
    desk.follow("Give money back …")
    desk.page.get_by_label("Sum in EUR").fill("15")
    desk.press("This sum …")
    desk.page.get_by_label("Why?").select_option("goodwill")
    desk.click(desk.page.get_by_role("button", name=re.compile("^Give .* back$")))
    desk.sees("on its way back to the customer")
    desk.sees("Given back")


@task("Give a customer all their money back")
def _(desk: Desk) -> None:
    desk.jump(desk.sold["paid"])
    desk.follow("Give money back …")
    desk.press("All of it …")
    desk.sees("Nothing is left of the payment then")
    desk.page.get_by_label("Why?").select_option("withdrawn")
    desk.click(desk.page.get_by_role("button", name=re.compile("^Give .* back$")))
    desk.sees("on its way back to the customer")


@task("Say what the provider holds for us")
def _(desk: Desk) -> None:
    desk.desk("Ledger")
    desk.follow("Trial balance …")
    desk.sees("In balance")
    desk.sees("Provider clearing")


@pytest.mark.parametrize("words", TASKS)
def test_a_task_of_the_day_takes_as_many_clicks_as_it_is_said_to(world, page, sold, words):
    who, clicks = DOCUMENTED[words]
    page.goto(world.base + "/admin/login")
    page.get_by_label("E-mail").fill(f"{who.lower()}@plumb-and-level.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin/")
    desk = Desk(world, page, sold)
    TASKS[words](desk)
    assert desk.clicks == clicks


def test_every_task_stands_in_the_page_about_them():
    assert list(DOCUMENTED) == list(TASKS)


def test_the_keys_lead_through_the_office_and_stay_out_of_fields(world, page, sold):
    page.goto(world.base + "/admin/login")
    page.get_by_label("E-mail").fill("olive@plumb-and-level.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/")
    page.keyboard.press("g")
    page.keyboard.press("o")
    page.wait_for_url("**/admin/orders/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/orders/ord_*")
    page.keyboard.press("m")
    page.keyboard.type("g o / ? are only letters here")
    assert page.locator("textarea[name=text]").input_value() == "g o / ? are only letters here"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.wait_for_url("**/admin/keys")
    expect(page.locator("main")).to_contain_text("to the jump box")
