"""The closed list of what can happen. A tag is a past-tense fact; the words beside it are what a person reads."""

from enum import StrEnum


class Tag(StrEnum):
    CASE_OPENED = "case.opened"
    CASE_RESOLVED = "case.resolved"
    DOCUMENT_TYPESET = "document.typeset"
    ENTITY_CHANGED = "entity.changed"
    FULFILMENT_OPENED = "fulfilment.opened"
    INVOICE_DISCARDED = "invoice.discarded"
    INVOICE_DRAFTED = "invoice.drafted"
    INVOICE_ISSUED = "invoice.issued"
    INVOICE_PAID = "invoice.paid"
    INVOICE_PART_PAID = "invoice.part_paid"
    MAIL_QUEUED = "mail.queued"
    MAIL_SENT = "mail.sent"
    ORDER_CANCELLED = "order.cancelled"
    ORDER_EXPIRED = "order.expired"
    ORDER_HELD_FOR_REVIEW = "order.held_for_review"
    ORDER_PAID = "order.paid"
    ORDER_PLACED = "order.placed"
    ORDER_PROLONGED = "order.prolonged"
    PAYMENT_CANCELLED = "payment.cancelled"
    PAYMENT_CORRECTED = "payment.corrected"
    PAYMENT_DECLINED = "payment.declined"
    PAYMENT_PREPARED = "payment.prepared"
    PAYMENT_PROCESSING = "payment.processing"
    PAYMENT_REQUIRES_ACTION = "payment.requires_action"
    PAYMENT_SENT = "payment.sent"
    PAYMENT_SETTLED = "payment.settled"
    PAYMENT_UNKNOWN = "payment.unknown"
    PERSON_CREATED = "person.created"
    PRODUCT_CREATED = "product.created"
    STAFF_CREATED = "staff.created"
    STAFF_LOGGED_IN = "staff.logged_in"
    STAFF_LOGGED_OUT = "staff.logged_out"
    STAFF_LOGIN_REFUSED = "staff.login_refused"
    STOCK_HELD = "stock.held"
    STOCK_RECEIVED = "stock.received"
    STOCK_RELEASED = "stock.released"
    STOCK_TAKEN = "stock.taken"
    TASK_GAVE_UP = "task.gave_up"
    TASK_RETRIED = "task.retried"


WORDS: dict[Tag, str] = {
    Tag.CASE_OPENED: "A case was opened",
    Tag.CASE_RESOLVED: "The case was closed",
    Tag.DOCUMENT_TYPESET: "Invoice PDF made",
    Tag.ENTITY_CHANGED: "Company data changed",
    Tag.FULFILMENT_OPENED: "Ready to be delivered",
    Tag.INVOICE_DISCARDED: "Draft invoice discarded",
    Tag.INVOICE_DRAFTED: "Invoice drafted",
    Tag.INVOICE_ISSUED: "Invoice issued",
    Tag.INVOICE_PAID: "Invoice paid",
    Tag.INVOICE_PART_PAID: "Invoice paid in part",
    Tag.MAIL_QUEUED: "Mail written",
    Tag.MAIL_SENT: "Mail sent",
    Tag.ORDER_CANCELLED: "Order cancelled",
    Tag.ORDER_EXPIRED: "Order expired unpaid",
    Tag.ORDER_HELD_FOR_REVIEW: "Order put aside for review",
    Tag.ORDER_PAID: "Order paid",
    Tag.ORDER_PLACED: "Order placed",
    Tag.ORDER_PROLONGED: "More time to pay",
    Tag.PAYMENT_CANCELLED: "Payment ended without money",
    Tag.PAYMENT_CORRECTED: "The provider holds another sum now",
    Tag.PAYMENT_DECLINED: "Payment declined",
    Tag.PAYMENT_PREPARED: "Payment prepared",
    Tag.PAYMENT_PROCESSING: "The customer's bank is working on it",
    Tag.PAYMENT_REQUIRES_ACTION: "The customer's bank asks for approval",
    Tag.PAYMENT_SENT: "Payment page opened at the provider",
    Tag.PAYMENT_SETTLED: "Payment settled",
    Tag.PAYMENT_UNKNOWN: "The provider did not answer",
    Tag.PERSON_CREATED: "Customer created",
    Tag.PRODUCT_CREATED: "Product created",
    Tag.STAFF_CREATED: "Staff account created",
    Tag.STAFF_LOGGED_IN: "Logged in",
    Tag.STAFF_LOGGED_OUT: "Logged out",
    Tag.STAFF_LOGIN_REFUSED: "Login refused",
    Tag.STOCK_HELD: "Stock held",
    Tag.STOCK_RECEIVED: "Stock received",
    Tag.STOCK_RELEASED: "Stock released",
    Tag.STOCK_TAKEN: "Stock taken",
    Tag.TASK_GAVE_UP: "Task gave up",
    Tag.TASK_RETRIED: "Task started again",
}
