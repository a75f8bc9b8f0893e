"""What a page of the office asks of the database: at most ten statements, however much there is to show."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import session
from backoffice.demo import pictures
from backoffice.fulfilment import appointments
from backoffice.models import (
    Case,
    CreditNote,
    Dispute,
    Invoice,
    Order,
    Payment,
    Person,
    Product,
    Refund,
    Shipment,
    StaffMember,
)  # fmt: skip
from backoffice.notes import service as notes
from backoffice.orders import service as orders
from tests.support import staff
from tests.support.accounts import logs_in, registers
from tests.support.forms import walk
from tests.support.kept_cards import keeps
from tests.support.sending import send
from tests.support.shop import Shop, hidden, paid
from tests.support.statements import statements

MOST = 10


class Counting:
    """A browser that counts what each page asks."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client
        self.asked: dict[str, list[str]] = {}

    def get(self, path: str):
        with statements() as seen:
            answer = self._client.get(path)
        self.asked[path] = list(seen)
        return answer


@pytest.fixture
def everything(full: Shop) -> Shop:
    """One order of each kind of thing, of somebody with an account, with all that can become of an order; and a note on it."""
    shop = full
    pictures.attach()
    cora = shop.buyer("cora@example.org")
    registers(shop, cora.client, cora.email)
    logs_in(cora.client, cora.email)
    keeps(shop, cora)
    for sku in ("HB-PDF", "SV-HANG"):
        cora.fills_cart(1, sku)
    cora.fills_cart(2)
    sale = paid(shop, cora)

    def deliver() -> None:
        order = orders.by_ref(sale.order_ref)
        line = next(line for line in order.lines if line.quantity == 2)
        send(order, {line.id: 1}, key="shk_1", tracking="123")
        (visit,) = appointments.of(order)
        appointments.propose(order, visit.ref, shop.clock() + timedelta(days=3), by=SYSTEM)

    units.write(deliver)
    shop.refunds(sale, 100)
    shop.refunds(sale, 200)
    shop.is_disputed(sale)
    form = hidden(cora.client.get(f"/withdraw?order={shop.order(sale).number}").text, "request_key")
    data = {"order_number": str(shop.order(sale).number), "email": cora.email, "name": "Cora", "words": "All of it."}
    assert cora.client.post("/withdraw", data={**form, **data}).status_code == 303
    shop.minutes_pass(1)
    shop.reconciles()

    def write() -> None:
        author = session.scalars(select(StaffMember)).first()
        for model in (CreditNote, Dispute, Invoice, Order, Payment, Person, Product, Refund, Shipment):
            for row in session.scalars(select(model)):
                notes.add(row.subject(), "Look at this.", author=author, request_key=f"nok_{row.ref}")

    units.write(write)
    return shop


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_no_page_of_the_office_asks_more_than_ten_statements(everything):
    olive = Counting(staff.logged_in(everything))
    inside = lambda path: path.startswith("/admin") and not path.endswith((".csv", ".pdf"))  # noqa: E731
    walked = [path for path, _text in walk(everything.app, olive, "/admin/", inside)]
    assert len(walked) > 80
    dear = {path: seen for path, seen in olive.asked.items() if len(seen) > MOST}
    assert not dear, "\n".join(f"{path}: {len(seen)}\n" + "\n".join(seen) for path, seen in dear.items())
    assert len(everything.all(select(Case.id))) > 3
