"""The end of orders that were not paid.

A stock hold ends only when the provider has said that the payment is closed: time alone frees nothing."""

from datetime import timedelta

from backoffice.cases import service as cases
from backoffice.cases.kinds import CaseKind
from backoffice.collection import service as collection
from backoffice.core import clock, units
from backoffice.core.actor import SYSTEM, Actor, ActorKind
from backoffice.core.errors import CounterfoilError
from backoffice.invoices import service as invoices
from backoffice.orders import service as orders
from backoffice.orders.models import PAYABLE, Order, OrderState
from backoffice.payments import service as payments
from backoffice.payments.models import Payment, PaymentState
from backoffice.stock import service as stock
from backoffice.tasks import service as tasks

PROLONG = timedelta(minutes=10)
CASE_AFTER = timedelta(hours=1)
EXTENSION = timedelta(hours=1)
LONGEST_EXTENSION = timedelta(days=1)


class NotCancellable(CounterfoilError):
    status = 409

    def __init__(self, state: OrderState) -> None:
        super().__init__("An order that is %(state)s cannot be cancelled.", state=state.replace("_", " "))


class StillOpen(CounterfoilError):
    """The provider has not said that the payment is closed, so the order goes on."""

    status = 503

    def __init__(self) -> None:
        super().__init__(
            "The provider has not confirmed that the payment is closed, so nothing was cancelled. Try again in a minute."
        )


class NotExtendable(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__(
            "Only an unpaid order can get more time, and for a day at the most: others want the pieces too."
        )


def expire(order_id: int) -> None:
    """The task at the end of the time to pay: close the page at the provider, then the order.

    A provider that does not answer prolongs the hold; after an hour a person is told."""
    with units.read():
        order = orders.get(order_id)
        payment = payments.open_for(invoices.for_order(order_id))
        waiting = order.state in PAYABLE
        later = order.payable_until if order.payable_until > clock.now() else None
        payment_id = payment.id if payment else None
    if not waiting or later:
        units.write(lambda: tasks.postpone_running(later) if waiting and later else tasks.finish_running())
    elif payment_id is None:
        units.write(lambda: _end(order_id, OrderState.EXPIRED, SYSTEM, "not paid in time"))
    else:
        collection.close_page(payment_id, by=SYSTEM, then=lambda closed: _expire_or_prolong(order_id, closed))


def cancel(order_ref: str, *, by: Actor, reason: str) -> None:
    """Cancel an unpaid order on request. Raises NotCancellable, or StillOpen when the provider did not confirm."""
    with units.read():
        order = orders.by_ref(order_ref)
        if order.state == OrderState.CANCELLED:
            return
        if order.state not in PAYABLE:
            raise NotCancellable(order.state)
        order_id = order.id
        payment = payments.open_for(invoices.for_order(order_id))
        payment_id = payment.id if payment else None

    def end_if_closed(closed: Payment) -> None:
        if closed.state in (PaymentState.CANCELLED, PaymentState.DECLINED):
            _end(order_id, OrderState.CANCELLED, by, reason)

    if payment_id is None:
        units.write(lambda: _end(order_id, OrderState.CANCELLED, by, reason))
    else:
        collection.close_page(payment_id, by=by, then=end_if_closed)
    with units.read():
        state = orders.get(order_id).state
    if state in PAYABLE:
        raise StillOpen
    if state != OrderState.CANCELLED:
        raise NotCancellable(state)


def extend(order_ref: str, shown: str, *, by: Actor, reason: str) -> None:
    """Give a customer an hour more to pay than the page ``shown`` said (ISO); the pieces stay held. Of two that press at
    once one gives it. In a unit. Raises NotExtendable."""
    order = orders.lock(orders.by_ref(order_ref).id)
    if order.state in PAYABLE and order.payable_until.isoformat() != shown:
        return
    until = max(order.payable_until, clock.now()) + EXTENSION
    if order.state not in PAYABLE or until > order.placed_at + LONGEST_EXTENSION:
        raise NotExtendable
    orders.prolong(order, until, by=by, reason=reason)


def _expire_or_prolong(order_id: int, payment: Payment) -> None:
    order = orders.lock(order_id)
    if order.state not in PAYABLE:
        tasks.finish_running()
    elif order.payable_until > clock.now():
        tasks.postpone_running(order.payable_until)  # a colleague gave more time while the provider was asked
    elif payment.is_open:
        _prolong(order, payment)
    else:
        _end(order_id, OrderState.EXPIRED, SYSTEM, "not paid in time")


def _prolong(order: Order, payment: Payment) -> None:
    until = clock.now() + PROLONG
    orders.prolong(order, until, by=SYSTEM, reason="the provider has not said that the payment is closed")
    if clock.now() > order.placed_at + orders.TIME_TO_PAY + CASE_AFTER:
        cases.open_case(CaseKind.HOLD_PROLONGED, order, at_risk=order.total, payment=payment.ref)
    tasks.postpone_running(until)


def _end(order_id: int, to: OrderState, by: Actor, reason: str) -> None:
    order = orders.lock(order_id)
    if order.state not in PAYABLE:
        tasks.finish_running()  # somebody else was faster
        return
    if to == OrderState.EXPIRED and order.payable_until > clock.now():
        tasks.postpone_running(order.payable_until)  # or gave more time
        return
    invoice = invoices.for_order(order.id)
    if payments.open_for(invoice):
        tasks.postpone_running(clock.now() + PROLONG)  # another attempt began while we closed the last one
        return
    if orders.end(order, to, by=by, reason=reason):
        stock.release(order.ref, by=by, reason=reason)
        invoices.discard(invoice, by=by, reason=reason)
        cases.close(CaseKind.HOLD_PROLONGED, order, because="The order ended and its stock was released.")
        if by.kind != ActorKind.CUSTOMER:  # who cancels knows it
            tasks.schedule("notices.ended", dedupe=f"notices.ended:{order.ref}", order_id=order.id)
    tasks.finish_running()
