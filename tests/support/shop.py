"""A whole shop on a settable clock, driven the way people and the provider drive it: by HTTP and by time."""

import contextvars
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from backoffice.carts.models import CartLine
from backoffice.core import links, references, units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import session
from backoffice.core.money import Money
from backoffice.demo.goods import GOODS
from backoffice.disputes.models import Dispute
from backoffice.invoices.models import Invoice
from backoffice.ledger import service as ledger
from backoffice.ledger.models import Account
from backoffice.models import AuditEntry, Case, Mail, Order, Payment, StockItem, Task, Variant
from backoffice.orders.models import OrderLine
from backoffice.reconciliation import service as reconciliation
from backoffice.reconciliation.models import Break, BreakState
from backoffice.reconciliation.rounds import Outcome
from backoffice.refunds import service as refunds
from backoffice.refunds import wishes
from backoffice.refunds.models import Refund, RefundReason
from backoffice.refunds.wishes import Pieces, Wish
from backoffice.tasks import runner
from backoffice.webhooks import service as webhooks
from tests.support.provider import Provider

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
FORM_VALUE = r'name="{}"[^>]*value="([^"]*)"'


LEVEL = "SL-60-OAK"  # 25 pieces at 129 euro, delivered free of charge


def product_path(sku: str) -> str:
    """The page of a variant of the demo shop."""
    slug = next(good.slug for good in GOODS if sku in [offered.sku for offered in good.offered])
    return f"/products/{slug}?variant={sku}"


class Visitor(FlaskClient):
    """A client whose requests know nothing of the test's application context, as real ones do not."""

    def open(self, *args, **kwargs):
        return contextvars.Context().run(super().open, *args, **kwargs)


class Clock:
    def __init__(self, start: datetime = START) -> None:
        self.time = start

    def __call__(self) -> datetime:
        return self.time

    def forward(self, **step: float) -> None:
        self.time += timedelta(**step)


@dataclass
class Sale:
    """One order as its customer sees it."""

    buyer: "Buyer"
    order_ref: str
    payment_ref: str
    page: str  # the payment page, or our own waiting page


@dataclass
class Buyer:
    """A customer with a browser: cookies, forms with their tokens, no JavaScript."""

    shop: "Shop"
    client: FlaskClient
    email: str = "ada@example.org"
    contact: dict[str, str] = field(default_factory=dict)

    def fills_cart(self, quantity: int = 1, sku: str = LEVEL) -> None:
        page = self.client.get(product_path(sku)).text
        answer = self.client.post("/cart/add", data={**hidden(page, "variant"), "quantity": str(quantity)})
        assert answer.status_code == 303, answer.text

    def checkout_form(self) -> dict[str, str]:
        page = self.client.get("/checkout").text
        return {
            **hidden(page, "checkout_key", "total", "currency", "terms_version"),
            **({"delivery": "parcel"} if 'name="delivery"' in page else {}),
            "email": self.email,
            "name": "Ada Lovelace",
            "street": "Analytical Way 1",
            "postcode": "10115",
            "city": "Berlin",
            "country": "DE",
            "terms": "y",
            **self.contact,
        }

    def places(self, form: dict[str, str] | None = None) -> Sale:
        answer = self.client.post("/checkout", data=form or self.checkout_form())
        assert answer.status_code == 303, answer.text
        return self.shop.sale_of(self, answer.location)

    def orders(self, quantity: int = 1) -> Sale:
        self.fills_cart(quantity)
        return self.places()

    def returns_from(self, sale: Sale) -> str:
        """Follow the provider's redirect back, and what our page redirects to; the page's text."""
        path = self.shop.return_path(sale.payment_ref)
        return self.client.get(path, follow_redirects=True).text

    def tries_again(self, sale: Sale) -> Sale:
        token = self.shop.order_path(sale.order_ref)
        page = self.client.get(token).text
        answer = self.client.post(f"{token}/pay", data=hidden(page))
        return self.shop.sale_of(self, answer.location)


