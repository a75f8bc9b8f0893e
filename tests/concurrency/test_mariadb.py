"""Many at once, on MariaDB: one event, one payment, one cart, one number."""

import json

import pytest
from sqlalchemy import select, update

from backoffice.checkout import endings
from backoffice.checkout import service as checkout
from backoffice.checkout.service import Wish
from backoffice.collection import service as collection
from backoffice.core import actor, units
from backoffice.core.db import db
from backoffice.core.money import Money
from backoffice.invoices.models import NumberFate
from backoffice.models import Fulfilment, Order, Payment, StockItem, WebhookEvent
from backoffice.orders.service import Contact
from backoffice.tasks import registry, runner
from backoffice.tasks import service as tasks
from backoffice.webhooks import relay
from backoffice.webhooks import service as webhooks
from integrations.sandbox.courier import signature
from tests.support.at_once import at_once
from tests.support.provider import SECRET
from tests.webhooks.test_inbox import event, send

pytestmark = pytest.mark.parametrize("engine_name", ["mariadb"])


def set_stock(pieces: int) -> None:
    with db.engine.begin() as connection:
        connection.execute(update(StockItem).values(on_hand=pieces))


def wish(form: dict[str, str], email: str) -> Wish:
    return Wish(
        checkout_key=form["checkout_key"],
        total=Money.parse(form["total"], "EUR"),
        terms_version=1,
        terms_accepted=True,
        contact=Contact("Ada Lovelace", "Analytical Way 1", "10115", "Berlin", "DE", email=email),
        delivery_code="parcel",
    )


def filled_cart(shop, email: str) -> tuple[str, Wish]:
    buyer = shop.buyer(email)
    buyer.fills_cart()
    return buyer.client.get_cookie("cart").value, wish(buyer.checkout_form(), email)


def test_twenty_deliveries_of_one_event(shop):
    sale = shop.buyer().orders()
    shop.pays(sale)
    body = next(item for item in shop.provider.books.events() if item["type"] == "payment.paid")
    raw = json.dumps(body).encode()
    headers = {"Sandbox-Signature": signature(raw, SECRET, shop.clock())}
    codes = at_once(shop.app, *(lambda: webhooks.receive("sandbox", raw, headers) for _ in range(20)))
    assert codes == [200] * 20
    (row,) = shop.all(select(WebhookEvent))
    assert row.deliveries == 20
    at_once(shop.app, *(lambda: runner.run_due() for _ in range(4)))
    assert shop.tags(sale.order_ref).count("order.paid") == 1


def test_several_relays_write_each_task_once(shop):
    for number in range(30):
        send(shop, event(shop.clock, id=f"evt_{number}"))
    results = at_once(shop.app, *(relay.write_tasks for _ in range(4)))
    assert [result for result in results if isinstance(result, Exception)] == []
    assert shop.waiting_tasks() == ["webhooks.handle"] * 30
    assert set(shop.all(select(WebhookEvent.state))) == {"received"}


def test_two_return_pages_a_webhook_and_a_poller_at_once(shop):
    sale = shop.buyer().orders()
    shop.pays(sale)
    payment_id = shop.payment(sale).id
    webhooks.poll()
    results = at_once(
        shop.app,
        lambda: collection.learn(payment_id, by=actor.customer("per_1")),
        lambda: collection.learn(payment_id, by=actor.customer("per_1")),
        lambda: collection.ask_again(payment_id),
        runner.run_due,
        webhooks.poll,
    )
    assert not [result for result in results if isinstance(result, Exception)]
    shop.works()
    assert shop.tags(sale.order_ref).count("order.paid") == 1
    assert shop.tags(sale.payment_ref).count("payment.settled") == 1
    assert shop.count(NumberFate) == shop.count(Fulfilment) == 1
    assert shop.stock() == (24, 0)


def test_two_tabs_placing_one_cart(shop):
    token, agreed = filled_cart(shop, "ada@example.org")
    results = at_once(shop.app, *(lambda: checkout.place(token, agreed) for _ in range(4)))
    assert len({result.order_ref for result in results}) == 1
    assert shop.count(Order) == shop.count(Payment) == 1
    assert len(shop.provider.payments()) == 1
    assert shop.stock() == (25, 1)


def test_two_tabs_paying_again_begin_one_attempt(shop):
    sale = shop.buyer().orders()
    shop.is_declined(sale)
    shop.works()
    by = actor.customer("per_1")
    results = at_once(shop.app, *(lambda: checkout.retry(sale.order_ref, by=by) for _ in range(4)))
    assert len({result.payment_ref for result in results}) == 1
    assert shop.count(Payment) == 2


def test_invoices_issued_at_once_take_numbers_without_gaps(shop):
    sales = []
    for number in range(6):
        sale = shop.buyer(f"buyer{number}@example.org").orders()
        shop.pays(sale)
        sales.append(shop.payment(sale).id)
    results = at_once(shop.app, *(lambda p=payment: collection.learn(p, by=actor.SYSTEM) for payment in sales))
    assert set(results) == {"settled"}
    assert sorted(shop.all(select(NumberFate.position))) == [1, 2, 3, 4, 5, 6]


def test_paying_and_expiring_at_once_end_in_one_of_the_two(shop):
    for _ in range(4):
        sale = shop.buyer().orders()
        shop.clock.forward(minutes=29)
        shop.provider.books.pay(shop.provider.payments(sale.payment_ref)[0]["id"], "Visa")
        shop.clock.forward(minutes=20)
        payment_id, order_id = shop.payment(sale).id, shop.order(sale).id
        results = at_once(
            shop.app,
            lambda p=payment_id: collection.learn(p, by=actor.SYSTEM),
            lambda o=order_id: endings.expire(o),
        )
        assert not [result for result in results if isinstance(result, Exception)]
        assert shop.order(sale).state == "paid"
        assert shop.stock()[1] == 0


def test_four_workers_run_every_task_once(shop, monkeypatch):
    ran: list[int] = []
    monkeypatch.setattr(registry, "_handlers", {})
    registry.plain("count")(lambda number: ran.append(number))
    units.write(lambda: [tasks.schedule("count", number=number) for number in range(100)])
    at_once(shop.app, *(runner.run_due for _ in range(4)))
    runner.run_due()
    assert sorted(ran) == list(range(100))
