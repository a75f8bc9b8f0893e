"""The machine room: events handled once more, tasks run again or cancelled, each once however often a button is pressed."""

import re

import pytest
from sqlalchemy import select

from backoffice.admin.cells import ZONE
from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.core import formatting, units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import session
from backoffice.models import Mail, Task, WebhookEvent
from backoffice.staff import accounts as accounts_of_staff
from backoffice.staff.roles import Role
from backoffice.tasks import runner
from backoffice.tasks import service as tasks
from tests.support.office import post
from tests.support.shop import hidden, paid
from tests.support.staff import colleague


@pytest.fixture
def sale(shop):
    buyer = shop.buyer()
    buyer.fills_cart()
    sale = paid(shop, buyer)
    shop.minutes_pass(1)
    return sale


def test_an_event_is_handled_once_more_and_changes_nothing_twice(shop, otto, sale):
    event = shop.all(select(WebhookEvent).where(WebhookEvent.type == "payment.paid"))[0]
    before = shop.tags(sale.payment_ref)
    address = f"/admin/webhooks/{event.ref}"
    assert "as soon as a worker is free" in post(otto, f"{address}/replay", address, reason="to be sure")
    shop.works()
    assert shop.tags(sale.payment_ref) == before
    assert shop.tags(event.ref) == ["event.replayed"]
    assert "webhooks.replay" not in shop.waiting_tasks()


def pressed_twice(client, address: str, page: str, **form) -> None:
    """One showing of a page, and its button twice."""
    text = client.get(page).text
    key = re.search(rf'action="{address}".*?name="key" value="([^"]+)"', text, re.S).group(1)
    for _ in range(2):
        assert client.post(address, data={**hidden(text), "key": key, **form}).status_code == 303


def test_an_event_is_asked_for_once_however_often_the_button_is_pressed(shop, otto, sale):
    event = shop.all(select(WebhookEvent).where(WebhookEvent.type == "payment.paid"))[0]
    address = f"/admin/webhooks/{event.ref}"
    pressed_twice(otto, f"{address}/replay", address, reason="to be sure")
    assert shop.tags(event.ref) == ["event.replayed"]
    assert shop.waiting_tasks().count("webhooks.replay") == 1
    shop.works()
    post(otto, f"{address}/replay", address, reason="another time", key="rpl_another")
    assert shop.tags(event.ref) == ["event.replayed"] * 2


def test_a_task_is_retried_once_and_a_link_sent_once(shop):
    def give_up():
        tasks.schedule("mail.send", dedupe="stuck", mail_id=1)
        tasks.write_out(units.current().left.pop("tasks"))
        task = session.scalars(select(Task).where(Task.dedupe_key == "stuck")).one()
        task.state, task.attempts = "gave_up", 8
        return task.ref

    ref = units.write(give_up)
    olive = colleague(shop, Role.ADMINISTRATOR)
    form = hidden(olive.get(f"/admin/tasks/{ref}").text)
    for _ in range(2):
        olive.post(f"/admin/tasks/{ref}/retry", data={**form, "reason": "the server is back"})
    assert shop.tags(ref) == ["task.retried"]
    vera = units.write(lambda: accounts_of_staff.invite("new@example.org", "Nora New", Role.VIEWER, by=SYSTEM).ref)
    pressed_twice(olive, f"/admin/staff/{vera}/link", f"/admin/staff/{vera}")
    assert len(shop.all(select(Mail).where(Mail.template == "staff_link"))) == 1


def test_an_event_leads_to_the_task_that_handles_it(shop, otto, sale):
    event = shop.all(select(WebhookEvent).where(WebhookEvent.type == "payment.paid"))[0]
    page = otto.get(f"/admin/webhooks/{event.ref}").text
    assert event.request_id in page
    (task,) = [task for task in shop.all(select(Task)) if task.dedupe_key == f"webhooks.handle:{event.ref}"]
    assert f'href="/admin/tasks/{task.ref}"' in page
    assert "payment.settled" in otto.get(f"/admin/audit/?request={event.request_id}").text
    assert f'href="/admin/audit/?request={event.request_id}"' in page
    due = shop.all(select(Task.due_at).where(Task.state == "waiting"))[0]
    assert formatting.short_moment(due, ZONE) in otto.get("/admin/tasks/?state=waiting").text
    assert (
        formatting.short_moment(task.due_at, ZONE) not in otto.get("/admin/tasks/?state=done").text
    )  # the end of a lease


def test_money_that_nobody_told_us_about_is_found_by_replaying_its_event(shop, otto):
    """The handler ran while the backup without the payment was in place; the event was ignored, and the money with it."""
    sale = shop.buyer().orders()
    shop.pays(sale)
    shop.works()
    event = shop.all(select(WebhookEvent).where(WebhookEvent.type == "payment.paid"))[0]
    units.write(
        lambda: session.execute(
            WebhookEvent.__table__.update().where(WebhookEvent.id == event.id).values(state="ignored", note="?")
        )
    )
    about = event.subject()
    units.write(lambda: cases.open_case(CaseKind.UNMATCHED_MONEY, about))
    address = f"/admin/webhooks/{event.ref}"
    post(otto, f"{address}/replay", address, reason="the backup is complete now")
    shop.works()
    assert shop.all(select(WebhookEvent.state).where(WebhookEvent.id == event.id)) == ["handled"]
    assert shop.open_cases() == [], "its own next step has done it"


def test_a_task_is_cancelled_where_no_promise_hangs_on_it(shop, otto, sale):
    def write():
        tasks.schedule("mail.send", dedupe="x", mail_id=1)

    units.write(write)
    task = shop.all(select(Task).where(Task.dedupe_key == "x"))[0]
    address = f"/admin/tasks/{task.ref}"
    assert "The task is cancelled" in post(otto, f"{address}/cancel", address, reason="not wanted")
    assert runner.run_due() == 0
    assert "it is cancelled" in otto.get(address).text
    assert "there is nothing to do with it" in post(otto, f"{address}/cancel", address, reason="again")
    assert shop.tags(task.ref) == ["task.cancelled"]


def test_a_task_that_money_or_stock_hangs_on_is_never_cancelled(shop, otto):
    shop.buyer().orders()
    for name in ("payments.ask", "orders.expire"):
        task = shop.all(select(Task).where(Task.name == name))[0]
        address = f"/admin/tasks/{task.ref}"
        assert "Cancel it · it must run" in otto.get(address).text
        assert "would be forgotten with it" in post(otto, f"{address}/cancel", address, reason="out of the way")
        assert shop.all(select(Task.state).where(Task.id == task.id)) == ["waiting"]


def test_a_runner_whose_task_was_cancelled_meanwhile_commits_nothing(shop):
    def write():
        tasks.schedule("mail.send", dedupe="x", mail_id=1)

    units.write(write)
    claimed, _ends = units.write(lambda: runner._claim("mine"))
    ((task_id, _name, _arguments, _request),) = claimed
    ref = shop.all(select(Task.ref).where(Task.id == task_id))[0]
    units.write(lambda: tasks.cancel(tasks.get(ref), by=SYSTEM, reason="not wanted"))

    def finish():
        token = tasks.running.set(tasks.Lease(task_id, "mine"))
        try:
            units.write(tasks.finish_running)
        finally:
            tasks.running.reset(token)

    with pytest.raises(tasks.LeaseLost):
        finish()
