"""The sales desk: orders."""

from types import MappingProxyType

from flask.typing import ResponseReturnValue
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy import ColumnElement, func, select

from backoffice.admin import access, dossier, flags, looks, timeline, troubles, whose
from backoffice.admin import refunds as refunding
from backoffice.admin.actions import Action, asked, needs, reason, run
from backoffice.admin.badges import badge
from backoffice.admin.batches import ForMany, Many
from backoffice.admin.cells import ZONE, choices, state
from backoffice.admin.corrections import Corrections
from backoffice.admin.filters import Filter, equals, row_number
from backoffice.catalog.models import Variant
from backoffice.checkout import endings
from backoffice.collection import service as collection
from backoffice.core import units
from backoffice.core.errors import CounterfoilError
from backoffice.core.formatting import money
from backoffice.core.steps import learn_now
from backoffice.core.tracking import Subject
from backoffice.fulfilment.models import Fulfilment, FulfilmentState
from backoffice.invoices import service as invoices
from backoffice.invoices.models import Invoice
from backoffice.orders import service as orders
from backoffice.orders.models import PAYABLE, Order, OrderLine, OrderState
from backoffice.payments import service as payments
from backoffice.payments.models import Payment, PaymentState
from backoffice.staff.roles import Right, Role

DELIVERY = [
    ("open", "To be delivered"),
    ("partly", "Partly delivered"),
    ("done", "Delivered"),
    ("withdrawn", "Withdrawn"),
]


_DELIVERY = select(Fulfilment.state).where(Fulfilment.order_id == Order.id).scalar_subquery()
_REFUNDED = (
    select(func.sum(Payment.refunded_amount))
    .join(Invoice, Invoice.id == Payment.invoice_id)
    .where(Invoice.order_id == Order.id)
    .scalar_subquery()
)


def _delivery_badge(state: FulfilmentState | None) -> Markup:
    if state is None:
        return Markup("")
    return badge(f"delivery_{state.value}", dict(DELIVERY)[state.value])


def _with_article(sku: str) -> ColumnElement[bool]:
    """A recall: whoever bought it."""
    variant = select(Variant.id).where(Variant.sku == sku.upper()).scalar_subquery()
    return Order.id.in_(select(OrderLine.order_id).where(OrderLine.variant_id == variant))


def _delivered(state: FulfilmentState) -> ColumnElement[bool]:
    """What is partly delivered is still to be delivered too: it is found under both."""
    states = (state, FulfilmentState.PARTLY) if state == FulfilmentState.OPEN else (state,)
    return Order.id.in_(select(Fulfilment.order_id).where(Fulfilment.state.in_(states)))


class NothingToAsk(CounterfoilError):
    def __init__(self) -> None:
        super().__init__("The provider has given its final answer already; there is nothing to ask.")


class OrderDesk(Corrections, Many):
    moment = "placed_at"
    personal = True
    column_list = ("number", "placed_at", "name", "email", "state", "total")
    column_more = (
        "delivered", "given_back", "city", "country", "delivery_name", "currency", "paid_at", "payable_until", "ref",
    )  # fmt: skip
    column_labels = {
        "number": "Order", "placed_at": "Placed", "email": "E-mail", "city": "Town", "delivered": "Delivery",
        "delivery_name": "Way of delivery", "paid_at": "Paid", "ref": "Reference",
    }  # fmt: skip
    column_formatters = {
        "state": state,
        "delivered": lambda _view, _context, row, _name: _delivery_badge(row.delivered),
    }
    spoken = frozenset({"delivered"})
    numbers = frozenset({"total", "given_back"})
    made_of = MappingProxyType({"total": ("total_amount", "currency"), "given_back": ("currency",)})
    looked_up = MappingProxyType(
        {"delivered": (Order.delivered, _DELIVERY), "given_back": (Order.given_back_amount, _REFUNDED)}
    )
    narrows = (
        equals("number", "Number", Order.number, read=row_number),
        Filter("email", "E-mail", whose.of_known, whose.whole_email, is_plain=True, looks_up=whose.known_as),
        equals("state", "State", Order.state, choices(OrderState), OrderState),
        Filter("article", "Article", _with_article, is_short=True),
        Filter("delivery", "Delivery", _delivered, FulfilmentState, DELIVERY),
    )
    opens = MappingProxyType({Role.OPERATIONS: {"delivery": "open"}})
    blank = "No order fits. Orders appear here as soon as they are placed."
    one_template = "office/order.html"
    for_many = (
        ForMany("orders.confirm", "Send the confirmation again", asks=False),
        ForMany("orders.cancel", "Cancel"),
    )

    def subject_of(self, ref: str) -> Subject:
        return orders.by_ref(ref).subject()

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        known = dossier.of_order(ref)
        order, subjects = known.order, known.subjects
        looks.at(known.person, order)
        return self.render(
            self.one_template,
            known=known,
            order=order,
            flags=flags.shown(known.flags),
            troubles=troubles.of(subjects) if known.has_cases else [],
            days=timeline.by_day(timeline.of(subjects, known.attempts), ZONE),
            actions=[
                *self.delivery_offers(known),
                *self.offers(order, known.attempts),
                *self.refund_offers(known),
                self.note_offer(ref),
                *self.correction_offers(order, known.delivery),
            ],
        )

    @expose("/<ref>/ask", methods=["POST"])
    @needs(Right.ASK_PROVIDER)
    def ask(self, ref: str) -> ResponseReturnValue:
        """Ask the provider about the last attempt, now."""

        def act() -> PaymentState:
            with units.read():
                attempts = payments.for_invoice(invoices.for_order(orders.by_ref(ref).id))
                open_ids = [payment.id for payment in attempts if payment.is_open]
            if not open_ids:
                raise NothingToAsk
            return learn_now(collection.learn, open_ids[-1], by=access.by())

        return run(act, asked("payment"), self.get_url(".one", ref=ref))

    @expose("/<ref>/cancel", methods=["POST"])
    @needs(Right.CANCEL_ORDERS)
    def cancel(self, ref: str) -> ResponseReturnValue:
        return run(
            lambda: endings.cancel(ref, by=access.by(), reason=reason()),
            "The order is cancelled and its stock released.",
            self.get_url(".one", ref=ref),
        )

    def refund_offers(self, known: dossier.Dossier) -> list[Action]:
        """One for each payment that captured something; the whole payment is named where there are two."""
        paid = [payment for payment in known.attempts if payment.captured_amount]
        return [
            refunding.offer(
                payment,
                "Give money back" if len(paid) == 1 else f"Give back of {money(payment.captured)}",
                [item for item in known.disputes if item.payment_id == payment.id],
            )
            for payment in paid
        ]

    def offers(self, order: Order, attempts: list[Payment]) -> list[Action]:
        is_open = any(payment.is_open for payment in attempts)
        why_not_cancel = "" if order.state in PAYABLE else f"already {order.state.value.replace('_', ' ')}"
        return [
            Action(
                "Ask the provider now",
                self.get_url(".ask", ref=order.ref),
                Right.ASK_PROVIDER,
                "" if is_open else "no payment is open",
                first=is_open,
            ),
            Action(
                "Cancel order",
                self.get_url(".cancel", ref=order.ref),
                Right.CANCEL_ORDERS,
                why_not_cancel,
                asks="Why is it cancelled?",
            ),
        ]
