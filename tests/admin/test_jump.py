"""The jump box: one field for whatever somebody reads out."""

import re

import pytest
from sqlalchemy import select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import units
from backoffice.core.actor import SYSTEM, Origin, coming_from
from backoffice.models import (
    AuditEntry,
    Person,
    Product,
    ProviderLine,
    Shipment,
    Variant,
    WebhookEvent,
)
from backoffice.orders import service as orders
from backoffice.staff.roles import Role
from tests.support.accounts import asks, asks_to_move, known, moving_link, registers
from tests.support.consistency import problems
from tests.support.office import post
from tests.support.shop import LEVEL
from tests.support.staff import colleague
from tests.support.statements import statements


def jumped(client, wish: str) -> str:
    """Where the box leads straight away; empty where it shows a choice, or nothing."""
    answer = client.get("/admin/jump", query_string={"q": wish})
    return answer.location or ""


def test_the_jump_box_finds_what_somebody_reads_out(shop, otto, sale):
    order = f"/admin/orders/{sale.order_ref}"
    post(otto, f"{order}/ship", order, key="shk_1", tracking="00340434", **_pieces(otto, sale))
    payment, invoice = shop.payment(sale), shop.invoice(sale)
    event = shop.all(select(WebhookEvent))[0]
    person, parcel = shop.all(select(Person))[0], shop.all(select(Shipment))[0]
    product = shop.all(select(Product).join(Variant, Variant.product_id == Product.id).where(Variant.sku == LEVEL))[0]
    request = shop.all(select(AuditEntry.request_id).where(AuditEntry.tag == "order.placed"))[0]
    for wish, place in {
        **dict.fromkeys(
            ("10001", "#10001", "# 10001", "order 10001", "Order no. 10001", "No. 10001", "10 001"),
            f"/admin/orders/{sale.order_ref}",
        ),
        "invoice S-2026-000001": f"/admin/invoices/{invoice.ref}",
        sale.order_ref: f"/admin/orders/{sale.order_ref}",
        "s-2026-000001": f"/admin/invoices/{invoice.ref}",
        invoice.ref: f"/admin/invoices/{invoice.ref}",
        payment.ref: f"/admin/payments/{payment.ref}",
        payment.provider_ref: f"/admin/payments/{payment.ref}",
        event.event_key: f"/admin/webhooks/{event.ref}",
        " ADA@example.org ": f"/admin/customers/{person.ref}",
        "ada@": f"/admin/customers/{person.ref}",
        "lovel": f"/admin/customers/{person.ref}",
        person.ref: f"/admin/customers/{person.ref}",
        "00340434": f"/admin/shipments/{parcel.ref}",
        LEVEL.lower(): f"/admin/products/{product.ref}",
        request: f"/admin/audit/?request={request}",
    }.items():
        assert jumped(otto, wish) == place, wish


def test_an_order_is_found_by_the_address_it_was_corrected_to(shop, otto, sale):
    order = f"/admin/orders/{sale.order_ref}"
    post(otto, f"{order}/email", order, email="Ada@right.example", reason="she spelled it")
    assert jumped(otto, "ada@right.example") == order
    assert order in otto.get("/admin/orders/?email=Ada@right.example").text
    assert order in otto.get("/admin/orders/?email=ada@example.org").text, "it is still hers"
    payment = f"/admin/payments/{sale.payment_ref}"
    assert payment in colleague(shop, Role.FINANCE).get("/admin/payments/?email=ada@right.example").text
    again = shop.buyer("ada@right.example").orders()  # a customer of that address comes to be
    page = otto.get("/admin/orders/?email=ada@right.example").text
    assert all(f"/admin/orders/{ref}" in page for ref in (sale.order_ref, again.order_ref))


