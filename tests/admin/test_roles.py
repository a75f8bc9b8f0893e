"""Who may do what: every address of the office, with every method, as every role. The table is written out here once
more, so that a slip in the matrix, or a route that asks for the wrong right, does not pass unseen."""

import re

import pytest
from sqlalchemy import select

from backoffice.admin.batches import Many
from backoffice.admin.lists import DeskList, NoRightNamed, needs
from backoffice.batches import service as batches
from backoffice.models import (
    Batch,
    Case,
    Category,
    CreditNote,
    DeliveryMethod,
    Dispute,
    Mail,
    Person,
    PriceList,
    Product,
    Refund,
    StaffMember,
    StockItem,
    Task,
    WebhookEvent,
)
from backoffice.reconciliation.models import ProviderLine
from backoffice.staff.roles import Right, Role
from tests.support.shop import hidden
from tests.support.staff import colleague

V, O, F, C, A = Role.VIEWER, Role.OPERATIONS, Role.FINANCE, Role.CATALOGUE, Role.ADMINISTRATOR  # noqa: E741
EVERYBODY, READERS = {V, O, F, C, A}, {V, O, F, A}

MAY = {
    **{f"admin.{name}": EVERYBODY for name in ("index", "jump", "keys", "seen")},
    **{f"desk_customers.{page}": READERS for page in ("index_view", "one", "of")}, "desk_customers.close": {O, A},
    "desk_customers.bar": {O, F, A}, "desk_customers.admit": {O, F, A},
    "desk_customers.bar_card": {O, F, A}, "desk_customers.allow_card": {O, F, A},
    "desk_shipments.index_view": READERS, "desk_shipments.one": READERS, "desk_shipments.correct": {O, A},
    "desk_shipments.tell": {O, F, A},
    **{f"desk_{desk}.index_view": EVERYBODY for desk in ("products", "categories", "stock", "delivery")},
    **{f"desk_{desk}.one": EVERYBODY for desk in ("products", "categories", "stock", "delivery")},
    **{f"desk_products.{verb}": {C, A} for verb in ("create", "texts", "tax", "publish", "withdraw")},
    **{f"desk_products.{verb}": {C, A} for verb in ("variant", "rename", "price", "sell", "file", "detach", "beside")},
    **{f"desk_products.{verb}": {C, A} for verb in ("picture", "rehang", "unhang")},
    **{f"desk_products.{verb}": {C, A} for verb in ("table", "read_table", "take_table")},
    "desk_categories.create": {C, A}, "desk_categories.change": {C, A},
    **{f"desk_delivery.{verb}": {C, A} for verb in ("create", "create_zone", "zone", "change")},
    **{f"desk_delivery.{verb}": {C, A} for verb in ("add", "rate", "drop", "switch")},
    **{f"desk_price_lists.{page}": EVERYBODY for page in ("index_view", "one")},
    "desk_price_lists.create": {C, A}, "desk_price_lists.change": {C, A},
    "legal.index": EVERYBODY, "legal.one": EVERYBODY, "legal.publish": {A},
    "desk_stock.receive": {O, C, A}, "desk_stock.correct": {O, C, A},
    "desk_batches.index_view": EVERYBODY, "desk_batches.one": EVERYBODY,
    "desk_cases.index_view": EVERYBODY, "desk_cases.one": EVERYBODY, "desk_cases.kind": EVERYBODY,
    **{f"desk_cases.{verb}": {O, F, C, A} for verb in ("resolve", "take", "assign", "snooze", "wake", "merge")},
    "desk_orders.index_view": READERS, "desk_orders.one": READERS,
    "desk_orders.ask": {O, F, A}, "desk_orders.cancel": {O, A}, "desk_orders.ship": {O, A}, "desk_orders.propose": {O, A},
    "desk_orders.finish": {O, A}, "desk_orders.more": {O, A}, "desk_orders.withdraw": {O, A},
    "desk_orders.confirm": {O, F, A}, "desk_invoices.send": {O, F, A}, "desk_invoices.typeset": {O, F, A},
    **{f"desk_orders.{verb}": {O, A} for verb in ("address", "email", "extend")},
    "desk_payments.index_view": READERS, "desk_payments.one": READERS, "desk_payments.ask": {O, F, A},
    "desk_invoices.index_view": READERS, "desk_invoices.one": READERS, "desk_invoices.paper": READERS,
    "desk_refunds.index_view": READERS, "desk_refunds.one": READERS, "desk_refunds.ask": {O, F, A},
    **{f"desk_refunds.{verb}": {O, F, A} for verb in ("choose", "give_back", "again", "otherwise", "leave")},
    "desk_disputes.index_view": READERS, "desk_disputes.one": READERS,
    **{f"desk_disputes.{verb}": {O, F, A} for verb in ("ask", "answer", "submit")},
    **{f"desk_breaks.{page}": READERS for page in ("index_view", "one", "books")},
    "desk_breaks.compare": {O, F, A}, "desk_breaks.explain": {F, A},
    "desk_payouts.index_view": READERS, "desk_payouts.one": READERS, "desk_payouts.sign_off": {F, A},
    "desk_provider_lines.index_view": READERS, "desk_provider_lines.one": READERS,
    "desk_credit_notes.index_view": READERS, "desk_credit_notes.one": READERS, "desk_credit_notes.paper": READERS,
    **{f"desk_ledger.{page}": READERS for page in ("index_view", "one", "balance")}, "desk_ledger.balance_file": {O, F, A},
    "promises.index": READERS, "promises.check": {O, F, A},
    "desk_audit.index_view": READERS, "desk_audit.one": READERS,
    "desk_webhooks.index_view": READERS, "desk_webhooks.one": READERS,
    "desk_mails.index_view": READERS, "desk_mails.one": READERS, "desk_mails.send": {O, F, A},
    "desk_tasks.index_view": READERS, "desk_tasks.one": READERS, "desk_tasks.retry": {O, A},
    "desk_tasks.cancel": {O, A}, "desk_webhooks.replay": {O, A}, "desk_webhooks.preview": {O, F, A},
    "desk_staff.index_view": {A}, "desk_staff.one": {A}, "desk_staff.invite": {A}, "desk_staff.link": {A},
    "desk_staff.role": {A}, "desk_staff.close": {A}, "desk_staff.reopen": {A}, "desk_staff.end_sessions": {A},
}  # fmt: skip

