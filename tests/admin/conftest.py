from datetime import timedelta

import pytest
from sqlalchemy import select

from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.core import units
from backoffice.core.db import session
from backoffice.models import Order, Person
from backoffice.staff.roles import Role
from tests.support.shop import Shop, paid
from tests.support.staff import colleague, logged_in


@pytest.fixture
def operator(shop):
    """A logged-in administrator's browser."""
    return logged_in(shop)


@pytest.fixture
def otto(shop):
    return colleague(shop, Role.OPERATIONS)


@pytest.fixture
def fiona(shop):
    return colleague(shop, Role.FINANCE)


@pytest.fixture
def carl(shop):
    return colleague(shop, Role.CATALOGUE)


@pytest.fixture
def sale(shop):
    buyer = shop.buyer("ada@example.org")
    buyer.fills_cart()
    sale = paid(shop, buyer)
    shop.minutes_pass(1)
    return sale


@pytest.fixture
def fifty(shop):
    """Fifty orders, an hour apart, of two customers; the first of them is typed with capital letters."""

    def work():
        original = session.scalars(select(Order)).one()
        for number in range(1, 50):
            columns = {c.name: getattr(original, c.name) for c in Order.__table__.columns if c.name != "id"}
            columns.update(ref=f"ord_{number:03}", number=20_000 + number, checkout_key=f"key-{number}")
            columns.update(placed_at=original.placed_at + timedelta(hours=number))
            if number % 2:
                columns.update(person_id=eve_id, email="EVE@example.org")
            session.execute(Order.__table__.insert(), columns)

    shop.buyer("Ada@Example.org").orders()
    with units.read():
        eve_key = session.scalars(select(Person.wrapped_key)).first()

    def eve():
        person = Person(
            ref="per_eve",
            email="eve@example.org",
            name="Eve",
            wrapped_key=eve_key,
            created_at=shop.clock(),
            barred_because="",
        )
        session.execute(
            Person.__table__.insert(),
            {c.name: getattr(person, c.name) for c in Person.__table__.columns if c.name != "id"},
        )
        return session.scalars(select(Person.id).where(Person.ref == "per_eve")).one()

    eve_id = units.write(eve)
    units.write(work)


@pytest.fixture
def full(shop: Shop) -> Shop:
    """Something at every desk."""
    for email in ("ada@example.org", "eve@example.org"):
        buyer = shop.buyer(email)
        buyer.fills_cart(2)
        sale = buyer.places()
        shop.pays(sale)
        shop.works()
    shop.refunds(sale, 100)
    shop.is_disputed(sale)
    shop.minutes_pass(1)
    shop.reconciles()
    waiting = shop.buyer("bob@example.org").orders()
    units.write(lambda: cases.open_case(CaseKind.PAYMENT_UNKNOWN, shop.payment(waiting).subject()))
    units.write(lambda: cases.open_case(CaseKind.DATE_DECLINED, shop.order(sale).subject()))
    return shop


@pytest.fixture
def three(shop) -> list[str]:
    """Two orders that are not paid, and between them one that is."""
    first = shop.buyer("a@example.org").orders()
    buyer = shop.buyer("b@example.org")
    buyer.fills_cart()
    second = paid(shop, buyer)
    third = shop.buyer("c@example.org").orders()
    return [first.order_ref, second.order_ref, third.order_ref]
