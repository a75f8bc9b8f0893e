"""Orders: placed, paid, or ended without money. Who may end one, and when, is decided in checkout and collection."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, bindparam, func, select, update
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import clock, links, references
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.entering import enter
from backoffice.core.errors import NotFound
from backoffice.core.looks import look
from backoffice.core.money import Money, total
from backoffice.core.states import StateTable
from backoffice.core.writes import change, put
from backoffice.customers import service as customers
from backoffice.customers.models import Address, Person
from backoffice.entities.service import Seller, TextVersion
from backoffice.orders.models import LineKind, Order, OrderLine, OrderState
from backoffice.tax.rates import Rate

FIRST_NUMBER = 10_000
TIME_TO_PAY = timedelta(minutes=45)  # longer than a payment page lives

MOVES = StateTable(
    Order.state,
    {
        OrderState.PLACED: frozenset({OrderState.PAID, OrderState.IN_REVIEW, OrderState.EXPIRED, OrderState.CANCELLED}),
        OrderState.IN_REVIEW: frozenset({OrderState.CANCELLED}),  # once its money was given back
        OrderState.PAID: frozenset[OrderState](),
        OrderState.EXPIRED: frozenset[OrderState](),
        OrderState.CANCELLED: frozenset[OrderState](),
    },
)

_NUMBERED = (
    update(cast("Table", Order.__table__)).where(Order.id == bindparam("row_id")).values(number=bindparam("new_number"))
)
_BY_CHECKOUT_KEY = select(Order.id).where(Order.checkout_key == bindparam("key"))
_OPEN = select(func.count()).where(Order.state == OrderState.PLACED)
_OPEN_OF = _OPEN.where(Order.person_id == bindparam("person"), Order.guest_network.is_(None))
_OPEN_OF_GUESTS = select(  # each through an index of its own: all that is open need not be read
    _OPEN.where(Order.person_id == bindparam("person"), Order.guest_network.is_not(None)).scalar_subquery(),
    _OPEN.where(Order.guest_network == bindparam("network")).scalar_subquery(),
)
_BY_REF = select(Order).where(Order.ref == bindparam("ref")).options(joinedload(Order.lines, innerjoin=True))


@dataclass(frozen=True)
class Contact(Address):
    """Who buys, and where the invoice goes."""

    email: str
    phone: str = ""

    @property
    def address(self) -> Address:
        return Address(self.name, self.street, self.postcode, self.city, self.country)


@dataclass(frozen=True)
class Delivery:
    """How and where it goes: the method as it was chosen, another address than the buyer's, a note for the card."""

    code: str = ""
    name: str = ""
    to: Address | None = None
    gift_note: str = ""


@dataclass(frozen=True)
class LineData:
    kind: LineKind
    variant_id: int | None
    sku: str
    name: str
    quantity: int
    unit: Money
    rate: Rate

    @property
    def total(self) -> Money:
        return self.unit * self.quantity


def place(
    checkout_key: str,
    *,
    cart_id: int,
    entity: Seller,
    terms: TextVersion,
    person: Person,
    contact: Contact,
    delivery: Delivery,
    currency: str,
    lines: Sequence[LineData],
    payable_until: datetime,
    guest_network: str | None,
    by: Actor,
) -> Order:
    """Write the order with its lines. The checkout key is unique: the same filling of a cart is one order.

    ``guest_network`` is where a guest is (empty where that is not known), None for somebody logged in."""
    amount = total([line.total for line in lines], currency)
    order = Order(
        ref=references.new("ord"),
        number=None,
        checkout_key=checkout_key,
        cart_id=cart_id,
        entity_id=entity.id,
        person_id=person.id,
        terms_id=terms.id,
        guest_network=guest_network,
        state=OrderState.PLACED,
        deliver_to=vars(delivery.to).copy() if delivery.to else {},
        gift_note=delivery.gift_note,
        delivery_code=delivery.code,
        delivery_name=delivery.name,
        currency=currency,
        total_amount=amount.amount,
        placed_at=clock.now(),
        payable_until=payable_until,
        paid_at=None,
        links_since=None,
        found_as=found_as(contact.email, person),
        **vars(contact),
    )
    enter(order)
    written = [
        {
            "order_id": order.id,
            "position": position,
            "kind": line.kind,
            "variant_id": line.variant_id,
            "sku": line.sku,
            "name": line.name,
            "quantity": line.quantity,
            "unit_amount": line.unit.amount,
            "vat_category": line.rate.category,
            "vat_hundredths": line.rate.hundredths,
        }
        for position, line in enumerate(lines, start=1)
    ]
    put(OrderLine, written, of=order)
    _number(order, FIRST_NUMBER + order.id)
    personal = vars(contact) | ({"deliver_to": str(delivery.to)} if delivery.to else {})
    sealed: dict[str, Any] = customers.seal_all(person, personal)
    audit.record(
        Tag.ORDER_PLACED,
        order,
        by=by,
        total=amount,
        pieces=sum(line.quantity for line in lines if line.variant_id),
        delivery=delivery.name,
        terms=terms.version,
        **sealed,
    )
    return order