DESKS = {name.partition(".")[0].removeprefix("desk_") for name in MAY if name.endswith("index_view")}
for desk in DESKS:
    readers = MAY[f"desk_{desk}.index_view"]
    MAY[f"desk_{desk}.download"] = readers & {O, F, C, A}
    MAY[f"desk_{desk}.keep_view"] = MAY[f"desk_{desk}.forget_view"] = readers

MANY = (
    "cases", "customers", "disputes", "invoices", "mails", "orders", "payments", "payouts", "products", "refunds", "shipments",
    "stock", "tasks", "webhooks",
)  # fmt: skip
for desk in MANY:  # who may do what to many is asked by the action
    MAY[f"desk_{desk}.batch"] = MAY[f"desk_{desk}.index_view"]
for desk in DESKS - {
    "audit",
    "mails",
    "staff",
    "categories",
    "delivery",
    "price_lists",
    "batches",
    "ledger",
    "provider_lines",
}:
    MAY[f"desk_{desk}.note"] = MAY[f"desk_{desk}.index_view"] & {O, F, C, A}

# What may be done to many rows, by whom; each is asked for by the action itself.
MAY_MANY = {
    **{name: {O, F, C, A} for name in ("cases.take", "cases.close")},
    **{name: {O, F, A} for name in ("customers.bar", "customers.admit")},
    **{f"{desk}.ask": {O, F, A} for desk in ("payments", "refunds", "disputes")},
    **{name: {O, F, A} for name in ("orders.confirm", "invoices.send", "invoices.typeset", "parcels.tell", "mails.send")},
    "orders.cancel": {O, A}, "payouts.sign": {F, A}, "stock.write_off": {O, C, A}, "webhooks.replay": {O, A},
    **{name: {C, A} for name in ("products.publish", "products.withdraw")},
    **{name: {O, A} for name in ("tasks.retry", "tasks.cancel")},
}  # fmt: skip


