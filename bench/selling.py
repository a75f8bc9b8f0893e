"""Sales and events to measure with: made by the shop's own services, paid in the provider's books."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from backoffice.carts import filling
from backoffice.carts import service as carts
from backoffice.catalog.models import Variant
from backoffice.checkout import quotes
from backoffice.checkout import service as checkout
from backoffice.checkout.service import Wish
from backoffice.core import clock, units
from backoffice.core.db import session
from backoffice.fulfilment import methods
from backoffice.orders.service import Contact
from backoffice.webhooks import service as webhooks
from integrations.sandbox.books import ACCOUNT, Books
from integrations.sandbox.courier import signature
from integrations.sandbox.program import Setup, create_sandbox


def sale(books: Books, number: int) -> int:
    """One piece of the first article, ordered and paid; returns the payment's id."""
    token = carts.new_token()

    def put() -> None:
        variant = session.scalars(
            select(Variant).where(Variant.published.is_(True)).order_by(Variant.id).limit(1)
        ).one()
        carts.add(carts.create(token), variant.id, 1)

    units.write(put)
    with units.read():
        cart = filling.of(token, None, "EUR")
        quote = quotes.of(cart, methods.tariff(), "DE", None)
        contact = Contact("Bench", "Way 1", "10115", "Berlin", "DE", email=f"b{number}@example.org")
        code = quote.chosen.code if quote.chosen else ""
        wish = Wish(cart.checkout_key, quote.total, 1, terms_accepted=True, contact=contact, delivery_code=code)
    placed = checkout.place(token, wish)
    books.pay(books.payments(placed.payment_ref)[0]["id"], "Visa ·· 4242")
    return placed.payment_id


def books_of(url: str) -> Books:
    """The books of the sandbox that runs beside, opened a second time."""
    env = os.environ
    setup = Setup(Path(env["SANDBOX_DB"]), url, env["SANDBOX_WEBHOOK_URL"], env["SANDBOX_API_KEY"], _secret())
    return create_sandbox(setup, clock.now)[1].books


def sell(url: str, count: int) -> None:
    """Sales whose events are stored, and that nobody has looked at: no webhook is delivered, no worker runs."""
    books = books_of(url)
    books.set_switch("webhooks", "never")
    for number in range(count):
        sale(books, number)
    for item in books.events(limit=count * 4):
        _receive(json.dumps(item).encode())


def store(count: int) -> None:
    """Events about payments that are not ours."""
    stamp = datetime.now(UTC).isoformat()
    about = {"object": "payment", "reference": "pay_of_somebody_else"}
    for number in range(count):
        event = {
            "id": f"evt_bench{number}", "object": "event", "type": "payment.paid", "created": stamp,
            "account": ACCOUNT, "mode": "test", "data": {"object": {**about, "id": f"sbx_bench{number}"}},
        }  # fmt: skip
        _receive(json.dumps(event).encode())


def _receive(raw: bytes) -> None:
    headers = {"Sandbox-Signature": signature(raw, _secret(), datetime.now(UTC)), "Content-Type": "application/json"}
    assert webhooks.receive("sandbox", raw, headers) == 200


def _secret() -> str:
    return os.environ["SANDBOX_WEBHOOK_SECRET"]
