"""What happened, and the line of the audit that tells it."""

from backoffice.invariants.promises.check import Check

PROMISE = "every change has a counterfoil"


def _untold(rows: str, kind: str, tags: str, where: str = "1 = 1") -> str:
    """Rows of a table that no line of the audit with one of these tags tells of."""
    told = ", ".join(f"'{tag}'" for tag in tags.split())
    return (  # of the words below and nothing else
        f"SELECT x.ref FROM {rows} x WHERE {where} AND NOT EXISTS (SELECT 1 FROM audit_log a WHERE "  # noqa: S608
        f"a.subject_kind = '{kind}' AND a.subject_id = x.id AND a.tag IN ({told}))"
    )


CHECKS = (
    Check(
        "order-nobody-wrote-down",
        PROMISE,
        "an order nobody wrote down",
        "Every order was written down",
        "SELECT o.ref FROM orders o WHERE NOT EXISTS (SELECT 1 FROM audit_log a WHERE a.subject_kind = 'order' AND "
        "a.subject_id = o.id AND a.tag = 'order.placed' AND a.subject_ref = o.ref)",
    ),
    Check(
        "end-nobody-wrote-down",
        PROMISE,
        "an end nobody wrote down",
        "Every end of an order was written down",
        "SELECT o.ref FROM orders o WHERE o.state IN ('paid', 'expired', 'cancelled') AND NOT EXISTS (SELECT 1 FROM "
        "audit_log a WHERE a.subject_kind = 'order' AND a.subject_id = o.id AND a.tag LIKE 'order.%' AND "
        "SUBSTR(a.tag, 7) = o.state)",
    ),
    Check(
        "settled-payment-nobody-wrote-down",
        PROMISE,
        "a settled payment nobody wrote down",
        "Every settled payment was written down",
        "SELECT p.ref FROM payments p WHERE NOT EXISTS (SELECT 1 FROM audit_log a WHERE a.subject_kind = 'payment' "
        "AND a.subject_id = p.id AND a.tag LIKE 'payment.%' AND SUBSTR(a.tag, 9) = p.state)",
    ),
    Check(
        "movement-nobody-wrote-down",
        PROMISE,
        "a movement nobody wrote down",
        "Every movement of stock was written down",
        "SELECT s.ref FROM (SELECT item_id, kind, COUNT(*) moved FROM stock_movements GROUP BY item_id, kind) m JOIN "
        "stock_items s ON s.id = m.item_id LEFT JOIN (SELECT subject_id, SUBSTR(tag, 7) kind, COUNT(*) told FROM audit_log "
        "WHERE subject_kind = 'stock' AND tag LIKE 'stock.%' GROUP BY subject_id, SUBSTR(tag, 7)) a ON a.subject_id = "
        "m.item_id AND a.kind = m.kind WHERE COALESCE(a.told, 0) < m.moved",
    ),
    Check(
        "issued-paper-nobody-wrote-down",
        PROMISE,
        "an issued invoice nobody wrote down",
        "Every invoice that was issued was written down",
        _untold("invoices", "invoice", "invoice.issued", "x.state = 'issued'"),
    ),
    Check(
        "credit-note-nobody-wrote-down",
        PROMISE,
        "a credit note nobody wrote down",
        "Every credit note was written down",
        _untold("credit_notes", "credit_note", "credit_note.issued"),
    ),
    Check(
        "refund-nobody-wrote-down",
        PROMISE,
        "a refund nobody wrote down",
        "Every refund that was begun or found was written down",
        _untold("refunds", "refund", "refund.prepared refund.found"),
    ),
    Check(
        "accepted-refund-nobody-wrote-down",
        PROMISE,
        "an accepted refund nobody wrote down",
        "Every refund that the provider accepted was written down",
        _untold("refunds", "refund", "refund.accepted", "x.accepted_at IS NOT NULL"),
    ),
    Check(
        "lost-refund-nobody-wrote-down",
        PROMISE,
        "a refund that failed and that nobody wrote down",
        "Every refund that failed was written down",
        _untold("refunds", "refund", "refund.failed refund.cancelled", "x.state IN ('failed', 'cancelled')"),
    ),
    Check(
        "dispute-nobody-wrote-down",
        PROMISE,
        "a dispute nobody wrote down",
        "Every dispute was written down",
        _untold("disputes", "dispute", "dispute.opened dispute.inquired"),
    ),
    Check(
        "end-of-a-dispute-nobody-wrote-down",
        PROMISE,
        "the end of a dispute nobody wrote down",
        "Every end of a dispute was written down",
        _untold("disputes", "dispute", "dispute.won dispute.lost dispute.closed", "x.ended_at IS NOT NULL"),
    ),
    Check(
        "kept-card-nobody-wrote-down",
        PROMISE,
        "a kept card nobody wrote down",
        "Every card that is kept was written down",
        _untold("payment_methods", "payment_method", "payment_method.kept"),
    ),
    Check(
        "bar-nobody-wrote-down",
        PROMISE,
        "a bar of a card nobody wrote down",
        "Every bar of a card was written down",
        _untold("card_bars", "card_bar", "card.barred"),
    ),
    Check(
        "parcel-nobody-wrote-down",
        PROMISE,
        "a parcel nobody wrote down",
        "Every parcel was written down",
        _untold("shipments", "shipment", "shipment.sent"),
    ),
    Check(
        "payout-nobody-wrote-down",
        PROMISE,
        "a payout nobody wrote down",
        "Every payout was written down",
        _untold("payouts", "payout", "payout.made"),
    ),
    Check(
        "case-nobody-wrote-down",
        PROMISE,
        "a case nobody wrote down",
        "Every case was written down",
        _untold("cases", "case", "case.opened"),
    ),
    Check(
        "end-of-a-case-nobody-wrote-down",
        PROMISE,
        "the end of a case nobody wrote down",
        "Every end of a case was written down",
        _untold("cases", "case", "case.resolved case.merged", "x.state = 'resolved'"),
    ),
)