OPEN = {"office.login", "office.log_in", "office.log_out", "office.welcome", "office.choose_password", "office.static"}


def rules(app):
    return [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/admin") and rule.endpoint not in OPEN
            and not rule.endpoint.startswith("admin.static")]  # fmt: skip


def test_the_table_names_every_address(shop):
    assert {rule.endpoint for rule in rules(shop.app)} == set(MAY)


@pytest.mark.parametrize("engine_name", ["sqlite"])
@pytest.mark.parametrize("role", list(Role))
def test_each_role_reaches_what_it_may_and_nothing_else(shop, role):
    sale = shop.buyer().orders()
    shop.pays(sale)
    shop.minutes_pass(1)
    shop.refunds(sale, 100)
    shop.is_disputed(sale)
    shop.minutes_pass(1)
    shop.reconciles()
    client = colleague(shop, role)
    refs = {
        "desk_orders": sale.order_ref, "desk_payments": sale.payment_ref, "desk_invoices": shop.invoice(sale).ref,
        "desk_tasks": shop.all(select(Task.ref))[0], "desk_mails": shop.all(select(Mail.ref))[0],
        "desk_customers": shop.all(select(Person.ref))[0], "desk_shipments": "shp_none", "desk_batches": "bat_none",
        "desk_products": shop.all(select(Product.ref))[0],
        "desk_categories": shop.all(select(Category.ref))[0], "desk_stock": shop.all(select(StockItem.ref))[0],
        "desk_price_lists": shop.all(select(PriceList.ref))[0], "legal": "terms",
        "desk_delivery": shop.all(select(DeliveryMethod.ref))[0], "desk_webhooks": shop.all(select(WebhookEvent.ref))[0],
        "desk_staff": shop.all(select(StaffMember.ref))[-1], "desk_refunds": shop.all(select(Refund.ref))[0],
        "desk_disputes": shop.all(select(Dispute.ref))[0],
        "desk_provider_lines": shop.all(select(ProviderLine.ref))[0], "desk_breaks": "brk_none", "desk_payouts": "pyt_none",
        "desk_credit_notes": shop.all(select(CreditNote.ref))[0],
        "desk_ledger": f"payment_settled:{sale.payment_ref}", "payment": sale.payment_ref,
    }  # fmt: skip
    token = hidden(client.get("/admin/cases/").text)
    seen = 0
    for rule in rules(shop.app):
        ref = refs.get(rule.endpoint.partition(".")[0], "cas_none")
        address = (
            re.sub("<ref>|<view>", ref, rule.rule)
            .replace("<payment>", refs["payment"])
            .replace("<order>", refs["desk_orders"])
            .replace("<kind>", "withdrawal")
            .replace("<card>", "mth_none")
            .replace("<variant>", "var_none")
            .replace("<int(max=999999999999999999):number>", "1")
        )
        for method in sorted(rule.methods & {"GET", "POST"}):
            answer = client.open(address, method=method, data=token if method == "POST" else None, buffered=True)
            allowed = role in MAY[rule.endpoint]
            seen += allowed
            assert (answer.status_code == 403) == (not allowed), (role, method, rule.endpoint, answer.status_code)
            if not allowed:
                assert "Your role does not let you" in answer.text
    assert seen


def desks_of_many(app) -> dict[str, Many]:
    """The desk that offers each action for many."""
    views = [view for admin in app.extensions["admin"] for view in admin._views if isinstance(view, Many)]
    return {item.name: view for view in views for item in view.for_many}


def test_the_table_names_everything_that_is_done_to_many(shop):
    assert set(MAY_MANY) == batches.names() == set(desks_of_many(shop.app))


@pytest.mark.parametrize("engine_name", ["sqlite"])
@pytest.mark.parametrize("role", list(Role))
def test_each_role_does_to_many_what_it_may_and_nothing_else(shop, role):
    shop.buyer().orders()
    client = colleague(shop, role)
    token = hidden(client.get("/admin/cases/").text)
    desks = desks_of_many(shop.app)
    for number, (name, allowed) in enumerate(sorted(MAY_MANY.items())):
        form = {**token, "action": name, "ref": "nobody", "reason": "a test", "key": f"mny_{number}"}
        address = f"/admin/{desks[name].key}/batch"
        answer = client.post(address, data=form, follow_redirects=True)
        begun = shop.all(select(Batch.action))
        assert (name in begun) == (role in allowed), (role, name, answer.status_code)
        if role not in allowed:
            assert "Your role does not let you" in answer.text, (role, name)
    assert len(shop.all(select(Batch.id))) == sum(role in allowed for allowed in MAY_MANY.values())


