"""The stockroom: pieces of each variant, what moved them, who holds them; parcels that left; ways of delivery."""

from types import MappingProxyType
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import joinedload

from backoffice.admin import access, looks, timeline, troubles
from backoffice.admin.actions import (
    Action,
    Field,
    needs,
    reason,
    request_key,
    run,
    typed_count,
    typed_number,
    typed_text,
)
from backoffice.admin.badges import badge
from backoffice.admin.cells import ZONE
from backoffice.admin.filters import Filter, equals
from backoffice.admin.lists import DeskList
from backoffice.admin.notes import Noted
from backoffice.catalog.models import Variant
from backoffice.core import references, units
from backoffice.core.db import session
from backoffice.core.errors import NotFound
from backoffice.core.money import Money
from backoffice.core.tracking import Subject
from backoffice.customers import service as customers
from backoffice.fulfilment import methods, parcels
from backoffice.fulfilment.models import DeliveryMethod, DeliveryRate, Shipment
from backoffice.orders.models import Order
from backoffice.staff.roles import Right
from backoffice.stock import service as stock
from backoffice.stock.models import FEW, HoldState, StockHold, StockItem, StockMovement

LATEST = 50  # movements on a page
MOST = 1_000_000  # pieces at a time
LEVELS = (("out", "Sold out"), ("few", f"{FEW} or fewer left"), ("held", "Held for somebody"))


def _with_sku(sku: str) -> ColumnElement[bool]:
    return StockItem.variant_id == select(Variant.id).where(Variant.sku == sku.strip().upper()).scalar_subquery()


def _at_level(level: str) -> ColumnElement[bool]:
    free = StockItem.on_hand - StockItem.held
    conditions = {"out": free <= 0, "few": free <= FEW, "held": StockItem.held > 0}
    if level not in conditions:
        raise ValueError(level)
    return conditions[level]


def _level(item: StockItem) -> Markup:
    shape = {"sold out": "declined", "few left": "processing", "in stock": "done"}[item.level]
    return badge(shape, item.level.capitalize())


