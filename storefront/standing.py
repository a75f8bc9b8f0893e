"""How far orders are, in a customer's words, for lists of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from backoffice.core import links
from backoffice.core.words import gettext
from backoffice.fulfilment import service as fulfilment
from backoffice.fulfilment.models import FulfilmentState
from backoffice.orders import withdrawals
from backoffice.orders.models import LineKind, Order, OrderState


@dataclass(frozen=True)
class Standing:
    """An order as a list shows it: ``things`` is what was bought, in a few words."""

    order: Order
    token: str
    things: str
    words: str


def standings(rows: Sequence[Order]) -> list[Standing]:
    """Inside a unit."""
    ids = [order.id for order in rows]
    states, declared = fulfilment.states_of(ids), withdrawals.declared(ids)
    return [
        Standing(
            order,
            links.order_token(order.ref),
            _things(order),
            _words(order, states.get(order.id), order.id in declared),
        )
        for order in rows
    ]


def _things(order: Order) -> str:
    bought = [line.name for line in order.lines if line.kind != LineKind.DELIVERY]
    if len(bought) < 2:
        return "".join(bought)
    return str(gettext("%(first)s and %(more)s more", first=bought[0], more=len(bought) - 1))


def _words(order: Order, delivery: FulfilmentState | None, is_declared: bool) -> str:
    if order.state != OrderState.PAID:
        known = {
            OrderState.PLACED: gettext("not paid yet"),
            OrderState.EXPIRED: gettext("closed, not paid"),
            OrderState.CANCELLED: gettext("cancelled"),
        }
        return str(known.get(order.state, gettext("in review")))
    if is_declared:
        return str(gettext("withdrawal received"))
    is_sent = any(line.kind == LineKind.PHYSICAL for line in order.lines)
    far = {
        FulfilmentState.PARTLY: gettext("partly sent") if is_sent else gettext("partly delivered"),
        FulfilmentState.DONE: gettext("sent") if is_sent else gettext("delivered"),
        FulfilmentState.WITHDRAWN: gettext("ended"),
    }
    return str(far.get(delivery, gettext("paid")) if delivery else gettext("paid"))
