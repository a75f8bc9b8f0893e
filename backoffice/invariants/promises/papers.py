"""Orders, invoices and credit notes: what they sum up to."""

from backoffice.invariants.promises.check import Check

PROMISE = "every debt is an invoice"

CHECKS = (
    Check(
        "order-whose-lines-do-not-sum-up",
        PROMISE,
        "an order whose lines do not sum up",
        "The total of every order is the sum of its lines",
        "SELECT o.ref FROM orders o JOIN (SELECT order_id, SUM(quantity * unit_amount) total FROM order_lines GROUP "
        "BY order_id) l ON l.order_id = o.id WHERE l.total <> o.total_amount",
    ),
    Check(
        "order-without-an-invoice",
        PROMISE,
        "an order without an invoice",
        "Every order has its invoice",
        "SELECT o.ref FROM orders o LEFT JOIN invoices i ON i.order_id = o.id WHERE i.id IS NULL",
    ),
    Check(
        "invoice-over-another-sum-than-its-order",
        PROMISE,
        "an invoice over another sum than its order",
        "Every invoice is over the sum of its order",
        "SELECT i.ref FROM invoices i JOIN orders o ON o.id = i.order_id WHERE i.gross_amount <> o.total_amount OR "
        "i.currency <> o.currency",
    ),
    Check(
        "invoice-whose-lines-do-not-sum-up",
        PROMISE,
        "an invoice whose lines do not sum up",
        "The lines of every invoice sum up to it",
        "SELECT i.ref FROM invoices i JOIN (SELECT invoice_id, SUM(net_amount) net, SUM(gross_amount) gross FROM "
        "invoice_lines GROUP BY invoice_id) l ON l.invoice_id = i.id WHERE l.net <> i.net_amount OR l.gross <> "
        "i.gross_amount",
    ),
    Check(
        "invoice-whose-taxes-do-not-sum-up",
        PROMISE,
        "an invoice whose taxes do not sum up",
        "The taxes of every invoice sum up to its VAT",
        "SELECT i.ref FROM invoices i JOIN (SELECT invoice_id, SUM(vat_amount) vat FROM invoice_taxes GROUP BY "
        "invoice_id) t ON t.invoice_id = i.id WHERE t.vat <> i.vat_amount",
    ),
    Check(
        "paid-order-whose-invoice-is-not",
        PROMISE,
        "a paid order whose invoice is not",
        "Orders and their invoices agree on what is paid",
        "SELECT o.ref FROM orders o JOIN invoices i ON i.order_id = o.id WHERE (o.state = 'paid') <> (i.state = "
        "'issued' AND i.collection_state = 'paid' AND i.paid_amount >= i.gross_amount)",
    ),
    Check(
        "credit-note-whose-lines-do-not-sum-up",
        PROMISE,
        "a credit note whose lines do not sum up",
        "The lines of every credit note sum up to it",
        "SELECT n.ref FROM credit_notes n JOIN (SELECT credit_note_id, SUM(net_amount) net, SUM(gross_amount) gross "
        "FROM credit_note_lines GROUP BY credit_note_id) l ON l.credit_note_id = n.id WHERE l.net <> n.net_amount OR "
        "l.gross <> n.gross_amount",
    ),
    Check(
        "credit-note-whose-taxes-do-not-sum-up",
        PROMISE,
        "a credit note whose taxes do not sum up",
        "The taxes of every credit note sum up to its VAT",
        "SELECT n.ref FROM credit_notes n JOIN (SELECT credit_note_id, SUM(vat_amount) vat, SUM(net_amount) net FROM "
        "credit_note_taxes GROUP BY credit_note_id) t ON t.credit_note_id = n.id WHERE t.vat <> n.vat_amount OR t.net "
        "<> n.net_amount",
    ),
    Check(
        "invoice-that-was-credited-beyond-itself",
        PROMISE,
        "an invoice that was credited beyond itself",
        "No invoice was credited beyond its own sum",
        "SELECT i.ref FROM invoices i JOIN (SELECT c.invoice_id, t.vat_category, t.vat_hundredths, SUM(t.vat_amount) "
        "vat, SUM(t.net_amount) net FROM credit_notes c JOIN credit_note_taxes t ON t.credit_note_id = c.id GROUP BY "
        "c.invoice_id, t.vat_category, t.vat_hundredths) c ON c.invoice_id = i.id JOIN invoice_taxes x ON "
        "x.invoice_id = i.id AND x.vat_category = c.vat_category AND x.vat_hundredths = c.vat_hundredths WHERE c.vat "
        "> x.vat_amount OR c.net > x.net_amount",
    ),
)