class Shop:
    def __init__(self, app: Flask, clock: Clock, provider: Provider) -> None:
        self.app, self.clock, self.provider = app, clock, provider
        provider.delivers_to(self._take_webhook)

    def buyer(self, email: str = "ada@example.org") -> Buyer:
        return Buyer(self, self.app.test_client(), email)

    def _take_webhook(self, _url: str, body: bytes, headers: dict[str, str]) -> int:
        return self.app.test_client().post("/webhooks/sandbox", data=body, headers=headers).status_code

    # -- the customer at the provider

    def pays(self, sale: Sale, captured: int | None = None) -> None:
        self.clock.forward(seconds=5)
        payment = self.provider.payments(sale.payment_ref)[0]
        assert self.provider.books.pay(payment["id"], "Visa ·· 4242", captured)

    def is_declined(self, sale: Sale, code: str = "generic_decline") -> None:
        self.clock.forward(seconds=5)
        assert self.provider.books.decline(self.provider.payments(sale.payment_ref)[0]["id"], "Visa ·· 0002", code)

    def is_disputed(self, sale: Sale, *, inquiry: bool = False) -> str:
        """The customer's bank takes the money back, or asks first; the provider's reference of the dispute."""
        self.clock.forward(seconds=5)
        payment = self.provider.payments(sale.payment_ref)[0]["id"]
        return self.provider.books.disputes.open(payment, inquiry=inquiry)["id"]

    def dispute(self) -> Dispute:
        """The one dispute there is."""
        return self._one(select(Dispute))

    # -- the operator

    def refunds(self, sale: Sale, amount: int = 0, *, pieces: Sequence[Pieces] = (), **wish: Any) -> Refund:
        """Give an amount back, or pieces at their price; all that is left where neither is named."""
        with units.read():
            payment = session.scalars(select(Payment).where(Payment.ref == sale.payment_ref)).one()
            order = session.scalars(select(Order).where(Order.ref == sale.order_ref)).one()
            priced = wishes.price(order, {item.order_line_id: item.quantity for item in pieces})
            wanted = Money(amount, payment.currency) if amount else priced or payment.refundable
            known = {"seen": payment.refunded, "reason": RefundReason.RETURNED, "request_key": references.new("key")}
            made = Wish(payment_ref=payment.ref, amount=wanted, pieces=pieces, **{**known, **wish})
        return refunds.give_back(made, by=SYSTEM)

    def refund(self, ref: str) -> Refund:
        return self._one(select(Refund).where(Refund.ref == ref))

    def line_ids(self, sale: Sale) -> list[int]:
        query = select(OrderLine.id).join(Order).where(Order.ref == sale.order_ref).order_by(OrderLine.position)
        return self.all(query)

    # -- finance

    def reconciles(self, **how: bool) -> Outcome:
        """A round, and what is left to do after it."""
        outcome = reconciliation.run(**how)
        self.works()
        return outcome

    def breaks(self) -> list[str]:
        """What differs, and nobody has explained: its kind, what the provider says, and what we say."""
        return [
            f"{item.kind} {item.provider_amount} {item.our_amount}"
            for item in self.all(select(Break).where(Break.state == BreakState.OPEN).order_by(Break.id))
        ]

    def balance(self, account: Account, currency: str = "EUR") -> int:
        with units.read():
            rows = ledger.trial_balance().get(currency, [])
            return sum(row.balance.amount for row in rows if row.account == account)

    # -- time

    def works(self) -> None:
        """Everything that is due happens: webhooks are delivered, tasks are run, until nothing is left to do."""
        for _ in range(20):
            self.provider.books.advance()
            delivered = self.provider.courier.round()
            if not delivered + runner.run_due():
                return
        raise AssertionError("the shop never comes to rest")

    def minutes_pass(self, minutes: int) -> None:
        for _ in range(minutes):
            self.clock.forward(minutes=1)
            self.works()
            if self.clock.time.minute % 5 == 0:
                webhooks.poll()
                self.works()

    # -- what is known

    def order(self, sale: Sale) -> Order:
        return self._one(select(Order).where(Order.ref == sale.order_ref))

    def payment(self, sale: Sale) -> Payment:
        return self._one(select(Payment).where(Payment.ref == sale.payment_ref))

    def invoice(self, sale: Sale) -> Invoice:
        return self._one(select(Invoice).join(Order, Order.id == Invoice.order_id).where(Order.ref == sale.order_ref))

    def stock(self, sku: str = LEVEL) -> tuple[int, int]:
        """Pieces on hand, and of these held."""
        item = self._one(select(StockItem).join(Variant, Variant.id == StockItem.variant_id).where(Variant.sku == sku))
        return item.on_hand, item.held

    def open_cases(self) -> list[str]:
        return [case.kind for case in self.all(select(Case).where(Case.open_key.is_not(None)))]

    def mails(self) -> list[str]:
        return [mail.template for mail in self.all(select(Mail).order_by(Mail.id))]

    def tags(self, subject_ref: str) -> list[str]:
        query = select(AuditEntry.tag).where(AuditEntry.subject_ref == subject_ref).order_by(AuditEntry.id)
        return self.all(query)

    def waiting_tasks(self) -> list[str]:
        return self.all(select(Task.name).where(Task.state == "waiting").order_by(Task.name))

    def count(self, model: type) -> int:
        with units.read():
            return session.scalar(select(func.count()).select_from(model)) or 0

    def all(self, query) -> list:
        with units.read():
            rows = list(session.scalars(query))
            session.expunge_all()
            return rows

    def cart_pieces(self) -> int:
        with units.read():
            return session.scalar(select(func.coalesce(func.sum(CartLine.quantity), 0))) or 0

    def _one(self, query):
        (row,) = self.all(query)
        return row

    # -- links

    def sale_of(self, buyer: Buyer, location: str) -> Sale:
        with units.read():
            payment = session.scalars(select(Payment).order_by(Payment.id.desc()).limit(1)).one()
            for known in session.scalars(select(Payment).order_by(Payment.id.desc())):
                if known.page_url and known.page_url == location:
                    payment = known
            order = session.scalars(
                select(Order).join(Invoice, Invoice.order_id == Order.id).where(Invoice.id == payment.invoice_id)
            ).one()
            return Sale(buyer, order.ref, payment.ref, location)

    def return_path(self, payment_ref: str) -> str:
        with units.read():
            payment = session.scalars(select(Payment).where(Payment.ref == payment_ref)).one()
            return urlsplit(payment.request["return_url"]).path

    def order_path(self, order_ref: str) -> str:
        return urlsplit(links.order_page(order_ref)).path


def hidden(page: str, *names: str) -> dict[str, str]:
    """The token of the first form on a page, and the values of its hidden fields."""
    token = TOKEN.search(page)
    values = {"csrf_token": token.group(1)} if token else {}
    for name in names:
        values[name] = html.unescape(re.search(FORM_VALUE.format(name), page).group(1))
    return values


def paid(shop: "Shop", buyer: Buyer) -> Sale:
    """The order of what is in the cart, paid and settled."""
    sale = buyer.places()
    shop.pays(sale)
    buyer.returns_from(sale)
    shop.works()
    return sale
