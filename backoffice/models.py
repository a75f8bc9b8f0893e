"""Every model, loaded in one place: relationships by name, Alembic and a test rely on it."""

from backoffice.audit.models import AuditEntry
from backoffice.carts.models import Cart, CartLine
from backoffice.cases.models import Case
from backoffice.catalog.models import Product
from backoffice.core.db import Base
from backoffice.customers.models import Person
from backoffice.entities.models import Entity, Terms
from backoffice.files.models import StoredFile
from backoffice.fulfilment.models import Fulfilment
from backoffice.invoices.models import Invoice, InvoiceLine, InvoicePaper, InvoiceTax, NumberCounter, NumberFate
from backoffice.mail.models import Mail
from backoffice.orders.models import Order, OrderLine
from backoffice.payments.models import Payment
from backoffice.staff.models import LoginFailure, StaffMember, StaffSession
from backoffice.stock.models import StockHold, StockItem
from backoffice.tasks.models import Task
from backoffice.webhooks.models import PollerRound, WebhookEvent

__all__ = [
    "AuditEntry",
    "Base",
    "Cart",
    "CartLine",
    "Case",
    "Entity",
    "Fulfilment",
    "Invoice",
    "InvoiceLine",
    "InvoicePaper",
    "InvoiceTax",
    "LoginFailure",
    "Mail",
    "NumberCounter",
    "NumberFate",
    "Order",
    "OrderLine",
    "Payment",
    "Person",
    "PollerRound",
    "Product",
    "StaffMember",
    "StaffSession",
    "StockHold",
    "StockItem",
    "StoredFile",
    "Task",
    "Terms",
    "WebhookEvent",
]