class StockDesk(Noted):
    sees = Right.SEE_CATALOGUE
    column_list = ("sku", "name", "on_hand", "held", "available", "level")
    column_labels = MappingProxyType({"sku": "Article", "on_hand": "On hand", "available": "Can be sold"})
    column_formatters = MappingProxyType({"level": lambda _view, _context, row, _name: _level(row)})
    numbers = frozenset({"on_hand", "held", "available"})
    narrows = (Filter("sku", "Article number", _with_sku), Filter("level", "Level", _at_level, choices=LEVELS))
    blank = "Nothing fits. A variant stands here once pieces of it were received."
    one_template = "office/stock.html"

    def rows(self) -> Select[Any]:
        return select(StockItem).options(
            joinedload(StockItem.variant, innerjoin=True).joinedload(Variant.product, innerjoin=True)
        )

    def list_actions(self) -> list[Action]:
        return [self._receipt()]

    def _receipt(self, sku: str = "", back: str = "") -> Action:
        return Action(
            "Receive pieces",
            self.get_url(".receive"),
            Right.MOVE_STOCK,
            asks="From whom, on what paper?",
            fields=(Field("sku", "Article number", value=sku), Field("pieces", "Pieces", "number", most=MOST)),
            back=back,
            key=references.new("rcv"),
        )

    def subject_of(self, ref: str) -> Subject:
        return _item(ref).subject()

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        item = _item(ref)
        moved = select(StockMovement).where(StockMovement.item_id == item.id).order_by(StockMovement.id.desc())
        held = select(StockHold).where(StockHold.variant_id == item.variant_id, StockHold.state == HoldState.HELD)
        holds = session.scalars(held.order_by(StockHold.id).limit(LATEST)).all()
        movements = session.scalars(moved.limit(LATEST)).all()
        holders = {row.holder for row in holds} | {row.holder for row in movements if row.holder}
        rows = session.execute(select(Order.ref, Order.number).where(Order.ref.in_(holders)))
        numbers = {row[0]: row[1] for row in rows}
        return self.render(
            self.one_template,
            item=item,
            level=_level(item),
            holds=holds,
            movements=movements,
            numbers=numbers,
            days=timeline.by_day(timeline.of([item.subject()], most=LATEST), ZONE),
            actions=[
                self._receipt(item.variant.sku, back=str(self.get_url(".one", ref=ref))),
                Action(
                    "Correct the count",
                    self.get_url(".correct", ref=ref),
                    Right.MOVE_STOCK,
                    asks="Why was it wrong?",
                    fields=(Field("counted", "Counted on the shelf", "number", str(item.on_hand), most=MOST),),
                ),
                self.note_offer(ref),
            ],
        )

    @expose("/receive", methods=["POST"])
    @needs(Right.MOVE_STOCK)
    def receive(self) -> ResponseReturnValue:
        def act() -> None:
            sku, why = typed_text("sku").upper(), reason()
            variant_id = session.scalar(select(Variant.id).where(Variant.sku == sku))
            if variant_id is None:
                raise NotFound(f"article “{sku}”")
            stock.receive(
                variant_id, typed_count("pieces", MOST), by=access.by(), reason=why, request_key=request_key()
            )

        return run(lambda: units.write(act), "The pieces are on the shelf.", self.get_url(".index_view"))

    @expose("/<ref>/correct", methods=["POST"])
    @needs(Right.MOVE_STOCK)
    def correct(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            why = reason()
            stock.correct(_item(ref).variant_id, typed_count("counted", MOST), by=access.by(), reason=why)

        return run(lambda: units.write(act), "The count is corrected.", self.get_url(".one", ref=ref))


class ShipmentDesk(Noted):
    sees = Right.SEE_SALES
    moment = "shipped_at"
    column_list = ("tracking", "shipped_at", "order_number", "goes_to", "carrier")
    column_more = ("ref",)
    column_labels = MappingProxyType(
        {"tracking": "Parcel", "shipped_at": "Left", "order_number": "Order", "goes_to": "Goes to"}
    )
    numbers = frozenset({"order_number"})
    narrows = (
        equals("tracking", "Number of the parcel", Shipment.tracking),
        equals("carrier", "Carrier", Shipment.carrier),
    )
    personal = True
    blank = "No parcel fits."
    one_template = "office/shipment.html"

    def rows(self) -> Select[Any]:
        return select(Shipment).options(joinedload(Shipment.order, innerjoin=True))

    def subject_of(self, ref: str) -> Subject:
        return _shipment(ref).subject()

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        parcel = _shipment(ref)
        looks.at(customers.get(parcel.order.person_id), parcel)
        return self.render(
            self.one_template,
            parcel=parcel,
            troubles=troubles.of([parcel.subject(), parcel.order.subject()]),
            days=timeline.by_day(timeline.of([parcel.subject()]), ZONE),
            actions=[
                Action(
                    "Correct carrier or number",
                    self.get_url(".correct", ref=ref),
                    Right.DELIVER,
                    asks="What was wrong?",
                    fields=(
                        Field("carrier", "Carrier", value=parcel.carrier, required=False),
                        Field("tracking", "Number of the parcel", value=parcel.tracking, required=False),
                    ),
                ),
                self.note_offer(ref),
            ],
        )

    @expose("/<ref>/correct", methods=["POST"])
    @needs(Right.DELIVER)
    def correct(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            why = reason()
            parcels.correct(_shipment(ref), typed_text("carrier"), typed_text("tracking"), by=access.by(), reason=why)

        return run(lambda: units.write(act), "The customer gets another mail.", self.get_url(".one", ref=ref))


class DeliveryDesk(DeskList):
    sees = Right.SEE_CATALOGUE
    column_list = ("name", "code", "carrier", "promise", "vat_class", "active")
    column_labels = MappingProxyType({"name": "Way of delivery", "vat_class": "VAT", "active": "Offered"})
    column_formatters = MappingProxyType({"active": lambda _view, _context, row, _name: _offered(row)})
    blank = "Nothing is delivered yet."
    one_template = "office/delivery.html"

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        method = _method(ref)
        rates = sorted(method.rates, key=lambda rate: (rate.zone.name, rate.currency))
        return self.render(
            self.one_template,
            method=method,
            offered=_offered(method),
            rates=[(rate, Money(rate.amount, rate.currency), _free(rate)) for rate in rates],
            days=timeline.by_day(timeline.of([method.subject()]), ZONE),
            actions=self._offers(method, rates),
        )

    @expose("/<ref>/rate", methods=["POST"])
    @needs(Right.CHANGE_PRICES)
    def rate(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            wish, why = typed_number("rate"), reason()
            chosen = next((row for row in _method(ref).rates if row.id == wish), None)
            if chosen is None:
                raise NotFound("price of this delivery")
            free = typed_text("free_from")
            methods.change_rate(
                chosen,
                Money.parse(typed_text("amount"), chosen.currency),
                Money.parse(free, chosen.currency) if free else None,
                by=access.by(),
                reason=why,
            )

        return run(lambda: units.write(act), "New orders are delivered at this price.", self.get_url(".one", ref=ref))

    @expose("/<ref>/switch", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def switch(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            why = reason()
            methods.switch(_method(ref), request.form.get("offered") == "yes", by=access.by(), reason=why)

        return run(lambda: units.write(act), "Customers see it now.", self.get_url(".one", ref=ref))

    def _offers(self, method: DeliveryMethod, rates: list[DeliveryRate]) -> list[Action]:
        choices = [(str(rate.id), f"{rate.zone.name}, {rate.currency}") for rate in rates]
        fields = (
            Field("rate", "Zone and currency", choices=choices),
            Field("amount", "Price, VAT included (4.90)"),
            Field("free_from", "Free from (100.00); empty for never", required=False),
        )
        word, wish = ("Offer it no more", "no") if method.active else ("Offer it again", "yes")
        offered = Field("offered", "", "hidden", wish)  # what is wished, so that pressing twice is once
        return [
            Action(
                "Change a price", self.get_url(".rate", ref=method.ref), Right.CHANGE_PRICES, asks="Why?", fields=fields
            ),
            Action(word, self.get_url(".switch", ref=method.ref), Right.EDIT_CATALOGUE, asks="Why?", fields=(offered,)),
        ]


def _offered(method: DeliveryMethod) -> Markup:
    return badge("done", "Offered") if method.active else badge("waiting", "Not offered")


def _free(rate: DeliveryRate) -> Money | None:
    return Money(rate.free_from, rate.currency) if rate.free_from is not None else None


def _item(ref: str) -> StockItem:
    query = select(StockItem).where(StockItem.ref == ref)
    query = query.options(joinedload(StockItem.variant, innerjoin=True).joinedload(Variant.product, innerjoin=True))
    item = session.scalars(query).one_or_none()
    if item is None:
        raise NotFound("article in the stockroom")
    return item


def _shipment(ref: str) -> Shipment:
    query = select(Shipment).where(Shipment.ref == ref).options(joinedload(Shipment.order, innerjoin=True))
    parcel = session.scalars(query).one_or_none()
    if parcel is None:
        raise NotFound("parcel")
    return parcel


def _method(ref: str) -> DeliveryMethod:
    method = session.scalars(select(DeliveryMethod).where(DeliveryMethod.ref == ref)).one_or_none()
    if method is None:
        raise NotFound("way of delivery")
    return method
