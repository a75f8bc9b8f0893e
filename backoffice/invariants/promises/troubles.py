"""What stands still, and the case that says so."""

from backoffice.invariants.promises.check import Check

PROMISE = "whatever gives up says so"

CHECKS = (
    Check(
        "unknown-payment-that-no-case-tells-of",
        PROMISE,
        "an unknown payment that no case tells of",
        "Every payment that stays unknown is a case",
        "SELECT p.ref FROM payments p WHERE p.state = 'unknown' AND p.unanswered >= 5 AND NOT EXISTS (SELECT 1 FROM "
        "cases k WHERE k.about_ref = p.ref AND k.kind = 'payment_unknown' AND k.state = 'open')",
    ),
    Check(
        "unknown-refund-that-no-case-tells-of",
        PROMISE,
        "an unknown refund that no case tells of",
        "Every refund that stays unknown is a case",
        "SELECT r.ref FROM refunds r WHERE r.state = 'unknown' AND r.unanswered >= 5 AND NOT EXISTS (SELECT 1 FROM "
        "cases k WHERE k.about_ref = r.ref AND k.kind = 'refund_unknown' AND k.state = 'open')",
    ),
    Check(
        "dispute-that-waits-for-an-answer-and-that-no-case-told-of",
        PROMISE,
        "a dispute that waits for an answer and that no case told of",
        "Every dispute that waits for an answer was told by a case",
        "SELECT d.ref FROM disputes d WHERE d.state = 'needs_response' AND NOT EXISTS (SELECT 1 FROM cases k WHERE "
        "k.about_ref = d.ref AND k.kind = 'dispute_open')",
    ),
    Check(
        "dispute-that-was-lost-and-that-no-case-told-of",
        PROMISE,
        "a dispute that was lost and that no case told of",
        "Every lost dispute was told by a case",
        "SELECT d.ref FROM disputes d WHERE d.state = 'lost' AND NOT EXISTS (SELECT 1 FROM cases k WHERE "
        "k.about_ref = d.ref AND k.kind = 'dispute_lost')",
    ),
    Check(
        "open-dispute-that-nobody-asks-about",
        PROMISE,
        "an open dispute that nobody asks about",
        "Every open dispute is asked about",
        "SELECT d.ref FROM disputes d WHERE d.state IN ('needs_response', 'under_review') AND NOT EXISTS (SELECT 1 FROM "
        "tasks t WHERE t.name = 'disputes.ask' AND SUBSTR(t.dedupe_key, 14, LENGTH(d.ref)) = d.ref AND "
        "t.state IN ('waiting', 'gave_up'))",
    ),
    Check(
        "open-payment-that-nobody-asks-about",
        PROMISE,
        "an open payment that nobody asks about",
        "Every open payment is asked about",
        "SELECT p.ref FROM payments p WHERE p.state IN ('created', 'sent', 'processing', 'requires_action', 'unknown') AND "
        "p.ref NOT IN (SELECT SUBSTR(t.dedupe_key, 14) FROM tasks t WHERE t.name = 'payments.ask' AND t.dedupe_key IS NOT "
        "NULL AND t.state IN ('waiting', 'gave_up'))",
    ),
    Check(
        "open-refund-that-nobody-asks-about",
        PROMISE,
        "an open refund that nobody asks about",
        "Every open refund is asked about",
        "SELECT r.ref FROM refunds r WHERE r.state IN ('created', 'unknown', 'pending', 'requires_action') AND r.ref NOT IN "
        "(SELECT SUBSTR(t.dedupe_key, 13, 24) FROM tasks t WHERE t.name = 'refunds.ask' AND t.dedupe_key IS NOT NULL AND "
        "t.state IN ('waiting', 'gave_up'))",
    ),
    Check(
        "event-that-no-task-handles",
        PROMISE,
        "an event that is to be handled and that no task handles",
        "Every stored event is handled, or will be",
        "SELECT e.ref FROM webhook_events e WHERE e.state = 'received' AND e.ref NOT IN (SELECT SUBSTR(t.dedupe_key, 17) FROM "
        "tasks t WHERE t.name = 'webhooks.handle' AND t.state IN ('waiting', 'gave_up')) "
        "OR e.state = 'arrived' AND EXISTS (SELECT 1 FROM webhook_events l WHERE l.id > e.id AND l.state <> 'arrived')",
    ),
    Check(
        "difference-of-the-books-that-no-case-told-of",
        PROMISE,
        "a difference between the provider's books and ours that no case told of",
        "Every difference between the books was told by a case",
        "SELECT b.ref FROM breaks b WHERE b.state = 'open' AND NOT EXISTS (SELECT 1 FROM cases k WHERE k.about_ref = b.ref "
        "AND k.kind = 'reconciliation_break')",
    ),
    Check(
        "case-that-should-have-closed",
        PROMISE,
        "a case that should have closed",
        "Every case closed that the system can close",
        "SELECT k.ref FROM cases k LEFT JOIN payments p ON p.ref = k.about_ref LEFT JOIN refunds r ON r.ref = "
        "k.about_ref LEFT JOIN breaks b ON b.ref = k.about_ref LEFT JOIN disputes d ON d.ref = k.about_ref LEFT JOIN "
        "orders o ON o.ref = k.about_ref LEFT JOIN tasks t ON t.ref = k.about_ref WHERE k.state = 'open' AND ("
        "(k.kind = 'payment_unknown' AND p.state <> 'unknown') OR (k.kind = 'refund_unknown' AND r.state NOT IN "
        "('unknown', 'created')) OR (k.kind = 'refund_refused' AND r.state NOT IN ('failed', 'cancelled')) OR (k.kind = "
        "'refund_failed' AND (r.paid_otherwise_at IS NOT NULL OR EXISTS (SELECT 1 FROM refunds again WHERE "
        "again.settles_id = r.id))) OR (k.kind = 'refund_twice' AND (r.twice_amount = 0 OR r.state IN ('failed', "
        "'cancelled'))) OR (k.kind = 'refund_overtaken' AND r.state IN ('failed', 'cancelled')) OR (k.kind = "
        "'unexpected_money' AND p.captured_amount > 0 AND p.captured_amount = p.refunded_amount AND NOT EXISTS (SELECT 1 FROM "
        "refunds going WHERE going.payment_id = p.id AND going.accepted_at IS NULL AND going.state NOT IN ('failed', "
        "'cancelled'))) OR (k.kind = 'reconciliation_break' AND b.state <> 'open') OR (k.kind IN ('dispute_open', "
        "'dispute_due', 'dispute_refused') AND d.state <> 'needs_response') OR (k.kind = 'dispute_lost' AND d.state <> 'lost') "
        "OR (k.kind = 'hold_prolonged' AND o.state <> 'placed') OR (k.kind = 'task_gave_up' AND "
        "t.state IN ('done', 'cancelled')))",
    ),
    Check(
        "refund-that-failed-and-that-no-case-told-of",
        PROMISE,
        "a refund that failed and that no case told of",
        "Every refund that failed was told by a case",
        "SELECT r.ref FROM refunds r WHERE r.state IN ('failed', 'cancelled') AND NOT EXISTS (SELECT 1 FROM cases k "
        "WHERE k.about_ref = r.ref AND k.kind = CASE WHEN r.twice_amount = r.amount OR (r.twice_amount = 0 AND "
        "r.settles_id IS NULL AND EXISTS (SELECT 1 FROM cases t WHERE t.about_ref = r.ref AND t.kind = 'refund_twice')) THEN "
        "'refund_twice' WHEN r.accepted_at IS NOT NULL THEN 'refund_failed' WHEN r.reason = 'elsewhere' AND "
        "r.again_of_id IS NULL THEN 'refund_elsewhere' ELSE 'refund_refused' END)",
    ),
    Check(
        "task-that-gave-up-and-that-no-case-tells-of",
        PROMISE,
        "a task that gave up and that no case tells of",
        "Every task that gave up is a case",
        "SELECT t.ref FROM tasks t WHERE t.state = 'gave_up' AND NOT EXISTS (SELECT 1 FROM cases k WHERE k.about_ref "
        "= t.ref AND k.kind = 'task_gave_up' AND (k.state = 'open' OR k.resolved_at >= t.finished_at))",
    ),
    Check(
        "refund-made-elsewhere-and-that-no-case-told-of",
        PROMISE,
        "a refund that was made at the provider and that no case told of",
        "Every refund that somebody made at the provider was told by a case",
        "SELECT r.ref FROM refunds r WHERE r.reason = 'elsewhere' AND r.again_of_id IS NULL AND NOT EXISTS (SELECT 1 FROM "
        "cases k WHERE k.about_ref = r.ref AND k.kind = 'refund_elsewhere')",  # what is sent again, we send
    ),
    Check(
        "refund-made-twice-and-that-no-case-told-of",
        PROMISE,
        "a refund of what had been given back another way, and that no case told of",
        "Whatever a customer was given back twice was told by a case",
        "SELECT r.ref FROM refunds r WHERE r.twice_amount > 0 AND NOT EXISTS ("
        "SELECT 1 FROM cases k WHERE k.about_ref = r.ref AND k.kind = 'refund_twice')",
    ),
    Check(
        "refund-without-its-pieces-and-that-no-case-told-of",
        PROMISE,
        "a refund whose pieces had gone when it was made, and that no case told of",
        "Every refund that was made when its pieces had gone was told by a case",
        "SELECT r.ref FROM refunds r WHERE r.without_pieces AND NOT EXISTS ("
        "SELECT 1 FROM cases k WHERE k.about_ref = r.ref AND k.kind = 'refund_overtaken')",
    ),
    Check(
        "sum-that-differs-and-that-no-case-told-of",
        PROMISE,
        "a payment of another sum than was asked for and that no case told of",
        "Every payment of another sum than was asked for was told by a case",
        "SELECT p.ref FROM payments p WHERE p.state = 'settled' AND p.captured_amount <> p.amount AND NOT EXISTS (SELECT 1 "
        "FROM cases k WHERE k.about_ref = p.ref AND k.kind = 'amount_differs')",
    ),
    Check(
        "payout-that-failed-and-that-no-case-told-of",
        PROMISE,
        "a payout that failed and that no case told of",
        "Every payout that failed was told by a case",
        "SELECT o.ref FROM payouts o WHERE o.state = 'failed' AND NOT EXISTS (SELECT 1 FROM cases k WHERE k.about_ref = "
        "o.ref AND k.kind = 'payout_failed')",
    ),
    Check(
        "withdrawal-that-no-case-told-of",
        PROMISE,
        "a withdrawal from a contract that no case told of",
        "Every withdrawal from a contract was told by a case",
        "SELECT w.ref FROM withdrawals w LEFT JOIN orders o ON o.id = w.order_id WHERE NOT EXISTS (SELECT 1 FROM cases k "
        "WHERE k.about_ref = COALESCE(o.ref, w.ref) AND k.kind = 'withdrawal')",
    ),
)
