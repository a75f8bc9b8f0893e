"""What must hold once a sale is done."""

from sqlalchemy import select

from backoffice.fulfilment.models import Fulfilment
from backoffice.invoices.models import CollectionState, InvoiceState, NumberFate
from backoffice.models import Payment
from backoffice.orders.models import OrderState
from tests.support.shop import Shop


def is_sold(shop: Shop, sale) -> None:
    """Everything that must hold after a sale, and nothing twice."""
    order, invoice = shop.order(sale), shop.invoice(sale)
    assert order.state == OrderState.PAID
    assert (invoice.state, invoice.collection_state) == (InvoiceState.ISSUED, CollectionState.PAID)
    assert invoice.number == "S-2026-000001"
    assert invoice.paid_amount == invoice.gross_amount == order.total_amount
    assert shop.count(Fulfilment) == 1
    assert shop.count(NumberFate) == 1
    assert shop.stock() == (24, 0)
    assert shop.provider.captured() == [12_900]
    assert [payment.captured_amount for payment in shop.all(select(Payment)) if payment.captured_amount] == [12_900]
    assert shop.open_cases() == []
    assert shop.tags(order.ref).count("order.paid") == 1
