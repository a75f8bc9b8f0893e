"""Years in bulk: as consistent as what was lived, the same for the same seed, and resumed where it stopped."""

import re
import sqlite3
from datetime import datetime, timedelta

import pytest
from sqlalchemy import inspect, select, text

from backoffice.core import sealing, units
from backoffice.core.db import db, session
from backoffice.customers import finding
from backoffice.demo import afterwards, bulk, checkpoint, history
from backoffice.demo.history import Begun, Ended, History, Lived
from backoffice.models import AuditEntry, Invoice, Order, Payment, Person, Shipment
from backoffice.staff.roles import Role
from tests.support.consistency import problems
from tests.support.shop import paid
from tests.support.staff import colleague


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(history, "BATCH", 60)


def write(orders: int, customers: int = 40, seed: int = 7) -> int:
    return History(bulk.writer(db.engine), seed=seed, customers=customers, orders=orders).write()


def test_lived_history_fits(shop):
    buyer = shop.buyer()
    buyer.fills_cart(2)
    paid(shop, buyer)
    shop.buyer("eve@example.org").orders()
    shop.minutes_pass(60)
    assert problems() == []


def test_history_in_bulk_fits_as_well(shop):
    assert write(400) == 400
    assert problems() == []
    states = {state for (state,) in rows("SELECT DISTINCT state FROM orders")}
    assert states == {"paid", "expired", "cancelled"}
    assert {row[0] for row in rows("SELECT DISTINCT currency FROM orders")} == {"EUR", "DKK"}
    assert rows("SELECT COUNT(*) FROM payments WHERE state = 'declined'")[0][0] > 0
    placed = [order.placed_at for order in shop.all(select(Order).order_by(Order.id))]
    assert (len(placed), placed) == (400, sorted(placed))
    assert placed[-1] < shop.clock()
    assert (placed[-1] - placed[0]).days > 1_400


def rows(query: str) -> list:
    with db.engine.connect() as connection:
        return list(connection.execute(text(query)))


@pytest.mark.parametrize("spoil", [
    "UPDATE orders SET total_amount = total_amount + 1 WHERE id = 5",
    "UPDATE stock_items SET on_hand = on_hand + 1 WHERE id = 1",
    "UPDATE number_counters SET last = last + 1",
    "DELETE FROM fulfilments WHERE id = 3",
    "UPDATE shipped_pieces SET shipped = 0 WHERE id = 2",
])  # fmt: skip
@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_the_checks_find_what_does_not_fit(shop, spoil):
    write(60)
    with db.engine.begin() as connection:
        connection.execute(text(spoil))
    assert problems()


class BrokenDown(Exception):
    pass


def breaks_down(monkeypatch, batch: int, orders: int, seed: int = 7) -> None:
    """The program dies in the middle of a batch, after it has written something of it."""
    keep, kept = checkpoint.keep, []

    def keep_not(*args) -> None:
        kept.append(1)
        if len(kept) == batch:
            raise BrokenDown
        keep(*args)

    monkeypatch.setattr(checkpoint, "keep", keep_not)
    with pytest.raises(BrokenDown):
        write(orders, seed=seed)
    monkeypatch.setattr(checkpoint, "keep", keep)


