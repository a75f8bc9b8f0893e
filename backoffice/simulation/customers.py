"""What customers do in a simulated day: most fill a cart, look what it would cost, and go; the others buy, pay, come back,
change their mind. Each act goes through the services that pages use; refusals are part of the story."""

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
from backoffice.core import actor, units
from backoffice.core.db import session
from backoffice.fulfilment import methods
from backoffice.orders.service import Contact
from backoffice.simulation.world import World
from integrations.sandbox.cards import BY_LAST4

CARDS = ("good", "good", "good", "declined", "lost", "abandons", "authenticates", "slow", "too_little", "too_much")


@dataclass
class Customer:
    """One story: what is left to do, and what is known so far."""

    world: World
    number: int
    wish: Wish | None = None
    token: str = ""
    placed: checkout.Placed | None = None
    opened: list[str] = field(default_factory=list)  # references of payments whose pages stand in some tab
    left: list[Callable[[], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        draw = self.world.draw
        if draw.random() < self.world.profile.leave:
            self.left = [self.fill]
            return
        self.left = [self.fill, self.place]
        if draw.random() < 0.3:
            self.left.append(self.place)  # a double click, or a second tab
        self.left.append(lambda: self.pay(draw.choice(CARDS)))
        if draw.random() < 0.6:
            self.left.append(self.come_back)
        if draw.random() < self.world.profile.again:
            self.left += [self.retry, lambda: self.pay("good"), self.come_back]
        if draw.random() < 0.15:
            self.left.append(self.cancel)

    def fill(self) -> None:
        world, draw = self.world, self.world.draw
        token = carts.new_token()

        def put() -> None:
            cart = carts.create(token)
            sold = select(Variant).join(Product, Product.id == Variant.product_id)
            sold = sold.where(Variant.published, Product.published).order_by(Variant.id)
            if world.profile.wares:
                sold = sold.where(Variant.sku.in_(world.profile.wares))
            variants = list(session.scalars(sold))
            for variant in draw.sample(variants, min(len(variants), draw.choice((1, 1, 2, 3)))):
                carts.add(cart, variant.id, draw.choice((1, 1, 2)))

        units.write(put)
        with units.read():
            cart = filling.of(token, None, "EUR")
            quote = quotes.of(cart, methods.tariff(), "DE", None)
            email = f"customer{self.number % 9}@example.org"  # some come twice
            contact = Contact(f"Customer {self.number}", "Street 1", "10115", "Berlin", "DE", email=email)
            self.token = token
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
            self._saw(checkout.place(self.token, self.wish))

    def pay(self, card: str) -> None:
        """At the provider, on every page that is still open in some tab: nothing of ours runs."""
        books = self.world.provider.books
        for row in [row for reference in self.opened for row in books.payments(reference)]:
            payment, amount = row["id"], row["amount"]
            if card == "good":
                books.pay(payment, "Visa ·· 4242")
            elif card in ("too_little", "too_much") and amount > 100:
                books.pay(payment, "Visa ·· 4242", amount - 100 if card == "too_little" else amount + 100)
            elif card == "declined":
                books.decline(payment, "Visa ·· 0002", "generic_decline")
            elif card == "lost":
                books.decline(payment, BY_LAST4["9987"].method, "lost_card")
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
            self._saw(checkout.retry(self.placed.order_ref, by=actor.customer("per_simulated")))

    def cancel(self) -> None:
        if self.placed:
            endings.cancel(self.placed.order_ref, by=actor.customer("per_simulated"), reason="changed their mind")

    def _saw(self, placed: checkout.Placed) -> None:
        """A payment page opened in a tab, and stays open there."""
        self.placed = placed
        if placed.payment_ref not in self.opened:
            self.opened.append(placed.payment_ref)
