"""Finding an order by what its customer tells: its number, and the address it was placed with. Nobody learns from an answer
whether there is one."""

from backoffice.core import clock
from backoffice.customers import service as customers
from backoffice.mail import service as mail
from backoffice.orders import service as orders
from backoffice.orders.letters import facts_of
from backoffice.orders.models import Order


def as_told(number: str, email: str) -> Order | None:
    """The order with this number, as somebody typed it, where it was placed with this address."""
    digits = number.strip().lstrip("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 19):
        return None
    order = orders.by_number(int(digits))
    if order is None or customers.normalised(order.email) != customers.normalised(email):
        return None
    return order


def send_link(number: str, email: str) -> None:
    """Mail the way to an order to the address it was placed with, at most once an hour; nothing where there is none."""
    order = as_told(number, email)
    if order is None:
        return
    mail.queue(
        "order_link",
        to=order.email,
        about=order,
        key=f"order_link:{order.ref}:{clock.now():%Y%m%d%H}",
        **facts_of(order),
    )
