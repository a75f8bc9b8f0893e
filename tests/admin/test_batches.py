"""One action for many rows: a task with a result for each, once however often it is pressed or killed."""

import re

import pytest
from sqlalchemy import select

from backoffice.admin.batches import LABELS
from backoffice.batches import service as batches
from backoffice.core import borders, units
from backoffice.core.actor import staff
from backoffice.core.db import session
from backoffice.models import (
    AuditEntry,
    Batch,
    Mail,
    Order,
)
from backoffice.staff import accounts
from backoffice.staff.roles import Role
from backoffice.tasks import registry, runner
from tests.support.batches import results, start
from tests.support.shop import hidden
from tests.support.staff import colleague


def test_what_was_ticked_is_done_and_each_row_has_its_result(shop, otto, three):
    page = start(otto, action="orders.cancel", ref=three, reason="the shop is closed")
    assert "Orders: cancel, 3 rows" in page
    assert "0 of 3" in page
    assert 'http-equiv="refresh"' in page
    shop.works()
    assert results(shop) == [
        (three[0], "done", ""),
        (three[1], "refused", "An order that is paid cannot be cancelled."),
        (three[2], "done", ""),
    ]
    assert sorted(shop.all(select(Order.state))) == ["cancelled", "cancelled", "paid"]
    batch = shop.all(select(Batch))[0]
    page = otto.get(f"/admin/batches/{batch.ref}").text
    assert "2 of 3" in page
    assert "1 refused" in page
    assert "refresh" not in page
    cancelled = shop.all(select(AuditEntry).where(AuditEntry.tag == "order.cancelled"))
    assert {(row.actor_kind, row.reason) for row in cancelled} == {("staff", "the shop is closed")}
    assert shop.tags(batch.ref) == ["batch.started", "batch.done"]


def test_all_that_fit_the_filter_are_meant_and_no_others(shop, otto, three):
    start(otto, query="state=paid", action="orders.confirm", all="y")
    shop.works()
    assert results(shop) == [(three[1], "done", "")]
    assert len([mail for mail in shop.all(select(Mail)) if mail.template == "order_confirmed"]) == 2


def test_a_filter_that_cannot_be_read_means_nothing(shop, otto, three):
    page = start(otto, query="number=x", action="orders.cancel", all="y", reason="oh")
    assert "Choose what it is to be done to" in page
    assert shop.count(Batch) == 0


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"action": "orders.cancel", "reason": "x"}, "Choose what it is to be done to"),
        ({"action": "orders.cancel", "ref": ["ord_x"]}, "Say in a few words why"),
        ({"action": "tasks.cancel", "ref": ["ord_x"], "reason": "x"}, "no such action"),
        (
            {"action": "orders.cancel", "ref": [f"ord_{n}" for n in range(1_001)], "reason": "x"},
            "from one row to 1,000",
        ),
    ],
)
def test_what_cannot_be_started_starts_nothing(shop, otto, three, form, words):
    assert words in start(otto, **form)
    assert shop.count(Batch) == 0
    assert "batches.run" not in shop.waiting_tasks()


def test_pressing_twice_starts_one(shop, otto, three):
    page = otto.get("/admin/orders/").text
    form = {**hidden(page), "key": "mny_1", "action": "orders.confirm", "ref": three[1]}
    first = otto.post("/admin/orders/batch", data=form).location
    assert otto.post("/admin/orders/batch", data=form).location == first
    assert shop.count(Batch) == 1


def test_a_row_that_does_not_exist_is_refused_and_the_others_go_on(shop, otto, three):
    start(otto, action="orders.cancel", ref=["ord_nothing", three[0]], reason="x")
    shop.works()
    assert [state for _ref, state, _message in results(shop)] == ["refused", "done"]


def test_a_batch_of_a_colleague_whose_account_was_closed_does_no_more(shop, otto, three):
    start(otto, action="orders.cancel", ref=three, reason="out of spite")

    def close():
        accounts.close(session.scalars(select(Batch)).one().owner, by=staff("stf_olive"), reason="left")

    units.write(close)
    shop.works()
    assert {(state, message) for _ref, state, message in results(shop)} == {
        ("refused", "Whoever started this has no account any more.")
    }
    assert sorted(shop.all(select(Order.state))) == ["paid", "placed", "placed"]
    assert shop.all(select(Batch.state)) == ["done"]


