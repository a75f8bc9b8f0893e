"""Whose it was: lists of payments and papers are narrowed by an order and by a customer, and lead to the order; a case tells
the order that it belongs to, whatever it is about."""

from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Select, bindparam, func, literal_column, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute

from backoffice.admin import access
from backoffice.admin.cells import LINK
from backoffice.admin.filters import Filter, row_number
from backoffice.cases.models import Case
from backoffice.core.db import session
from backoffice.core.looks import look
from backoffice.customers import finding
from backoffice.customers import service as customers
from backoffice.customers.models import Person, PersonTerm
from backoffice.disputes.models import Dispute
from backoffice.fulfilment.models import Fulfilment, Shipment
from backoffice.invoices.models import Invoice
from backoffice.orders.models import Order
from backoffice.payments.models import Payment
from backoffice.refunds.models import Refund
from backoffice.staff.roles import Right

MOST_OTHERS = 2_000  # orders of one address that are another customer's
_OTHERS: tuple[Select[int, int], ...] = (  # each through an index in which few rows stand, and no table in between
    select(Order.id, literal_column("0")).where(Order.found_as == bindparam("email")),
    select(Order.id, literal_column("0"))  # placed before its customer had another address
    .join(PersonTerm, PersonTerm.person_id == Order.person_id)
    .where(PersonTerm.term == bindparam("formerly"), func.lower(Order.email) == bindparam("email")),
)
_WITH = cast("Select[int, int]", union_all(*_OTHERS).limit(MOST_OTHERS))
_KNOWN_AS = cast(  # who has an address, and the orders of others with it, in one look
    "Select[int, int]",
    union_all(select(Person.id, literal_column("1")).where(Person.email == bindparam("email")), *_OTHERS).limit(
        MOST_OTHERS + 1
    ),
)
_INVOICES = select(Invoice.id).join(Order, Order.id == Invoice.order_id)
_PAYMENTS = select(Payment.id).join(Invoice, Invoice.id == Payment.invoice_id).join(Order, Order.id == Invoice.order_id)
_PAID = select(Order.number).join(Invoice, Invoice.order_id == Order.id).join(Payment, Payment.invoice_id == Invoice.id)
_OF = {  # what a case is about → the order, by its id
    "order": select(Order.number).where(Order.id == Case.about_id),
    "invoice": select(Order.number).join(Invoice, Invoice.order_id == Order.id).where(Invoice.id == Case.about_id),
    "payment": _PAID.where(Payment.id == Case.about_id),
    "refund": _PAID.join(Refund, Refund.payment_id == Payment.id).where(Refund.id == Case.about_id),
    "dispute": _PAID.join(Dispute, Dispute.payment_id == Payment.id).where(Dispute.id == Case.about_id),
    "shipment": select(Order.number).join(Shipment, Shipment.order_id == Order.id).where(Shipment.id == Case.about_id),
    "fulfilment": select(Order.number)
    .join(Fulfilment, Fulfilment.order_id == Order.id)
    .where(Fulfilment.id == Case.about_id),
}
ORDER_OF_CASE: ColumnElement[int | None] = func.coalesce(
    *(query.where(Case.about_kind == kind).correlate(Case).scalar_subquery() for kind, query in _OF.items())
)


class Known(NamedTuple):
    """Whom an address belongs to, by their id or 0, and orders of others with it."""

    person_id: int
    others: tuple[int, ...]


def known_as(email: str) -> Known:
    """Whoever has this normalised address, and what was ordered with it by others: an order that was corrected to it, or whose
    customer has another one since. Looked for first: one condition goes through one index then."""
    rows = [tuple(row) for row in look(_KNOWN_AS, email=email, formerly=finding.formerly(email))]
    theirs = next((number for number, is_person in rows if is_person), 0)
    return Known(theirs, tuple(number for number, is_person in rows if not is_person))


def of_known(known: Known) -> ColumnElement[bool]:
    """Condition on orders."""
    theirs = Order.person_id == known.person_id
    return or_(theirs, Order.id.in_(known.others)) if known.others else theirs


def whole_email(text: str) -> str:
    """An address as it was typed into a filter, in the form it is kept in. Raises ValueError for a part of one: it would find
    nothing, and look as if there were nothing."""
    if "@" not in text.strip().strip("@"):
        raise ValueError(text)
    return customers.normalised(text)


def others_with(email: str) -> list[int]:
    """Orders with this normalised address that belong to somebody with another one, by their ids."""
    return [row[0] for row in look(_WITH, email=email, formerly=finding.formerly(email))]


def customer_of(payment: Payment) -> Person:
    """Who pays."""
    query = select(Person).join(Order, Order.person_id == Person.id).join(Invoice, Invoice.order_id == Order.id)
    return session.scalars(query.where(Invoice.id == payment.invoice_id)).one()


def by_order(column: InstrumentedAttribute[Any]) -> tuple[Filter, Filter]:
    """For a list whose rows have this column: an order."""
    return _filters(column, select(Order.id))


def by_invoice(column: InstrumentedAttribute[Any]) -> tuple[Filter, Filter]:
    """For a list whose rows have this column: an invoice."""
    return _filters(column, _INVOICES)


def by_payment(column: InstrumentedAttribute[Any]) -> tuple[Filter, Filter]:
    """For a list whose rows have this column: a payment."""
    return _filters(column, _PAYMENTS)


def number_cell(_view: Any, _context: Any, row: Any, _name: str) -> Any:
    """The number of the order that a case belongs to, leading there for whoever may see orders."""
    number: int | None = row.order_number
    if number is None:
        return ""
    return LINK % (f"/admin/jump?q={number}", number) if access.has(Right.SEE_SALES) else number


def order_cell(_view: Any, _context: Any, row: Any, _name: str) -> Any:
    """The number of a row's order, leading there for whoever may see orders."""
    order: Order = row.order
    return LINK % (f"/admin/orders/{order.ref}", order.number) if access.has(Right.SEE_SALES) else order.number


def _filters(column: InstrumentedAttribute[Any], rows: Select[Any]) -> tuple[Filter, Filter]:
    return (
        Filter("order", "Order", lambda number: column.in_(rows.where(Order.number == number)), row_number),
        Filter(
            "email",
            "Customer's e-mail",
            lambda known: column.in_(rows.where(of_known(known))),
            whole_email,
            is_plain=True,
            looks_up=known_as,
            is_personal=True,
        ),
    )
