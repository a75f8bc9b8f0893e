"""Money and papers are found by what a customer tells: the number of their order, or their address."""

import pytest
from sqlalchemy import select

from backoffice.models import CreditNote, Dispute, Invoice, Order, Payment, Refund
from tests.support.shop import paid

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite", "mariadb"])

DESKS = {"payments": Payment, "invoices": Invoice, "refunds": Refund, "credit_notes": CreditNote, "disputes": Dispute}


@pytest.fixture
def sales(shop):
    """Two customers, each of whom paid, got something back and disputed the rest."""
    made = []
    for email in ("ada@example.org", "Grace@example.org"):
        buyer = shop.buyer(email)
        buyer.fills_cart()
        sale = paid(shop, buyer)
        shop.refunds(sale, 100)
        shop.is_disputed(sale)
        made.append(sale)
    shop.works()
    return made


def found(operator, desk: str, **narrowed: str) -> str:
    answer = operator.get(f"/admin/{desk}/", query_string=narrowed)
    assert answer.status_code == 200
    return answer.text


def test_each_list_of_money_is_narrowed_by_an_order_and_by_a_customer(shop, operator, sales):
    ada, grace = (shop.all(select(Order).where(Order.ref == sale.order_ref))[0] for sale in sales)
    for desk, model in DESKS.items():
        rows = shop.all(select(model).order_by(model.id))
        assert len(rows) == 2, desk
        for narrowed in ({"order": str(ada.number)}, {"email": " ADA@example.org "}):
            page = found(operator, desk, **narrowed)
            assert f"/admin/{desk}/{rows[0].ref}" in page, (desk, narrowed)
            assert f"/admin/{desk}/{rows[1].ref}" not in page, (desk, narrowed)
        page = found(operator, desk, order=str(grace.number), email="ada@example.org")
        assert not any(row.ref in page for row in rows), desk
        assert "cannot be read as “Order”" in found(operator, desk, order="the blue one")


def test_refunds_and_disputes_lead_to_their_order(shop, operator, sales):
    for desk in ("refunds", "disputes"):
        page = found(operator, desk)
        for sale in sales:
            order = shop.order(sale)
            assert f'<a href="/admin/orders/{order.ref}">{order.number}</a>' in page