def test_a_refusal_changes_nothing_and_says_whom_to_ask(shop):
    sale = shop.buyer().orders()
    client = colleague(shop, V)
    token = hidden(client.get("/admin/cases/").text)
    answer = client.post(f"/admin/orders/{sale.order_ref}/cancel", data={**token, "reason": "I would like to"})
    assert answer.status_code == 403
    assert "Your role does not let you cancel orders. Ask operations or an administrator." in answer.text
    assert shop.order(sale).state == "placed"
    page = client.get(f"/admin/orders/{sale.order_ref}").text
    assert "Cancel order · ask operations or an administrator" in page
    assert not re.search(r'action="/admin/orders/[^"]+/cancel"', page)


def test_the_sidebar_shows_what_the_role_may_see(shop):
    page = colleague(shop, C).get("/admin/cases/").text
    assert "/admin/orders/" not in page
    assert "/admin/staff/" not in page
    assert "/admin/staff/" in colleague(shop, A).get("/admin/cases/").text


def test_a_change_of_role_counts_from_the_next_page_on(shop):
    admin, otto = colleague(shop, A), colleague(shop, O)
    ref = shop.all(select(StaffMember.ref).where(StaffMember.role == O))[0]
    form = hidden(admin.get(f"/admin/staff/{ref}").text)
    admin.post(f"/admin/staff/{ref}/role", data={**form, "role": "catalogue", "reason": "moves to the catalogue"})
    assert otto.get("/admin/orders/").status_code == 403
    admin.post(f"/admin/staff/{ref}/close", data={**form, "reason": "leaves"})
    assert otto.get("/admin/cases/").status_code == 303


def test_a_colleague_is_invited_by_mail_and_enters(shop):
    admin = colleague(shop, A)
    form = hidden(admin.get("/admin/staff/").text)
    answer = admin.post(
        "/admin/staff/invite", data={**form, "name": "Nora New", "email": "nora@example.org", "role": "finance"}
    )
    assert answer.status_code == 303
    shop.works()
    mail = shop.all(select(Mail).where(Mail.recipient == "nora@example.org"))[0]
    path = re.search(r"https?://[^/]+(/admin/welcome/\S+)", mail.text).group(1)
    nora = shop.app.test_client()
    page = nora.get(path).text
    assert "Welcome, Nora New" in page
    different = nora.post(path, data={**hidden(page), "password": "quite a long one", "again": "quite a long two"})
    assert (different.status_code, "The two are not the same." in different.text) == (422, True)
    entered = nora.post(path, data={**hidden(page), "password": "quite a long one", "again": "quite a long one"})
    assert entered.status_code == 303
    assert nora.get("/admin/payments/").status_code == 200
    assert nora.get(path).status_code == 404


def test_the_same_address_is_not_invited_twice_and_what_was_typed_stays(shop):
    admin = colleague(shop, A)
    form = hidden(admin.get("/admin/staff/").text)
    typed = {**form, "name": "Second Otto", "email": "OTTO@plumb-and-level.example", "role": "viewer"}
    page = admin.post("/admin/staff/invite", data=typed, follow_redirects=True).text
    assert "otto@plumb-and-level.example has a staff account already." in page
    assert 'value="Second Otto"' in page
    assert '<option value="viewer" selected>' in page
    assert len(shop.all(select(StaffMember.id))) == 5


def test_a_route_that_changes_something_names_its_right():
    class Careless(DeskList):
        sees = Right.SEE_INBOX

        def change(self, ref):
            return ref

    Careless._urls = [*DeskList._urls, ("/<ref>/change", "change", ("POST",))]
    with pytest.raises(NoRightNamed):
        Careless(Case, "Careless", "careless")
    Careless.change = needs(Right.RESOLVE_CASES)(Careless.change)
    Careless(Case, "Careful", "careful")
