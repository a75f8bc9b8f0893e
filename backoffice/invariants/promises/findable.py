"""What is there is found by what people tell of it."""

from backoffice.invariants.promises.check import Check

PROMISE = "what is there is found"

CHECKS = (
    Check(
        "order-that-its-address-does-not-find",
        PROMISE,
        "an order that its own e-mail address does not find",
        "Every order is found by its e-mail address",
        "SELECT o.ref FROM orders o JOIN people p ON p.id = o.person_id WHERE LOWER(o.email) <> p.email AND o.found_as IS NULL "
        "AND NOT EXISTS (SELECT 1 FROM person_terms t WHERE t.person_id = p.id AND t.term >= '@' AND t.term < 'A')",
    ),
)
