"""A guest buys with a real browser: on a phone and on a desk, with and without JavaScript; what can go wrong, goes wrong;
and the office explains each."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from tests.browser.tour import WIDTHS, pay_with, to_payment_page

pytestmark = [pytest.mark.browser, pytest.mark.redis]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=WIDTHS["phone"])
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


def number_of(page: Page) -> str:
    return re.search(r"[Oo]rder (\d+)", page.inner_text("main")).group(1)


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_guest_buys(world, browser, width, javascript):
    context = browser.new_context(viewport=WIDTHS[width], java_script_enabled=javascript)
    context.set_default_timeout(20_000)
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    to_payment_page(world, page)
    pay_with(page, "4242")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, it is yours")
    if not javascript:
        page.wait_for_timeout(1_000)
    for _ in range(40):
        if page.get_by_role("link", name="(PDF)").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    invoice = page.get_by_role("link", name="(PDF)").get_attribute("href")
    assert context.request.get(world.base + invoice).body().startswith(b"%PDF")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") if javascript else True
    assert problems == []
    context.close()


def test_a_decline_is_said_and_tried_again(world, page):
    to_payment_page(world, page)
    pay_with(page, "9995")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your bank declined the payment")
    expect(page.get_by_text("does not hold enough")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    pay_with(page, "4242")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, it is yours")


def test_the_bank_asks_for_approval(world, page):
    to_payment_page(world, page)
    pay_with(page, "3184")
    page.get_by_role("button", name="Approve this payment").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, it is yours")


def test_the_page_turns_by_itself_when_a_slow_bank_has_paid(world, page):
    to_payment_page(world, page)
    pay_with(page, "0123")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your bank is working on it")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, it is yours", timeout=60_000)


def test_an_abandoned_payment_can_be_taken_up_again(world, page):
    to_payment_page(world, page)
    page.wait_for_url("**/pay/sbx_*")
    page.get_by_role("button", name="Cancel and return").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The payment was stopped")
    page.get_by_role("button", name="Pay now after all").click()
    pay_with(page, "4242")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, it is yours")


def test_the_answer_that_opened_the_page_is_lost(world, page):
    world.switch(lose_create=1)
    to_payment_page(world, page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your payment is still open")
    page.get_by_role("button", name="Continue to the payment page").click()
    pay_with(page, "4242")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, it is yours")


def test_a_lost_answer_and_a_webhook_that_never_comes_and_the_office_explains_each(world, browser, page):
    """The charge happens, the browser hears nothing, no webhook comes. The customer gives up and calls; the office asks."""
    world.kill("cron")  # else its poller may fetch the event before the customer has called
    world.switch(webhooks="never", lose_pay=5)  # Chromium sends a POST again when its connection is cut
    to_payment_page(world, page, "grace@example.org")
    page.wait_for_url("**/pay/sbx_*")
    with pytest.raises(Error):
        pay_with(page, "4242")
        page.wait_for_url("**/orders/**", timeout=3_000)
    world.switch(webhooks="normal", lose_pay=0)

    office = browser.new_context(viewport=WIDTHS["desk"])
    desk = office.new_page()
    desk.goto(world.base + "/admin/orders/?email=grace@example.org")
    desk.get_by_label("E-mail").fill("olive@plumb-and-level.example")
    desk.get_by_label("Password").fill("measure twice")
    desk.get_by_role("button", name="Log in").click()
    desk.locator("table.list a").first.click()
    expect(desk.get_by_text("Awaiting payment").first).to_be_visible()
    desk.get_by_role("button", name="Ask the provider now").click()
    expect(desk.get_by_text("The provider was asked")).to_be_visible()
    story = desk.get_by_role("region", name="What happened")
    for words in ("Payment settled, € 129.00", "Order paid", "Payment page opened at the provider", "Order placed"):
        expect(story.get_by_text(words).first).to_be_visible()
    expect(story.get_by_text("by Olive Ops").first).to_be_visible()
    office.close()
    world.start("cron")


def test_staff_reads_the_story_of_a_decline(world, browser, page):
    to_payment_page(world, page, "joan@example.org")
    pay_with(page, "0002")
    page.get_by_role("button", name="Try again").click()
    pay_with(page, "4242")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, it is yours")
    office = browser.new_context(viewport=WIDTHS["phone"])
    desk = office.new_page()
    desk.goto(world.base + "/admin/orders/?email=joan@example.org")
    desk.get_by_label("E-mail").fill("olive@plumb-and-level.example")
    desk.get_by_label("Password").fill("measure twice")
    desk.get_by_role("button", name="Log in").click()
    desk.locator("table.list a").first.click()
    story = desk.get_by_role("region", name="What happened")
    for words in ("Payment declined", "generic_decline", "Payment settled", "Invoice issued: S-"):
        expect(story.get_by_text(words).first).to_be_visible()
    assert desk.evaluate("document.documentElement.scrollWidth <= innerWidth")
    office.close()
