"""What the page of an order offers about its delivery: parcels, visits, downloads."""

from datetime import datetime

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from backoffice.admin import access
from backoffice.admin.actions import Action, Field, needs, reason, request_key, run, typed_number, typed_text
from backoffice.admin.cells import ZONE
from backoffice.admin.dossier import Dossier
from backoffice.admin.notes import Noted
from backoffice.core import clock, references, units
from backoffice.core.errors import CounterfoilError
from backoffice.disputes import service as disputes
from backoffice.disputes.service import refuses_refund
from backoffice.fulfilment import appointments, downloads, methods, parcels
from backoffice.fulfilment import service as fulfilment
from backoffice.fulfilment.models import AppointmentState, FulfilmentState
from backoffice.fulfilment.states import STILL_TO_COME
from backoffice.invoices import service as invoices
from backoffice.orders import service as orders
from backoffice.orders.models import Order
from backoffice.payments import service as payments
from backoffice.refunds import wishes
from backoffice.staff.roles import Right


class NoDate(CounterfoilError):
    def __init__(self) -> None:
        super().__init__("Name a day and an hour.")


class NoNumber(CounterfoilError):
    status = 422

    def __init__(self, carrier: str) -> None:
        super().__init__(f"Parcels with {carrier} have a number. Tick that this one has none, if that is so.")


class AllDelivered(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__("Everything of this order was delivered: there is nothing to keep back.")


class DisputedMeanwhile(CounterfoilError):
    status = 409

    def __init__(self) -> None:
        super().__init__(
            "The bank disputes the payment since this page was opened. Look at it before anything is sent."
        )


class Deliveries(Noted):
    """The part of the order desk that is about delivery."""

    sees = Right.SEE_SALES

    @expose("/<ref>/ship", methods=["POST"])
    @needs(Right.DELIVER)
    def ship(self, ref: str) -> ResponseReturnValue:
        """Hand a parcel over: the pieces and the number typed into the form. The form's key ships once."""

        def act() -> None:
            order = orders.by_ref(ref)
            pieces = {item.line.id: typed_number(f"line{item.line.id}") for item in fulfilment.to_ship(order)}
            carrier, tracking = typed_text("carrier") or parcels.usual_carrier(order), typed_text("tracking")
            if not tracking and methods.page_of(carrier) and "unnumbered" not in request.form:
                raise NoNumber(carrier)
            attempts = payments.for_invoice(invoices.for_order(order.id))
            told = request.form.get("disputed", "").split()
            is_news = any(refuses_refund(item) and item.ref not in told for item in disputes.of(attempts))
            if is_news and not parcels.find(request_key()):  # else it has left
                raise DisputedMeanwhile
            parcels.ship(
                order,
                pieces,
                request_key=request_key(),
                tracking=tracking,
                by=access.by(),
                carrier=carrier,
                in_question=wishes.in_question,
            )

        return run(
            lambda: units.write(act),
            "The parcel is noted, and the customer gets a mail.",
            self.get_url(".one", ref=ref),
        )

    @expose("/<ref>/propose/<appointment>", methods=["POST"])
    @needs(Right.DELIVER)
    def propose(self, ref: str, appointment: str) -> ResponseReturnValue:
        def act() -> None:
            try:
                starts_at = clock.at_place(datetime.fromisoformat(request.form.get("starts_at", "")), ZONE)
            except ValueError:
                raise NoDate from None
            appointments.propose(orders.by_ref(ref), appointment, starts_at, by=access.by())

        return run(lambda: units.write(act), "The date is proposed by mail.", self.get_url(".one", ref=ref))

    @expose("/<ref>/finish/<appointment>", methods=["POST"])
    @needs(Right.DELIVER)
    def finish(self, ref: str, appointment: str) -> ResponseReturnValue:
        return run(
            lambda: units.write(lambda: appointments.finish(orders.by_ref(ref), appointment, by=access.by())),
            "The service is done.",
            self.get_url(".one", ref=ref),
        )

    @expose("/<ref>/more/<grant>", methods=["POST"])
    @needs(Right.DELIVER)
    def more(self, ref: str, grant: str) -> ResponseReturnValue:
        def act() -> None:
            why = reason()
            downloads.allow_more(orders.by_ref(ref), grant, by=access.by(), reason=why)

        return run(lambda: units.write(act), "The file can be downloaded once more.", self.get_url(".one", ref=ref))

    @expose("/<ref>/withdraw", methods=["POST"])
    @needs(Right.DELIVER)
    def withdraw(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            why = reason()
            order = orders.by_ref(ref)
            delivery = fulfilment.find(order.id)
            is_done = delivery is not None and delivery.state == FulfilmentState.DONE
            if delivery and is_done and not fulfilment.is_withdrawable(delivery, downloads.of(order)):
                raise AllDelivered
            fulfilment.withdraw(order, by=access.by(), reason=why)

        return run(lambda: units.write(act), "Nothing more is delivered of this order.", self.get_url(".one", ref=ref))

    def delivery_offers(self, known: Dossier) -> list[Action]:
        """What can be done about the delivery of an order now, and why not where it cannot."""
        order, delivery = known.order, known.delivery
        if delivery is None:
            return []
        gone = "delivery was withdrawn" if delivery.state == "withdrawn" else ""
        left = [item for item in known.to_ship if item.left]
        disputed = " ".join(item.ref for item in known.disputes if refuses_refund(item))
        offers = []
        if known.to_ship:
            pieces = tuple(
                Field(
                    f"line{item.line.id}",
                    f"{item.line.name} ({item.left} left)",
                    "number",
                    str(item.left),
                    most=item.left,
                )
                for item in left
            )
            offers.append(
                Action(
                    "Mark as shipped, though the bank disputes the payment" if disputed else "Mark as shipped",
                    self.get_url(".ship", ref=order.ref),
                    Right.DELIVER,
                    gone or ("" if left else "nothing is left to send"),
                    first=bool(left) and not disputed,
                    fields=(
                        *pieces,
                        Field("carrier", "Carrier", value=known.carrier, required=False),
                        Field("tracking", "Number of the parcel", required=False),
                        Field("unnumbered", "It has no number", "checkbox", required=False),
                        Field("disputed", "", "hidden", disputed),
                    ),
                    key=references.new("shk"),
                )
            )
        for item in known.visits:
            offers += self._date_offers(order, item.ref, item.state, gone)
        for grant in known.downloads:
            if not grant.left:
                url = self.get_url(".more", ref=order.ref, grant=grant.ref)
                offers.append(Action(f"Allow {grant.asset.name} once more", url, Right.DELIVER, asks="Why?"))
        offers.append(
            Action(
                "Withdraw delivery",
                self.get_url(".withdraw", ref=order.ref),
                Right.DELIVER,
                gone or ("" if fulfilment.is_withdrawable(delivery, known.downloads) else "everything was delivered"),
                asks="Why is nothing more delivered?",
            )
        )
        return offers

    def _date_offers(self, order: Order, ref: str, state: AppointmentState, gone: str) -> list[Action]:
        offers = []
        if state in STILL_TO_COME:
            words = "Propose a date" if state == AppointmentState.WANTED else "Propose another date"
            url = self.get_url(".propose", ref=order.ref, appointment=ref)
            field = Field("starts_at", f"Day and hour ({ZONE})", "datetime-local")
            offers.append(
                Action(words, url, Right.DELIVER, gone, first=state == AppointmentState.WANTED, fields=(field,))
            )
        if state == AppointmentState.AGREED:
            offers.append(
                Action("Service is done", self.get_url(".finish", ref=order.ref, appointment=ref), Right.DELIVER, gone)
            )
        return offers
