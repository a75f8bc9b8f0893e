"""Numbers of invoices and credit notes."""

from backoffice.invariants.promises.check import Check

PROMISE = "numbers have no gaps"

CHECKS = (
    Check(
        "number-that-is-missing",
        PROMISE,
        "a number that is missing",
        "Numbers of invoices and credit notes run from 1 without a gap",
        "SELECT year FROM number_register GROUP BY entity_id, series, year HAVING MIN(position) <> 1 OR MAX(position) "
        "<> COUNT(*)",
    ),
    Check(
        "counter-that-is-not-where-its-numbers-end",
        PROMISE,
        "a counter that is not where its numbers end",
        "Every counter stands at its last number",
        "SELECT c.year FROM number_counters c JOIN (SELECT entity_id, series, year, MAX(position) top FROM "
        "number_register GROUP BY entity_id, series, year) r ON r.entity_id = c.entity_id AND r.series = c.series AND "
        "r.year = c.year WHERE r.top <> c.last",
    ),
    Check(
        "number-that-fell-behind-the-day-before",
        PROMISE,
        "a number that fell behind the day before",
        "A later number never has an earlier day",
        "SELECT a.number FROM number_register a JOIN number_register b ON b.entity_id = a.entity_id AND b.series = "
        "a.series AND b.year = a.year AND b.position = a.position + 1 WHERE b.issued_on < a.issued_on",
    ),
    Check(
        "issued-invoice-without-its-number",
        PROMISE,
        "an issued invoice without its number",
        "Every issued invoice has its number in the register",
        "SELECT i.ref FROM invoices i LEFT JOIN number_register r ON r.invoice_id = i.id WHERE (i.state = 'issued') "
        "<> (r.id IS NOT NULL) OR (r.id IS NOT NULL AND r.number <> i.number)",
    ),
    Check(
        "credit-note-without-its-number",
        PROMISE,
        "a credit note without its number",
        "Every credit note has its number in the register",
        "SELECT n.ref FROM credit_notes n LEFT JOIN number_register r ON r.credit_note_id = n.id WHERE r.id IS NULL "
        "OR r.number <> n.number",
    ),
)
