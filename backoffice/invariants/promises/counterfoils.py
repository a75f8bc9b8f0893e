"""What happened, and the line of the audit that tells it."""

from backoffice.invariants.promises.check import Check

PROMISE = "every change has a counterfoil"

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
)
