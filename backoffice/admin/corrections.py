"""What the page of an order offers to set right: where it goes, whom we write to, how long it can be paid."""

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from backoffice.admin import access
from backoffice.admin.actions import Action, Field, needs, reason, request_key, run, typed_seen, typed_text
from backoffice.admin.deliveries import Deliveries
from backoffice.checkout import endings
from backoffice.collection import notices
from backoffice.core import references, units
from backoffice.core.seen import mark
from backoffice.customers.models import Address
from backoffice.fulfilment import corrections
from backoffice.fulfilment.models import Fulfilment
from backoffice.orders import service as orders
from backoffice.orders.models import PAYABLE, Order, OrderState
from backoffice.staff.roles import Right


class Corrections(Deliveries):
    """The part of the order desk that corrects and repeats."""

    @expose("/<ref>/confirm", methods=["POST"])
    @needs(Right.SEND_MAILS)
    def confirm(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            notices.confirm_again(orders.by_ref(ref), by=access.by(), request_key=request_key())

        return run(lambda: units.write(act), "The confirmation is on its way once more.", self.get_url(".one", ref=ref))

    @expose("/<ref>/address", methods=["POST"])
    @needs(Right.CORRECT_ORDERS)
    def address(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            why, order = reason(), orders.by_ref(ref)
            typed = [request.form.get(name, "") for name in ("name", "street", "postcode", "city")]
            to = Address(typed[0], typed[1], typed[2], typed[3], order.destination.country)
            corrections.destination(order, to, seen=typed_seen(), by=access.by(), reason=why)

        return run(
            lambda: units.write(act),
            "What is still to come goes there. The invoice keeps the address of the customer.",
            self.get_url(".one", ref=ref),
        )

    @expose("/<ref>/email", methods=["POST"])
    @needs(Right.CORRECT_ORDERS)
    def email(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            why = reason()
            address, seen = typed_text("email", 254), typed_seen()
            corrections.email(orders.by_ref(ref), address, seen=seen, by=access.by(), reason=why)

        return run(lambda: units.write(act), "We write to that address from now on.", self.get_url(".one", ref=ref))

    @expose("/<ref>/extend", methods=["POST"])
    @needs(Right.CORRECT_ORDERS)
    def extend(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            endings.extend(ref, typed_text("shown", 40), by=access.by(), reason=reason())

        return run(
            lambda: units.write(act),
            "There is an hour more to pay, and the pieces stay held.",
            self.get_url(".one", ref=ref),
        )

    def correction_offers(self, order: Order, delivery: Fulfilment | None) -> list[Action]:
        offers = []
        if order.state == OrderState.PAID:
            offers.append(
                Action(
                    "Send the confirmation again",
                    self.get_url(".confirm", ref=order.ref),
                    Right.SEND_MAILS,
                    key=references.new("cnf"),
                )
            )
        if order.state in PAYABLE:
            offers.append(
                Action(
                    "Give an hour more",
                    self.get_url(".extend", ref=order.ref),
                    Right.CORRECT_ORDERS,
                    asks="Why does it stay held?",
                    fields=(Field("shown", "", "hidden", order.payable_until.isoformat()),),
                )
            )
        why_not = "" if corrections.is_open(order, delivery) else "nothing is to come any more"
        to = order.destination
        place = (("name", "Name", to.name), ("street", "Street", to.street), ("postcode", "Postcode", to.postcode))
        fields = (
            *(Field(name, label, value=value) for name, label, value in place),
            Field("city", "Town", value=to.city),
            Field("seen", "", "hidden", corrections.as_seen(order)),
        )
        return [
            *offers,
            Action(
                "Correct the address",
                self.get_url(".address", ref=order.ref),
                Right.CORRECT_ORDERS,
                why_not,
                asks="Why?",
                fields=fields,
            ),
            Action(
                "Correct the e-mail",
                self.get_url(".email", ref=order.ref),
                Right.CORRECT_ORDERS,
                asks="Why?",
                fields=(Field("email", "E-mail", "email", order.email), Field("seen", "", "hidden", mark(order.email))),
            ),
        ]
