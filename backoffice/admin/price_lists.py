"""The desk of the price lists: the currencies that customers can choose among, in their order."""

from types import MappingProxyType

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy import func, select

from backoffice.admin import access, timeline
from backoffice.admin.actions import Action, Field, needs, reason, run, typed_count, typed_text
from backoffice.admin.badges import badge
from backoffice.admin.cells import ZONE
from backoffice.admin.lists import DeskList
from backoffice.catalog import pricing
from backoffice.catalog.models import Price, PriceList, Product, Variant
from backoffice.core import units
from backoffice.core.db import session
from backoffice.core.errors import NotFound
from backoffice.fulfilment.models import DeliveryRate
from backoffice.staff.roles import Right

LAST_PLACE = 999


class PriceListDesk(DeskList):
    sees = Right.SEE_CATALOGUE
    column_list = ("currency", "code", "position", "active")
    column_labels = MappingProxyType({"code": "Name", "position": "Place", "active": "Offered"})
    column_formatters = MappingProxyType({"active": lambda _view, _context, row, _name: _offered(row)})
    spoken = frozenset({"active"})
    numbers = frozenset({"position"})
    blank = "Nothing has a price yet."
    one_template = "office/price_list.html"

    def list_actions(self) -> list[Action]:
        fields = (Field("currency", "Currency (EUR)"), Field("code", "Name (euro)"))
        return [Action("New price list", self.get_url(".create"), Right.CHANGE_PRICES, fields=fields)]

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        row = _price_list(ref)
        offered = (("yes", "Yes"), ("no", "No"))
        fields = (
            Field("offered", "Customers can choose it", choices=offered, value="yes" if row.active else "no"),
            Field("position", "Place; the first is the shop's own", "number", str(row.position), most=LAST_PLACE),
        )
        variants, priced = _count(row)
        return self.render(
            self.one_template,
            row=row,
            offered=_offered(row),
            variants=variants,
            priced=priced,
            delivered=session.scalar(select(func.count()).where(DeliveryRate.currency == row.currency)),
            days=timeline.by_day(timeline.of([row.subject()]), ZONE),
            actions=[
                Action("Change", self.get_url(".change", ref=ref), Right.CHANGE_PRICES, asks="Why?", fields=fields)
            ],
        )

    @expose("/create", methods=["POST"])
    @needs(Right.CHANGE_PRICES)
    def create(self) -> ResponseReturnValue:
        def act() -> str:
            place = max((row.position for row in pricing.lists()), default=0) + 1
            currency = typed_text("currency", 3).upper()
            return pricing.create_list(typed_text("code", 20), currency, place, by=access.by(), active=False).ref

        done = "The list is written. Set its prices and what delivery costs in it, then let customers choose it."
        return run(lambda: units.write(act), done, self.get_url(".index_view"), leads_to=self.page_of)

    @expose("/<ref>/change", methods=["POST"])
    @needs(Right.CHANGE_PRICES)
    def change(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            why, place = reason(), typed_count("position", LAST_PLACE)
            active = request.form.get("offered") == "yes"
            pricing.change_list(_price_list(ref), active=active, position=place, by=access.by(), reason=why)

        return run(lambda: units.write(act), "Customers see it now.", self.get_url(".one", ref=ref))


def _offered(row: PriceList) -> Markup:
    return badge("done", "Offered") if row.active else badge("waiting", "Not offered")


def _count(row: PriceList) -> tuple[int, int]:
    """How many variants are sold, and how many of them have a price here."""
    sold = (
        select(Variant.id).join(Product, Product.id == Variant.product_id).where(Variant.published, Product.published)
    )
    variants = session.scalar(select(func.count()).select_from(sold.subquery())) or 0
    priced = select(func.count(Price.variant_id.distinct())).where(
        Price.price_list_id == row.id, Price.variant_id.in_(sold)
    )
    return variants, session.scalar(priced) or 0


def _price_list(ref: str) -> PriceList:
    row = session.scalars(select(PriceList).where(PriceList.ref == ref)).one_or_none()
    if row is None:
        raise NotFound("price list")
    return row
