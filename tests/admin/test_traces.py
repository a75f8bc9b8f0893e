"""Looking is written down: who saw whose data, on which page, and no more than that."""

from html import escape
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import func, select, true

from backoffice.admin import looks
from backoffice.admin.filters import Filter, read_day
from backoffice.models import AuditEntry, Mail, Order, Payment, Person, StaffMember, WebhookEvent
from backoffice.staff.roles import Role
from tests.support.forms import walk
from tests.support.shop import hidden, paid
from tests.support.staff import EMAIL, colleague, logged_in


def traces(shop) -> list[tuple[str, str, str]]:
    """Kind and reference of whose data it was, and the page."""
    query = select(AuditEntry).where(AuditEntry.tag == "person.viewed").order_by(AuditEntry.id)
    return [(row.subject_kind, row.subject_ref, row.changes["page"][1]) for row in shop.all(query)]


def test_whoever_looks_at_a_customers_data_leaves_a_trace(shop):
    sale = shop.buyer().orders()
    client = colleague(shop, Role.VIEWER)
    client.get("/admin/orders/?state=placed")
    client.get(f"/admin/orders/{sale.order_ref}")
    client.get("/admin/tasks/")
    looks = shop.all(select(AuditEntry).where(AuditEntry.tag.in_(["list.viewed", "person.viewed"])))
    assert [(look.tag, look.subject_kind) for look in looks] == [("list.viewed", "staff"), ("person.viewed", "person")]
    assert looks[0].changes == {"desk": [None, "orders"], "narrowed_by": [None, "state is placed"], "rows": [None, 1]}
    assert looks[1].changes == {"page": [None, f"order {sale.order_ref}"]}
    assert {look.actor_kind for look in looks} == {"staff"}


@pytest.mark.parametrize("kind", ["payment", "webhook_event"])
def test_the_page_of_what_a_provider_was_told_or_told_us_leaves_a_trace(shop, kind):
    buyer = shop.buyer()
    buyer.fills_cart()
    paid(shop, buyer)
    model, desk = {"payment": (Payment, "payments"), "webhook_event": (WebhookEvent, "webhooks")}[kind]
    row = shop.all(select(model))[0]
    colleague(shop, Role.FINANCE).get(f"/admin/{desk}/{row.ref}")
    (trace,) = traces(shop)
    assert (trace[0], trace[2]) == ("person", f"{kind} {row.ref}")


def test_a_page_that_answers_a_form_leaves_one_too(shop):
    buyer = shop.buyer()
    buyer.fills_cart()
    paid(shop, buyer)
    event = shop.all(select(WebhookEvent))[0].ref
    client = colleague(shop, Role.FINANCE)
    form = hidden(client.get("/admin/webhooks/").text)
    assert "would" in client.post(f"/admin/webhooks/{event}/preview", data=form).text
    assert [page for _kind, _ref, page in traces(shop)] == [f"webhook_event {event}"]


@pytest.mark.parametrize(
    ("narrowed", "told"),
    [
        ("state=placed", "state is placed"),
        ("state=ada@example.org", "state is …"),
        ("from=2026-11-01", "from is 2026-11-01"),
        ("from=ada@example.org", "from is …"),
        ("email=ada@example.org", "email is …"),
        ("", "nothing"),
    ],
)
def test_what_was_typed_has_no_place_in_the_log(narrowed, told):
    filters = (
        Filter("state", "State", lambda _value: true(), choices=(("placed", "Placed"),)),
        Filter("from", "From", lambda _value: true(), read_day, kind="date"),
        Filter("email", "E-mail", lambda _value: true()),
    )
    assert looks.told(filters, dict(parse_qsl(narrowed))) == told


PEOPLE = (Person.name, Person.email, Order.street, Order.phone, StaffMember.email, Mail.recipient)


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_who_asks_a_desk_of_money_for_an_address_leaves_a_trace(full):
    vera = colleague(full, Role.VIEWER)
    looks = select(AuditEntry.changes).where(AuditEntry.tag == "list.viewed").order_by(AuditEntry.id)
    for desk in ("payments", "refunds", "credit_notes", "disputes"):
        before = len(full.all(looks))
        vera.get(f"/admin/{desk}/")
        assert len(full.all(looks)) == before, "sums and states alone"
        assert "/admin/" in vera.get(f"/admin/{desk}/?email=eve@example.org").text
        assert full.all(looks)[-1]["desk"][1] == desk
        assert len(full.all(looks)) == before + 1
        vera.get(f"/admin/{desk}/?email=nobody@example.org")
        assert len(full.all(looks)) == before + 2, "that there is nothing is an answer"
        assert "cannot be read as “" in vera.get(f"/admin/{desk}/?email=eve").text


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_who_asks_what_somebody_did_or_what_troubles_them_leaves_a_trace(full):
    vera = colleague(full, Role.VIEWER)
    looks = select(AuditEntry.changes).where(AuditEntry.tag == "list.viewed").order_by(AuditEntry.id)
    person = full.all(select(Person.ref))[0]
    for desk, asked in (("audit", "subject"), ("audit", "actor"), ("cases", "about")):
        before = len(full.all(looks))
        vera.get(f"/admin/{desk}/?request=none" if desk == "audit" else f"/admin/{desk}/?state=open")
        assert len(full.all(looks)) == before
        vera.get(f"/admin/{desk}/?{asked}={person}")
        assert len(full.all(looks)) == before + 1
        assert full.all(looks)[-1]["desk"][1] == desk


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_no_page_shows_anybody_without_a_trace(full):
    """Every page that a click leads to: where a name, an address or a number of somebody stands, the look is written."""
    olive = logged_in(full)
    words = {str(text) for column in PEOPLE for text in full.all(select(column)) if text and len(str(text)) > 3}
    words = {escape(word) for word in words} - {EMAIL}
    untold, told = [], set()
    looks = select(func.count()).where(AuditEntry.tag.in_(["person.viewed", "list.viewed"]))

    class Watching:
        def get(self, path: str):
            (before,) = full.all(looks)
            answer = olive.get(path)
            main = answer.text.partition("<main")[2]
            if answer.status_code == 200 and any(word in main for word in words):
                told.add(urlsplit(path).path.split("/")[2])
                if full.all(looks) == [before]:
                    untold.append(path)
            return answer

    inside = lambda path: path.startswith("/admin") and not path.endswith((".csv", ".pdf"))  # noqa: E731
    list(walk(full.app, Watching(), "/admin/", inside))
    assert untold == []
    assert {"orders", "customers", "payments", "invoices", "refunds", "disputes", "mails", "staff"} <= told