@pytest.mark.parametrize("engine_name", ["sqlite", "mariadb"])
def test_an_order_is_found_by_the_address_that_its_customer_had_before(shop, otto):
    ada = shop.buyer("Ada@example.org")
    registers(shop, ada.client)
    before = f"/admin/orders/{ada.orders().order_ref}"
    asks_to_move(ada.client, "ada@new.example")
    asks(ada.client, moving_link(shop))
    ada.email = "ada@new.example"
    after = f"/admin/orders/{ada.orders().order_ref}"
    assert jumped(otto, "ada@example.org") == before
    for address, finds in (("ada@example.org", [before]), ("ADA@new.example", [before, after])):
        page = otto.get(f"/admin/orders/?email={address}").text
        assert [order for order in (before, after) if order in page] == finds
    stranger = shop.buyer("ada@example.org").orders()  # the address is somebody else's now
    page = otto.get("/admin/orders/?email=ada@example.org").text
    assert [order in page for order in (before, after, stranger.order_ref)] == [True, False, True]
    assert problems() == []


def test_the_jump_box_finds_a_line_of_the_providers_statement(shop, sale):
    finance = colleague(shop, Role.FINANCE)
    shop.clock.forward(hours=2)
    shop.reconciles()
    line = shop.all(select(ProviderLine))[0]
    assert jumped(finance, line.line_ref) == f"/admin/provider_lines/{line.ref}"


@pytest.mark.parametrize("given", ["0af76519-16cd-43dd-8448-eb211c80319c", "req_of_our_proxy", "ABCDEF0123"])
def test_the_jump_box_finds_a_request_whatever_a_proxy_calls_it(shop, otto, sale, given):
    person = shop.all(select(Person))[0]
    with coming_from(Origin(given, "web")):
        units.write(lambda: audit.record(Tag.PERSON_VIEWED, person, by=SYSTEM))
    assert jumped(otto, given) == f"/admin/audit/?request={given}"


def _pieces(client, sale) -> dict[str, str]:
    page = client.get(f"/admin/orders/{sale.order_ref}").text
    return dict.fromkeys(re.findall(r'name="(line\d+)"', page), "1")


def test_several_hits_are_a_choice_and_none_says_what_can_be_found(shop, otto):
    known(shop, "Ada Lovelace", "ada@example.org")
    known(shop, "Ada Byron", "byron@example.org")
    page = otto.get("/admin/jump?q=ada").text
    assert "Ada Lovelace" in page
    assert "Ada Byron" in page
    for nothing in ("", "zzzzz", "99999999999999999999", "ord_nothing", "%", "' OR 1=1 --", "<script>", "x" * 500):
        answer = otto.get("/admin/jump", query_string={"q": nothing})
        assert answer.status_code == 200, nothing
        assert "The box above finds" in answer.text
        assert "<script>" not in answer.text.replace("<script src=", "")


def test_the_jump_box_shows_nothing_that_the_role_may_not_see(shop, sale):
    carl = colleague(shop, Role.CATALOGUE)
    for hidden_thing in ("10001", "ada@example.org", "lovelace", shop.payment(sale).ref, "S-2026-000001"):
        assert not jumped(carl, hidden_thing).startswith(
            ("/admin/orders", "/admin/customers", "/admin/payments", "/admin/inv")
        )
    assert jumped(carl, LEVEL).startswith("/admin/products/")


@pytest.mark.parametrize(
    "wish", ["10001", "lovelace", "ada@example.org", "S-2026-000001", "0151 1234567", "brass level"]
)
def test_a_jump_asks_at_most_ten_questions(shop, otto, sale, wish):
    with statements() as seen:
        otto.get("/admin/jump", query_string={"q": wish})
    assert len(seen) <= 10, "\n".join(seen)


def test_an_order_is_found_by_an_address_with_large_letters_that_a_database_does_not_know():
    """SQLite makes A to Z small, MariaDB more, and none of them letters that only look otherwise."""
    ada = Person(email="ada@bücher.example")
    assert orders.found_as("ada@BÜCHER.example", ada) == "ada@bücher.example"
    assert orders.found_as("ada@bücher.example", ada) is None
    assert orders.found_as("Ada@Example.org", Person(email="ada@example.org")) is None
