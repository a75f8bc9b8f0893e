"""Cards that customers keep."""

from backoffice.invariants.promises.check import Check

PROMISE = "no card is charged that its bank, its customer or a colleague barred"

CHECKS = (
    Check(
        "card-that-is-not-barred-as-it-should-be",
        PROMISE,
        "a card whose bars say otherwise",
        "Every kept card is barred while one of its bars stands, and only then",
        "SELECT m.ref FROM payment_methods m LEFT JOIN (SELECT DISTINCT card FROM card_bars WHERE lifted_at IS NULL) b ON "
        "b.card = CASE WHEN m.fingerprint <> '' THEN m.fingerprint ELSE m.ref END WHERE (m.state = 'kept' AND b.card IS NOT "
        "NULL) OR (m.state = 'barred' AND b.card IS NULL)",
    ),
    Check(
        "cards-of-which-none-comes-first",
        PROMISE,
        "cards of somebody of which none comes first, or a removed one",
        "Of the cards that somebody keeps one comes first",
        "SELECT m.ref FROM payment_methods m WHERE (m.state IN ('kept', 'barred') AND NOT EXISTS (SELECT 1 FROM "
        "payment_methods f WHERE f.preferred_key = m.person_id)) OR (m.state NOT IN ('kept', 'barred') AND m.preferred_key "
        "IS NOT NULL)",
    ),
    Check(
        "page-for-a-card-that-nobody-asks-about",
        PROMISE,
        "a page for a card that nobody asks about",
        "Every page on which a card is entered is asked about",
        "SELECT s.ref FROM method_setups s WHERE s.state IN ('created', 'open') AND s.ref NOT IN (SELECT "
        "SUBSTR(t.dedupe_key, 21) FROM tasks t WHERE t.name = 'payment_methods.ask' AND t.dedupe_key IS NOT NULL AND "
        "t.state IN ('waiting', 'gave_up'))",
    ),
    Check(
        "removed-card-that-nobody-has-forgotten",
        PROMISE,
        "a removed card that nobody has the provider forget",
        "Every card that its customer removed is forgotten by the provider, or will be",
        "SELECT m.ref FROM payment_methods m WHERE m.state = 'removing' AND m.ref NOT IN (SELECT SUBSTR(t.dedupe_key, 24) "
        "FROM tasks t WHERE t.name = 'payment_methods.remove' AND t.dedupe_key IS NOT NULL AND t.state IN ('waiting', "
        "'gave_up'))",
    ),
)
