"""Customers with an account who let the provider keep their cards: on a page for it, or with a payment. They put one first,
replace and remove them; a bank renews one, somebody takes one off in the dashboard."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sqlalchemy import select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import actor, clock, references, units
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.customers import service as customers
from backoffice.customers.models import Person
from backoffice.payment_methods import service as methods
from backoffice.payment_methods import setups
from backoffice.payment_methods.models import MethodSetup, PaymentMethod
from backoffice.simulation.customers import Customer
from integrations.sandbox.cards import BY_LAST4

ADDRESSES = tuple(f"keeper{number}@example.org" for number in range(2))
CARDS = ("4242", "4242", "9995", "9987", "3184", "0123")  # some have the same card


def furnish() -> None:
    """Open their accounts. Nobody logs in on a simulated day, so nobody needs a password that fits."""
    for address in ADDRESSES:
        person = customers.create(address, f"Keeper {address[6]}")
        person.password_hash, person.verified_at = "none", clock.now()
        audit.record(Tag.ACCOUNT_OPENED, person, by=actor.customer(person.ref))


@dataclass
class Keeper(Customer):
    """One of them. ``entering``: the pages for a card that stand open in some tab, by our id."""

    address: str = ""
    entering: list[int] = field(default_factory=list)
    form: tuple[str, str] | None = None  # key of the form that was pressed last, and the card that it replaces

    def __post_init__(self) -> None:
        draw = self.world.draw
        self.address = ADDRESSES[self.number % len(ADDRESSES)]
        stories: list[list[Callable[[], None]]] = [
            [self.open_page, self.enter, self.return_from_page],
            [self.fill, self.place, lambda: self.pay(draw.choice(("good", "good", "lost"))), self.come_back],
            [self.open_page, self.press_again, self.enter],  # and nobody comes back
            [self.swap, self.enter, self.return_from_page],
            [self.put_first],
            [self.remove],
            [self.is_renewed],
            [self.is_taken_off],
        ]
        told = draw.sample(stories, draw.randint(2, len(stories)))
        self.left = [act for story in told for act in story]

    @property
    def by(self) -> Actor:
        return actor.customer("per_simulated")

    def fill(self) -> None:
        super().fill()
        if self.wish:
            contact = replace(self.wish.contact, email=self.address)
            self.wish = replace(self.wish, contact=contact, person_ref=self._person().ref, keeps_card=True)

    def open_page(self, replaces: str = "") -> None:
        self.form = (references.new("sim"), replaces)
        self.press_again()

    def press_again(self) -> None:
        """The same form: a double click, or much later."""
        if not self.form:
            return
        key, replaces = self.form

        def begin() -> int:
            person = self._known()
            old = methods.one(person.id, replaces) if replaces else None
            return setups.begin(person, request_key=key, replaces=old, currency="EUR", by=self.by).id

        setup_id = units.write(begin)
        if setup_id not in self.entering:
            self.entering.append(setup_id)
        setups.learn(setup_id, by=self.by)

    def swap(self) -> None:
        kept = self._kept()
        if kept:
            self.open_page(self.world.draw.choice(kept).ref)

    def enter(self) -> None:
        """At the provider, on every page that was reached: nothing of ours runs."""
        with units.read():
            query = select(MethodSetup.provider_ref).where(MethodSetup.id.in_(self.entering))
            pages = session.scalars(query.order_by(MethodSetup.id)).all()
        for page in pages:
            if page and self.world.provider.books.methods.enter(page, BY_LAST4[self.world.draw.choice(CARDS)]):
                self.world.faults["a card is entered"] += 1

    def return_from_page(self) -> None:
        for setup_id in self.entering:
            setups.learn(setup_id, by=self.by)

    def put_first(self) -> None:
        self._change(methods.prefer)

    def remove(self) -> None:
        self._change(methods.remove)

    def is_renewed(self) -> None:
        """Its bank sends a new card."""
        for row in self._kept()[:1]:
            self.world.provider.books.methods.renew(row.provider_ref)
            self.world.faults["a card is renewed"] += 1

    def is_taken_off(self) -> None:
        """Somebody does so in the provider's own dashboard, perhaps before we know of the card."""
        books = self.world.provider.books
        kept = books.methods.kept()
        if kept:
            books.methods.detach(self.world.draw.choice(kept)["id"])
            self.world.faults["a card is taken off in the dashboard"] += 1

    def _change(self, act: Callable[..., None]) -> None:
        kept = self._kept()
        if kept:
            ref = self.world.draw.choice(kept).ref
            units.write(lambda: act(methods.one(self._known().id, ref), by=self.by))

    def _known(self) -> Person:
        person = customers.find(self.address)
        assert person is not None
        return person

    def _person(self) -> Person:
        with units.read():
            person = self._known()
            session.expunge(person)
            return person

    def _kept(self) -> list[PaymentMethod]:
        with units.read():
            found = methods.of(self._known().id)
            session.expunge_all()
            return found
