"""The closed list of what can happen. A tag is a past-tense fact; the words beside it are what a person reads."""

from enum import StrEnum


class Tag(StrEnum):
    ACCOUNT_CHANGED = "account.changed"
    ACCOUNT_CLOSED = "account.closed"
    ACCOUNT_DELETION_ASKED = "account.deletion_asked"
    ACCOUNT_LOGGED_IN = "account.logged_in"
    ACCOUNT_LOGGED_OUT = "account.logged_out"
    ACCOUNT_OPENED = "account.opened"
    ACCOUNT_PASSWORD_CHANGED = "account.password_changed"
    ACCOUNT_PASSWORD_RESET = "account.password_reset"
    APPOINTMENT_AGREED = "appointment.agreed"
    APPOINTMENT_CANCELLED = "appointment.cancelled"
    APPOINTMENT_DECLINED = "appointment.declined"
    APPOINTMENT_DONE = "appointment.done"
    APPOINTMENT_PROPOSED = "appointment.proposed"
    APPOINTMENT_WANTED = "appointment.wanted"
    BATCH_DONE = "batch.done"
    BATCH_STARTED = "batch.started"
    BREAK_CHANGED = "break.changed"
    BREAK_CLOSED = "break.closed"
    BREAK_EXPLAINED = "break.explained"
    BREAK_FOUND = "break.found"
    CARD_BARRED = "card.barred"
    CARD_FREED = "card.freed"
    CASE_ASSIGNED = "case.assigned"
    CASE_MERGED = "case.merged"
    CASE_OPENED = "case.opened"
    CASE_RESOLVED = "case.resolved"
    CASE_SNOOZED = "case.snoozed"
    CATEGORY_CHANGED = "category.changed"
    CATEGORY_CREATED = "category.created"
    CREDIT_NOTE_ISSUED = "credit_note.issued"
    DELIVERY_CHANGED = "delivery.changed"
    DISPUTE_ANSWERED = "dispute.answered"
    DISPUTE_ANSWER_PREPARED = "dispute.answer_prepared"
    DISPUTE_ANSWER_REFUSED = "dispute.answer_refused"
    DISPUTE_ANSWER_UNKNOWN = "dispute.answer_unknown"
    DISPUTE_CHANGED = "dispute.changed"
    DISPUTE_CLOSED = "dispute.closed"
    DISPUTE_INQUIRED = "dispute.inquired"
    DISPUTE_LOST = "dispute.lost"
    DISPUTE_OPENED = "dispute.opened"
    DISPUTE_REINSTATED = "dispute.reinstated"
    DISPUTE_REOPENED = "dispute.reopened"
    DISPUTE_UNDER_REVIEW = "dispute.under_review"
    DISPUTE_WITHDRAWN = "dispute.withdrawn"
    DISPUTE_WON = "dispute.won"
    DOCUMENT_ORDERED = "document.ordered"
    DOCUMENT_TYPESET = "document.typeset"
    DOWNLOAD_EXTENDED = "download.extended"
    DOWNLOAD_GRANTED = "download.granted"
    DOWNLOAD_TAKEN = "download.taken"
    DOWNLOAD_WITHDRAWN = "download.withdrawn"
    ENTITY_CHANGED = "entity.changed"
    EVENT_REPLAYED = "event.replayed"
    FULFILMENT_ADVANCED = "fulfilment.advanced"
    FULFILMENT_KEPT_BACK = "fulfilment.kept_back"
    FULFILMENT_OPENED = "fulfilment.opened"
    FULFILMENT_WITHDRAWN = "fulfilment.withdrawn"
    IMAGE_ADDED = "image.added"
    IMAGE_CHANGED = "image.changed"
    IMAGE_REMOVED = "image.removed"
    INVOICE_CREDITED = "invoice.credited"
    INVOICE_DISCARDED = "invoice.discarded"
    INVOICE_DRAFTED = "invoice.drafted"
    INVOICE_ISSUED = "invoice.issued"
    INVOICE_PAID = "invoice.paid"
    INVOICE_PART_PAID = "invoice.part_paid"
    LIST_EXPORTED = "list.exported"
    LIST_VIEWED = "list.viewed"
    MAIL_QUEUED = "mail.queued"
    MAIL_SENT = "mail.sent"
    METHOD_ALLOWED = "payment_method.allowed"
    METHOD_BARRED = "payment_method.barred"
    METHOD_CHANGED = "payment_method.changed"
    METHOD_FORGOTTEN = "payment_method.forgotten"
    METHOD_KEPT = "payment_method.kept"
    METHOD_REMOVED = "payment_method.removed"
    METHOD_RENEWED = "payment_method.renewed"
    METHOD_SETUP_BEGUN = "method_setup.begun"
    METHOD_SETUP_MOVED = "method_setup.moved"
    NOTE_ADDED = "note.added"
    ORDER_CANCELLED = "order.cancelled"
    ORDER_CORRECTED = "order.corrected"
    ORDER_EXPIRED = "order.expired"
    ORDER_HELD_FOR_REVIEW = "order.held_for_review"
    ORDER_PAID = "order.paid"
    ORDER_PLACED = "order.placed"
    ORDER_PROLONGED = "order.prolonged"
    PAYMENT_CANCELLED = "payment.cancelled"
    PAYMENT_CARD_DECLINED = "payment.card_declined"  # and the page stays open for another
    PAYMENT_CORRECTED = "payment.corrected"
    PAYMENT_DECLINED = "payment.declined"
    PAYMENT_PREPARED = "payment.prepared"
    PAYMENT_PROCESSING = "payment.processing"
    PAYMENT_REFUND_RESERVED = "payment.refund_reserved"
    PAYMENT_REFUND_RETURNED = "payment.refund_returned"
    PAYMENT_REQUIRES_ACTION = "payment.requires_action"
    PAYMENT_SENT = "payment.sent"
    PAYMENT_SETTLED = "payment.settled"
    PAYMENT_UNKNOWN = "payment.unknown"
    PAYOUT_CHANGED = "payout.changed"
    PAYOUT_FAILED = "payout.failed"
    PAYOUT_ITEMISED = "payout.itemised"
    PAYOUT_MADE = "payout.made"
    PAYOUT_SIGNED_OFF = "payout.signed_off"
    PERSON_ADMITTED = "person.admitted"
    PERSON_BARRED = "person.barred"
    PERSON_CREATED = "person.created"
    PERSON_VIEWED = "person.viewed"
    PRICE_LIST_CHANGED = "price_list.changed"
    PRICE_LIST_CREATED = "price_list.created"
    PRICE_SET = "price.set"
    PRODUCT_CHANGED = "product.changed"
    PRODUCT_CREATED = "product.created"
    PRODUCT_PUBLISHED = "product.published"
    PRODUCT_WITHDRAWN = "product.withdrawn"
    REFUND_ACCEPTED = "refund.accepted"
    REFUND_ADVANCED = "refund.advanced"
    REFUND_CANCELLED = "refund.cancelled"
    REFUND_FAILED = "refund.failed"
    REFUND_PAID_OTHERWISE = "refund.paid_otherwise"
    REFUND_FOUND = "refund.found"
    REFUND_LEFT = "refund.left"
    REFUND_STANDS = "refund.stands"
    REFUND_PREPARED = "refund.prepared"
    REFUND_SUCCEEDED = "refund.succeeded"
    REFUND_UNKNOWN = "refund.unknown"
    SHIPMENT_CORRECTED = "shipment.corrected"
    SHIPMENT_SENT = "shipment.sent"
    STAFF_CLOSED = "staff.closed"
    STAFF_CREATED = "staff.created"
    STAFF_LOGGED_IN = "staff.logged_in"
    STAFF_LOGGED_OUT = "staff.logged_out"
    STAFF_LOGIN_REFUSED = "staff.login_refused"
    STAFF_PASSWORD_SET = "staff.password_set"
    STAFF_REOPENED = "staff.reopened"
    STAFF_ROLE_CHANGED = "staff.role_changed"
    STAFF_SESSIONS_ENDED = "staff.sessions_ended"
    STOCK_CORRECTED = "stock.corrected"
    STOCK_HELD = "stock.held"
    STOCK_LISTED = "stock.listed"
    STOCK_RECEIVED = "stock.received"
    STOCK_RELEASED = "stock.released"
    STOCK_RETURNED = "stock.returned"
    STOCK_TAKEN = "stock.taken"
    TASK_CANCELLED = "task.cancelled"
    TASK_GAVE_UP = "task.gave_up"
    TASK_RETRIED = "task.retried"
    VARIANT_CHANGED = "variant.changed"
    VARIANT_CREATED = "variant.created"
    WITHDRAWAL_RECEIVED = "withdrawal.received"


