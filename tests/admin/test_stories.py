"""What happened is told whole: on the order, its customer, its papers, and to the audit that is asked for it."""

import pytest
from sqlalchemy import select

from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import session
from backoffice.core.tracking import Subject
from backoffice.demo import pictures
from backoffice.fulfilment import downloads
from backoffice.models import Case, DownloadGrant, Person, Task, TaskFailure, WebhookEvent
from backoffice.orders import service as orders
from backoffice.staff.roles import Role
from tests.support.office import post
from tests.support.refunds import bought
from tests.support.shop import paid
from tests.support.staff import colleague

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"])


@pytest.fixture
def fetched(shop):
    """A file that was bought."""
    pictures.attach()
    buyer = shop.buyer()
    buyer.fills_cart(1, "HB-PDF")
    return paid(shop, buyer)


def test_a_download_stays_in_every_story_after_its_money_went_back(shop, fetched):
    olive = colleague(shop, Role.ADMINISTRATOR)
    shop.refunds(fetched)
    shop.works()
    assert None not in shop.all(select(DownloadGrant.withdrawn_at))
    person, number = shop.all(select(Person.ref))[0], shop.order(fetched).number
    for place in (f"/admin/orders/{fetched.order_ref}", f"/admin/customers/{person}"):
        for told in ("Download opened", "Download closed"):
            assert told in olive.get(place).text, (place, told)
    assert "Download opened" in olive.get(f"/admin/audit/?subject={number}&from=2026-01-01").text
    page = olive.get(f"/admin/orders/{fetched.order_ref}").text
    assert "once more …" not in page, "what is closed is not offered"


def test_once_more_is_once_however_often_it_is_pressed(shop, fetched):
    (grant,) = shop.all(select(DownloadGrant))
    for _ in range(grant.most):
        shop.clock.forward(hours=1)
        units.write(lambda: downloads.take(orders.by_ref(fetched.order_ref), grant.ref, by=SYSTEM).name)
    otto = colleague(shop, Role.OPERATIONS)
    place = f"/admin/orders/{fetched.order_ref}"
    for _ in range(2):
        assert "once more" in post(otto, f"{place}/more/{grant.ref}", place, reason="the disk broke")
    assert shop.all(select(DownloadGrant.most)) == [grant.most + 1]
    assert shop.tags(grant.ref).count("download.extended") == 1


def test_an_invoice_says_what_is_wrong_with_its_money_and_what_the_provider_told(shop):
    sale = bought(shop.buyer())
    shop.is_disputed(sale)
    shop.works()
    page = colleague(shop, Role.FINANCE).get(f"/admin/invoices/{shop.invoice(sale).ref}").text
    assert "Answer the dispute" in page
    assert "Provider told us: paid" in page
    assert "Payment settled" in page


def test_an_event_tells_each_try_of_each_task_that_handled_it(shop):
    sale = bought(shop.buyer())
    event = shop.all(select(WebhookEvent).where(WebhookEvent.payment_ref == sale.payment_ref))[-1]
    olive = colleague(shop, Role.ADMINISTRATOR)
    place = f"/admin/webhooks/{event.ref}"
    assert "Tries that came to nothing" not in olive.get(place).text
    post(olive, f"{place}/replay", place, reason="to be sure")
    shop.works()
    task = shop.all(select(Task).where(Task.dedupe_key.like(f"webhooks.replay:{event.ref}:%")))[0]

    row = TaskFailure(task_id=task.id, attempt=1, failed_at=shop.clock(), error="the provider was away")
    units.write(lambda: session.add(row))
    page = olive.get(place).text
    assert "Handled once more" in page
    assert "the provider was away" in page


def test_a_case_says_in_the_inbox_what_it_is_about_where_no_order_hangs_on_it(shop):
    buyer = shop.buyer()
    buyer.fills_cart(1)
    paid(shop, buyer)
    task = shop.all(select(Task))[0]
    units.write(lambda: cases.open_case(CaseKind.TASK_GAVE_UP, Subject("task", task.id, task.ref)).ref)
    page = colleague(shop, Role.ADMINISTRATOR).get("/admin/cases/?state=open").text
    assert f'<a href="/admin/tasks/{task.ref}" title="{task.ref}">task</a>' in page
    assert shop.all(select(Case.about_ref)) == [task.ref]
