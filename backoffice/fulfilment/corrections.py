"""Corrections of what a customer typed, as long as something is still to come. The issued invoice stays as it is."""

from dataclasses import asdict

from email_validator import EmailNotValidError, validate_email

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import clock
from backoffice.core.actor import Actor
from backoffice.core.cards import refuse_card_number
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError
from backoffice.core.seen import check, mark
from backoffice.customers import postcodes
from backoffice.customers import service as customers
from backoffice.customers.models import Address
from backoffice.fulfilment import service as fulfilment
from backoffice.fulfilment.models import Fulfilment, FulfilmentState
from backoffice.orders import service as orders
from backoffice.orders.models import Order, OrderState

CORRECTABLE = frozenset({OrderState.PLACED, OrderState.PAID})
OVER = frozenset({FulfilmentState.DONE, FulfilmentState.WITHDRAWN})


class NothingToCome(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__("Everything of this order was delivered, or it has ended: there is nothing to send any more.")


class AnotherCountry(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__(
            "Delivery to another country has another price and another VAT. Cancel the order and let it be placed anew."
        )


class Incomplete(CounterfoilError):
    status = 422

    def __init__(self) -> None:
        super().__init__("Name, street, postcode and town are needed, each of at most 120 characters.")


class NotAnEmail(CounterfoilError):
    status = 422

    def __init__(self, text: str) -> None:
        super().__init__(f"“{text[:80]}” does not look like an e-mail address.")


def is_open(order: Order, delivery: Fulfilment | None) -> bool:
    """Whether something of the order is still to come; ``delivery`` is None before it may be delivered."""
    return order.state in CORRECTABLE and (delivery is None or delivery.state not in OVER)


class NoPostcode(CounterfoilError):
    status = 422

    def __init__(self) -> None:
        super().__init__("This is not a postcode of that country. The address was not changed.")


def as_seen(order: Order) -> str:
    """Where it goes now, in a form that says nothing of it: whoever corrects it says what they had seen."""
    return mark(order.destination)


def destination(order: Order, to: Address, *, seen: str, by: Actor, reason: str) -> bool:
    """Send what is still to come somewhere else in the same country; False where it goes there already. ``seen`` is what
    `as_seen` said when somebody decided.

    Raises NothingToCome, AnotherCountry, NoPostcode, Incomplete, CardNumber, ChangedMeanwhile."""
    if not is_open(order, fulfilment.find(order.id)):
        raise NothingToCome
    name, street, postcode, city = (part.strip() for part in (to.name, to.street, to.postcode, to.city))
    parts = (name, street, postcode, city)
    if not all(parts) or max(map(len, parts)) > 120:
        raise Incomplete
    refuse_card_number(str(to))
    session.refresh(order, with_for_update=True)  # of two at the same moment the second finds what the first wrote
    before = order.destination
    if to.country != before.country:
        raise AnotherCountry
    if not postcodes.fits(postcode, to.country):
        raise NoPostcode
    after = Address(name, street, postcode, city, to.country)
    if after == before:
        return False
    check(seen, order.destination)
    order.deliver_to = asdict(after)
    person = customers.get(order.person_id)
    sealed = tuple(customers.seal(person, "deliver_to", str(place)) for place in (before, after))
    audit.record(Tag.ORDER_CORRECTED, order, by=by, reason=reason, deliver_to=sealed)
    return True


def email(order: Order, address: str, *, seen: str, by: Actor, reason: str) -> bool:
    """Write to another address from now on; False where it is that one. Whose order it is stays. Links that were made before
    open nothing any more: they may have gone to a stranger. ``seen`` is the ``mark`` of the address that the page showed.
    Raises NotAnEmail, ChangedMeanwhile."""
    try:
        after = validate_email(address.strip(), check_deliverability=False).normalized
    except EmailNotValidError:
        raise NotAnEmail(address) from None
    session.refresh(order, with_for_update=True)
    before = order.email
    if after == before:
        return False
    check(seen, before)
    order.email, order.links_since = after, clock.now().replace(microsecond=0)  # links tell whole seconds
    person = customers.get(order.person_id)
    order.found_as = orders.found_as(after, person)
    sealed = tuple(customers.seal(person, "email", text) for text in (before, after))
    audit.record(Tag.ORDER_CORRECTED, order, by=by, reason=reason, email=sealed)
    return True
