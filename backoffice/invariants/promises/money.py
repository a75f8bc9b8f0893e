"""Money: charged once, given back once, and none of it forgotten."""

from backoffice.invariants.promises.check import Check

PROMISE = "charged at most once, and nothing forgotten"

CHECKS = (
    Check(
        "money-that-settles-no-invoice",
        PROMISE,
        "money that settles no invoice",
        "Every sum captured stands on its invoice, or is a case",
        "SELECT i.ref FROM invoices i LEFT JOIN (SELECT invoice_id, SUM(captured_amount) captured, SUM(CASE state WHEN "
        "'settled' THEN 1 ELSE 0 END) settled FROM payments GROUP BY invoice_id) p ON p.invoice_id = i.id LEFT JOIN "
        "(SELECT x.invoice_id, COUNT(DISTINCT x.id) payments FROM cases k JOIN payments x ON x.ref = k.about_ref WHERE "
        "k.kind IN ('unexpected_money', 'amount_differs') GROUP BY x.invoice_id) k ON k.invoice_id = i.id WHERE "
        "COALESCE(p.captured, 0) <> i.paid_amount AND (k.payments IS NULL OR k.payments < p.settled - CASE WHEN "
        "i.paid_amount > 0 THEN 1 ELSE 0 END)",
    ),
    Check(
        "invoice-charged-twice",
        PROMISE,
        "an invoice charged twice",
        "Every invoice was charged at most once",
        "SELECT i.ref FROM invoices i JOIN (SELECT invoice_id, COUNT(*) charged FROM payments WHERE state = 'settled' "
        "GROUP BY invoice_id HAVING COUNT(*) > 1) p ON p.invoice_id = i.id WHERE p.charged - 1 > (SELECT COUNT(DISTINCT "
        "x.id) FROM cases k JOIN payments x ON x.ref = k.about_ref WHERE x.invoice_id = i.id AND k.kind IN "
        "('unexpected_money', 'amount_differs'))",
    ),
    Check(
        "payment-whose-refunds-are-not-what-it-says",
        PROMISE,
        "a payment whose refunds are not what it says",
        "What a payment says was refunded is the sum of its refunds",
        "SELECT p.ref FROM payments p LEFT JOIN (SELECT payment_id, SUM(amount) gone FROM refunds WHERE state NOT IN "
        "('failed', 'cancelled') GROUP BY payment_id) r ON r.payment_id = p.id WHERE p.refunded_amount <> "
        "COALESCE(r.gone, 0)",
    ),
    Check(
        "line-that-was-refunded-beyond-itself",
        PROMISE,
        "a line that was refunded beyond itself",
        "Of every line at most what was sold was refunded",
        "SELECT l.id FROM order_lines l JOIN (SELECT x.order_line_id, SUM(x.quantity) gone FROM refund_lines x JOIN "
        "refunds r ON r.id = x.refund_id WHERE NOT r.without_pieces AND (r.accepted_at IS NOT NULL OR r.state NOT IN "
        "('failed', 'cancelled')) GROUP BY x.order_line_id) r ON r.order_line_id = l.id WHERE r.gone > l.quantity",
    ),
    Check(
        "refund-of-what-a-bank-had-taken",
        PROMISE,
        "a refund of what a bank had taken already",
        "Nothing was refunded that a bank had taken already",
        "SELECT r.ref FROM refunds r JOIN disputes d ON d.payment_id = r.payment_id WHERE r.reason <> 'elsewhere' AND "
        "r.state NOT IN ('failed', 'cancelled') AND (SELECT SUM(l.amount) FROM ledger_entries e JOIN ledger_postings l ON "
        "l.entry_id = e.id WHERE e.about_ref = d.ref AND e.kind = 'dispute' AND l.account = 'disputes' AND (e.posted_at < "
        "r.created_at OR (e.posted_at = r.created_at AND l.amount < 0))) > 0",
    ),
)
