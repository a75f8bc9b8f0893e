"""What happened before a day in the office begins, each as it would: by customers and colleagues, by a provider and a mail
server that are away, and by tasks that try until they are done or give up."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from playwright.sync_api import Page, expect

from config import ROOT
from tests.browser import tour
from tests.support.processes import World, ask
from tests.support.shop import hidden

CARL = "carl@plumb-and-level.example"
PRICED, EMPTIED = "SR-300", "ML-200"

# Time passes for one task alone: holds and pages of other orders would end with it.
HURRY = """
import sys
from sqlalchemy import select, update
from backoffice.core import clock, units
from backoffice.core.db import session
from backoffice.models import Case, Mail, Order, Payment, Task
from backoffice.tasks import runner
from wsgi import app

kind, query = sys.argv[1:]

def is_told():
    with units.read():
        return session.scalars(select(Case.id).where(Case.kind == kind)).first() is not None

def pull():
    key = session.scalars(eval(query)).one()
    waits = (Task.dedupe_key == key, Task.state == "waiting", Task.lease_token.is_(None))
    session.execute(update(Task).where(*waits).values(due_at=clock.now()))

with app.app_context():
    for _ in range(40):
        if is_told():
            break
        units.write(pull)
        runner.run_due()
    else:
        sys.exit("no case was opened")
"""
OF_PAYMENT = 'select("payments.ask:" + Payment.ref).where(Payment.state == "unknown")'
OF_MAIL = 'select("mail.send:" + Mail.ref).where(Mail.recipient == "mary@example.org", Mail.state == "waiting")'


def order_of(world: World, email: str, quantity: int = 1, card: str | None = "good") -> str:
    """An order of somebody; the provider's id of its payment."""
    buyer = world.buyer()
    form = {**buyer.checkout_form(), "email": email, "name": email.partition("@")[0].capitalize() + " Person"}
    if quantity > 1:
        page = buyer.get("/cart").text
        field = re.search(r'name="(q-[^"]+)"', page).group(1)
        buyer.post("/cart/change", {**hidden(page), field: str(quantity)})
        form |= hidden(buyer.get("/checkout").text, "checkout_key", "total")
    place = buyer.orders(form)
    if card:
        buyer.follows(buyer.pays(place))
    return re.search(r"/pay/(sbx_\w+)", place).group(1)


def provider_says_nothing(world: World) -> None:
    """A page to pay was made, the answer got lost, and since then nobody answers: until a person is told."""
    buyer = world.buyer()
    world.switch(lose_create=1)
    waits = buyer.orders({**buyer.checkout_form(), "email": "joan@example.org", "name": "Joan Person"})
    assert "/pay/sbx_" not in waits
    world.switch(outage=True)
    _hurry(world, "payment_unknown", OF_PAYMENT)
    world.switch(outage=False)


def mail_server_is_away(world: World) -> None:
    """A confirmation cannot leave, until its task gives up; the server is back afterwards."""
    with _no_mail(world):
        order_of(world, "mary@example.org")
        written = "SELECT COUNT(*) FROM mails WHERE recipient = 'mary@example.org'"
        world.wait(lambda: ask(world, written) == [(1,)], "the confirmation is written")
        _hurry(world, "task_gave_up", OF_MAIL)


def money_comes_for_an_order_that_was_given_up(world: World, page: Page) -> None:
    tour.to_payment_page(world, page, "late@example.org")
    page.wait_for_url("**/pay/sbx_*")
    payment = re.search(r"/pay/(sbx_\w+)", page.url).group(1)
    tour.pay_with(page, "0002")
    page.wait_for_url(world.base + "/pay/**")
    page.get_by_role("link", name=re.compile(r"Your order \d+")).click()
    page.locator("summary", has_text="Cancel this order").click()
    page.get_by_role("button", name="Yes, cancel it").click()
    expect(page.get_by_role("alert").or_(page.get_by_role("status")).first).to_be_visible()
    requests.post(f"{world.sandbox}/control/payments/{payment}", data={"what": "capture"}, timeout=5).raise_for_status()


def date_is_declined(world: World, shopper: Page, desk: Page) -> None:
    """A visit is proposed, and does not suit."""
    tour.put_in(world, shopper, "SV-HANG")
    tour.order(shopper, "visit@example.org")
    tour.pay_with(shopper, "4242")
    expect(shopper.get_by_role("heading", level=1)).to_have_text("Thank you, it is yours")
    desk.goto(f"{world.base}/admin/orders/?email=visit@example.org")
    desk.locator("table.list a").first.click()
    desk.get_by_text("Propose a date …").click()
    desk.locator("[name=starts_at]").fill("2099-03-02T10:00")
    desk.get_by_role("button", name="Propose a date").click()
    expect(desk.get_by_text("The date is proposed by mail.")).to_be_visible()
    shopper.reload()
    shopper.locator("[name=wish]").fill("after six, please")
    shopper.get_by_role("button", name="No, another date please").click()
    expect(shopper.get_by_text("We propose")).to_have_count(0)


def customer_withdraws(world: World, number: str, email: str) -> None:
    buyer = world.buyer()
    form = hidden(buyer.get("/withdraw").text, "request_key")
    typed = {"order_number": number, "email": email, "name": "Alan Person", "words": "All of it."}
    assert buyer.post("/withdraw", {**form, **typed}).status_code == 303


def prices_and_shelves_change(world: World, desk: Page) -> None:
    """Carl sets a price, and counts an empty shelf."""
    tour.enter_office(world, desk, CARL)
    desk.goto(f"{world.base}/admin/jump?q={PRICED}")
    price = desk.locator(".actions details").filter(has_text="Set a price …")
    price.locator("summary").click()
    price.locator("[name=variant]").select_option(index=1)
    for field, words in (("amount", "36.00"), ("reason", "steel costs more")):
        price.locator(f"[name={field}]").fill(words)
    price.get_by_role("button").click()
    expect(desk.get_by_role("status").or_(desk.get_by_role("alert")).first).to_be_visible()
    desk.goto(f"{world.base}/admin/stock/?sku={EMPTIED}")
    desk.locator("table.list a").first.click()
    count = desk.locator(".actions details").filter(has_text="Correct the count …")
    count.locator("summary").click()
    count.locator("[name=counted]").fill("0")
    count.locator("[name=reason]").fill("counted: none is left")
    count.get_by_role("button").click()
    expect(desk.get_by_text("The count is corrected.")).to_be_visible()


def _hurry(world: World, kind: str, query: str) -> None:
    subprocess.run([sys.executable, "-c", HURRY, kind, query], env=world.env, cwd=ROOT, check=True)


@contextmanager
def _no_mail(world: World) -> Iterator[None]:
    """The folder that stands for the mail server cannot be written to."""
    folder = world.folder / "mail"
    away = folder.with_name("mail-away")
    folder.rename(away)
    folder.touch()
    try:
        yield
    finally:
        folder.unlink()
        away.rename(folder)
