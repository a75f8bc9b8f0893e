"""New rows that are entered at once are as good as those the mapper writes, and as little can they be written unseen."""

import pytest
from sqlalchemy import select

from backoffice.audit import service as audit
from backoffice.audit.service import UnauditedChange
from backoffice.audit.tags import Tag
from backoffice.carts.models import Cart, CartLine
from backoffice.core import actor, clock, inserts, references, units
from backoffice.core.db import ReadOnlyUnit, UnmovedWrite, session
from backoffice.core.entering import enter
from backoffice.core.writes import put
from backoffice.customers.models import Person
from backoffice.models import Order, OrderLine, StockItem


def cart(key: str) -> Cart:
    now = clock.now()
    return Cart(token_hash=key, checkout_key=key, person_id=None, created_at=now, updated_at=now)


def person() -> Person:
    ref = references.new("per")
    return Person(
        ref=ref, email=f"{ref}@example.org", name="Ada", wrapped_key="k", password_hash=None, verified_at=None,
        created_at=clock.now(), barred_at=None, barred_because="",
    )  # fmt: skip


def test_an_entered_row_has_its_id_and_is_in_the_session(app):
    def work() -> int:
        row = enter(cart("a"))
        assert row in session
        assert not session.new
        assert session.get_one(Cart, row.id) is row
        assert row.lines == []  # read now, like those of any row
        row.checkout_key = "changed"
        return row.id

    key = units.write(work)
    with units.read():
        assert session.get_one(Cart, key).checkout_key == "changed"


def test_what_was_written_before_is_there_before_the_row(app):
    """Rows that the mapper still holds back come first: the new one may belong to them."""

    def work() -> None:
        first = cart("a")
        session.add(first)
        enter(cart("b"))
        assert first.id is not None

    units.write(work)
    with units.read():
        assert list(session.scalars(select(Cart.token_hash).order_by(Cart.id))) == ["a", "b"]


def test_a_row_that_failed_leaves_nothing_behind(app):
    with pytest.raises(ZeroDivisionError):
        units.write(lambda: (enter(cart("a")), 1 / 0))
    with units.read():
        assert session.scalars(select(Cart)).all() == []


def test_every_column_is_named(app):
    with pytest.raises(KeyError, match="person_id"):
        units.write(
            lambda: enter(Cart(token_hash="a", checkout_key="a", created_at=clock.now(), updated_at=clock.now()))
        )
    with pytest.raises(KeyError, match="quantity"):
        units.write(lambda: put(CartLine, [{"cart_id": 1, "variant_id": 1}]))


def test_more_rows_than_a_statement_holds_are_put_in_several(app):
    now = clock.now()
    rows = [
        {"token_hash": f"{n}", "checkout_key": f"{n}", "person_id": None, "created_at": now, "updated_at": now}
        for n in range(2 * inserts.MOST + 1)
    ]
    units.write(lambda: put(Cart, rows))
    with units.read():
        assert list(session.scalars(select(Cart.token_hash).order_by(Cart.id))) == [row["token_hash"] for row in rows]


def test_a_unit_that_reads_enters_nothing(app):
    with units.read(), pytest.raises(ReadOnlyUnit):
        enter(cart("a"))


def test_a_tracked_row_is_not_entered_unseen(app):
    with pytest.raises(UnauditedChange):
        units.write(lambda: enter(person()))

    def seen() -> None:
        audit.record(Tag.PERSON_CREATED, enter(person()), by=actor.SYSTEM)

    units.write(seen)


def test_parts_are_put_under_their_whole_and_not_unseen(shop):
    with units.read():
        item = session.scalars(select(StockItem)).first()
    with pytest.raises(UnmovedWrite):
        units.write(lambda: put(OrderLine, [{}]))
    with pytest.raises(UnmovedWrite):
        units.write(lambda: put(Order, [{}]))
    sale = shop.buyer().orders()

    def another(*, is_told: bool) -> None:
        order = session.scalars(select(Order).where(Order.ref == sale.order_ref)).one()
        line = {
            "order_id": order.id, "position": 9, "kind": "physical", "variant_id": item.variant_id, "sku": "x", "name": "x",
            "quantity": 1, "unit_amount": 1, "vat_category": "S", "vat_hundredths": 1900,
        }  # fmt: skip
        put(OrderLine, [line], of=order)
        if is_told:
            audit.record(Tag.ORDER_PROLONGED, order, by=actor.SYSTEM)

    with pytest.raises(UnauditedChange):
        units.write(lambda: another(is_told=False))
    units.write(lambda: another(is_told=True))