def test_a_batch_of_a_colleague_who_got_another_role_does_no_more(shop, otto, three):
    start(otto, action="orders.cancel", ref=three, reason="as said")

    def change():
        owner = session.scalars(select(Batch)).one().owner
        accounts.change_role(owner, Role.FINANCE, by=staff("stf_olive"), reason="moved")

    units.write(change)
    shop.works()
    assert {(state, message) for _ref, state, message in results(shop)} == {
        ("refused", "Whoever started this may not cancel orders any more.")
    }
    assert sorted(shop.all(select(Order.state))) == ["paid", "placed", "placed"]


def test_a_row_that_breaks_is_told_and_the_others_go_on(shop, otto, monkeypatch):
    refs = [shop.buyer(f"eve{number}@example.org").orders().order_ref for number in range(3)]
    known = batches._actions["orders.cancel"]

    def breaks(ref: str, *given: object) -> object:
        if ref == refs[0]:
            raise RuntimeError
        return known.act(ref, *given)

    monkeypatch.setitem(batches._actions, "orders.cancel", known._replace(act=breaks))
    start(otto, action="orders.cancel", ref=refs, reason="nobody wants them")
    shop.works()
    assert [(ref, state) for ref, state, _words in results(shop)] == list(
        zip(refs, ["refused", "done", "done"], strict=True)
    )
    assert "An error of ours (RuntimeError)" in results(shop)[0][2]
    assert shop.all(select(Batch.state)) == ["done"]


def test_a_batch_that_is_killed_between_two_rows_goes_on_and_does_nothing_twice(shop, otto, three, monkeypatch):
    start(otto, action="orders.confirm", ref=[three[1]])

    class Killed(BaseException):
        pass

    def die(name):
        if name == "batches.acted":
            raise Killed

    monkeypatch.setattr(borders, "cross", die)
    with pytest.raises(Killed):
        shop.works()
    monkeypatch.undo()
    assert results(shop)[0][1] == "waiting"
    shop.minutes_pass(10)
    assert results(shop)[0][1] == "done"
    assert len([mail for mail in shop.all(select(Mail)) if mail.template == "order_confirmed"]) == 2


def test_a_long_batch_lets_others_in_and_comes_back(shop, otto, three, monkeypatch):
    monkeypatch.setattr(batches, "SLICE", -1.0)
    start(otto, action="orders.cancel", ref=three, reason="x")
    assert runner.run_due(batches=1) >= 1
    assert [state for _ref, state, _message in results(shop)].count("waiting") == 2
    shop.works()
    assert [state for _ref, state, _message in results(shop)] == ["done", "refused", "done"]


def test_the_role_decides_what_may_be_done_to_many(shop, three):
    fiona, vera = colleague(shop, Role.FINANCE), colleague(shop, Role.VIEWER)
    page = fiona.get("/admin/orders/").text
    assert "orders.confirm" in page
    assert "orders.cancel" not in page
    assert "Do something to many" not in vera.get("/admin/orders/").text
    form = {**hidden(page), "key": "mny_1", "action": "orders.cancel", "ref": three, "reason": "x"}
    answer = fiona.post("/admin/orders/batch", data=form, follow_redirects=True)
    assert "Your role does not let you cancel orders" in answer.text
    assert shop.count(Batch) == 0


def test_every_action_that_a_desk_offers_is_there_to_run(shop):
    assert set(LABELS) == batches.names()
    assert registry.handler("batches.run")


def test_what_was_done_to_rows_of_a_desk_is_for_those_who_see_it(shop, otto, three):
    start(otto, action="orders.cancel", ref=three, reason="Ada called")
    (batch,) = shop.all(select(Batch.ref))
    carl, fiona = colleague(shop, Role.CATALOGUE), colleague(shop, Role.FINANCE)
    assert carl.get(f"/admin/batches/{batch}").status_code == 404
    assert "Ada called" not in carl.get("/admin/batches/?show=reason").text
    assert fiona.get(f"/admin/batches/{batch}").status_code == 200
    assert "Ada called" in fiona.get("/admin/batches/?show=reason").text


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_what_was_refused_keeps_its_ticks(shop, otto, three):
    page = start(otto, action="orders.cancel", ref=[three[0], three[2]], reason="")
    assert "Say in a few words why" in page
    ticks = re.compile(r'name="ref" value="([^"]+)" form="many" aria-label="[^"]*" checked')
    assert sorted(ticks.findall(page)) == sorted([three[0], three[2]])
    assert re.search(r'<option value="orders.cancel" selected>Cancel, say why', page)
    assert re.search(r'id="many".*?<details open>', page, re.S)
    assert not ticks.findall(otto.get("/admin/orders/").text), "said once"
