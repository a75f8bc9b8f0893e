"""Which desks there are, in the order of the sidebar."""

from backoffice.admin.batches import LABELS, SEEN_BY, BatchDesk, Many
from backoffice.admin.books import LedgerDesk
from backoffice.admin.catalogue import ProductDesk
from backoffice.admin.categories import CategoryDesk
from backoffice.admin.colleagues import StaffDesk
from backoffice.admin.credit_notes import CreditNoteDesk
from backoffice.admin.customers import CustomerDesk
from backoffice.admin.delivery import DeliveryDesk
from backoffice.admin.disputes import DisputeDesk
from backoffice.admin.inbox import CaseDesk
from backoffice.admin.lists import DeskList
from backoffice.admin.machine import TaskDesk, WebhookDesk
from backoffice.admin.money import InvoiceDesk, PaymentDesk
from backoffice.admin.payouts import LineDesk, PayoutDesk
from backoffice.admin.price_lists import PriceListDesk
from backoffice.admin.reconciliation import BreakDesk
from backoffice.admin.records import AuditDesk, MailDesk
from backoffice.admin.refunds import RefundDesk
from backoffice.admin.sales import OrderDesk
from backoffice.admin.stockroom import ShipmentDesk, StockDesk
from backoffice.audit.models import AuditEntry
from backoffice.batches.models import Batch
from backoffice.cases.models import Case
from backoffice.catalog.models import Category, PriceList, Product
from backoffice.customers.models import Person
from backoffice.disputes.models import Dispute
from backoffice.fulfilment.models import DeliveryMethod, Shipment
from backoffice.invoices.credit_note_models import CreditNote
from backoffice.invoices.models import Invoice
from backoffice.ledger.models import LedgerPosting
from backoffice.mail.models import Mail
from backoffice.orders.models import Order
from backoffice.payments.models import Payment
from backoffice.reconciliation.models import Break, Payout, ProviderLine
from backoffice.refunds.models import Refund
from backoffice.staff.models import StaffMember
from backoffice.stock.models import StockItem
from backoffice.tasks.models import Task
from backoffice.webhooks.models import WebhookEvent


def views() -> list[DeskList]:
    desks = [
        CaseDesk(Case, "Inbox", "cases"),
        OrderDesk(Order, "Orders", "orders", "Sales"),
        ShipmentDesk(Shipment, "Parcels", "shipments", "Sales"),
        CustomerDesk(Person, "Customers", "customers", "Sales"),
        PaymentDesk(Payment, "Payments", "payments", "Money"),
        RefundDesk(Refund, "Refunds", "refunds", "Money"),
        DisputeDesk(Dispute, "Disputes", "disputes", "Money"),
        InvoiceDesk(Invoice, "Invoices", "invoices", "Money"),
        CreditNoteDesk(CreditNote, "Credit notes", "credit_notes", "Money"),
        BreakDesk(Break, "Reconciliation", "breaks", "Money"),
        PayoutDesk(Payout, "Payouts", "payouts", "Money"),
        LineDesk(ProviderLine, "Provider lines", "provider_lines", "Money"),
        LedgerDesk(LedgerPosting, "Ledger", "ledger", "Money"),
        ProductDesk(Product, "Products", "products", "Catalogue"),
        CategoryDesk(Category, "Categories", "categories", "Catalogue"),
        StockDesk(StockItem, "Stock", "stock", "Catalogue"),
        PriceListDesk(PriceList, "Price lists", "price_lists", "Catalogue"),
        DeliveryDesk(DeliveryMethod, "Delivery", "delivery", "Catalogue"),
        AuditDesk(AuditEntry, "Audit", "audit", "Records"),
        MailDesk(Mail, "Mails", "mails", "Records"),
        WebhookDesk(WebhookEvent, "Webhooks", "webhooks", "System"),
        TaskDesk(Task, "Tasks", "tasks", "System"),
        BatchDesk(Batch, "Batches", "batches", "System"),
        StaffDesk(StaffMember, "Staff", "staff", "System"),
    ]
    for desk in desks:
        for item in desk.for_many if isinstance(desk, Many) else ():
            SEEN_BY[item.name] = desk.sees
            LABELS[item.name] = f"{desk.name}: {item.label.lower()}"
    return desks
