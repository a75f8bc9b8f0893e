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
        "event-that-no-task-handles",
        PROMISE,
        "an event that is to be handled and that no task handles",
        "Every stored event is handled, or will be",
        "SELECT e.ref FROM webhook_events e WHERE e.state = 'received' AND e.ref NOT IN (SELECT SUBSTR(t.dedupe_key, 17) FROM "
        "tasks t WHERE t.name = 'webhooks.handle' AND t.state IN ('waiting', 'gave_up'))",
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
        "k.about_ref LEFT JOIN breaks b ON b.ref = k.about_ref WHERE k.state = 'open' AND ((k.kind = 'payment_unknown' "
        "AND p.state <> 'unknown') OR (k.kind = 'refund_unknown' AND r.state <> 'unknown') OR (k.kind = "
        "'reconciliation_break' AND b.state <> 'open'))",
    ),
    Check(
        "refund-that-failed-and-that-no-case-told-of",
        PROMISE,
        "a refund that failed and that no case told of",
        "Every refund that failed was told by a case",
        "SELECT r.ref FROM refunds r WHERE r.state IN ('failed', 'cancelled') AND NOT EXISTS (SELECT 1 FROM cases k "
        "WHERE k.about_ref = r.ref AND k.kind IN ('refund_failed', 'refund_refused'))",
    ),
    Check(
        "task-that-gave-up-and-that-no-case-tells-of",
        PROMISE,
        "a task that gave up and that no case tells of",
        "Every task that gave up is a case",
        "SELECT t.ref FROM tasks t WHERE t.state = 'gave_up' AND NOT EXISTS (SELECT 1 FROM cases k WHERE k.about_ref "
        "= t.ref AND k.kind = 'task_gave_up')",
    ),
)
