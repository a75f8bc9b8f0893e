"""The stockroom: pieces of each variant, what moved them, who holds them; parcels that left."""

from types import MappingProxyType
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import joinedload

from backoffice.admin import access, looks, sold, timeline, troubles, whose
from backoffice.admin.actions import (
    Action,
    Field,
    needs,
    reason,
    request_key,
    run,
    typed_count,
    typed_seen,
    typed_text,
)
from backoffice.admin.badges import badge
from backoffice.admin.batches import ForMany, Many
from backoffice.admin.cells import ZONE
from backoffice.admin.filters import Filter, equals
from backoffice.admin.notes import Noted
from backoffice.catalog import search as catalogue_search
from backoffice.catalog.models import Product, Variant
from backoffice.core import references, units
from backoffice.core.db import session
from backoffice.core.errors import NotFound
from backoffice.core.seen import mark
from backoffice.core.tracking import Subject
from backoffice.fulfilment import notices, parcels
from backoffice.fulfilment.models import Shipment
from backoffice.orders.models import Order
from backoffice.staff.roles import Right
from backoffice.stock import service as stock
from backoffice.stock.models import FEW, HoldState, StockHold, StockItem, StockMovement

LATEST = 50  # movements on a page
MOST = 1_000_000  # pieces at a time
LEVELS = (
    ("shelf", "Sold out on the shelf"),
    ("out", "Sold out"),
    ("few", f"{FEW} or fewer left"),
    ("held", "Held for somebody"),
)


def _with_sku(sku: str) -> ColumnElement[bool]:
    return StockItem.variant_id == select(Variant.id).where(Variant.sku == sku.strip().upper()).scalar_subquery()


def _at_level(level: str) -> ColumnElement[bool]:
    free = StockItem.on_hand - StockItem.held
    on_shelf = StockItem.variant_id.in_(
        select(Variant.id).join(Product, Product.id == Variant.product_id).where(Variant.published, Product.published)
    )
    conditions = {"shelf": and_(free <= 0, on_shelf), "out": free <= 0, "few": free <= FEW, "held": StockItem.held > 0}
    if level not in conditions:
        raise ValueError(level)
    return conditions[level]


def _of_product(words: str) -> ColumnElement[bool]:
    return StockItem.variant_id.in_(select(Variant.id).join(Product).where(catalogue_search.in_office(words)))


def _level(item: StockItem) -> Markup:
    shape = {"sold out": "declined", "few left": "processing", "in stock": "done"}[item.level]
    return badge(shape, item.level.capitalize())


def _to_count(to_send: int) -> str:
    return f"Counted on the shelf, without the {to_send} that are sold" if to_send else "Counted on the shelf"


