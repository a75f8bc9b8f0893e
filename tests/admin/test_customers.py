"""Customers: found by whatever they say on the phone, flagged, barred, closed; and the jump box for everything else."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from backoffice.admin import today
from backoffice.admin.cells import ZONE
from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import units
from backoffice.core.actor import SYSTEM, Origin, coming_from
from backoffice.core.db import db, session
from backoffice.customers import finding
from backoffice.customers import service as customers
from backoffice.models import (
    AuditEntry,
    Order,
    Person,
    Product,
    ProviderLine,
    Shipment,
    StockItem,
    Variant,
    WebhookEvent,
)
from backoffice.staff.roles import Role
from tests.admin.test_inbox import post
from tests.support.shop import LEVEL, paid
from tests.support.staff import colleague
from tests.support.statements import statements


@pytest.fixture
def sale(shop):
    buyer = shop.buyer("ada@example.org")
    buyer.fills_cart()
    sale = paid(shop, buyer)
    shop.minutes_pass(1)
    return sale


def names(rows) -> list[str]:
    return [row.name for row in rows]


def known(shop, name, email, phone="") -> None:
    units.write(lambda: customers.create(email, name, phone))


def test_people_are_found_by_the_words_of_their_names(shop):
    known(shop, "Zoë Müller-Lüdenscheidt", "zoe@example.org")
    known(shop, "Otto Müller", "otto@example.org")
    known(shop, "Anna Oesterle", "anna@example.org")
    with units.read():
        assert names(finding.by_words("Österle")) == names(finding.by_words("oesterle")) == ["Anna Oesterle"]
        assert names(finding.by_words("MULLER")) == ["Otto Müller", "Zoë Müller-Lüdenscheidt"]
        assert names(finding.by_words("zoe lud")) == ["Zoë Müller-Lüdenscheidt"]
        assert finding.by_words("uller") == []
        assert names(finding.by_words("Mueller")) == ["Otto Müller", "Zoë Müller-Lüdenscheidt"]
        assert finding.by_words("Joe") == [], "Otto is not found by every o"
        assert finding.by_words("  ") == []


@pytest.mark.parametrize(
    "typed", ["0151 12345678", "+49 151 1234 5678", "0049-151-12345678", "(0151)12345678", "12345678"]
)
def test_a_phone_number_is_found_however_it_is_written(shop, typed):
    known(shop, "Ada", "ada@example.org", "+49 151 12345678")
    known(shop, "Eve", "eve@example.org", "0151 87654321")
    with units.read():
        assert names(finding.by_phone(typed)) == ["Ada"]
        assert finding.by_phone("678") == [], "too few digits fit half the world"


def test_a_later_order_adds_the_name_and_phone_it_was_placed_with(shop):
    shop.buyer("ada@example.org").orders()
    second = shop.buyer("Ada@Example.org")
    second.fills_cart()
    sale = second.places({**second.checkout_form(), "name": "Countess Lovelace", "phone": "0341 555 777"})
    with units.read():
        assert finding.by_words("countess") == []  # an order that nobody paid says nothing about her
    shop.pays(sale)
    shop.works()
    with units.read():
        assert [person.email for person in finding.by_words("countess")] == ["ada@example.org"]
        assert [person.email for person in finding.by_phone("+49 341 555777")] == ["ada@example.org"]
    assert shop.all(select(Order.phone)) == ["", "0341 555 777"]


@pytest.mark.parametrize("phone", ["call me", "12", "1" * 16, "0151 1234567 ext. 9"])
def test_what_nobody_can_dial_is_refused_and_stays(shop, phone):
    buyer = shop.buyer()
    buyer.fills_cart()
    answer = buyer.client.post("/checkout", data={**buyer.checkout_form(), "phone": phone})
    assert answer.status_code == 422
    assert "does not look like a phone number" in answer.text
    assert f'value="{phone}"' in answer.text


def test_the_page_of_a_customer_tells_all_of_it(shop, otto, sale):
    person = shop.all(select(Person))[0]
    page = otto.get(f"/admin/customers/{person.ref}").text
    for words in (
        "Ada Lovelace",
        "paid in 1 order",
        "Order 10001",
        "S-2026-000001",
        "Guest",
        "Order placed",
        "Provider told us",
    ):
        assert words in page, words
    looked = shop.all(select(AuditEntry).where(AuditEntry.tag == "person.viewed"))[-1]
    assert looked.changes == {"page": [None, f"person {person.ref}"]}


def test_a_barred_customer_buys_nothing_until_they_are_admitted_again(shop, otto, sale):
    person = shop.all(select(Person))[0]
    address = f"/admin/customers/{person.ref}"
    assert "Say in a few words why" in post(otto, f"{address}/bar", address, reason="")
    page = post(otto, f"{address}/bar", address, reason="three chargebacks")
    assert "three chargebacks" in page
    assert "▲</span> Barred" in page
    again = shop.buyer("ADA@example.org")
    again.fills_cart()
    answer = again.client.post("/checkout", data=again.checkout_form())
    assert answer.status_code == 409
    assert "Please write to us" in answer.text
    assert "chargeback" not in answer.text
    assert re.findall(r"/admin/customers/(per_\w+)", otto.get("/admin/customers/?flag=barred").text) == [person.ref]
    post(otto, f"{address}/admit", address, reason="a mistake of ours")
    assert again.places().order_ref
    assert [tag for tag in shop.tags(person.ref) if tag.endswith("ed") and tag != "person.viewed"] == [
        "person.created", "person.barred", "person.admitted",
    ]  # fmt: skip


def test_customers_are_listed_by_name_and_address(shop, otto):
    for name, email in (("Ada Lovelace", "ada@example.org"), ("Eve Adams", "eve@example.org")):
        known(shop, name, email)
    listed = lambda query: re.findall(r">([^<]+)</a></td>", otto.get(f"/admin/customers/?{query}").text)  # noqa: E731
    assert listed("name=ada") == ["Eve Adams", "Ada Lovelace"]
    assert listed("name=ada+lov") == ["Ada Lovelace"]
    assert listed("email=EVE@example.org") == ["Eve Adams"]
    assert "cannot be read as name" in otto.get("/admin/customers/?name=%21%21").text


# -- the jump box


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
    post(otto, f"{order}/email", order, email="ada@right.example", reason="she spelled it")
    assert jumped(otto, "ada@right.example") == order
    assert order in otto.get("/admin/orders/?email=Ada@right.example").text
    assert order in otto.get("/admin/orders/?email=ada@example.org").text, "it is still hers"
    payment = f"/admin/payments/{sale.payment_ref}"
    assert payment in colleague(shop, Role.FINANCE).get("/admin/payments/?email=ada@right.example").text
    again = shop.buyer("ada@right.example").orders()  # a customer of that address comes to be
    page = otto.get("/admin/orders/?email=ada@right.example").text
    assert all(f"/admin/orders/{ref}" in page for ref in (sale.order_ref, again.order_ref))


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


# -- the start


def test_the_start_shows_what_is_broken_what_waits_and_how_the_day_goes(shop, otto, sale):
    shop.clock.forward(days=7)
    otto = colleague(shop, Role.OPERATIONS)
    second = shop.buyer("eve@example.org").orders()
    shop.pays(second, captured=13_000)
    shop.works()
    olive = colleague(shop, Role.ADMINISTRATOR)
    post(
        olive,
        f"/admin/orders/{second.order_ref}/note",
        f"/admin/orders/{second.order_ref}",
        text="@otto, too much?",
        key="nok_1",
    )
    page = otto.get("/admin/").text
    assert "The provider captured another amount than we asked for" in page
    assert "€\N{NO-BREAK SPACE}1.00" in page
    assert "Olive Ops calls you" in page
    told = re.findall(r"<b>([^<]+)</b> ([a-z ]+)<br><span class=\"soft\">([^<]+)</span>", page)
    one, nothing, sum_now, sum_then = (
        "1 by now last week, 1 that whole day",
        "€\N{NO-BREAK SPACE}0.00",
        "€\N{NO-BREAK SPACE}130.00",
        "€\N{NO-BREAK SPACE}129.00",
    )
    assert told == [
        ("1", "order", one),
        (sum_now, "money in", f"{sum_then} by now last week, {sum_then} that whole day"),
        (nothing, "given back", f"{nothing} by now last week, {nothing} that whole day"),
        ("0", "payments declined", one.replace("1", "0")),
    ]
    assert page.count("<polyline") == 2 * len(told)
    table = page.partition("As a table")[2]
    heads = [head.strip() for head in re.findall(r"<th[^>]*>([^<]+)</th>", table)]
    assert heads[:4] == ["Hour", "Orders", "Last week", "Money in EUR"]
    assert table.count("129.00") == 1
    note = re.search(r"/admin/notes/(nte_\w+)/seen", page).group(1)
    fiona = colleague(shop, Role.FINANCE)
    assert "no such note for you" in post(fiona, f"/admin/notes/{note}/seen", "/admin/")
    assert "It is off your list" in post(otto, f"/admin/notes/{note}/seen", "/admin/")
    assert "calls you" not in otto.get("/admin/").text


@pytest.mark.parametrize("role", list(Role))
def test_the_start_asks_at_most_ten_questions(shop, sale, role):
    client = colleague(shop, role)
    with statements() as seen:
        assert client.get("/admin/").status_code == 200
    assert len(seen) <= 10, "\n".join(seen)


def test_what_is_nearly_sold_out_waits_for_the_catalogue(shop):
    def empty():
        session.execute(StockItem.__table__.update().values(on_hand=2, held=1))

    units.write(empty)
    assert "Nearly sold out" in colleague(shop, Role.CATALOGUE).get("/admin/").text
    assert "Nearly sold out" not in colleague(shop, Role.FINANCE).get("/admin/").text


def test_the_start_of_each_role_says_what_waits_at_its_desks(shop):
    """Each line leads to exactly what it counts."""
    for email in ("ada@example.org", "eve@example.org"):
        sale = shop.buyer(email).orders()
        shop.pays(sale)
        shop.works()
    shop.is_disputed(sale)
    shop.minutes_pass(1)
    shop.reconciles()
    with db.engine.begin() as connection:
        connection.execute(StockItem.__table__.update().where(StockItem.id == 1).values(on_hand=0))
    told = {}
    for role in Role:
        client = colleague(shop, role)
        page = client.get("/admin/").text.partition("What waits at your desks")[2].partition("</ul>")[0]
        found = re.findall(r'<a href="([^"]+)">([^<]+)</a><span class="number">(\d+)', page)
        told[role] = {words for _place, words, _count in found}
        for place, words, count in found:
            listed = client.get(place.replace("&amp;", "&")).text
            assert len(re.findall(r"<tr>", listed.partition("<tbody>")[2])) == int(count), (role, words)
    assert told[Role.VIEWER] == set()
    assert told[Role.CATALOGUE] == {"Sold out on the shelf"}
    assert told[Role.OPERATIONS] == {"Orders to be delivered", "Disputes to answer"}
    assert {"Disputes to answer"} <= told[Role.FINANCE]
    assert "Orders to be delivered" not in told[Role.FINANCE]
    assert told[Role.OPERATIONS] | told[Role.CATALOGUE] <= told[Role.ADMINISTRATOR]


@pytest.mark.parametrize(("day", "hours"), [((2026, 10, 25), 25), ((2027, 3, 28), 23), ((2026, 11, 24), 24)])
def test_every_hour_of_a_day_counts_once_also_when_clocks_change(shop, clock, day, hours):
    """Each hour of the office's day gets an order; none of them lands in another hour of the same day."""
    begins = datetime(*day, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
    sale = shop.buyer().orders()
    with db.engine.begin() as connection:
        row = connection.execute(select(Order.__table__).where(Order.ref == sale.order_ref)).one()
        for hour in range(1, hours):
            copy = {**row._mapping, "id": 1000 + hour, "ref": f"ord_{hour}", "number": 90_000 + hour,
                    "checkout_key": f"chk_{hour}", "placed_at": begins + timedelta(hours=hour, minutes=5)}  # fmt: skip
            connection.execute(Order.__table__.insert().values(**copy))
        connection.execute(
            Order.__table__.update().where(Order.id == row.id).values(placed_at=begins + timedelta(minutes=5))
        )
    clock.time = begins + timedelta(hours=hours - 1, minutes=50)
    with units.read():
        orders = next(series for series in today.compare(ZONE) if series.name == "orders")
    expected = [1] * 24
    if hours == 25:
        expected[2] = 2
    if hours == 23:
        expected[2] = 0
    assert list(orders.today) == expected
    assert orders.hour == 24
