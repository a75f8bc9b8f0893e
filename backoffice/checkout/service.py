"""From cart to payment page, once and again."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from backoffice.carts import filling
from backoffice.carts import service as carts
from backoffice.checkout import quotes
from backoffice.checkout.quotes import Quote
from backoffice.collection import answers
from backoffice.collection import service as collection
from backoffice.collection.answers import Question
from backoffice.core import actor, clock, units
from backoffice.core.actor import SYSTEM, Actor
from backoffice.core.errors import CounterfoilError
from backoffice.core.money import Money
from backoffice.core.ports import settings
from backoffice.customers import finding
from backoffice.customers import service as customers
from backoffice.customers.models import Address, Person
from backoffice.entities import service as entities
from backoffice.entities.models import LegalKind
from backoffice.fulfilment import methods
from backoffice.invoices import service as invoices
from backoffice.orders import service as orders
from backoffice.orders.models import PAYABLE, Order
from backoffice.orders.service import Contact, Delivery
from backoffice.payment_methods import service as payment_methods
from backoffice.payments import service as payments
from backoffice.payments.models import ON_THE_PAGE, Payment
from backoffice.stock import service as stock
from backoffice.tasks import service as tasks

MOST_ATTEMPTS = 10  # of one order
MOST_OPEN = 5  # unpaid orders of one customer at a time; those that guests place with an address are counted apart
LONGEST_HOLD = timedelta(hours=2)  # after that no further attempt is begun, so that nobody holds stock for ever


class EmptyCart(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__("Your cart is empty: put something in it first.")


class CartChanged(CounterfoilError):
    """The cart was filled anew since this page was shown, or its total is not what the customer saw."""

    status = 409

    def __init__(self) -> None:
        super().__init__("Your cart has changed since you opened this page. Please check it and order again.")


class AlreadyOrdered(CounterfoilError):
    """This filling of the cart was ordered by somebody who gave another address."""

    status = 409

    def __init__(self) -> None:
        super().__init__("This cart has been ordered already. Fill it again to place another order.")


class TooManyTries(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__("This order was tried too often. It closes by itself, and you are welcome to order again.")


class TooManyOpen(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__(
            "%(most)s orders with this address wait for their payment. Pay or cancel one of them first.", most=MOST_OPEN
        )


class TooManyOpenNear(CounterfoilError):
    """Guests of one network hold as much as they may: nobody empties the shelves under invented addresses."""

    status = 429
    retry_after = 3600  # seconds

    def __init__(self) -> None:
        super().__init__(
            "Many orders from your network wait for their payment. Log in to order, or try again in an hour."
        )


class Barred(CounterfoilError):
    """Staff decided to sell nothing to this customer online. Why is theirs to say, by mail."""

    status = 409

    def __init__(self) -> None:
        super().__init__("We cannot take this order online. Please write to us, and we will look at it together.")


class TermsNotAccepted(CounterfoilError):
    def __init__(self) -> None:
        super().__init__("Please accept the terms of sale to order.")


class NotPayable(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__("This order is closed, so it cannot be paid any more. You are welcome to order again.")


@dataclass(frozen=True)
class Wish:
    """What a customer agreed to by pressing the button: this filling of the cart, at this price, on these terms."""

    checkout_key: str
    total: Money  # as it stood beside the button, in the currency chosen
    terms_version: int
    terms_accepted: bool
    contact: Contact
    delivery_code: str = ""  # empty where nothing is shipped
    deliver_to: Address | None = None  # where it is not the buyer's address
    gift_note: str = ""
    person_ref: str = ""  # of a customer who is logged in
    keeps_card: bool = False  # of those alone

    @property
    def country(self) -> str:
        """Where it goes."""
        return (self.deliver_to or self.contact).country

    def delivery(self, quote: Quote) -> Delivery:
        chosen = quote.chosen
        return Delivery(chosen.code if chosen else "", chosen.name if chosen else "", self.deliver_to, self.gift_note)


@dataclass(frozen=True)
class Placed:
    order_id: int
    order_ref: str
    payment_id: int
    payment_ref: str
    question: Question  # what the provider is asked to open the page
    as_wished: bool = True  # False: this filling was ordered before, with another address
    page_url: str = ""  # where it can be paid now; empty where the provider has not opened a page


def place(cart_token: str, wish: Wish) -> Placed:
    """Place the order in one unit: order, stock hold, draft invoice, payment row with its key; then open the page.

    The same checkout key again (double click, reload, second tab) returns the order that exists. Raises EmptyCart,
    CartChanged, TermsNotAccepted, Barred, TooManyOpen, TooManyOpenNear, SoldOut; then nothing was written."""
    if not wish.terms_accepted:
        raise TermsNotAccepted
    return _opened(units.write(lambda: enter(cart_token, wish)), by=SYSTEM)


def retry(order_ref: str, *, by: Actor) -> Placed:
    """Pay again for the same order: the open attempt where there is one, else a new attempt with a new key.

    Raises NotPayable for an order that is over or paid."""
    return _opened(units.write(lambda: _retry(order_ref, by)), by=by)


def _opened(placed: Placed, *, by: Actor) -> Placed:
    """Open the payment page, and say where it is."""
    page = []
    collection.open_page(
        placed.question,
        by=by,
        then=lambda payment: page.append(payment.page_url if payment.state in ON_THE_PAGE else ""),
    )
    return replace(placed, page_url=page[-1])


def enter(cart_token: str, wish: Wish) -> Placed:
    """What ``place`` writes, and nobody is asked yet. Inside a unit."""
    person = customers.by_ref(wish.person_ref) if wish.person_ref else None
    cart = filling.of(cart_token, person.id if person else None, wish.total.currency)
    known = orders.by_checkout_key(wish.checkout_key)  # after the cart: whoever emptied it has placed the order by now
    if known:
        placed = _placed(known, payments.for_invoice(invoices.for_order(known.id))[-1])
        theirs = customers.normalised(known.email) == customers.normalised(wish.contact.email)
        if not theirs or known.cart_id != cart.id:
            raise AlreadyOrdered  # the key alone does not prove whose order it is
        same = orders.contact_of(known) == wish.contact and known.destination == (
            wish.deliver_to or wish.contact.address
        )
        return replace(placed, as_wished=same)
    if cart.id is None or not cart.lines:
        raise EmptyCart
    entity, terms = entities.selling(LegalKind.TERMS)
    quote = quotes.of(cart, methods.tariff(), wish.country, wish.delivery_code or None)
    if (
        not quote.can_be_ordered
        or cart.checkout_key != wish.checkout_key
        or quote.total != wish.total
        or terms.version != wish.terms_version
    ):
        raise CartChanged
    is_guest = person is None
    person = _customer(person, wish.contact)
    by = actor.customer(person.ref)
    lines = quotes.lines(quote, entity)
    order = orders.place(
        wish.checkout_key,
        cart_id=cart.id,
        entity=entity,
        terms=terms,
        person=person,
        contact=wish.contact,
        delivery=wish.delivery(quote),
        currency=wish.total.currency,
        lines=lines,
        payable_until=clock.now() + orders.TIME_TO_PAY,
        guest_network=_network() if is_guest else None,
        by=by,
    )
    stock.hold(order.ref, quote.cart.pieces, by=by)
    invoice = invoices.draft_for(order, lines, entity, by=by)
    keeper = payment_methods.keeper(person) if wish.keeps_card and wish.person_ref else None
    payment = collection.begin(invoice, description=f"{entity.shop_name}, order {order.number}", by=by, keeper=keeper)
    tasks.schedule(
        "orders.expire", due=order.payable_until, dedupe=f"orders.expire:{order.ref}", is_new=True, order_id=order.id
    )
    carts.empty(cart)
    return _placed(order, payment)


def _customer(here: Person | None, contact: Contact) -> Person:
    """Who buys: whoever is logged in (``here``), somebody with this address whom we know, or somebody new.

    A known customer is found by what a stranger typed only once money came: see collection."""
    known = here or customers.find(contact.email)
    if known and known.barred_at is not None:
        raise Barred
    if here:
        if orders.open_of(here.id) >= MOST_OPEN:
            raise TooManyOpen
        finding.learn(here, finding.words_of(contact.name, contact.phone), is_new=False)
        return here
    _refuse_a_flood(known)
    return known or customers.create(contact.email, contact.name, contact.phone)


def _refuse_a_flood(known: Person | None) -> None:
    """Guests: so many unpaid orders with one address, so many from one network. Raises TooManyOpen, TooManyOpenNear."""
    network = _network()
    of_address, of_network = orders.open_of_guests(known.id if known else None, network)
    if of_address >= MOST_OPEN:
        raise TooManyOpen
    if network and of_network >= settings().guest_orders:
        raise TooManyOpenNear


def _network() -> str:
    return actor.origin().network or ""


def _retry(order_ref: str, by: Actor) -> Placed:
    order = orders.lock(orders.by_ref(order_ref).id)
    if order.state not in PAYABLE:
        raise NotPayable
    invoice = invoices.for_order(order.id)
    payment = payments.open_for(invoice)
    if payment is None:
        if len(payments.for_invoice(invoice)) >= MOST_ATTEMPTS or clock.now() > _last_try(order):
            raise TooManyTries
        entity = entities.get(order.entity_id)
        payment = collection.begin(invoice, description=f"{entity.shop_name}, order {order.number}", by=by)
        until = max(order.payable_until, min(clock.now(), order.placed_at + LONGEST_HOLD) + orders.TIME_TO_PAY)
        orders.prolong(order, until, by=by, reason="another attempt to pay")
    return _placed(order, payment)


def _last_try(order: Order) -> datetime:
    """Until when another attempt may begin: longer where a colleague gave more time."""
    return max(order.placed_at + LONGEST_HOLD, order.payable_until)


def _placed(order: Order, payment: Payment) -> Placed:
    return Placed(order.id, order.ref, payment.id, payment.ref, answers.question(payment))
