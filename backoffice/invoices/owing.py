"""Who owes: customers of whom money came for an order, but not all of it. Conditions for looks of others."""

from typing import Any

from sqlalchemy import Exists, Select, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from backoffice.invoices.models import CollectionState, Invoice
from backoffice.orders.models import Order


def people() -> Select[Any]:
    """Their ids, each as often as they owe."""
    return _owed(aliased(Order), aliased(Invoice))


def owing(person_id: InstrumentedAttribute[int]) -> Exists:
    """Of a look that reads ``person_id``, of a customer or of an order: whether it is one of `people`."""
    order, invoice = aliased(Order), aliased(Invoice)
    return _owed(order, invoice).where(order.person_id == person_id).correlate(person_id.parent.selectable).exists()


def _owed(order: type[Order], invoice: type[Invoice]) -> Select[Any]:
    joined = select(order.person_id).join(invoice, invoice.order_id == order.id)
    return joined.where(invoice.collection_state == CollectionState.PART_PAID)
