"""Money that goes back, and a dispute, brought about by a colleague in a real browser, and as the customer then sees them."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_desk import PASSWORD
from tests.browser.tour import WIDTHS
from tests.support.processes import World

pytestmark = [pytest.mark.browser, pytest.mark.redis, pytest.mark.parametrize("world", ["sqlite"], indirect=True)]


class Sold:
    """A paid order: its number, and the page that its customer has."""

    def __init__(self, world: World, email: str) -> None:
        self.world, self.buyer = world, world.buyer()
        place = self.buyer.orders({**self.buyer.checkout_form(), "email": email, "name": "Ada Lovelace"})
        self.provider_ref = re.search(r"/pay/(sbx_\w+)", place).group(1)
        self.place = self.buyer.pays(place)

    def shown(self) -> str:
        """What the customer reads, who comes back to the order."""
        return self.buyer.follows(self.place)


@pytest.fixture
def page(world: World, browser: Browser) -> Iterator[Page]:
    """A colleague who is logged in."""
    context = browser.new_context(viewport=WIDTHS["desk"])
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(world.base + "/admin/login")
    page.get_by_label("E-mail").fill("otto@plumb-and-level.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(re.compile("/admin/$"))
    yield page
    context.close()


def payment_of(page: Page, sale: Sold) -> None:
    """The payment's page, by the provider's id; once more until it is settled."""
    for _ in range(60):
        page.goto(f"{sale.world.base}/admin/jump?q={sale.provider_ref}")
        if page.get_by_role("link", name="Give money back").count():
            return
        page.wait_for_timeout(250)
    raise AssertionError("the payment was not settled")


def gives(page: Page, why: str) -> None:
    page.get_by_label("Why?").select_option(why)
    page.get_by_role("button", name=re.compile("^Give .* back$")).click()


def test_the_whole_payment_goes_back(world, page):
    sale = Sold(world, "whole@example.org")
    payment_of(page, sale)
    page.get_by_role("link", name="Give money back").click()
    page.get_by_role("button", name="All of it …").click()
    expect(page.locator(".confirm")).to_contain_text("Nothing is left of the payment then")
    expect(page.locator(".confirm")).to_contain_text("A credit note over €\u00a0129.00")
    gives(page, "withdrawn")
    expect(page.locator("main")).to_contain_text("on its way back")
    shown = sale.shown()
    assert "Refunds" in shown
    assert "Nothing more will be delivered" in shown
    page.goto(f"{world.base}/admin/jump?q={sale.provider_ref}")
    page.goto(page.url.replace("/admin/payments/", "/admin/refunds/of/"))
    expect(page.locator("main")).to_contain_text("All of this payment was given back")


def test_a_part_goes_back_and_too_much_is_refused_and_keeps_what_was_typed(world, page):
    sale = Sold(world, "part@example.org")
    payment_of(page, sale)
    page.get_by_role("link", name="Give money back").click()
    page.get_by_label("Sum in EUR").fill("900")
    page.get_by_role("button", name="This sum").click()
    expect(page.get_by_role("alert")).to_contain_text("is more than the €\u00a0129.00 that is left of this payment")
    expect(page.get_by_label("Sum in EUR")).to_have_value("900")
    page.get_by_label("Sum in EUR").fill("29")
    page.get_by_role("button", name="This sum").click()
    gives(page, "goodwill")
    expect(page.locator("main")).to_contain_text("on its way back")
    payment_of(page, sale)
    page.get_by_role("link", name="Give money back").click()
    expect(page.locator(".head .sum")).to_contain_text("€\u00a0100.00")
    assert "€\u00a029.00" in sale.shown()


def test_a_refund_that_comes_back_days_later_is_owed_and_sent_again(world, page):
    sale = Sold(world, "later@example.org")
    payment_of(page, sale)
    world.switch(refunds="fails_later")
    page.get_by_role("link", name="Give money back").click()
    page.get_by_role("button", name="All of it …").click()
    gives(page, "returned")
    expect(page.locator("main")).to_contain_text("on its way back")
    place = page.url
    for _ in range(120):  # the sandbox's bank sends it back after twenty seconds
        page.goto(place)
        if page.get_by_text("Send it again").count():
            break
        page.wait_for_timeout(500)
    expect(page.locator("main")).to_contain_text("A refund failed after the provider had accepted it.")
    assert "Your bank returned it to us" in sale.shown()
    world.switch(refunds="")
    again = page.locator("details").filter(has_text="Send it again").first
    again.locator("summary").click()
    again.locator("[name=reason]").fill("a new card")
    again.get_by_role("button").click()
    expect(page.locator("main")).to_contain_text("on its way back")


def test_a_dispute_is_answered_with_what_we_hold(world, page):
    sale = Sold(world, "disputes@example.org")
    payment_of(page, sale)
    desk = page.url
    page.goto(world.sandbox + "/control/")
    row = page.get_by_role("region", name="Payments").locator("tr", has_text=sale.provider_ref)
    row.get_by_role("button", name="Dispute", exact=True).click()
    for _ in range(60):
        page.goto(desk)
        if page.get_by_text("A customer's bank disputes a payment.").count():
            break
        page.wait_for_timeout(250)
    expect(page.locator("main")).to_contain_text("the customer's bank disputes it")
    page.locator("a[href*='/admin/disputes/dsp_']:not([href$='/answer'])").first.click()
    expect(page.locator("main")).to_contain_text("left to answer")
    page.get_by_role("link", name="Answer …").click()
    expect(page.get_by_label("Customer's e-mail")).to_have_value("disputes@example.org")
    page.get_by_label("What happened, and why the payment is right").fill("The parcel was signed for.")
    page.get_by_label("I have read all of it.").check()
    page.get_by_role("button", name="Submit the answer").click()
    expect(page.locator("main")).to_contain_text("The answer was submitted.")
    expect(page.locator("main")).to_contain_text("The parcel was signed for.")
