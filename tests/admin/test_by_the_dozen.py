"""What can be done to many rows, desk by desk."""

import re

import pytest
from sqlalchemy import select, update

from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.catalog import editing
from backoffice.catalog import service as catalog
from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import db, session
from backoffice.core.tracking import Subject
from backoffice.models import (
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
from backoffice.staff.roles import Role
from backoffice.tasks import service as tasks
from tests.support.batches import results, start
from tests.support.sending import send
from tests.support.shop import hidden
from tests.support.staff import colleague


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
        return send(order, pieces, key="ship-1", tracking="0034").ref

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
