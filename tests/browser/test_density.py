"""What an operator sees without scrolling: a list's head and twenty rows on a laptop, and on a phone the first rows at once."""

import pytest
from playwright.sync_api import Browser

from tests.browser import tour
from tests.support.processes import World

pytestmark = [pytest.mark.browser, pytest.mark.redis, pytest.mark.parametrize("world", ["sqlite"], indirect=True)]

LISTS = ("orders", "invoices", "stock", "shipments", "webhooks", "audit", "ledger")
ROWS = """() => {
  const rows = [...document.querySelectorAll("table.list tbody tr")].map(row => row.getBoundingClientRect());
  return {all: rows.length, seen: rows.filter(row => row.bottom <= innerHeight).length, top: rows[0].top}
}"""


@pytest.fixture(scope="module")
def busy(world: World) -> World:
    world.command("demo", "seed", "--no-pictures", "--orders", "60")
    return world


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1366, 768)])
def test_twenty_rows_and_their_head_fit_on_a_laptop(busy: World, browser: Browser, width: int, height: int):
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    tour.enter_office(busy, page)
    for desk in LISTS:
        page.goto(f"{busy.base}/admin/{desk}/")
        page.wait_for_load_state()
        found = page.evaluate(ROWS)
        assert found["seen"] == min(20, found["all"]), (desk, found)
        assert found["all"] >= 15, desk
    context.close()


def test_a_phone_shows_the_first_rows_and_the_filters_when_they_are_asked_for(busy: World, browser: Browser):
    context = browser.new_context(viewport=tour.WIDTHS["phone"], java_script_enabled=False)
    page = context.new_page()
    tour.enter_office(busy, page)
    page.goto(busy.base + "/admin/orders/")
    assert page.evaluate(ROWS)["top"] < 280
    assert not page.locator("[name=email]").is_visible()
    page.locator(".filters-button").click()
    page.locator("[name=state]").select_option("paid")
    page.get_by_role("button", name="Filter", exact=True).click()
    assert page.locator("[name=state]").input_value() == "paid", "what is filtered by stays in sight"
    context.close()