WORDS: dict[Tag, str] = {
    Tag.ACCOUNT_CHANGED: "Account changed",
    Tag.ACCOUNT_CLOSED: "Account closed",
    Tag.ACCOUNT_DELETION_ASKED: "Deletion of the account asked for",
    Tag.ACCOUNT_LOGGED_IN: "Customer logged in",
    Tag.ACCOUNT_LOGGED_OUT: "Customer logged out",
    Tag.ACCOUNT_OPENED: "Account opened, address proved",
    Tag.ACCOUNT_PASSWORD_CHANGED: "Password changed",
    Tag.ACCOUNT_PASSWORD_RESET: "Password set anew by link",
    Tag.APPOINTMENT_AGREED: "Date agreed",
    Tag.APPOINTMENT_CANCELLED: "Appointment cancelled",
    Tag.APPOINTMENT_DECLINED: "The customer cannot come that day",
    Tag.APPOINTMENT_DONE: "Service done",
    Tag.APPOINTMENT_PROPOSED: "Date proposed",
    Tag.APPOINTMENT_WANTED: "Service waits for a date",
    Tag.BATCH_DONE: "Batch is through",
    Tag.BATCH_STARTED: "Batch started",
    Tag.BREAK_CHANGED: "Both books differ by another sum now",
    Tag.BREAK_CLOSED: "Both books agree again",
    Tag.BREAK_EXPLAINED: "The difference was explained",
    Tag.BREAK_FOUND: "Both books differ",
    Tag.CARD_BARRED: "A card is barred, whoever keeps it",
    Tag.CARD_FREED: "A bar of a card was lifted",
    Tag.CASE_ASSIGNED: "The case has another owner",
    Tag.CASE_MERGED: "Another case was merged into this one",
    Tag.CASE_OPENED: "A case was opened",
    Tag.CASE_RESOLVED: "The case was closed",
    Tag.CASE_SNOOZED: "The case sleeps, or was woken",
    Tag.CATEGORY_CHANGED: "Category changed",
    Tag.CATEGORY_CREATED: "Category created",
    Tag.CREDIT_NOTE_ISSUED: "Credit note issued",
    Tag.DELIVERY_CHANGED: "Delivery methods changed",
    Tag.DISPUTE_ANSWERED: "Evidence submitted",
    Tag.DISPUTE_ANSWER_PREPARED: "Evidence written",
    Tag.DISPUTE_ANSWER_REFUSED: "Evidence refused",
    Tag.DISPUTE_ANSWER_UNKNOWN: "The provider did not say whether it took the evidence",
    Tag.DISPUTE_CHANGED: "The provider changed the dispute",
    Tag.DISPUTE_CLOSED: "Inquiry closed",
    Tag.DISPUTE_INQUIRED: "The customer's bank asks about the payment",
    Tag.DISPUTE_LOST: "Dispute lost",
    Tag.DISPUTE_OPENED: "The customer's bank disputes the payment",
    Tag.DISPUTE_REINSTATED: "The provider gave disputed money back",
    Tag.DISPUTE_REOPENED: "The dispute needs an answer again",
    Tag.DISPUTE_UNDER_REVIEW: "The bank reviews the dispute",
    Tag.DISPUTE_WITHDRAWN: "The provider took disputed money",
    Tag.DISPUTE_WON: "Dispute won",
    Tag.DOCUMENT_ORDERED: "PDF asked for",
    Tag.DOCUMENT_TYPESET: "PDF made",
    Tag.DOWNLOAD_EXTENDED: "One more download allowed",
    Tag.DOWNLOAD_GRANTED: "Download opened",
    Tag.DOWNLOAD_TAKEN: "File downloaded",
    Tag.DOWNLOAD_WITHDRAWN: "Download closed",
    Tag.ENTITY_CHANGED: "Company data changed",
    Tag.EVENT_REPLAYED: "Event handled once more",
    Tag.FULFILMENT_ADVANCED: "Delivery went on",
    Tag.FULFILMENT_KEPT_BACK: "Pieces stay here: they were paid back",
    Tag.FULFILMENT_OPENED: "Ready to be delivered",
    Tag.FULFILMENT_WITHDRAWN: "Delivery withdrawn",
    Tag.IMAGE_ADDED: "Picture added",
    Tag.IMAGE_CHANGED: "Picture changed",
    Tag.IMAGE_REMOVED: "Picture taken down",
    Tag.INVOICE_CREDITED: "Invoice credited",
    Tag.INVOICE_DISCARDED: "Draft invoice discarded",
    Tag.INVOICE_DRAFTED: "Invoice drafted",
    Tag.INVOICE_ISSUED: "Invoice issued",
    Tag.INVOICE_PAID: "Invoice paid",
    Tag.INVOICE_PART_PAID: "Invoice paid in part",
    Tag.LIST_EXPORTED: "List exported",
    Tag.LIST_VIEWED: "List of customers shown",
    Tag.MAIL_QUEUED: "Mail written",
    Tag.MAIL_SENT: "Mail sent",
    Tag.METHOD_ALLOWED: "The card may be charged again",
    Tag.METHOD_BARRED: "Nothing is charged to the card any more",
    Tag.METHOD_CHANGED: "Another card is charged first",
    Tag.METHOD_FORGOTTEN: "The provider forgot the card",
    Tag.METHOD_KEPT: "The customer keeps a card",
    Tag.METHOD_REMOVED: "The card was removed",
    Tag.METHOD_RENEWED: "The bank renewed the card",
    Tag.METHOD_SETUP_BEGUN: "The customer wants to keep a card",
    Tag.METHOD_SETUP_MOVED: "The page for a card went on",
    Tag.NOTE_ADDED: "Note written",
    Tag.ORDER_CANCELLED: "Order cancelled",
    Tag.ORDER_CORRECTED: "What the customer typed was corrected",
    Tag.ORDER_EXPIRED: "Order expired unpaid",
    Tag.ORDER_HELD_FOR_REVIEW: "Order put aside for review",
    Tag.ORDER_PAID: "Order paid",
    Tag.ORDER_PLACED: "Order placed",
    Tag.ORDER_PROLONGED: "More time to pay",
    Tag.PAYMENT_CANCELLED: "Payment ended without money",
    Tag.PAYMENT_CARD_DECLINED: "A card was declined, and the page stays open",
    Tag.PAYMENT_CORRECTED: "The provider holds another sum now",
    Tag.PAYMENT_DECLINED: "Payment declined",
    Tag.PAYMENT_PREPARED: "Payment prepared",
    Tag.PAYMENT_PROCESSING: "The customer's bank is working on it",
    Tag.PAYMENT_REFUND_RESERVED: "Money set aside for a refund",
    Tag.PAYMENT_REFUND_RETURNED: "Money of a refund is with us again",
    Tag.PAYMENT_REQUIRES_ACTION: "The customer's bank asks for approval",
    Tag.PAYMENT_SENT: "Payment page opened at the provider",
    Tag.PAYMENT_SETTLED: "Payment settled",
    Tag.PAYMENT_UNKNOWN: "The provider did not answer",
    Tag.PAYOUT_CHANGED: "The payout went on",
    Tag.PAYOUT_FAILED: "The payout failed: the money is with the provider again",
    Tag.PAYOUT_ITEMISED: "The lines of the payout are known",
    Tag.PAYOUT_MADE: "The provider sends money to our bank",
    Tag.PAYOUT_SIGNED_OFF: "Payout signed off",
    Tag.PERSON_ADMITTED: "Customer may buy again",
    Tag.PERSON_BARRED: "Customer barred from buying",
    Tag.PERSON_CREATED: "Customer created",
    Tag.PERSON_VIEWED: "Customer's data shown",
    Tag.PRICE_LIST_CHANGED: "Price list changed",
    Tag.PRICE_LIST_CREATED: "Price list created",
    Tag.PRICE_SET: "Price set",
    Tag.PRODUCT_CHANGED: "Product changed",
    Tag.PRODUCT_CREATED: "Product created",
    Tag.PRODUCT_PUBLISHED: "Product published",
    Tag.PRODUCT_WITHDRAWN: "Product withdrawn",
    Tag.REFUND_ACCEPTED: "The provider gives the money back",
    Tag.REFUND_ADVANCED: "The refund went on",
    Tag.REFUND_CANCELLED: "Refund cancelled",
    Tag.REFUND_FAILED: "Refund failed",
    Tag.REFUND_PAID_OTHERWISE: "Refund paid another way",
    Tag.REFUND_FOUND: "A refund that was made elsewhere",
    Tag.REFUND_LEFT: "A sum that went twice was left to the customer",
    Tag.REFUND_STANDS: "A sum that went twice stands for one that came back",
    Tag.REFUND_PREPARED: "Refund prepared",
    Tag.REFUND_SUCCEEDED: "Refund arrived",
    Tag.REFUND_UNKNOWN: "The provider did not answer about the refund",
    Tag.SHIPMENT_CORRECTED: "Number of the parcel corrected",
    Tag.SHIPMENT_SENT: "Parcel sent",
    Tag.STAFF_CLOSED: "Staff account closed",
    Tag.STAFF_CREATED: "Staff account created",
    Tag.STAFF_LOGGED_IN: "Logged in",
    Tag.STAFF_LOGGED_OUT: "Logged out",
    Tag.STAFF_LOGIN_REFUSED: "Login refused",
    Tag.STAFF_PASSWORD_SET: "Password chosen by link",
    Tag.STAFF_REOPENED: "Staff account opened again",
    Tag.STAFF_ROLE_CHANGED: "Role changed",
    Tag.STAFF_SESSIONS_ENDED: "Logged out everywhere",
    Tag.STOCK_CORRECTED: "Stock corrected",
    Tag.STOCK_HELD: "Stock held",
    Tag.STOCK_LISTED: "Listed in the stockroom",
    Tag.STOCK_RECEIVED: "Stock received",
    Tag.STOCK_RELEASED: "Stock released",
    Tag.STOCK_RETURNED: "Pieces returned",
    Tag.STOCK_TAKEN: "Stock taken",
    Tag.TASK_CANCELLED: "Task cancelled",
    Tag.TASK_GAVE_UP: "Task gave up",
    Tag.TASK_RETRIED: "Task started again",
    Tag.VARIANT_CHANGED: "Variant changed",
    Tag.VARIANT_CREATED: "Variant created",
    Tag.WITHDRAWAL_RECEIVED: "Withdrawal from the contract received",
}
