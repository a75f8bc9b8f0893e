"""What an operator sees without scrolling: a list's head and twenty rows on a laptop, and on a phone the first rows at once."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser
from sqlalchemy import create_engine, insert, select

from backoffice.cases.kinds import CaseKind
from backoffice.cases.models import CaseState
from backoffice.models import Case, Order
from tests.browser import tour
from tests.support.processes import World

pytestmark = [pytest.mark.browser, pytest.mark.redis, pytest.mark.parametrize("world", ["sqlite"], indirect=True)]

LISTS = (
    "orders", "payments", "invoices", "customers", "products", "stock", "shipments", "webhooks", "audit", "ledger", "cases"
)  # fmt: skip
KINDS = (
    CaseKind.PAYMENT_UNKNOWN,
    CaseKind.AMOUNT_DIFFERS,
    CaseKind.HOLD_PROLONGED,
    CaseKind.REFUND_ELSEWHERE,
    CaseKind.UNEXPECTED_MONEY,
    CaseKind.WITHDRAWAL,
    CaseKind.REFUND_FAILED,
    CaseKind.DISPUTE_OPEN,
)
ROWS = """() => {
  const rows = [...document.querySelectorAll("table.list tbody tr")].map(row => row.getBoundingClientRect());
  const list = document.querySelector("table.list"), place = list.parentElement
  return {all: rows.length, seen: rows.filter(row => row.bottom <= innerHeight).length, top: rows[0].top,
          hidden: list.getBoundingClientRect().right - place.getBoundingClientRect().right}
}"""


@pytest.fixture(scope="module")
def busy(world: World) -> World:
    world.command("demo", "seed", "--no-pictures", "--orders", "60", "--customers", "30")
    engine = create_engine(world.database_url)
    with engine.begin() as connection:
        orders = connection.execute(select(Order.id, Order.ref).limit(25)).all()
        connection.execute(insert(Case.__table__), [_case(number, *order) for number, order in enumerate(orders)])
    engine.dispose()
    return world


def _case(number: int, order_id: int, ref: str) -> dict[str, object]:
    """An open case about an order, of a kind that has a button or a form in its row."""
    kind = KINDS[number % len(KINDS)]
    return {
        "ref": f"cas_{number:020}", "kind": kind.value, "about_kind": "order", "about_id": order_id, "about_ref": ref,
        "open_key": f"{kind}:{ref}", "state": CaseState.OPEN, "detail": {}, "at_risk_amount": 12_900, "currency": "EUR",
        "opened_at": datetime(2026, 11, 1, tzinfo=UTC), "resolution": "",
    }  # fmt: skip


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
        if desk == "cases":
            assert found["hidden"] <= 0, "the next step is in sight"
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
