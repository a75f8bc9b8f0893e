"""Each promise is seen broken: one history with everything in it, spoiled in one way for each check, and put back."""

import pytest

from backoffice.core import units
from backoffice.core.db import db
from backoffice.invariants.checks import CHECKS
from backoffice.orders import service as orders
from backoffice.refunds.wishes import Pieces
from tests.support.accounts import registers
from tests.support.kept_cards import keeps
from tests.support.reconciling import is_paid_out, provider_books
from tests.support.sending import send
from tests.support.shop import Shop, hidden, paid


def unposted(kind: str) -> str:
    return f"UPDATE ledger_entries SET kind = 'x' WHERE kind = '{kind}'"


def untold(tag: str) -> str:
    return f"UPDATE audit_log SET tag = 'x' WHERE tag LIKE '{tag}'"


def without_case(kind: str) -> str:
    return f"UPDATE cases SET kind = 'x' WHERE kind = '{kind}'"


SPOILED = {
    "money-that-settles-no-invoice": "UPDATE invoices SET paid_amount = 1",
    "invoice-charged-twice": "UPDATE payments SET invoice_id = (SELECT MIN(id) FROM invoices), claim = NULL",
    "payment-whose-refunds-are-not-what-it-says": "UPDATE payments SET refunded_amount = refunded_amount + 1",
    "line-that-was-refunded-beyond-itself": "UPDATE refund_lines SET quantity = 99",
    "refund-of-what-a-bank-had-taken": "UPDATE refunds SET created_at = '2099-01-01 00:00:00'",
    "order-whose-lines-do-not-sum-up": "UPDATE orders SET total_amount = 1",
    "order-without-an-invoice": "DELETE FROM invoices",
    "invoice-over-another-sum-than-its-order": "UPDATE orders SET currency = 'USD'",
    "invoice-whose-lines-do-not-sum-up": "UPDATE invoice_lines SET net_amount = net_amount + 1",
    "invoice-whose-taxes-do-not-sum-up": "UPDATE invoice_taxes SET vat_amount = vat_amount + 1",
    "paid-order-whose-invoice-is-not": "UPDATE invoices SET paid_amount = 0",
    "credit-note-whose-lines-do-not-sum-up": "UPDATE credit_note_lines SET gross_amount = gross_amount + 1",
    "credit-note-whose-taxes-do-not-sum-up": "UPDATE credit_note_taxes SET net_amount = net_amount + 1",
    "invoice-that-was-credited-beyond-itself": "UPDATE credit_note_taxes SET vat_amount = 999999",
    "number-that-is-missing": "UPDATE number_register SET position = position + 100",
    "counter-that-is-not-where-its-numbers-end": "UPDATE number_counters SET last = 7",
    "number-that-fell-behind-the-day-before": "UPDATE number_register SET issued_on = '2000-01-01' WHERE position = 2",
    "issued-invoice-without-its-number": "DELETE FROM number_register WHERE invoice_id IS NOT NULL",
    "credit-note-without-its-number": "DELETE FROM number_register WHERE credit_note_id IS NOT NULL",
    "entry-of-the-ledger-that-does-not-sum-to-zero": "UPDATE ledger_postings SET amount = amount + 1 WHERE id = 1",
    "payment-that-the-ledger-does-not-hold": unposted("payment_settled"),
    "invoice-that-the-ledger-does-not-hold": unposted("invoice_issued"),
    "refund-that-the-ledger-does-not-hold": unposted("refund"),
    "dispute-that-the-ledger-does-not-hold": unposted("dispute"),
    "line-of-the-provider-that-the-ledger-does-not-hold": unposted("fee"),
    "explained-difference-that-the-ledger-does-not-hold": "UPDATE breaks SET state = 'explained'",
    "payout-that-the-bank-has-and-the-ledger-has-not": unposted("payout_arrived"),
    "credit-note-that-the-ledger-does-not-hold": unposted("credit_note"),
    "money-we-owe-customers-below-nothing": "UPDATE ledger_postings SET amount = 999999 WHERE account = 'customer_money'",
    "hold-that-its-order-does-not-need": "UPDATE stock_holds SET state = 'held'",
    "pieces-that-are-not-the-sum-of-what-moved": "UPDATE stock_items SET on_hand = on_hand + 1",
    "paid-order-that-nobody-delivers": "DELETE FROM fulfilments",
    "delivery-that-is-done-while-pieces-are-left": "UPDATE fulfilments SET state = 'done'",
    "pieces-that-left-in-no-parcel": "UPDATE shipped_pieces SET shipped = shipped + 1",
    "unknown-payment-that-no-case-tells-of": "UPDATE payments SET state = 'unknown', unanswered = 5",
    "unknown-refund-that-no-case-tells-of": "UPDATE refunds SET state = 'unknown', unanswered = 5",
    "dispute-that-waits-for-an-answer-and-that-no-case-told-of": without_case("dispute_open"),
    "dispute-that-was-lost-and-that-no-case-told-of": "UPDATE disputes SET state = 'lost'",
    "open-dispute-that-nobody-asks-about": "UPDATE tasks SET state = 'done' WHERE name = 'disputes.ask'",
    "open-payment-that-nobody-asks-about": "UPDATE payments SET state = 'sent'",
    "open-refund-that-nobody-asks-about": "UPDATE refunds SET state = 'pending'",
    "event-that-no-task-handles": "UPDATE webhook_events SET state = 'received'",
    "difference-of-the-books-that-no-case-told-of": without_case("reconciliation_break"),
    "case-that-should-have-closed": "UPDATE disputes SET state = 'under_review'",
    "refund-that-failed-and-that-no-case-told-of": "UPDATE refunds SET state = 'failed'",
    "task-that-gave-up-and-that-no-case-tells-of": "UPDATE tasks SET state = 'gave_up' WHERE name = 'notices.confirmed'",
    "refund-made-elsewhere-and-that-no-case-told-of": "UPDATE refunds SET reason = 'elsewhere'",
    "refund-made-twice-and-that-no-case-told-of": "UPDATE refunds SET twice_amount = amount WHERE accepted_at IS NOT NULL",
    "refund-without-its-pieces-and-that-no-case-told-of": "UPDATE refunds SET without_pieces = 1",
    "sum-that-differs-and-that-no-case-told-of": "UPDATE payments SET amount = amount + 1",
    "payout-that-failed-and-that-no-case-told-of": "UPDATE payouts SET state = 'failed'",
    "withdrawal-that-no-case-told-of": without_case("withdrawal"),
    "card-that-is-not-barred-as-it-should-be": "UPDATE card_bars SET lifted_at = '2026-11-29 00:00:00'",
    "cards-of-which-none-comes-first": "UPDATE payment_methods SET preferred_key = NULL",
    "page-for-a-card-that-nobody-asks-about": "UPDATE method_setups SET state = 'open'",
    "removed-card-that-nobody-has-forgotten": "UPDATE payment_methods SET state = 'removing'",
    "order-that-its-address-does-not-find": "UPDATE orders SET email = 'x@else.example'",
    "order-nobody-wrote-down": untold("order.placed"),
    "end-nobody-wrote-down": untold("order.paid"),
    "settled-payment-nobody-wrote-down": untold("payment.settled"),
    "movement-nobody-wrote-down": untold("stock.%"),
    "issued-paper-nobody-wrote-down": untold("invoice.issued"),
    "credit-note-nobody-wrote-down": untold("credit_note.issued"),
    "refund-nobody-wrote-down": untold("refund.prepared"),
    "accepted-refund-nobody-wrote-down": untold("refund.accepted"),
    "lost-refund-nobody-wrote-down": "UPDATE refunds SET state = 'cancelled'",
    "dispute-nobody-wrote-down": untold("dispute.opened"),
    "end-of-a-dispute-nobody-wrote-down": "UPDATE disputes SET ended_at = '2026-11-29 00:00:00'",
    "kept-card-nobody-wrote-down": untold("payment_method.kept"),
    "bar-nobody-wrote-down": untold("card.barred"),
    "parcel-nobody-wrote-down": untold("shipment.sent"),
    "payout-nobody-wrote-down": untold("payout.made"),
    "case-nobody-wrote-down": untold("case.opened"),
    "end-of-a-case-nobody-wrote-down": "UPDATE cases SET state = 'resolved'",
}


