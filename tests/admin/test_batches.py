"""One action for many rows: a task with a result for each, once however often it is pressed or killed."""

import re

import pytest
from sqlalchemy import select, update

from backoffice.admin.batches import LABELS
from backoffice.batches import service as batches
from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.catalog import editing
from backoffice.catalog import service as catalog
from backoffice.core import borders, units
from backoffice.core.actor import SYSTEM, staff
from backoffice.core.db import db, session
from backoffice.core.tracking import Subject
from backoffice.fulfilment import parcels
from backoffice.models import (
    AuditEntry,
    Batch,
    BatchItem,
    Case,
    Invoice,
    Mail,
    Order,
    Person,
    Product,
    StaffMember,
    Task,
    Variant,
)
from backoffice.orders import service as orders
from backoffice.staff import accounts
from backoffice.staff.roles import Role
from backoffice.tasks import registry, runner
from backoffice.tasks import service as tasks
from tests.support.shop import hidden, paid
from tests.support.staff import colleague


@pytest.fixture
def three(shop) -> list[str]:
    """Two orders that are not paid, and between them one that is."""
    first = shop.buyer("a@example.org").orders()
    buyer = shop.buyer("b@example.org")
    buyer.fills_cart()
    second = paid(shop, buyer)
    third = shop.buyer("c@example.org").orders()
    return [first.order_ref, second.order_ref, third.order_ref]


def start(client, address="/admin/orders/", query="", **form) -> str:
    """Press the button of a list; the page it leads to."""
    page = client.get(address).text
    key = re.search(r'name="key" value="(mny_[^"]+)"', page).group(1)
    where = f"{address}batch" + (f"?{query}" if query else "")
    return client.post(where, data={**hidden(page), "key": key, **form}, follow_redirects=True).text


def results(shop) -> list[tuple[str, str, str]]:
    return [(item.about_ref, item.state, item.message) for item in shop.all(select(BatchItem).order_by(BatchItem.id))]


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


def test_tasks_and_cases_are_handled_by_the_dozen(shop, otto):
    def give_up():
        for number in range(12):
            tasks.schedule("mail.send", dedupe=f"m{number}", mail_id=1)
        tasks.write_out(units.current().left.pop("tasks"))
        for task in session.scalars(select(Task)):
            task.state = "gave_up"
            cases.open_case(CaseKind.TASK_GAVE_UP, task.subject())

    units.write(give_up)
    start(otto, "/admin/cases/", query="state=open", action="cases.take", all="y")
    shop.works()
    otto_id = shop.all(select(StaffMember.id).where(StaffMember.role == Role.OPERATIONS))[0]
    assert set(shop.all(select(Case.owner_id))) == {otto_id}
    start(otto, "/admin/tasks/", query="state=gave_up", action="tasks.cancel", all="y", reason="not wanted")
    shop.works()
    assert shop.open_cases() == []
    assert {state for _ref, state, _message in results(shop)} == {"done"}


def test_what_was_done_to_rows_of_a_desk_is_for_those_who_see_it(shop, otto, three):
    start(otto, action="orders.cancel", ref=three, reason="Ada called")
    (batch,) = shop.all(select(Batch.ref))
    carl, fiona = colleague(shop, Role.CATALOGUE), colleague(shop, Role.FINANCE)
    assert carl.get(f"/admin/batches/{batch}").status_code == 404
    assert "Ada called" not in carl.get("/admin/batches/?show=reason").text
    assert fiona.get(f"/admin/batches/{batch}").status_code == 200
    assert "Ada called" in fiona.get("/admin/batches/?show=reason").text


def test_a_row_about_which_the_provider_was_silent_is_not_done(shop, otto):
    sale = shop.buyer().orders()
    shop.pays(sale)
    shop.provider.switch(outage=True)
    start(otto, "/admin/payments/", action="payments.ask", ref=[sale.payment_ref])
    shop.works()
    ((_ref, state, message),) = results(shop)
    assert state == "refused"
    assert message.startswith("The provider did not answer")


@pytest.fixture
def cases_of_two(shop, three) -> dict[str, str]:
    """What it is about → an open case: an order, and a product."""

    def open_both():
        cases.open_case(CaseKind.DATE_DECLINED, session.scalars(select(Order).limit(1)).one())
        cases.open_case(CaseKind.DATE_DECLINED, Subject("product", 1, "prd_1"))
        return {case.about_kind: case.ref for case in session.scalars(select(Case))}

    return units.write(open_both)


@pytest.mark.parametrize("action", ["cases.take", "cases.close"])
def test_all_of_the_cases_are_those_that_the_colleague_may_see(shop, cases_of_two, action):
    carl = colleague(shop, Role.CATALOGUE)
    start(carl, "/admin/cases/", action=action, all="y", reason="done")
    shop.works()
    assert results(shop) == [(cases_of_two["product"], "done", "")]


