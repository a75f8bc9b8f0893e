"""The desk of the ways of delivery: what is said of them, what they cost where, and which countries cost the same."""

from types import MappingProxyType

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy import select

from backoffice.admin import access, timeline
from backoffice.admin.actions import (
    Action,
    Field,
    needs,
    reason,
    run,
    typed_count,
    typed_number,
    typed_seen,
    typed_text,
)
from backoffice.admin.badges import badge
from backoffice.admin.cells import ZONE
from backoffice.admin.frame import for_whoever_asks
from backoffice.admin.lists import DeskList
from backoffice.catalog import editing, pricing
from backoffice.core import units
from backoffice.core.db import session
from backoffice.core.errors import NotFound
from backoffice.core.formatting import country
from backoffice.core.money import Money
from backoffice.core.seen import mark
from backoffice.fulfilment import offering
from backoffice.fulfilment.models import DeliveryMethod, DeliveryRate, DeliveryZone
from backoffice.fulfilment.offering import MethodData
from backoffice.staff.roles import Right
from backoffice.tax.rates import RATES

LAST_PLACE = 999
VAT = sorted({(rate.vat_class, rate.vat_class.capitalize()) for rate in RATES})
COUNTRIES = "Countries (AT DE DK)"


class DeliveryDesk(DeskList):
    sees = Right.SEE_CATALOGUE
    column_list = ("name", "code", "carrier", "promise", "vat_class", "position", "active")
    column_labels = MappingProxyType(
        {"name": "Way of delivery", "vat_class": "VAT", "position": "Place", "active": "Offered"}
    )
    column_formatters = MappingProxyType({"active": lambda _view, _context, row, _name: _offered(row)})
    spoken = frozenset({"active"})
    numbers = frozenset({"position"})
    blank = "Nothing is delivered yet."
    one_template = "office/delivery.html"

    def list_actions(self) -> list[Action]:
        zone = (Field("name", "Name"), Field("countries", COUNTRIES))
        method = (Field("code", "Code (parcel-locker)"), *_said(None))
        return [
            Action("New way of delivery", self.get_url(".create"), Right.EDIT_CATALOGUE, fields=method),
            Action("New zone", self.get_url(".create_zone"), Right.EDIT_CATALOGUE, fields=zone),
        ]

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        method = _method(ref)
        rates = sorted(method.rates, key=lambda rate: (rate.zone.name, rate.currency))
        zones = _zones()
        priced = {rate.zone_id for rate in rates}
        return self.render(
            self.one_template,
            method=method,
            offered=_offered(method),
            rates=[(rate, Money(rate.amount, rate.currency), _free(rate)) for rate in rates],
            countries={zone.id: ", ".join(map(country, zone.countries["codes"])) for zone in zones},
            zones=[(zone, zone.id in priced, self._zone_offer(ref, zone)) for zone in zones],
            days=timeline.by_day(timeline.of([method.subject(), *(zone.subject() for zone in zones)]), ZONE),
            actions=self._offers(method, rates, zones),
        )

    @expose("/create", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def create(self) -> ResponseReturnValue:
        def act() -> str:
            return offering.create_method(typed_text("code", 40), _typed(), [], by=access.by(), active=False).ref

        done = "It is written. Give it a price for each zone, then offer it."
        return run(lambda: units.write(act), done, self.get_url(".index_view"), leads_to=self.page_of)

    @expose("/zones/create", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def create_zone(self) -> ResponseReturnValue:
        def act() -> None:
            codes = editing.countries(typed_text("countries", 400)).split()
            offering.create_zone(typed_text("name", 80), codes, by=access.by())

        done = "The zone is written. It stands on the page of each way of delivery: say there what it costs."
        return run(lambda: units.write(act), done, self.get_url(".index_view"))

    @expose("/<ref>/zone", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def zone(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            codes = editing.countries(typed_text("countries", 400)).split()
            seen = typed_seen()
            offering.change_zone(_zone(), codes, seen=seen, by=access.by(), reason=reason())

        done = "The zone is changed, for all ways of delivery."
        return run(lambda: units.write(act), done, self.get_url(".one", ref=ref))

    @expose("/<ref>/change", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def change(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            seen = typed_seen()
            offering.rewrite(_method(ref), _typed(), seen=seen, by=access.by(), reason=reason())

        return run(lambda: units.write(act), "Customers see it now.", self.get_url(".one", ref=ref))

    @expose("/<ref>/add", methods=["POST"])
    @needs(Right.CHANGE_PRICES)
    def add(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            why, currency = reason(), pricing.list_in(typed_text("currency")).currency
            price, free_from = _typed_price(currency)
            offering.add_rate(_method(ref), _zone(), price, free_from, by=access.by(), reason=why)

        return run(lambda: units.write(act), "It is delivered there at this price.", self.get_url(".one", ref=ref))

    @expose("/<ref>/rate", methods=["POST"])
    @needs(Right.CHANGE_PRICES)
    def rate(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            chosen, why = _rate(_method(ref)), reason()
            price, free_from = _typed_price(chosen.currency)
            seen = typed_seen()
            offering.change_rate(chosen, price, free_from, seen=seen, by=access.by(), reason=why)

        return run(lambda: units.write(act), "New orders are delivered at this price.", self.get_url(".one", ref=ref))

    @expose("/<ref>/drop", methods=["POST"])
    @needs(Right.CHANGE_PRICES)
    def drop(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            offering.drop_rate(_rate(_method(ref)), by=access.by(), reason=reason())

        return run(lambda: units.write(act), "It is not delivered there any more.", self.get_url(".one", ref=ref))

    @expose("/<ref>/switch", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def switch(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            why = reason()
            offering.switch(_method(ref), request.form.get("offered") == "yes", by=access.by(), reason=why)

        return run(lambda: units.write(act), "Customers see it now.", self.get_url(".one", ref=ref))

    def _zone_offer(self, ref: str, zone: DeliveryZone) -> Action:
        """Its countries, filled in: they are those of all ways of delivery."""
        fields = (
            Field("zone", "", "hidden", zone.ref),
            Field("countries", f"{COUNTRIES}, for all ways of delivery", value=" ".join(zone.countries["codes"])),
            Field("seen", "", "hidden", mark(zone.countries["codes"])),
        )
        url = self.get_url(".zone", ref=ref)
        offer = Action("Change its countries", url, Right.EDIT_CATALOGUE, asks="Why?", fields=fields)
        return for_whoever_asks(offer)

    def _offers(self, method: DeliveryMethod, rates: list[DeliveryRate], zones: list[DeliveryZone]) -> list[Action]:
        ref = method.ref
        there = [(str(rate.id), f"{rate.zone.name}, {rate.currency}") for rate in rates]
        of_rate = (Field("rate", "Zone and currency", choices=there),)
        of_zone = Field("zone", "Zone", choices=[(zone.ref, zone.name) for zone in zones])
        price = (
            Field("amount", "Price, VAT included (4.90)"),
            Field("free_from", "Free from (100.00); empty for never", required=False),
        )
        currency = Field("currency", "Currency", choices=[(row.currency, row.currency) for row in pricing.lists()])
        word, wish = ("Offer it no more", "no") if method.active else ("Offer it", "yes")
        offered = Field("offered", "", "hidden", wish)  # what is wished, so that pressing twice is once
        seen = Field("seen", "", "hidden", offering.as_seen(method))
        nothing = "" if there else "it has no price yet"

        def offer(label: str, view: str, right: Right, fields: tuple[Field, ...], why_not: str = "") -> Action:
            return Action(label, self.get_url(view, ref=ref), right, why_not, asks="Why?", fields=fields)

        return [
            offer("Change a price", ".rate", Right.CHANGE_PRICES, (*of_rate, *price, seen), nothing),
            offer("Add a price", ".add", Right.CHANGE_PRICES, (of_zone, currency, *price)),
            offer("Take a price away", ".drop", Right.CHANGE_PRICES, of_rate, nothing),
            offer("Change the words", ".change", Right.EDIT_CATALOGUE, (*_said(method), seen)),
            offer(word, ".switch", Right.EDIT_CATALOGUE, (offered,), "" if method.active else nothing),
        ]


def _said(method: DeliveryMethod | None) -> tuple[Field, ...]:
    """What is asked about a way of delivery, filled in with what is said of it now."""
    return (
        Field("name", "Name", value=method.name if method else ""),
        Field("promise", "How long it takes (2 to 3 working days)", value=method.promise if method else ""),
        Field("carrier", "Carrier", value=method.carrier if method else "", required=False),
        Field(
            "tracking_url", "Page of the carrier, {} for the number", value=method.tracking_url if method else "",
            required=False,
        ),
        Field("vat_class", "VAT", choices=VAT, value=method.vat_class if method else ""),
        Field("position", "Place", "number", str(method.position if method else 9), most=LAST_PLACE),
    )  # fmt: skip


def _typed() -> MethodData:
    return MethodData(
        name=typed_text("name"),
        promise=typed_text("promise"),
        carrier=typed_text("carrier"),
        tracking_url=typed_text("tracking_url", 255),
        vat_class=typed_text("vat_class"),
        position=typed_count("position", LAST_PLACE),
    )


def _typed_price(currency: str) -> tuple[Money, Money | None]:
    free = typed_text("free_from")
    return Money.parse(typed_text("amount"), currency), Money.parse(free, currency) if free else None


def _offered(method: DeliveryMethod) -> Markup:
    return badge("done", "Offered") if method.active else badge("waiting", "Not offered")


def _free(rate: DeliveryRate) -> Money | None:
    return Money(rate.free_from, rate.currency) if rate.free_from is not None else None


def _method(ref: str) -> DeliveryMethod:
    method = session.scalars(select(DeliveryMethod).where(DeliveryMethod.ref == ref)).one_or_none()
    if method is None:
        raise NotFound("way of delivery")
    return method


def _rate(method: DeliveryMethod) -> DeliveryRate:
    wish = typed_number("rate")
    chosen = next((row for row in method.rates if row.id == wish), None)
    if chosen is None:
        raise NotFound("price of this delivery")
    return chosen


def _zones() -> list[DeliveryZone]:
    return list(session.scalars(select(DeliveryZone).order_by(DeliveryZone.name)))


def _zone() -> DeliveryZone:
    zone = session.scalars(select(DeliveryZone).where(DeliveryZone.ref == typed_text("zone"))).one_or_none()
    if zone is None:
        raise NotFound("zone")
    return zone