@pytest.fixture
def history(shop: Shop) -> Shop:
    """Two orders of somebody with an account and a card: shipped in part, given back, disputed, paid out, withdrawn; and a
    sum that the provider books otherwise."""
    ada = shop.buyer()
    registers(shop, ada.client)
    keeps(shop, ada)
    sales = []
    for _ in range(2):
        ada.fills_cart(2)
        sales.append(paid(shop, ada))

    def ship() -> None:
        order = orders.by_ref(sales[0].order_ref)
        send(order, {order.lines[0].id: 1}, key="shk_1")

    units.write(ship)
    shop.refunds(sales[0], 1_000)
    shop.refunds(sales[1], pieces=[Pieces(shop.line_ids(sales[1])[0], 1)])
    number = shop.order(sales[1]).number
    form = hidden(ada.client.get("/withdraw").text, "request_key")
    typed = {"order_number": str(number), "email": ada.email, "name": "Ada", "words": "All of it."}
    assert ada.client.post("/withdraw", data={**form, **typed}).status_code == 303
    shop.minutes_pass(1)
    is_paid_out(shop)
    shop.is_disputed(sales[0])
    provider_books(shop, sales[1], 500)
    shop.minutes_pass(60)
    shop.reconciles()
    return shop


def test_each_check_has_its_own_way_to_fail():
    assert set(SPOILED) == {check.key for check in CHECKS}


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_each_promise_is_seen_broken(history):
    """On the driver's own connection: the database's guards are off, and each spoiling is rolled back."""
    raw = db.engine.raw_connection()
    cursor = raw.cursor()
    found = lambda check: cursor.execute(check.query).fetchall()  # noqa: E731
    try:
        cursor.execute("PRAGMA foreign_keys = OFF")
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        for (name,) in cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            cursor.execute(f"DROP TRIGGER {name}")
        assert [check.key for check in CHECKS if found(check)] == []
        blind = []
        for check in CHECKS:
            cursor.execute("BEGIN")
            touched = cursor.execute(SPOILED[check.key]).rowcount
            if not touched or not found(check):
                blind.append((check.key, touched))
            cursor.execute("ROLLBACK")
        assert blind == []
        assert [check.key for check in CHECKS if found(check)] == []
    finally:
        raw.invalidate()
