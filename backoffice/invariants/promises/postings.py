"""The ledger beside what it holds."""

from backoffice.invariants.promises.check import Check

PROMISE = "every posting balances"

CHECKS = (
    Check(
        "entry-of-the-ledger-that-does-not-sum-to-zero",
        PROMISE,
        "an entry of the ledger that does not sum to zero",
        "Every entry of the ledger sums to zero",
        "SELECT e.`key` FROM ledger_entries e LEFT JOIN (SELECT entry_id, SUM(amount) total, COUNT(*) sides, "
        "COUNT(DISTINCT currency) kinds, MIN(currency) currency FROM ledger_postings GROUP BY entry_id) p ON "
        "p.entry_id = e.id WHERE p.entry_id IS NULL OR p.total <> 0 OR p.sides <> e.posting_count OR p.kinds <> 1 OR "
        "p.currency <> e.currency",
    ),
    Check(
        "payment-that-the-ledger-does-not-hold",
        PROMISE,
        "a payment that the ledger does not hold",
        "The ledger holds every captured payment",
        "SELECT p.ref FROM payments p LEFT JOIN (SELECT e.about_id, SUM(l.amount) held FROM ledger_entries e JOIN "
        "ledger_postings l ON l.entry_id = e.id WHERE e.kind IN ('payment_settled', 'payment_corrected') AND "
        "l.account = 'clearing' GROUP BY e.about_id) h ON h.about_id = p.id WHERE p.captured_amount <> "
        "COALESCE(h.held, 0)",
    ),
    Check(
        "invoice-that-the-ledger-does-not-hold",
        PROMISE,
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
        PROMISE,
        "a refund that the ledger does not hold",
        "The ledger holds every refund",
        "SELECT r.ref FROM refunds r LEFT JOIN (SELECT e.about_id, SUM(-l.amount) gone FROM ledger_entries e JOIN "
        "ledger_postings l ON l.entry_id = e.id WHERE e.kind IN ('refund', 'refund_returned') AND l.account = "
        "'clearing' GROUP BY e.about_id) h ON h.about_id = r.id WHERE COALESCE(h.gone, 0) <> CASE WHEN r.accepted_at "
        "IS NOT NULL AND r.state NOT IN ('failed', 'cancelled') THEN r.amount ELSE 0 END",
    ),
    Check(
        "dispute-that-the-ledger-does-not-hold",
        PROMISE,
        "a dispute that the ledger does not hold",
        "The ledger holds every dispute",
        "SELECT d.ref FROM disputes d LEFT JOIN (SELECT e.about_id, SUM(l.amount) taken FROM ledger_entries e JOIN "
        "ledger_postings l ON l.entry_id = e.id WHERE e.kind = 'dispute' AND l.account = 'disputes' GROUP BY "
        "e.about_id) h ON h.about_id = d.id WHERE COALESCE(h.taken, 0) <> d.withdrawn_amount",
    ),
    Check(
        "line-of-the-provider-that-the-ledger-does-not-hold",
        PROMISE,
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
        "explained-difference-that-the-ledger-does-not-hold",
        PROMISE,
        "a difference of the provider's balance that is explained in one book alone",
        "The ledger holds every explained difference, and no other",
        "SELECT b.ref FROM breaks b LEFT JOIN (SELECT e.about_id, SUM(-l.amount) moved FROM ledger_entries e JOIN "
        "ledger_postings l ON l.entry_id = e.id WHERE e.kind = 'difference_explained' AND l.account = 'suspense' GROUP BY "
        "e.about_id) h ON h.about_id = b.id WHERE COALESCE(h.moved, 0) <> CASE WHEN b.state = 'explained' AND b.kind IN "
        "('capture', 'refund', 'dispute', 'unknown_line') THEN CASE WHEN b.kind IN ('refund', 'dispute') THEN -1 ELSE 1 "
        "END * (b.provider_amount - b.our_amount) ELSE 0 END",
    ),
    Check(
        "payout-that-the-bank-has-and-the-ledger-has-not",
        PROMISE,
        "a payout that is at the bank in one book alone",
        "The ledger and the payouts agree on what is at the bank",
        "SELECT o.ref FROM payouts o LEFT JOIN (SELECT e.about_id, SUM(l.amount) arrived FROM ledger_entries e JOIN "
        "ledger_postings l ON l.entry_id = e.id WHERE e.kind = 'payout_arrived' AND l.account = 'bank' GROUP BY "
        "e.about_id) h ON h.about_id = o.id WHERE COALESCE(h.arrived, 0) <> CASE o.state WHEN 'paid' THEN o.amount ELSE "
        "0 END",
    ),
    Check(
        "credit-note-that-the-ledger-does-not-hold",
        PROMISE,
        "a credit note that the ledger does not hold",
        "The ledger holds every credit note",
        "SELECT n.ref FROM credit_notes n LEFT JOIN (SELECT e.about_id, SUM(-l.amount) owed FROM ledger_entries e "
        "JOIN ledger_postings l ON l.entry_id = e.id WHERE e.kind = 'credit_note' AND l.account = 'refunds_payable' "
        "GROUP BY e.about_id) h ON h.about_id = n.id WHERE COALESCE(h.owed, 0) <> n.gross_amount",
    ),
    Check(
        "money-we-owe-customers-below-nothing",
        PROMISE,
        "money we owe customers below nothing",
        "What we owe customers is never below zero",
        "SELECT account FROM ledger_postings WHERE account IN ('customer_money', 'refunds_payable') GROUP BY account, "
        "currency HAVING SUM(amount) > 0",
    ),
)
