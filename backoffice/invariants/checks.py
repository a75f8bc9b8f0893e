"""What must hold in any shop, lived or written in bulk: each check is a query that finds what does not fit, and nothing where
all of it does. The first column names a thing by its reference, where it has one."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """``key`` names it for ever; ``words`` say what would be found, ``holds`` what is true while nothing is; ``promise`` is
    what it proves."""

    key: str
    promise: str
    words: str
    holds: str
    query: str


CHECKS = (
    Check(
        "money-that-settles-no-invoice",
        "charged at most once, and nothing forgotten",
        "money that settles no invoice",
        "Every sum captured stands on its invoice, or is a case",
        "SELECT i.ref FROM invoices i LEFT JOIN (SELECT invoice_id, SUM(captured_amount) captured FROM payments GROUP "
        "BY invoice_id) p ON p.invoice_id = i.id WHERE COALESCE(p.captured, 0) <> i.paid_amount AND NOT EXISTS "
        "(SELECT 1 FROM cases k JOIN payments x ON x.ref = k.about_ref WHERE x.invoice_id = i.id AND k.kind IN "
        "('unexpected_money', 'amount_differs'))",
    ),
    Check(
        "invoice-charged-twice",
        "charged at most once, and nothing forgotten",
        "an invoice charged twice",
        "Every invoice was charged at most once",
        "SELECT i.ref FROM invoices i JOIN (SELECT invoice_id FROM payments WHERE state = 'settled' GROUP BY "
        "invoice_id HAVING COUNT(*) > 1) p ON p.invoice_id = i.id WHERE 1 = 1 AND NOT EXISTS (SELECT 1 FROM cases k "
        "JOIN payments x ON x.ref = k.about_ref WHERE x.invoice_id = i.id AND k.kind IN ('unexpected_money', "
        "'amount_differs'))",
    ),
    Check(
        "payment-whose-refunds-are-not-what-it-says",
        "charged at most once, and nothing forgotten",
        "a payment whose refunds are not what it says",
        "What a payment says was refunded is the sum of its refunds",
        "SELECT p.ref FROM payments p LEFT JOIN (SELECT payment_id, SUM(amount) gone FROM refunds WHERE state NOT IN "
        "('failed', 'cancelled') GROUP BY payment_id) r ON r.payment_id = p.id WHERE p.refunded_amount <> "
        "COALESCE(r.gone, 0)",
    ),
    Check(
        "line-that-was-refunded-beyond-itself",
        "charged at most once, and nothing forgotten",
        "a line that was refunded beyond itself",
        "Of every line at most what was sold was refunded",
        "SELECT l.id FROM order_lines l JOIN (SELECT x.order_line_id, SUM(x.quantity) gone FROM refund_lines x JOIN "
        "refunds r ON r.id = x.refund_id WHERE r.accepted_at IS NOT NULL OR r.state NOT IN ('failed', 'cancelled') "
        "GROUP BY x.order_line_id) r ON r.order_line_id = l.id WHERE r.gone > l.quantity",
    ),
    Check(
        "order-whose-lines-do-not-sum-up",
        "every debt is an invoice",
        "an order whose lines do not sum up",
        "The total of every order is the sum of its lines",
        "SELECT o.ref FROM orders o JOIN (SELECT order_id, SUM(quantity * unit_amount) total FROM order_lines GROUP "
        "BY order_id) l ON l.order_id = o.id WHERE l.total <> o.total_amount",
    ),
    Check(
        "refund-of-what-a-bank-had-taken",
        "charged at most once, and nothing forgotten",
        "a refund of what a bank had taken already",
        "Nothing was refunded that a bank had taken already",
        "SELECT r.ref FROM refunds r JOIN disputes d ON d.payment_id = r.payment_id WHERE r.reason <> 'elsewhere' AND "
        "r.state NOT IN ('failed', 'cancelled') AND (SELECT SUM(l.amount) FROM ledger_entries e JOIN ledger_postings l ON "
        "l.entry_id = e.id WHERE e.about_ref = d.ref AND e.kind = 'dispute' AND l.account = 'disputes' AND (e.posted_at < "
        "r.created_at OR (e.posted_at = r.created_at AND l.amount < 0))) > 0",
    ),
    Check(
        "order-without-an-invoice",
        "every debt is an invoice",
        "an order without an invoice",
        "Every order has its invoice",
        "SELECT o.ref FROM orders o LEFT JOIN invoices i ON i.order_id = o.id WHERE i.id IS NULL",
    ),
    Check(
        "invoice-over-another-sum-than-its-order",
        "every debt is an invoice",
        "an invoice over another sum than its order",
        "Every invoice is over the sum of its order",
        "SELECT i.ref FROM invoices i JOIN orders o ON o.id = i.order_id WHERE i.gross_amount <> o.total_amount OR "
        "i.currency <> o.currency",
    ),
    Check(
        "invoice-whose-lines-do-not-sum-up",
        "every debt is an invoice",
        "an invoice whose lines do not sum up",
        "The lines of every invoice sum up to it",
        "SELECT i.ref FROM invoices i JOIN (SELECT invoice_id, SUM(net_amount) net, SUM(gross_amount) gross FROM "
        "invoice_lines GROUP BY invoice_id) l ON l.invoice_id = i.id WHERE l.net <> i.net_amount OR l.gross <> "
        "i.gross_amount",
    ),
    Check(
        "invoice-whose-taxes-do-not-sum-up",
        "every debt is an invoice",
        "an invoice whose taxes do not sum up",
        "The taxes of every invoice sum up to its VAT",
        "SELECT i.ref FROM invoices i JOIN (SELECT invoice_id, SUM(vat_amount) vat FROM invoice_taxes GROUP BY "
        "invoice_id) t ON t.invoice_id = i.id WHERE t.vat <> i.vat_amount",
    ),
    Check(
        "paid-order-whose-invoice-is-not",
        "every debt is an invoice",
        "a paid order whose invoice is not",
        "Orders and their invoices agree on what is paid",
        "SELECT o.ref FROM orders o JOIN invoices i ON i.order_id = o.id WHERE (o.state = 'paid') <> (i.state = "
        "'issued' AND i.collection_state = 'paid' AND i.paid_amount >= i.gross_amount)",
    ),
    Check(
        "credit-note-whose-lines-do-not-sum-up",
        "every debt is an invoice",
        "a credit note whose lines do not sum up",
        "The lines of every credit note sum up to it",
        "SELECT n.ref FROM credit_notes n JOIN (SELECT credit_note_id, SUM(net_amount) net, SUM(gross_amount) gross "
        "FROM credit_note_lines GROUP BY credit_note_id) l ON l.credit_note_id = n.id WHERE l.net <> n.net_amount OR "
        "l.gross <> n.gross_amount",
    ),
    Check(
        "credit-note-whose-taxes-do-not-sum-up",
        "every debt is an invoice",
        "a credit note whose taxes do not sum up",
        "The taxes of every credit note sum up to its VAT",
        "SELECT n.ref FROM credit_notes n JOIN (SELECT credit_note_id, SUM(vat_amount) vat, SUM(net_amount) net FROM "
        "credit_note_taxes GROUP BY credit_note_id) t ON t.credit_note_id = n.id WHERE t.vat <> n.vat_amount OR t.net "
        "<> n.net_amount",
    ),
    Check(
        "invoice-that-was-credited-beyond-itself",
        "every debt is an invoice",
        "an invoice that was credited beyond itself",
        "No invoice was credited beyond its own sum",
        "SELECT i.ref FROM invoices i JOIN (SELECT c.invoice_id, t.vat_category, t.vat_hundredths, SUM(t.vat_amount) "
        "vat, SUM(t.net_amount) net FROM credit_notes c JOIN credit_note_taxes t ON t.credit_note_id = c.id GROUP BY "
        "c.invoice_id, t.vat_category, t.vat_hundredths) c ON c.invoice_id = i.id JOIN invoice_taxes x ON "
        "x.invoice_id = i.id AND x.vat_category = c.vat_category AND x.vat_hundredths = c.vat_hundredths WHERE c.vat "
        "> x.vat_amount OR c.net > x.net_amount",
    ),
    Check(
        "number-that-is-missing",
        "numbers have no gaps",
        "a number that is missing",
        "Numbers of invoices and credit notes run from 1 without a gap",
        "SELECT year FROM number_register GROUP BY entity_id, series, year HAVING MIN(position) <> 1 OR MAX(position) "
        "<> COUNT(*)",
    ),
    Check(
        "counter-that-is-not-where-its-numbers-end",
        "numbers have no gaps",
        "a counter that is not where its numbers end",
        "Every counter stands at its last number",
        "SELECT c.year FROM number_counters c JOIN (SELECT entity_id, series, year, MAX(position) top FROM "
        "number_register GROUP BY entity_id, series, year) r ON r.entity_id = c.entity_id AND r.series = c.series AND "
        "r.year = c.year WHERE r.top <> c.last",
    ),
    Check(
        "number-that-fell-behind-the-day-before",
        "numbers have no gaps",
        "a number that fell behind the day before",
        "A later number never has an earlier day",
        "SELECT a.number FROM number_register a JOIN number_register b ON b.entity_id = a.entity_id AND b.series = "
        "a.series AND b.year = a.year AND b.position = a.position + 1 WHERE b.issued_on < a.issued_on",
    ),
    Check(
        "issued-invoice-without-its-number",
        "numbers have no gaps",
        "an issued invoice without its number",
        "Every issued invoice has its number in the register",
        "SELECT i.ref FROM invoices i LEFT JOIN number_register r ON r.invoice_id = i.id WHERE (i.state = 'issued') "
        "<> (r.id IS NOT NULL) OR (r.id IS NOT NULL AND r.number <> i.number)",
    ),
    Check(
        "credit-note-without-its-number",
        "numbers have no gaps",
        "a credit note without its number",
        "Every credit note has its number in the register",
        "SELECT n.ref FROM credit_notes n LEFT JOIN number_register r ON r.credit_note_id = n.id WHERE r.id IS NULL "
        "OR r.number <> n.number",
    ),
    Check(
        "entry-of-the-ledger-that-does-not-sum-to-zero",
        "every posting balances",
        "an entry of the ledger that does not sum to zero",
        "Every entry of the ledger sums to zero",
        "SELECT e.`key` FROM ledger_entries e LEFT JOIN (SELECT entry_id, SUM(amount) total, COUNT(*) sides, "
        "COUNT(DISTINCT currency) kinds, MIN(currency) currency FROM ledger_postings GROUP BY entry_id) p ON "
        "p.entry_id = e.id WHERE p.entry_id IS NULL OR p.total <> 0 OR p.sides <> e.posting_count OR p.kinds <> 1 OR "
        "p.currency <> e.currency",
    ),
    Check(
        "payment-that-the-ledger-does-not-hold",
        "every posting balances",
        "a payment that the ledger does not hold",
        "The ledger holds every captured payment",
        "SELECT p.ref FROM payments p LEFT JOIN (SELECT e.about_id, SUM(l.amount) held FROM ledger_entries e JOIN "
        "ledger_postings l ON l.entry_id = e.id WHERE e.kind IN ('payment_settled', 'payment_corrected') AND "
        "l.account = 'clearing' GROUP BY e.about_id) h ON h.about_id = p.id WHERE p.captured_amount <> "
        "COALESCE(h.held, 0)",
    ),
    Check(
        "invoice-that-the-ledger-does-not-hold",
        "every posting balances",
        "an invoice that the ledger does not hold",
        "The ledger holds every issued invoice",
        "SELECT i.ref FROM invoices i LEFT JOIN (SELECT e.about_id, SUM(CASE l.account WHEN 'revenue' THEN -l.amount "
        "ELSE 0 END) net, SUM(CASE l.account WHEN 'tax_payable' THEN -l.amount ELSE 0 END) vat FROM ledger_entries e "
        "JOIN ledger_postings l ON l.entry_id = e.id WHERE e.kind = 'invoice_issued' GROUP BY e.about_id) h ON "
        "h.about_id = i.id WHERE (i.state = 'issued') <> (h.about_id IS NOT NULL) OR (h.about_id IS NOT NULL AND "
        "(h.net <> i.net_amount OR h.vat <> i.vat_amount))",
    ),
    Check(
        "refund-that-the-ledger-does-not-hold",
        "every posting balances",
        "a refund that the ledger does not hold",
        "The ledger holds every refund",
        "SELECT r.ref FROM refunds r LEFT JOIN (SELECT e.about_id, SUM(-l.amount) gone FROM ledger_entries e JOIN "
        "ledger_postings l ON l.entry_id = e.id WHERE e.kind IN ('refund', 'refund_returned') AND l.account = "
        "'clearing' GROUP BY e.about_id) h ON h.about_id = r.id WHERE COALESCE(h.gone, 0) <> CASE WHEN r.accepted_at "
        "IS NOT NULL AND r.state NOT IN ('failed', 'cancelled') THEN r.amount ELSE 0 END",
    ),
    Check(
        "dispute-that-the-ledger-does-not-hold",
        "every posting balances",
        "a dispute that the ledger does not hold",
        "The ledger holds every dispute",
        "SELECT d.ref FROM disputes d LEFT JOIN (SELECT e.about_id, SUM(l.amount) taken FROM ledger_entries e JOIN "
        "ledger_postings l ON l.entry_id = e.id WHERE e.kind = 'dispute' AND l.account = 'disputes' GROUP BY "
        "e.about_id) h ON h.about_id = d.id WHERE COALESCE(h.taken, 0) <> d.withdrawn_amount",
    ),
    Check(
        "line-of-the-provider-that-the-ledger-does-not-hold",
        "every posting balances",
        "a line of the provider's balance that the ledger does not hold",
        "The ledger holds every line of the provider's balance",
        "SELECT l.ref FROM provider_lines l LEFT JOIN (SELECT e.about_id, SUM(CASE p.account WHEN 'fees' THEN p.amount "
        "ELSE 0 END) fees, SUM(CASE p.account WHEN 'in_transit' THEN p.amount ELSE 0 END) sent, SUM(CASE p.account WHEN "
        "'suspense' THEN p.amount ELSE 0 END) suspense FROM ledger_entries e JOIN ledger_postings p ON p.entry_id = e.id "
        "WHERE e.kind IN ('fee', 'payout', 'provider_other') GROUP BY e.about_id) h ON h.about_id = l.id WHERE "
        "COALESCE(h.fees, 0) <> l.fee - CASE l.kind WHEN 'fee' THEN l.amount ELSE 0 END OR COALESCE(h.sent, 0) <> CASE "
        "WHEN l.kind IN ('payout', 'payout_returned') THEN -l.amount ELSE 0 END OR COALESCE(h.suspense, 0) <> CASE "
        "l.kind WHEN 'other' THEN -l.amount ELSE 0 END",
    ),
    Check(
        "payout-that-the-bank-has-and-the-ledger-has-not",
        "every posting balances",
        "a payout that is at the bank in one book alone",
        "The ledger and the payouts agree on what is at the bank",
        "SELECT o.ref FROM payouts o LEFT JOIN (SELECT e.about_id, SUM(l.amount) arrived FROM ledger_entries e JOIN "
        "ledger_postings l ON l.entry_id = e.id WHERE e.kind = 'payout_arrived' AND l.account = 'bank' GROUP BY "
        "e.about_id) h ON h.about_id = o.id WHERE COALESCE(h.arrived, 0) <> CASE o.state WHEN 'paid' THEN o.amount ELSE "
        "0 END",
    ),
    Check(
        "credit-note-that-the-ledger-does-not-hold",
        "every posting balances",
        "a credit note that the ledger does not hold",
        "The ledger holds every credit note",
        "SELECT n.ref FROM credit_notes n LEFT JOIN (SELECT e.about_id, SUM(-l.amount) owed FROM ledger_entries e "
        "JOIN ledger_postings l ON l.entry_id = e.id WHERE e.kind = 'credit_note' AND l.account = 'refunds_payable' "
        "GROUP BY e.about_id) h ON h.about_id = n.id WHERE COALESCE(h.owed, 0) <> n.gross_amount",
    ),
    Check(
        "money-we-owe-customers-below-nothing",
        "every posting balances",
        "money we owe customers below nothing",
        "What we owe customers is never below zero",
        "SELECT account FROM ledger_postings WHERE account IN ('customer_money', 'refunds_payable') GROUP BY account, "
        "currency HAVING SUM(amount) > 0",
    ),
    Check(
        "hold-that-its-order-does-not-need",
        "pieces are where we say",
        "a hold that its order does not need any more",
        "Pieces are held only for orders that need them",
        "SELECT o.ref FROM stock_holds h JOIN orders o ON o.ref = h.holder WHERE (h.state = 'held' AND o.state IN "
        "('paid', 'expired', 'cancelled')) OR (h.state = 'taken' AND o.state <> 'paid') OR (h.state = 'released' AND "
        "o.state IN ('placed', 'in_review', 'paid'))",
    ),
    Check(
        "pieces-that-are-not-the-sum-of-what-moved",
        "pieces are where we say",
        "pieces that are not the sum of what moved",
        "Stock is the sum of its movements",
        "SELECT s.ref FROM stock_items s LEFT JOIN (SELECT item_id, SUM(on_hand_change) on_hand, SUM(held_change) "
        "held FROM stock_movements GROUP BY item_id) m ON m.item_id = s.id WHERE s.on_hand <> COALESCE(m.on_hand, 0) "
        "OR s.held <> COALESCE(m.held, 0)",
    ),
    Check(
        "paid-order-that-nobody-delivers",
        "pieces are where we say",
        "a paid order that nobody delivers",
        "Every paid order has its delivery, and no other has one",
        "SELECT o.ref FROM orders o LEFT JOIN fulfilments f ON f.order_id = o.id WHERE (o.state = 'paid') <> (f.id IS "
        "NOT NULL)",
    ),
    Check(
        "delivery-that-is-done-while-pieces-are-left",
        "pieces are where we say",
        "a delivery that is done while pieces are left",
        "A delivery is done only when every piece has left",
        "SELECT f.ref FROM fulfilments f JOIN order_lines l ON l.order_id = f.order_id JOIN shipped_pieces p ON "
        "p.order_line_id = l.id WHERE f.state = 'done' AND p.shipped < p.ordered",
    ),
    Check(
        "pieces-that-left-in-no-parcel",
        "pieces are where we say",
        "pieces that left in no parcel",
        "Every piece that left was in a parcel",
        "SELECT p.order_line_id FROM shipped_pieces p LEFT JOIN (SELECT order_line_id, SUM(quantity) sent FROM "
        "shipment_lines GROUP BY order_line_id) s ON s.order_line_id = p.order_line_id WHERE p.shipped <> "
        "COALESCE(s.sent, 0)",
    ),
    Check(
        "unknown-payment-that-no-case-tells-of",
        "whatever gives up says so",
        "an unknown payment that no case tells of",
        "Every payment that stays unknown is a case",
        "SELECT p.ref FROM payments p WHERE p.state = 'unknown' AND p.unanswered >= 5 AND NOT EXISTS (SELECT 1 FROM "
        "cases k WHERE k.about_ref = p.ref AND k.kind = 'payment_unknown' AND k.state = 'open')",
    ),
    Check(
        "unknown-refund-that-no-case-tells-of",
        "whatever gives up says so",
        "an unknown refund that no case tells of",
        "Every refund that stays unknown is a case",
        "SELECT r.ref FROM refunds r WHERE r.state = 'unknown' AND r.unanswered >= 5 AND NOT EXISTS (SELECT 1 FROM "
        "cases k WHERE k.about_ref = r.ref AND k.kind = 'refund_unknown' AND k.state = 'open')",
    ),
    Check(
        "dispute-that-waits-for-an-answer-and-that-no-case-told-of",
        "whatever gives up says so",
        "a dispute that waits for an answer and that no case told of",
        "Every dispute that waits for an answer was told by a case",
        "SELECT d.ref FROM disputes d WHERE d.state = 'needs_response' AND NOT EXISTS (SELECT 1 FROM cases k WHERE "
        "k.about_ref = d.ref AND k.kind = 'dispute_open')",
    ),
    Check(
        "dispute-that-was-lost-and-that-no-case-told-of",
        "whatever gives up says so",
        "a dispute that was lost and that no case told of",
        "Every lost dispute was told by a case",
        "SELECT d.ref FROM disputes d WHERE d.state = 'lost' AND NOT EXISTS (SELECT 1 FROM cases k WHERE "
        "k.about_ref = d.ref AND k.kind = 'dispute_lost')",
    ),
    Check(
        "open-dispute-that-nobody-asks-about",
        "whatever gives up says so",
        "an open dispute that nobody asks about",
        "Every open dispute is asked about",
        "SELECT d.ref FROM disputes d WHERE d.state IN ('needs_response', 'under_review') AND NOT EXISTS (SELECT 1 FROM "
        "tasks t WHERE t.name = 'disputes.ask' AND SUBSTR(t.dedupe_key, 14, LENGTH(d.ref)) = d.ref AND "
        "t.state IN ('waiting', 'gave_up'))",
    ),
    Check(
        "event-that-no-task-handles",
        "whatever gives up says so",
        "an event that is to be handled and that no task handles",
        "Every stored event is handled, or will be",
        "SELECT e.ref FROM webhook_events e WHERE e.state = 'received' AND e.ref NOT IN (SELECT SUBSTR(t.dedupe_key, 17) FROM "
        "tasks t WHERE t.name = 'webhooks.handle' AND t.state IN ('waiting', 'gave_up'))",
    ),
    Check(
        "difference-of-the-books-that-no-case-told-of",
        "whatever gives up says so",
        "a difference between the provider's books and ours that no case told of",
        "Every difference between the books was told by a case",
        "SELECT b.ref FROM breaks b WHERE b.state = 'open' AND NOT EXISTS (SELECT 1 FROM cases k WHERE k.about_ref = b.ref "
        "AND k.kind = 'reconciliation_break')",
    ),
    Check(
        "case-that-should-have-closed",
        "whatever gives up says so",
        "a case that should have closed",
        "Every case closed that the system can close",
        "SELECT k.ref FROM cases k LEFT JOIN payments p ON p.ref = k.about_ref LEFT JOIN refunds r ON r.ref = "
        "k.about_ref LEFT JOIN breaks b ON b.ref = k.about_ref WHERE k.state = 'open' AND ((k.kind = 'payment_unknown' "
        "AND p.state <> 'unknown') OR (k.kind = 'refund_unknown' AND r.state <> 'unknown') OR (k.kind = "
        "'reconciliation_break' AND b.state <> 'open'))",
    ),
    Check(
        "refund-that-failed-and-that-no-case-told-of",
        "whatever gives up says so",
        "a refund that failed and that no case told of",
        "Every refund that failed was told by a case",
        "SELECT r.ref FROM refunds r WHERE r.state IN ('failed', 'cancelled') AND NOT EXISTS (SELECT 1 FROM cases k "
        "WHERE k.about_ref = r.ref AND k.kind IN ('refund_failed', 'refund_refused'))",
    ),
    Check(
        "task-that-gave-up-and-that-no-case-tells-of",
        "whatever gives up says so",
        "a task that gave up and that no case tells of",
        "Every task that gave up is a case",
        "SELECT t.ref FROM tasks t WHERE t.state = 'gave_up' AND NOT EXISTS (SELECT 1 FROM cases k WHERE k.about_ref "
        "= t.ref AND k.kind = 'task_gave_up')",
    ),
    Check(
        "order-nobody-wrote-down",
        "every change has a counterfoil",
        "an order nobody wrote down",
        "Every order was written down",
        "SELECT o.ref FROM orders o WHERE NOT EXISTS (SELECT 1 FROM audit_log a WHERE a.subject_kind = 'order' AND "
        "a.subject_id = o.id AND a.tag = 'order.placed' AND a.subject_ref = o.ref)",
    ),
    Check(
        "end-nobody-wrote-down",
        "every change has a counterfoil",
        "an end nobody wrote down",
        "Every end of an order was written down",
        "SELECT o.ref FROM orders o WHERE o.state IN ('paid', 'expired', 'cancelled') AND NOT EXISTS (SELECT 1 FROM "
        "audit_log a WHERE a.subject_kind = 'order' AND a.subject_id = o.id AND a.tag LIKE 'order.%' AND "
        "SUBSTR(a.tag, 7) = o.state)",
    ),
    Check(
        "settled-payment-nobody-wrote-down",
        "every change has a counterfoil",
        "a settled payment nobody wrote down",
        "Every settled payment was written down",
        "SELECT p.ref FROM payments p WHERE NOT EXISTS (SELECT 1 FROM audit_log a WHERE a.subject_kind = 'payment' "
        "AND a.subject_id = p.id AND a.tag LIKE 'payment.%' AND SUBSTR(a.tag, 9) = p.state)",
    ),
    Check(
        "movement-nobody-wrote-down",
        "every change has a counterfoil",
        "a movement nobody wrote down",
        "Every movement of stock was written down",
        "SELECT s.ref FROM (SELECT item_id, kind, COUNT(*) moved FROM stock_movements GROUP BY item_id, kind) m JOIN "
        "stock_items s ON s.id = m.item_id LEFT JOIN (SELECT subject_id, SUBSTR(tag, 7) kind, COUNT(*) told FROM audit_log "
        "WHERE subject_kind = 'stock' AND tag LIKE 'stock.%' GROUP BY subject_id, SUBSTR(tag, 7)) a ON a.subject_id = "
        "m.item_id AND a.kind = m.kind WHERE COALESCE(a.told, 0) < m.moved",
    ),
)
BY_KEY = {check.key: check for check in CHECKS}
