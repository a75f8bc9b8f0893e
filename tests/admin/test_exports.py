"""Lists taken along as files: as narrowed, in the office's words and time, with no formula in them, and written down."""

import pytest
from sqlalchemy import select

from backoffice.core import units
from backoffice.core.db import session
from backoffice.models import AuditEntry, Order, Payment
from backoffice.staff.roles import Role
from tests.support.office import taken
from tests.support.shop import hidden
from tests.support.staff import colleague


def test_a_file_tells_the_time_of_the_office_and_the_ledger_in_words(shop):
    shop.pays(shop.buyer().orders())
    shop.works()
    client = colleague(shop, Role.FINANCE)
    head, *rows = taken(client, "/admin/ledger/export.csv?show=posted_at&show=fact&show=account&show=debit")
    assert head == ["Posted", "Fact", "Account", "Debit", "Debit, currency"]
    assert {row[1] for row in rows} == {"Payment settled", "Invoice issued", "Invoice paid"}
    assert {"Provider clearing", "Customers' money", "Tax payable"} <= {row[2] for row in rows}
    assert all(row[0].startswith("2026-11-22T") and row[0].endswith("+01:00") for row in rows)


def test_the_list_is_taken_as_narrowed_and_the_taking_is_written_down(shop, fifty, monkeypatch):
    monkeypatch.setattr("backoffice.admin.exports.BATCH", 7)
    client = colleague(shop, Role.FINANCE)
    head, *rows = taken(client, "/admin/orders/export.csv?email=EVE@example.org&state=placed&show=number&show=total")
    assert head == ["Order", "Total", "Total, currency"]
    assert rows == [[str(number), "129.00", "EUR"] for number in range(20_001, 20_050, 2)]
    assert [row[0] for row in taken(client, "/admin/orders/export.csv?from=2026-11-22&show=number")[1:]] == [
        "10001", *[str(number) for number in range(20_001, 20_050)]
    ]  # fmt: skip
    entry = shop.all(select(AuditEntry).where(AuditEntry.tag == "list.exported"))[0]
    assert entry.subject_kind == "staff"
    assert entry.changes["narrowed_by"][1] == "email is …, state is placed"


@pytest.mark.parametrize(
    ("narrowed", "name"),
    [
        ("from=2026-03-01&to=2026-03-31", "orders-from-2026-03-01-to-2026-03-31.csv"),
        ("state=paid", "orders-2026-11-22.csv"),
    ],
)
def test_a_file_is_called_by_the_days_it_is_about(shop, narrowed, name):
    client = colleague(shop, Role.FINANCE)
    form = hidden(client.get("/admin/cases/").text)
    answer = client.post(f"/admin/orders/export.csv?{narrowed}", data=form, buffered=True)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'


@pytest.mark.parametrize("narrowed", ['from=2026-03-01"x', "state=nonsense", "from=2026-03-02&to=2026-03-01"])
def test_nothing_leaves_that_was_narrowed_by_what_cannot_be_read(shop, fifty, narrowed):
    client = colleague(shop, Role.FINANCE)
    form = hidden(client.get("/admin/cases/").text)
    answer = client.post(f"/admin/orders/export.csv?{narrowed}", data=form)
    assert answer.status_code == 303
    assert "nothing is found" in client.get(answer.location).text
    assert shop.all(select(AuditEntry).where(AuditEntry.tag == "list.exported")) == []


@pytest.mark.parametrize(
    ("words", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("＝1+1", "'＝1+1"),
        ("\t=1", "'\t'=1"),
        ("Ada;=1", "Ada;'=1"),
        ("Ada| +1", "Ada| '+1"),
        ("Ada - Eve", "Ada - Eve"),
    ],
)
def test_no_cell_of_a_file_is_a_formula(shop, fifty, words, cell):
    def rename():
        session.execute(Order.__table__.update().values(name=words))

    units.write(rename)
    rows = taken(colleague(shop, Role.OPERATIONS), "/admin/orders/export.csv?show=name")
    assert {row[0] for row in rows[1:]} == {cell}


def test_a_viewer_takes_nothing(shop):
    client = colleague(shop, Role.VIEWER)
    assert "Export" not in client.get("/admin/orders/").text
    answer = client.post("/admin/orders/export.csv", data=hidden(client.get("/admin/cases/").text))
    assert answer.status_code == 403
    assert shop.all(select(AuditEntry).where(AuditEntry.tag == "list.exported")) == []


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_what_is_in_the_books_of_one_payment_is_taken_along(shop):
    shop.pays(shop.buyer().orders())
    shop.works()
    payment = shop.all(select(Payment.ref))[0]
    rows = taken(colleague(shop, Role.FINANCE), f"/admin/ledger/export.csv?about={payment}&show=account")
    assert sorted(rows[1:]) == [["Customers' money"], ["Provider clearing"]]
