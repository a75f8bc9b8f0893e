"""Stock and what leaves it."""

from backoffice.invariants.promises.check import Check

PROMISE = "pieces are where we say"

CHECKS = (
    Check(
        "hold-that-its-order-does-not-need",
        PROMISE,
        "a hold that its order does not need any more",
        "Pieces are held only for orders that need them",
        "SELECT o.ref FROM stock_holds h JOIN orders o ON o.ref = h.holder WHERE (h.state = 'held' AND o.state IN "
        "('paid', 'expired', 'cancelled')) OR (h.state = 'taken' AND o.state <> 'paid') OR (h.state = 'released' AND "
        "o.state IN ('placed', 'in_review', 'paid'))",
    ),
    Check(
        "pieces-that-are-not-the-sum-of-what-moved",
        PROMISE,
        "pieces that are not the sum of what moved",
        "Stock is the sum of its movements",
        "SELECT s.ref FROM stock_items s LEFT JOIN (SELECT item_id, SUM(on_hand_change) on_hand, SUM(held_change) "
        "held FROM stock_movements GROUP BY item_id) m ON m.item_id = s.id WHERE s.on_hand <> COALESCE(m.on_hand, 0) "
        "OR s.held <> COALESCE(m.held, 0)",
    ),
    Check(
        "paid-order-that-nobody-delivers",
        PROMISE,
        "a paid order that nobody delivers",
        "Every paid order has its delivery, and no other has one",
        "SELECT o.ref FROM orders o LEFT JOIN fulfilments f ON f.order_id = o.id WHERE (o.state = 'paid') <> (f.id IS "
        "NOT NULL)",
    ),
    Check(
        "delivery-that-is-done-while-pieces-are-left",
        PROMISE,
        "a delivery that is done while pieces are left",
        "A delivery is done only when every piece has left",
        "SELECT f.ref FROM fulfilments f JOIN order_lines l ON l.order_id = f.order_id JOIN shipped_pieces p ON "
        "p.order_line_id = l.id WHERE f.state = 'done' AND p.shipped < p.ordered",
    ),
    Check(
        "pieces-that-left-in-no-parcel",
        PROMISE,
        "pieces that left in no parcel",
        "Every piece that left was in a parcel",
        "SELECT p.order_line_id FROM shipped_pieces p LEFT JOIN (SELECT order_line_id, SUM(quantity) sent FROM "
        "shipment_lines GROUP BY order_line_id) s ON s.order_line_id = p.order_line_id WHERE p.shipped <> "
        "COALESCE(s.sent, 0)",
    ),
)