def found_as(email: str, person: Person) -> str | None:
    """What an order with this address is found by, besides as one of its customer; also where a database cannot tell that it is
    theirs, because letters that it does not know were written large."""
    address = customers.normalised(email)
    return None if address == person.email and (email.isascii() or email == address) else address


def _number(order: Order, number: int) -> None:
    change(_NUMBERED, {"row_id": order.id, "new_number": number}, moved=True)  # placed here: the audit is told below
    set_committed_value(order, "number", number)


def pay(order: Order, *, by: Actor) -> bool:
    """The order is paid in full; False if it was already."""
    if not MOVES.move(order, OrderState.PAID, paid_at=clock.now()):
        return False
    audit.record(Tag.ORDER_PAID, order, by=by, state=(OrderState.PLACED, OrderState.PAID))
    return True


def hold_for_review(order: Order, *, by: Actor, reason: str) -> bool:
    """Put the order aside: its stock stays held, and a person decides."""
    if not MOVES.move(order, OrderState.IN_REVIEW):
        return False
    state = (OrderState.PLACED, OrderState.IN_REVIEW)
    audit.record(Tag.ORDER_HELD_FOR_REVIEW, order, by=by, reason=reason, state=state)
    return True


def end(order: Order, to: OrderState, *, by: Actor, reason: str) -> bool:
    """End an order that is not paid, or whose money was given back, as expired or cancelled; False if it ended so already.
    Its stock is released by the caller."""
    before = order.state
    if not MOVES.move(order, to):
        return False
    tag = Tag.ORDER_EXPIRED if to == OrderState.EXPIRED else Tag.ORDER_CANCELLED
    audit.record(tag, order, by=by, reason=reason, state=(before, to))
    return True


def prolong(order: Order, until: datetime, *, by: Actor, reason: str) -> None:
    """Move the end of the time to pay."""
    before, order.payable_until = order.payable_until, until
    audit.record(Tag.ORDER_PROLONGED, order, by=by, reason=reason, payable_until=(before, until))


def contact_of(order: Order) -> Contact:
    return Contact(**{item.name: getattr(order, item.name) for item in fields(Contact)})


def of_person(person_id: int, before: int | None = None, most: int = 20) -> list[Order]:
    """A customer's orders with their lines, newest first; with ``before`` those placed before that order."""
    query = select(Order).where(Order.person_id == person_id).options(selectinload(Order.lines))
    if before:
        query = query.where(Order.id < before)
    return list(session.scalars(query.order_by(Order.id.desc()).limit(most)))


def open_of(person_id: int) -> int:
    """How many orders that a customer placed while logged in wait for their payment."""
    return int(look(_OPEN_OF, person=person_id).scalar_one())


def open_of_guests(person_id: int | None, network: str) -> tuple[int, int]:
    """How many orders of guests wait for their payment: with this customer's address, and from this network."""
    of_person, of_network = look(_OPEN_OF_GUESTS, person=person_id or 0, network=network).one()
    return of_person, of_network


def by_number(number: int) -> Order | None:
    return session.scalars(select(Order).where(Order.number == number)).one_or_none()


def by_checkout_key(key: str) -> Order | None:
    known = look(_BY_CHECKOUT_KEY, key=key).scalar_one_or_none()  # there is none, nearly always
    return None if known is None else get(known)


def by_ref(ref: str) -> Order:
    """With its lines. Raises NotFound."""
    order = session.scalars(_BY_REF, {"ref": ref}).unique().one_or_none()
    if order is None:
        raise NotFound("order")
    return order


def by_link(token: str) -> Order:
    """The order of a link that a customer holds. Raises NotFound for one that opens nothing, or nothing any more."""
    ref, made_at = links.of_an_order("order", token)
    order = by_ref(ref)
    refuse_old_link(order, made_at)
    return order


def refuse_old_link(order: Order, made_at: datetime) -> None:
    """Raises NotFound for a link that was made before the address was corrected: a stranger may hold it."""
    if is_old_link(order, made_at):
        raise NotFound("order")


def is_old_link(order: Order, made_at: datetime) -> bool:
    return order.links_since is not None and made_at < order.links_since


def get(order_id: int) -> Order:
    return session.get_one(Order, order_id)


def lock(order_id: int) -> Order:
    """The order, locked until the unit ends: paying, ending and paying again follow each other."""
    query = select(Order).where(Order.id == order_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()