def test_it_goes_on_where_it_was_interrupted(shop, monkeypatch):
    breaks_down(monkeypatch, 3, 200)
    assert shop.count(Order) == 120
    assert problems() == []
    for orders, customers in ((400, 40), (100, 40), (200, 50)):
        with pytest.raises(Begun, match="200 orders and 40 customers"):
            write(orders, customers)
    assert write(200) == 200
    assert write(200) == 200, "once more changes nothing"
    assert (shop.count(Order), shop.count(Person)) == (200, 40)
    assert problems() == []
    with pytest.raises(Ended, match="200 orders"):
        write(300)
    shop.buyer().orders()
    assert write(200) == 200, "what was told to its end is, whatever was lived since"
    assert "demo_history" not in inspect(db.engine).get_table_names()


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_the_same_seed_tells_the_same_story_interrupted_or_not(shop, monkeypatch, tmp_path):
    file, kept = sqlite3.connect(db.engine.url.database), sqlite3.connect(tmp_path / "before.db")
    file.backup(kept)
    monkeypatch.setattr(afterwards, "DISPUTED", 0.2)

    def told() -> list:
        return [
            rows("SELECT o.ref, o.state, o.total_amount, o.name, o.placed_at, i.number FROM orders o JOIN invoices i ON "
                 "i.order_id = o.id ORDER BY o.id"),
            rows("SELECT item_id, kind, on_hand_change, held_change, holder, at FROM stock_movements ORDER BY id"),
            rows("SELECT ref, amount, created_at FROM refunds ORDER BY id"),
            rows("SELECT ref, state, opened_at, ended_at FROM disputes ORDER BY id"),
            rows("SELECT at, tag, subject_ref, actor_ref FROM audit_log WHERE subject_ref LIKE '%_h%' ORDER BY id"),
        ]  # fmt: skip

    write(240, seed=3)
    whole = told()
    assert all(whole)
    for break_at in (2, 4):
        db.engine.dispose()
        kept.backup(file)
        breaks_down(monkeypatch, break_at, 240, seed=3)
        shop.clock.forward(days=1)  # it goes on a day later, and tells the same days
        write(240, seed=3)
        shop.clock.forward(days=-1)
        assert told() == whole


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_what_changes_twice_after_it_was_written_says_what_it_said_last(shop, monkeypatch):
    monkeypatch.setattr(history, "BATCH", 2)  # a week: most parcels leave after their order was written
    monkeypatch.setattr(afterwards, "IN_TWO", 1.0)
    monkeypatch.setattr(afterwards, "DISPUTED", 0.3)
    write(200)
    assert problems() == []


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_it_is_told_in_the_order_of_its_moments(shop):
    write(400)
    for table in ("audit_log", "stock_movements", "ledger_entries", "webhook_events"):
        column = {"ledger_entries": "posted_at", "webhook_events": "occurred_at"}.get(table, "at")
        told = [row[0] for row in rows(f"SELECT {column} FROM {table} WHERE {column} < '2026-11-22' ORDER BY id")]
        assert len(told) > 400
        assert told == sorted(told), table
    numbered = rows(
        "SELECT issued_on, placed_at FROM invoices i JOIN orders o ON o.id = i.order_id WHERE i.number <> '' ORDER BY i.number"
    )
    assert [row[0] for row in numbered] == sorted(row[0] for row in numbered)


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_its_last_day_ends_now(shop):
    busy = History(bulk.writer(db.engine), seed=1, customers=1, orders=200_000)
    busy._open(None)
    last = [busy._moment(index) for index in range(199_000, 200_000)]  # of the last week
    assert last == sorted(set(last))
    assert last[-1] < shop.clock() < last[-1] + timedelta(hours=2)


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_what_a_shop_goes_through_is_in_it(shop, monkeypatch):
    monkeypatch.setattr(afterwards, "DISPUTED", 0.1)
    write(600)
    assert problems() == []
    reasons = dict(rows("SELECT reason, COUNT(*) FROM refunds GROUP BY reason"))
    assert set(reasons) == {"withdrawn", "returned", "goodwill"}
    assert {row[0] for row in rows("SELECT DISTINCT state FROM disputes")} == {"won", "lost"}
    assert rows("SELECT COUNT(*) FROM cases WHERE state = 'open'") == [(0,)]
    assert (
        rows("SELECT COUNT(*) FROM (SELECT order_id FROM shipments GROUP BY order_id HAVING COUNT(*) = 2) two")[0][0]
        > 10
    )
    weekend = [at for (at,) in rows("SELECT shipped_at FROM shipments") if datetime.fromisoformat(at).weekday() > 4]
    assert weekend == []
    prices = rows("SELECT amount FROM prices p JOIN price_lists l ON l.id = p.price_list_id WHERE l.currency = 'EUR' AND "
                  "variant_id = (SELECT MIN(variant_id) FROM stock_items WHERE on_hand > 0) ORDER BY valid_from")  # fmt: skip
    assert len(prices) == 4
    assert prices[0] < prices[1] < prices[2] == prices[3]
    came = [at for (at,) in rows("SELECT created_at FROM people ORDER BY id")]
    assert (datetime.fromisoformat(came[-1]) - datetime.fromisoformat(came[0])).days > 1_000
    actors = {row[0] for row in rows("SELECT s.name FROM audit_log a JOIN staff s ON s.ref = a.actor_ref")}
    assert {"Otto Orders", "Fiona Figures", "Carl Catalogue"} <= actors


def test_a_shop_that_has_sold_something_gets_no_history(shop):
    shop.buyer().orders()
    with pytest.raises(Lived, match="has orders of its own"):
        write(60)
    assert shop.count(Order) == 1


def test_a_real_order_goes_on_after_the_history(shop):
    write(60)
    numbers = shop.all(select(Invoice.number).where(Invoice.number.like("S-2026-%")))
    last = max(int(number.rpartition("-")[2]) for number in numbers)
    buyer = shop.buyer()
    buyer.fills_cart()
    sale = paid(shop, buyer)
    assert shop.order(sale).number == 10_061
    assert shop.invoice(sale).number == f"S-2026-{last + 1:06d}"
    assert problems() == []


def test_the_office_reads_it(shop):
    write(60)
    otto = colleague(shop, Role.OPERATIONS)
    order = shop.all(select(Order).where(Order.state == "paid"))[3]
    page = otto.get(f"/admin/orders/{order.ref}").text
    for words in ("Order placed", "Payment settled", "Invoice issued: S-20", "Parcel sent", "Provider told us: paid"):
        assert words in page, words
    payment, parcel = shop.all(select(Payment))[0], shop.all(select(Shipment))[0]
    for address in (f"payments/{payment.ref}", f"shipments/{parcel.ref}", "audit/?tag=shipment.sent", "customers/"):
        assert otto.get(f"/admin/{address}").status_code == 200, address
    assert otto.get("/admin/jump", query_string={"q": parcel.tracking}).location == f"/admin/shipments/{parcel.ref}"
    name = order.name.split()[-1]
    assert re.search(
        r"/admin/customers/per_h", otto.get("/admin/jump", query_string={"q": name}, follow_redirects=True).text
    )


def test_its_customers_are_found_by_their_phones(shop):
    write(60)
    with units.read():
        order = session.scalars(select(Order).where(Order.phone != "").limit(1)).one()
        assert [person.id for person in finding.by_phone(order.phone)] == [order.person_id]


def test_what_the_audit_says_of_a_person_can_be_unsealed_with_their_key(shop):
    write(60)
    entry = shop.all(select(AuditEntry).where(AuditEntry.tag == "order.placed"))[0]
    sealed = entry.changes["email"][1]
    with units.read():
        person = session.scalars(select(Person).where(Person.ref == sealed["person"])).one()
        assert sealing.unseal(person.wrapped_key, sealed["cipher"]) == person.email
