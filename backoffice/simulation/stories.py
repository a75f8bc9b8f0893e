"""What people do in a simulated day: customers who buy, pay, come back, change their mind; operators who refund, cancel, ship.
Each act goes through the services that pages use; refusals are part of the story."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import select

from backoffice.carts import filling
from backoffice.carts import service as carts
from backoffice.catalog.models import Product, Variant
from backoffice.checkout import endings, quotes
from backoffice.checkout import service as checkout
from backoffice.checkout.service import Wish
from backoffice.collection import service as collection
from backoffice.core import actor, references, units
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError
from backoffice.core.money import Money
from backoffice.fulfilment import methods, parcels
from backoffice.fulfilment import service as fulfilment
from backoffice.invoices import service as invoices
from backoffice.orders import service as orders
from backoffice.orders.service import Contact
from backoffice.payments.models import Payment, PaymentState
from backoffice.refunds import service as refunds
from backoffice.refunds import wishes
from backoffice.refunds.models import LOST, Refund, RefundReason
from backoffice.refunds.wishes import Pieces
from backoffice.refunds.wishes import Wish as RefundWish
from backoffice.simulation.world import World
from integrations.payments.port import PaymentsError

CARDS = ("good", "good", "good", "declined", "abandons", "authenticates", "slow", "too_little", "too_much")
OPERATOR = actor.staff("stf_simulated")


@dataclass
class Customer:
    """One story: what is left to do, and what is known so far."""

    world: World
    number: int
    wish: Wish | None = None
    token: str = ""
    placed: checkout.Placed | None = None
    left: list[Callable[[], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        draw = self.world.draw
        self.left = [self.fill, self.place]
        if draw.random() < 0.3:
            self.left.append(self.place)  # a double click, or a second tab
        self.left.append(lambda: self.pay(draw.choice(CARDS)))
        if draw.random() < 0.6:
            self.left.append(self.come_back)
        if draw.random() < 0.4:
            self.left += [self.retry, lambda: self.pay("good"), self.come_back]
        if draw.random() < 0.15:
            self.left.append(self.cancel)

    def fill(self) -> None:
        draw = self.world.draw
        self.token = carts.new_token()

        def put() -> None:
            cart = carts.create(self.token)
            sold = select(Variant).join(Product, Product.id == Variant.product_id)
            sold = sold.where(Variant.published.is_(True), Product.published.is_(True)).order_by(Variant.id)
            variants = list(session.scalars(sold))
            for variant in draw.sample(variants, draw.choice((1, 1, 2, 3))):
                carts.add(cart, variant, draw.choice((1, 1, 2)))

        units.write(put)
        with units.read():
            cart = filling.of(self.token, None, "EUR")
            quote = quotes.of(cart, methods.tariff(), "DE", None)
            email = f"customer{self.number % 9}@example.org"  # some come twice
            contact = Contact(f"Customer {self.number}", "Street 1", "10115", "Berlin", "DE", email=email)
            self.wish = Wish(
                checkout_key=cart.checkout_key,
                total=quote.total,
                terms_version=1,
                terms_accepted=True,
                contact=contact,
                delivery_code=quote.chosen.code if quote.chosen else "",
            )

    def place(self) -> None:
        if self.wish:
            self.placed = checkout.place(self.token, self.wish)

    def pay(self, card: str) -> None:
        """At the provider: nothing of ours runs."""
        books = self.world.provider.books
        for row in books.payments(self._reference()) if self._reference() else []:
            payment, amount = row["id"], row["amount"]
            if card == "good":
                books.pay(payment, "Visa ·· 4242")
            elif card in ("too_little", "too_much") and amount > 100:
                books.pay(payment, "Visa ·· 4242", amount - 100 if card == "too_little" else amount + 100)
            elif card == "declined":
                books.decline(payment, "Visa ·· 0002", "generic_decline")
            elif card == "authenticates":
                books.ask_for_authentication(payment, "Visa ·· 3184")
            elif card == "slow":
                settles = self.world.clock().replace(microsecond=0)
                books.process(payment, "Bank debit", settles)
            self.world.faults[f"customer: {card}"] += 1

    def come_back(self) -> None:
        if self.placed:
            collection.learn(self.placed.payment_id, by=actor.customer("per_simulated"))

    def retry(self) -> None:
        if self.placed:
            self.placed = checkout.retry(self.placed.order_ref, by=actor.customer("per_simulated"))

    def cancel(self) -> None:
        if self.placed:
            endings.cancel(self.placed.order_ref, by=actor.customer("per_simulated"), reason="changed their mind")

    def _reference(self) -> str:
        return self.placed.payment_ref if self.placed else ""


class Operators:
    """What colleagues do, on whatever order they come upon."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.form: RefundWish | None = None  # left open in a tab

    def act(self) -> None:
        draw = self.world.draw
        draw.choice(
            (self.refund, self.refund, self.press_again, self.send_again, self.ship, self.elsewhere, self.late)
        )()

    def refund(self) -> None:
        draw = self.world.draw
        with units.read():
            payment = self._some_payment()
            if payment is None or not payment.refundable:
                return
            order = orders.get(invoices.get(payment.invoice_id).order_id)
            left = wishes.left_of_lines(order)
            lines = [line for line in order.lines if left[line.id]]
            pieces: list[Pieces] = []
            amount = Money(draw.randint(1, payment.refundable.amount), payment.currency)
            if lines and draw.random() < 0.4:
                line = draw.choice(lines)
                count = draw.randint(1, left[line.id])
                shelved = count if line.kind.value == "physical" and draw.random() < 0.5 else 0
                pieces = [Pieces(line.id, count, shelved)]
                amount = min(wishes.price(order, {line.id: count}), payment.refundable)
            elif draw.random() < 0.4:
                amount = payment.refundable
            self.form = RefundWish(
                payment_ref=payment.ref,
                amount=amount,
                seen=payment.refunded,
                reason=draw.choice((RefundReason.RETURNED, RefundReason.GOODWILL, RefundReason.DAMAGED)),
                request_key=references.new("sim"),
                pieces=pieces,
            )
        self.press_again()

    def press_again(self) -> None:
        """The same form: a double click, another tab, or much later."""
        if self.form:
            refunds.give_back(self.form, by=OPERATOR)

    def send_again(self) -> None:
        with units.read():
            refs = list(session.scalars(select(Refund.ref).where(Refund.state.in_(LOST)).order_by(Refund.id)))
        if refs:
            refunds.send_again(self.world.draw.choice(refs), by=OPERATOR)

    def ship(self) -> None:
        draw = self.world.draw
        with units.read():
            payment = self._some_payment()
            if payment is None:
                return
            order = orders.get(invoices.get(payment.invoice_id).order_id)
            if fulfilment.find(order.id) is None:
                return
            pieces = {item.line.id: draw.randint(0, item.left) for item in fulfilment.to_ship(order) if item.left > 0}
            ref = order.ref
        key = references.new("sim")
        if any(pieces.values()):
            units.write(lambda: parcels.ship(orders.by_ref(ref), pieces, request_key=key, tracking="", by=OPERATOR))

    def elsewhere(self) -> None:
        """Somebody gives money back in the provider's own dashboard."""
        if not self.world.chance(0.2):
            return
        paid = [row for row in self.world.provider.books.payments() if row["captured"] > row["refunded"]]
        if paid:
            row = self.world.draw.choice(paid)
            part = self.world.draw.randint(1, row["captured"] - row["refunded"])
            self.world.provider.books.refunds.create(row["id"], part)
            self.world.faults["refund in the dashboard"] += 1

    def late(self) -> None:
        """A bank captures what was over already."""
        if not self.world.chance(0.05):
            return
        over = [
            row for row in self.world.provider.books.payments() if row["status"] in ("expired", "cancelled", "declined")
        ]
        if over:
            row = self.world.draw.choice(over)
            self.world.provider.books.force_capture(row["id"], row["amount"])
            self.world.faults["late capture"] += 1

    def _some_payment(self) -> Payment | None:
        found = list(session.scalars(select(Payment).where(Payment.state == PaymentState.SETTLED).order_by(Payment.id)))
        return self.world.draw.choice(found) if found else None


REFUSALS = (CounterfoilError, PaymentsError)  # part of the story: somebody reads a sentence
