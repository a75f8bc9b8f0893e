"""The office: who may enter, what can be read, and that nothing of money or audit can be changed or deleted."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from backoffice.checkout import endings
from backoffice.checkout import service as checkout
from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import db
from backoffice.demo import pictures
from backoffice.models import (
    AuditEntry,
    Case,
    Category,
    DeliveryMethod,
    DownloadGrant,
    Order,
    Person,
    PriceList,
    Product,
    StaffMember,
    StockItem,
    Task,
)
from backoffice.staff.roles import Role
from backoffice.tasks import service as tasks
from tests.support.shop import hidden, paid
from tests.support.staff import colleague

EMAIL, PASSWORD = "olive@plumb-and-level.example", "measure twice"


@pytest.fixture
def sale(shop):
    sale = shop.buyer().orders()
    shop.pays(sale)
    shop.minutes_pass(1)
    return sale


def office_rules(app):
    return [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/admin") and "static" not in rule.rule]


def filled(rule, shop, sale) -> str:
    """The address of a rule with references that exist."""
    refs = {
        "desk_orders": sale.order_ref, "desk_payments": sale.payment_ref, "desk_invoices": shop.invoice(sale).ref,
        "desk_tasks": shop.all(select(Task.ref))[0], "desk_mails": "mai_x", "desk_cases": "cas_x", "desk_webhooks": "whk_x",
        "desk_staff": shop.all(select(StaffMember.ref))[0], "desk_customers": shop.all(select(Person.ref))[0],
        "desk_products": shop.all(select(Product.ref))[0], "desk_categories": shop.all(select(Category.ref))[0],
        "desk_price_lists": shop.all(select(PriceList.ref))[0],
        "desk_stock": shop.all(select(StockItem.ref))[0], "desk_delivery": shop.all(select(DeliveryMethod.ref))[0],
    }  # fmt: skip
    ref = refs.get(rule.endpoint.split(".")[0], "x")
    return (
        rule.rule.replace("<ref>", ref)
        .replace("<payment>", sale.payment_ref)
        .replace("<order>", sale.order_ref)
        .replace("<kind>", "withdrawal")
        .replace("<int(max=999999999999999999):number>", "1")
    )


def test_nobody_enters_without_logging_in(shop, sale):
    client = shop.app.test_client()
    for rule in office_rules(shop.app):
        if rule.endpoint.startswith("office."):
            continue
        answer = client.get(filled(rule, shop, sale))
        if "GET" in rule.methods:
            assert (answer.status_code, "/admin/login" in answer.headers.get("Location", "")) == (303, True), rule
        answer = client.post(filled(rule, shop, sale))
        assert answer.status_code in (303, 400, 405), rule
    assert shop.order(sale).state == "paid"


def test_every_page_of_the_office_opens(shop, operator, sale):
    shop.buyer("eve@example.org").orders()
    for rule in office_rules(shop.app):
        if "GET" not in rule.methods or re.search(
            "desk_(mails|cases|webhooks|shipments|batches|refunds|disputes|credit_notes|ledger|breaks|payouts|provider_lines).(one|paper|answer)|welcome",
            rule.endpoint,
        ):
            continue
        answer = operator.get(filled(rule, shop, sale), follow_redirects=True)
        assert answer.status_code == 200, rule
        assert not re.search(rb"&lt;(function|bound method|class) ", answer.data), rule


def test_the_page_of_an_order_tells_its_whole_story(shop, operator, sale):
    page = operator.get(f"/admin/orders/{sale.order_ref}").text
    for words in (
        "Order 10001", "Paid", "ada@example.org", "€\N{NO-BREAK SPACE}129.00", "S-2026-000001", "Visa ·· 4242",
        "Payment settled", "Provider told us: paid", "Order placed", "Invoice issued: S-2026-000001", "Mail sent",
        "Cancel order · already paid", "Ask the provider now · no payment is open",
    ):  # fmt: skip
        assert words in page, words


def test_lists_page_by_key_and_keep_their_filters(shop, operator):
    for number in range(23):
        shop.buyer(f"buyer{number}@example.org").orders()
    first = operator.get("/admin/orders/?state=placed").text
    assert first.count("<tr>") == 21
    older = re.search(r'href="([^"]+)" rel="next"', first).group(1).replace("&amp;", "&")
    assert "state=placed" in older
    second = operator.get(older).text
    assert second.count("<tr>") == 4
    assert operator.get("/admin/orders/?email=buyer7@example.org").text.count("<tr>") == 2
    assert "No order fits" in operator.get("/admin/orders/?state=paid").text
    assert "No order fits" in operator.get("/admin/orders/?state=nonsense&number=abc").text


@pytest.mark.parametrize("engine_name", ["mariadb"])
def test_a_list_asks_few_questions_however_long_it_is(shop, operator):
    for number in range(6):
        shop.buyer(f"buyer{number}@example.org").orders()
    statements = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    operator.get("/admin/orders/")
    assert len([text for text in statements if text.startswith("SELECT")]) <= 8
    assert not [text for text in statements if "OFFSET" in text or "count(orders" in text.lower()]


def test_flask_admins_editing_routes_do_not_exist(shop, operator, sale):
    paths = [rule.rule for rule in office_rules(shop.app)]
    assert not [path for path in paths if re.search("/(new|edit|delete|action|ajax|export/|details)", path)]
    before = shop.all(select(AuditEntry.id))
    for desk in ("orders", "payments", "invoices", "audit", "webhooks", "tasks", "cases", "mails"):
        for verb in ("edit/?id=1", "delete/", "new/", "action/", "ajax/update/"):
            answer = operator.post(f"/admin/{desk}/{verb}", data={"id": "1", "rowid": "1", "action": "delete"})
            assert answer.status_code in (400, 404, 405), (desk, verb)
    assert shop.all(select(AuditEntry.id)) == before


def test_an_action_without_its_token_does_nothing(shop, operator):
    sale = shop.buyer().orders()
    answer = operator.post(f"/admin/orders/{sale.order_ref}/cancel", data={"reason": "forged"})
    assert answer.status_code == 400
    assert shop.order(sale).state == "placed"


def press(operator, page: str, action: str, **data):
    token = hidden(operator.get(page).text)
    return operator.post(f"{page}/{action}", data={**token, **data}, follow_redirects=True).text


def test_an_operator_cancels_an_unpaid_order_with_a_reason(shop, operator):
    sale = shop.buyer().orders()
    page = f"/admin/orders/{sale.order_ref}"
    assert "Say in a few words why" in press(operator, page, "cancel", reason=" ")
    refused = press(operator, page, "cancel", reason="card 4242 4242 4242 4242")
    assert "looks like a card number" in refused
    assert "4242 4242 4242 4242" not in refused
    assert "The order is cancelled" in press(operator, page, "cancel", reason="customer called")
    assert shop.order(sale).state == "cancelled"
    assert shop.stock() == (25, 0)
    assert shop.provider.payments()[0]["status"] == "cancelled"
    (entry,) = [row for row in shop.all(select(AuditEntry)) if row.tag == "order.cancelled"]
    assert (entry.actor_kind, entry.reason, entry.via) == ("staff", "customer called", "office")
    assert "customer called" in operator.get(page).text


def test_an_order_that_was_paid_meanwhile_is_not_cancelled(shop, operator):
    sale = shop.buyer().orders()
    shop.pays(sale)
    text = press(operator, f"/admin/orders/{sale.order_ref}", "cancel", reason="too late")
    assert "cannot be cancelled" in text
    assert shop.order(sale).state == "paid"


def test_nothing_is_cancelled_while_the_provider_is_silent(shop, operator):
    sale = shop.buyer().orders()
    shop.provider.switch(outage=True)
    text = press(operator, f"/admin/orders/{sale.order_ref}", "cancel", reason="customer called")
    assert "has not confirmed" in text
    assert 'value="customer called"' in text, "what was typed stays"
    assert shop.order(sale).state == "placed"
    assert shop.stock() == (25, 1)


def test_asking_the_provider_by_hand_finds_what_was_lost(shop, operator):
    shop.provider.switch(webhooks="never")
    sale = shop.buyer().orders()
    shop.pays(sale)
    said = press(operator, f"/admin/orders/{sale.order_ref}", "ask")
    assert "The provider was asked: the payment is settled." in said
    assert shop.order(sale).state == "paid"
    assert "nothing to ask" in press(operator, f"/admin/orders/{sale.order_ref}", "ask")


def test_a_provider_that_does_not_answer_is_not_said_to_have_answered(shop, operator):
    sale = shop.buyer().orders()
    shop.pays(sale)
    shop.provider.switch(outage=True)
    address, payment = f"/admin/orders/{sale.order_ref}", f"/admin/payments/{sale.payment_ref}"
    for page in (address, payment):
        said = press(operator, page, "ask")
        assert "The provider did not answer, so nothing new is known" in said
        assert "The provider was asked" not in said
    page = operator.get(address).text
    assert "whether the card was charged is not known" in page
    assert "card not known" in page
    assert "captured €" not in page


def test_the_audit_log_is_searched_by_a_colleagues_name_and_an_orders_number(shop, operator):
    sale = shop.buyer().orders()
    press(operator, f"/admin/orders/{sale.order_ref}", "cancel", reason="bought twice")
    number = shop.order(sale).number
    for wish in (f"subject={number}", f"subject={sale.order_ref}", "actor=OLI", "actor=olive@plumb"):
        assert "bought twice" in operator.get(f"/admin/audit/?{wish}").text, wish
    viewer = colleague(shop, Role.VIEWER)  # sees the log, and no addresses of colleagues
    assert "bought twice" in viewer.get("/admin/audit/?actor=OLI").text
    assert "bought twice" not in viewer.get("/admin/audit/?actor=olive@").text
    for wish in ("subject=99999", "actor=nobody", f"subject={'9' * 40}"):
        page = operator.get(f"/admin/audit/?{wish}")
        assert page.status_code == 200
        assert "bought twice" not in page.text


def test_a_case_is_read_and_closed_with_a_sentence(shop, operator):
    sale = shop.buyer().orders()
    shop.pays(sale, captured=13_000)
    shop.works()
    assert "captured another amount" in operator.get("/admin/", follow_redirects=True).text
    (case,) = shop.all(select(Case))
    page = f"/admin/cases/{case.ref}"
    assert "€\N{NO-BREAK SPACE}1.00" in operator.get(page).text
    assert "Say in a few words" in press(operator, page, "resolve", reason="")
    assert "The case is closed" in press(operator, page, "resolve", reason="returned by the bank")
    assert shop.open_cases() == []
    assert "closed already" in operator.get(page).text


def test_a_task_that_gave_up_is_started_again(shop, operator):
    units.write(lambda: tasks.schedule("nobody.knows", max_attempts=1))
    shop.works()
    (task,) = shop.all(select(Task).where(Task.name == "nobody.knows"))
    assert "no handler is registered" in operator.get(f"/admin/tasks/{task.ref}").text
    assert "as soon as a worker is free" in press(operator, f"/admin/tasks/{task.ref}", "retry", reason="mended")
    assert shop.waiting_tasks() == ["nobody.knows"]


def test_logging_in_wrongly_keeps_the_address_and_says_one_thing(shop):
    client = shop.app.test_client()
    form = hidden(client.get("/admin/login").text)
    for email in (EMAIL, "nobody@example.org"):
        answer = client.post("/admin/login", data={**form, "email": email, "password": "wrong", "next": ""})
        assert answer.status_code == 401
        assert f'value="{email}"' in answer.text
        assert "do not belong together" in answer.text


@pytest.mark.parametrize(
    "wish", ["https://evil.example/", "//evil.example", "/\\evil.example", "/admin/\\..", "javascript:x"]
)
def test_login_never_leads_outside(shop, wish):
    client = shop.app.test_client()
    form = hidden(client.get("/admin/login").text)
    answer = client.post("/admin/login", data={**form, "email": EMAIL, "password": PASSWORD, "next": wish})
    assert answer.location == "/admin/"


def test_login_leads_back_to_where_one_wanted_to_go(shop):
    client = shop.app.test_client()
    place = client.get("/admin/orders/?state=paid").location
    form = hidden(client.get(place).text, "next")
    answer = client.post("/admin/login", data={**form, "email": EMAIL, "password": PASSWORD})
    assert answer.location == "/admin/orders/?state=paid"


def test_logging_out_ends_it_on_the_server_too(shop, operator):
    token = operator.get_cookie("office", path="/admin").value
    form = hidden(operator.get("/admin/orders/").text)
    operator.post("/admin/logout", data=form)
    operator.set_cookie("office", token, path="/admin")
    assert operator.get("/admin/orders/").status_code == 303


def test_the_cookie_of_the_office_cannot_be_read_by_script_or_sent_by_others(shop):
    client = shop.app.test_client()
    form = hidden(client.get("/admin/login").text)
    answer = client.post("/admin/login", data={**form, "email": EMAIL, "password": PASSWORD, "next": ""})
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith("office="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/admin" in cookie


def test_script_in_what_a_customer_typed_is_text_in_the_office(shop, operator):
    buyer = shop.buyer()
    buyer.contact = {"name": "<img src=x onerror=alert(1)>"}
    sale = buyer.orders()
    for path in ("/admin/orders/", f"/admin/orders/{sale.order_ref}"):
        text = operator.get(path).text
        assert "&lt;img src=x" in text
        assert "<img src=x" not in text
    assert shop.count(Order) == 1


def test_numbers_no_column_can_hold_are_no_error_of_ours(shop, operator):
    huge = "9" * 25
    assert operator.get(f"/admin/orders/?number={huge}").status_code == 200
    assert operator.get(f"/admin/orders/?after={huge}").status_code == 200
    assert operator.get(f"/admin/audit/{huge}").status_code == 404
    assert shop.app.test_client().get(f"/terms/{huge}").status_code == 404


def test_cancelling_says_so_when_another_attempt_slipped_in(shop, operator, monkeypatch):
    """Between looking and cancelling the customer begins to pay again: the order goes on, and nobody is told otherwise."""
    sale = shop.buyer().orders()
    shop.is_declined(sale)
    shop.works()
    original = endings._end

    def customer_is_faster(*arguments):
        again = checkout._retry(sale.order_ref, SYSTEM)
        assert again.order_ref == sale.order_ref
        return original(*arguments)

    monkeypatch.setattr(endings, "_end", customer_is_faster)
    text = press(operator, f"/admin/orders/{sale.order_ref}", "cancel", reason="customer called")
    assert "has not confirmed" in text
    assert "The order is cancelled" not in text
    assert shop.order(sale).state == "placed"


def test_cancelling_learns_of_money_although_an_earlier_cancel_came_too_early(shop, operator):
    sale = shop.buyer().orders()
    reference = shop.payment(sale).provider_ref
    shop.provider.switch(webhooks="never")
    shop.provider.books.process(reference, "Bank debit", shop.clock() + timedelta(minutes=1))
    page = f"/admin/orders/{sale.order_ref}"
    assert "has not confirmed" in press(operator, page, "cancel", reason="first try")
    shop.clock.forward(minutes=2)
    assert "cannot be cancelled" in press(operator, page, "cancel", reason="second try")
    assert shop.order(sale).state == "paid"


def test_a_download_of_another_order_is_not_reached_through_this_one(shop, operator):
    pictures.attach()
    buyer, other = shop.buyer(), shop.buyer("eve@example.org")
    buyer.fills_cart(1, "HB-PDF")
    paid(shop, buyer)
    other.fills_cart()
    sale = paid(shop, other)
    (grant,) = shop.all(select(DownloadGrant))
    page = f"/admin/orders/{sale.order_ref}"
    press(operator, page, f"more/{grant.ref}", reason="the disk broke")
    assert shop.all(select(DownloadGrant.most)) == [grant.most]


def test_the_page_of_an_audit_entry_says_what_happened(shop, operator):
    assert "<h1>Company data changed</h1>" in operator.get("/admin/audit/1").text