class StockDesk(Noted, Many):
    sees = Right.SEE_CATALOGUE
    column_list = ("sku", "name", "on_hand", "held", "available", "level")
    column_labels = MappingProxyType({"sku": "Article", "on_hand": "On hand", "available": "Can be sold"})
    column_formatters = MappingProxyType({"level": lambda _view, _context, row, _name: _level(row)})
    spoken = frozenset({"level"})
    numbers = frozenset({"on_hand", "held", "available"})
    narrows = (
        Filter("sku", "Article number", _with_sku),
        Filter("words", "Words", _of_product),
        Filter("level", "Level", _at_level, choices=LEVELS),
    )
    blank = "Nothing fits. Whatever is shipped stands here, with pieces or without."
    for_many = (ForMany("stock.write_off", "Write off what is free"),)
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
        to_send = parcels.still_to_send(item.variant_id)
        before = request.args.get("before", 0, int)
        moved = select(StockMovement).where(StockMovement.item_id == item.id).order_by(StockMovement.id.desc())
        moved = moved.where(StockMovement.id < before) if before else moved
        held = select(StockHold).where(StockHold.variant_id == item.variant_id, StockHold.state == HoldState.HELD)
        holds = session.scalars(held.order_by(StockHold.id).limit(LATEST)).all()
        movements = session.scalars(moved.limit(LATEST)).all()
        holders = {row.holder for row in holds} | {row.holder for row in movements if row.holder}
        rows = session.execute(select(Order.ref, Order.number).where(Order.ref.in_(holders)))
        numbers = {row[0]: row[1] for row in rows}
        return self.render(
            self.one_template,
            item=item,
            to_send=to_send,
            level=_level(item),
            holds=holds,
            movements=movements,
            older=movements[-1].id if len(movements) == LATEST else None,
            is_older=bool(before),
            numbers=numbers,
            days=timeline.by_day(timeline.of([item.subject()], most=LATEST), ZONE),
            actions=[
                self._receipt(item.variant.sku, back=str(self.get_url(".one", ref=ref))),
                Action(
                    "Correct the count",
                    self.get_url(".correct", ref=ref),
                    Right.MOVE_STOCK,
                    asks="Why was it wrong?",
                    fields=(
                        Field("counted", _to_count(to_send), "number", str(item.on_hand), most=MOST),
                        Field("seen", "", "hidden", str(item.on_hand)),
                    ),
                ),
                self.note_offer(ref),
            ],
        )

    @expose("/receive", methods=["POST"])
    @needs(Right.MOVE_STOCK)
    def receive(self) -> ResponseReturnValue:
        def act() -> str:
            sku, why, pieces = typed_text("sku").upper(), reason(), typed_count("pieces", MOST)
            variant_id = session.scalar(select(Variant.id).where(Variant.sku == sku))
            if variant_id is None:
                raise NotFound(f"article “{sku}”")
            stock.receive(variant_id, pieces, by=access.by(), reason=why, request_key=request_key())
            return f"{pieces} × {sku} {'is' if pieces == 1 else 'are'} on the shelf."

        return run(lambda: units.write(act), str, self.get_url(".index_view"))

    @expose("/<ref>/correct", methods=["POST"])
    @needs(Right.MOVE_STOCK)
    def correct(self, ref: str) -> ResponseReturnValue:
        def act() -> bool:
            why, counted, seen = reason(), typed_count("counted", MOST), typed_count("seen", MOST)
            return stock.correct(_item(ref).variant_id, counted, by=access.by(), reason=why, seen=seen)

        def done(is_changed: bool) -> str:
            return "The count is corrected." if is_changed else "It stood at that already: nothing was changed."

        return run(lambda: units.write(act), done, self.get_url(".one", ref=ref))


class ShipmentDesk(Noted, Many):
    sees = Right.SEE_SALES
    moment = "shipped_at"
    column_list = ("tracking", "shipped_at", "order_number", "goes_to", "carrier")
    column_more = ("ref",)
    column_labels = MappingProxyType(
        {"tracking": "Parcel", "shipped_at": "Left", "order_number": "Order", "goes_to": "Goes to"}
    )
    numbers = frozenset({"order_number"})
    narrows = (
        *whose.by_order(Shipment.order_id),
        equals("tracking", "Number of the parcel", Shipment.tracking),
        equals("carrier", "Carrier", Shipment.carrier),
    )
    personal = True
    blank = "No parcel fits."
    for_many = (ForMany("parcels.tell", "Send the mail again", asks=False),)
    one_template = "office/shipment.html"

    def rows(self) -> Select[Any]:
        return select(Shipment).options(joinedload(Shipment.order, innerjoin=True))

    def subject_of(self, ref: str) -> Subject:
        return parcels.by_ref(ref).subject()

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        found = sold.parcel(ref)
        parcel = found.thing
        looks.at(found.person, parcel)
        return self.render(
            self.one_template,
            parcel=parcel,
            flags=found.flags,
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
                        Field("seen", "", "hidden", mark(parcel.carrier, parcel.tracking)),
                    ),
                ),
                Action(
                    "Send the mail again", self.get_url(".tell", ref=ref), Right.SEND_MAILS, key=references.new("prc")
                ),
                self.note_offer(ref),
            ],
        )

    @expose("/<ref>/tell", methods=["POST"])
    @needs(Right.SEND_MAILS)
    def tell(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            notices.tell_again(parcels.by_ref(ref), by=access.by(), request_key=request_key())

        return run(lambda: units.write(act), "The customer gets the mail again.", self.get_url(".one", ref=ref))

    @expose("/<ref>/correct", methods=["POST"])
    @needs(Right.DELIVER)
    def correct(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            why, parcel = reason(), parcels.by_ref(ref)
            carrier, tracking = typed_text("carrier"), typed_text("tracking")
            seen = typed_seen()
            parcels.correct(parcel, carrier, tracking, seen=seen, by=access.by(), reason=why)

        return run(lambda: units.write(act), "The customer gets another mail.", self.get_url(".one", ref=ref))


def _item(ref: str) -> StockItem:
    query = select(StockItem).where(StockItem.ref == ref)
    query = query.options(joinedload(StockItem.variant, innerjoin=True).joinedload(Variant.product, innerjoin=True))
    item = session.scalars(query).one_or_none()
    if item is None:
        raise NotFound("article in the stockroom")
    return item