@pytest.mark.parametrize("action", ["cases.take", "cases.close"])
def test_a_ticked_case_that_the_colleague_may_not_see_is_not_there(shop, cases_of_two, action):
    carl = colleague(shop, Role.CATALOGUE)
    start(carl, "/admin/cases/", action=action, ref=[*cases_of_two.values(), "cas_nothing"], reason="done")
    shop.works()
    states = {ref: (state, message) for ref, state, message in results(shop)}
    assert states[cases_of_two["product"]] == ("done", "")
    assert states[cases_of_two["order"]] == states["cas_nothing"]
    assert states["cas_nothing"][0] == "refused"
    untouched = shop.all(select(Case).where(Case.ref == cases_of_two["order"]))[0]
    assert (untouched.state, untouched.owner_id) == ("open", None)


def ship(shop, order_ref: str) -> str:
    def act() -> str:
        order = orders.by_ref(order_ref)
        pieces = {line.id: line.quantity for line in order.lines if line.variant_id}
        return parcels.ship(order, pieces, request_key="ship-1", tracking="0034", by=SYSTEM).ref

    return units.write(act)


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_invoices_are_sent_and_typeset_by_the_dozen(shop, otto, three):
    paid_ref, open_ref = (
        shop.all(select(Invoice.ref).join(Order).where(Order.ref == ref))[0] for ref in (three[1], three[0])
    )
    shop.works()
    start(otto, "/admin/invoices/", action="invoices.send", ref=[paid_ref, open_ref])
    shop.works()
    assert [row[:2] for row in results(shop)] == [(paid_ref, "done"), (open_ref, "refused")]
    assert shop.mails().count("invoice_sent") == 1
    start(otto, "/admin/invoices/", action="invoices.typeset", ref=[open_ref])
    shop.works()
    assert results(shop)[-1][1] == "refused"


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_customers_get_the_mails_about_their_parcels_again(shop, otto, three):
    parcel = ship(shop, three[1])
    shop.works()
    assert shop.mails().count("parcel_sent") == 1
    start(otto, "/admin/shipments/", action="parcels.tell", ref=[parcel, "shp_nobody"])
    shop.works()
    assert [row[:2] for row in results(shop)] == [(parcel, "done"), ("shp_nobody", "refused")]
    assert shop.mails().count("parcel_sent") == 2
    page = otto.get(f"/admin/shipments/{parcel}").text
    form = hidden(page) | {"key": re.search(r'name="key" value="(prc_[^"]+)"', page).group(1)}
    for _ in range(2):
        assert otto.post(f"/admin/shipments/{parcel}/tell", data=form).status_code == 303
    shop.works()
    assert shop.mails().count("parcel_sent") == 3, "pressed twice is sent once"
    mails = shop.all(select(Mail.text).where(Mail.template == "parcel_sent"))
    assert len({re.sub(r"orders/\S+", "", text) for text in mails}) == 1, "it says what the first one said"


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_customers_are_barred_and_admitted_with_one_reason(shop, three):
    fiona = colleague(shop, Role.ADMINISTRATOR)
    refs = shop.all(select(Person.ref).order_by(Person.id))
    start(fiona, "/admin/customers/", action="customers.bar", ref=refs[:2], reason="one card, three names")
    shop.works()
    assert shop.all(select(Person.barred_because).order_by(Person.id)) == ["one card, three names"] * 2 + [""]
    start(
        fiona, "/admin/customers/", query="flag=barred", action="customers.admit", all="y", reason="they were sisters"
    )
    shop.works()
    assert set(shop.all(select(Person.barred_at))) == {None}


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_products_leave_their_shelves_and_come_back_where_they_can_be_sold(shop):
    carl = colleague(shop, Role.CATALOGUE)
    goods = shop.all(select(Product).where(Product.kind == "physical").order_by(Product.id))[:2]
    refs = [product.ref for product in goods]
    start(carl, "/admin/products/", action="products.withdraw", ref=refs, reason="the workshop moves")
    shop.works()
    assert shop.all(select(Product.ref).where(~Product.published).order_by(Product.id)) == refs
    with db.engine.begin() as connection:
        connection.execute(update(Variant.__table__).where(Variant.product_id == goods[0].id).values(published=False))
    start(carl, "/admin/products/", action="products.publish", ref=refs)
    shop.works()
    assert [row[1] for row in results(shop)[2:]] == ["refused", "done"]
    assert "needs a variant that is sold" in results(shop)[2][2]
    assert shop.all(select(Product.ref).where(~Product.published)) == refs[:1]
    with units.read():
        assert editing.put_on_shelf(catalog.by_ref(refs[1]), by=SYSTEM) is False


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_what_was_refused_keeps_its_ticks(shop, otto, three):
    page = start(otto, action="orders.cancel", ref=[three[0], three[2]], reason="")
    assert "Say in a few words why" in page
    ticks = re.compile(r'name="ref" value="([^"]+)" form="many" aria-label="[^"]*" checked')
    assert sorted(ticks.findall(page)) == sorted([three[0], three[2]])
    assert re.search(r'<option value="orders.cancel" selected>Cancel, say why', page)
    assert re.search(r'id="many".*?<details open>', page, re.S)
    assert not ticks.findall(otto.get("/admin/orders/").text), "said once"
