"""Every model, loaded in one place: relationships by name, Alembic and a test rely on it."""

from backoffice.audit.models import AuditEntry
from backoffice.batches.models import Batch, BatchItem
from backoffice.carts.models import Cart, CartLine
from backoffice.cases.models import Case
from backoffice.catalog.models import (
    CatalogueState,
    Category,
    DigitalAsset,
    Listing,
    Price,
    PriceList,
    Product,
    ProductImage,
    ProductTerm,
    ProductTrait,
    RelatedProduct,
    Variant,
)
from backoffice.core.db import Base
from backoffice.customers.models import Person, PersonTerm, SavedAddress
from backoffice.disputes.models import Dispute, DisputeAnswer
from backoffice.entities.models import Entity, LegalText
from backoffice.files.models import StoredFile
from backoffice.fulfilment.models import (
    Appointment,
    DeliveryMethod,
    DeliveryRate,
    DeliveryZone,
    DownloadGrant,
    Fulfilment,
    Shipment,
    ShipmentLine,
    ShippedPieces,
)
from backoffice.invariants.models import InvariantResult
from backoffice.invoices.credit_note_models import CreditNote, CreditNoteLine, CreditNotePaper, CreditNoteTax
from backoffice.invoices.models import Invoice, InvoiceLine, InvoicePaper, InvoiceTax, NumberCounter, NumberFate
from backoffice.ledger.models import LedgerEntry, LedgerPosting
from backoffice.logins.models import LoginFailure, LoginSession
from backoffice.mail.models import Mail
from backoffice.notes.models import Mention, Note
from backoffice.orders.models import Order, OrderLine, Withdrawal
from backoffice.payment_methods.models import CardBar, MethodSetup, PaymentMethod
from backoffice.payments.models import Payment
from backoffice.reconciliation.models import Break, Payout, ProviderLine, ReconciliationRound
from backoffice.refunds.models import Refund, RefundLine
from backoffice.staff.models import SavedView, StaffMember
from backoffice.stock.models import StockHold, StockItem, StockMovement
from backoffice.tasks.models import Task, TaskFailure
from backoffice.webhooks.models import PollerRound, WebhookEvent

__all__ = [
    "Appointment",
    "AuditEntry",
    "Base",
    "Batch",
    "BatchItem",
    "Break",
    "CardBar",
    "Cart",
    "CartLine",
    "Case",
    "CatalogueState",
    "Category",
    "CreditNote",
    "CreditNoteLine",
    "CreditNotePaper",
    "CreditNoteTax",
    "DeliveryMethod",
    "DeliveryRate",
    "DeliveryZone",
    "DigitalAsset",
    "Dispute",
    "DisputeAnswer",
    "DownloadGrant",
    "Entity",
    "Fulfilment",
    "InvariantResult",
    "Invoice",
    "InvoiceLine",
    "InvoicePaper",
    "InvoiceTax",
    "LedgerEntry",
    "LedgerPosting",
    "LegalText",
    "Listing",
    "LoginFailure",
    "LoginSession",
    "Mail",
    "Mention",
    "MethodSetup",
    "Note",
    "NumberCounter",
    "NumberFate",
    "Order",
    "OrderLine",
    "Payment",
    "PaymentMethod",
    "Payout",
    "Person",
    "PersonTerm",
    "PollerRound",
    "Price",
    "PriceList",
    "Product",
    "ProductImage",
    "ProductTerm",
    "ProductTrait",
    "ProviderLine",
    "ReconciliationRound",
    "Refund",
    "RefundLine",
    "RelatedProduct",
    "SavedAddress",
    "SavedView",
    "Shipment",
    "ShipmentLine",
    "ShippedPieces",
    "StaffMember",
    "StockHold",
    "StockItem",
    "StockMovement",
    "StoredFile",
    "Task",
    "TaskFailure",
    "Variant",
    "WebhookEvent",
    "Withdrawal",
]
