"""The blueprint of the shop: what every view knows of shop and visitor, and the cookies that it keeps."""

import contextlib
from dataclasses import dataclass

from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from backoffice.carts import filling
from backoffice.carts import service as carts
from backoffice.carts.filling import PricedCart
from backoffice.carts.models import Cart
from backoffice.catalog import pricing, shelves
from backoffice.catalog import version as catalogue_version
from backoffice.core import formatting, links, maintenance, units
from backoffice.core.errors import CounterfoilError
from backoffice.core.once import keep, once
from backoffice.core.ports import settings
from backoffice.entities import service as entities
from backoffice.fulfilment import methods
from backoffice.fulfilment.methods import Tariff
from backoffice.orders import service as orders
from backoffice.orders.models import PAYABLE, Order
from storefront.customer import identity
from storefront.fragments import fragment

CART_COOKIE = "cart"
CART_LIFE = 60 * 24 * 3600  # seconds
ORDER_COOKIE = "order"
ORDER_KEPT = 24 * 3600  # seconds
CURRENCY_COOKIE = "currency"
CURRENCY_KEPT = 365 * 24 * 3600  # seconds
COME_BACK = 300  # seconds after which robots and browsers may ask again during maintenance

blueprint = Blueprint(
    "storefront", __name__, template_folder="templates", static_folder="static", static_url_path="/static/shop"
)

blueprint.add_app_template_filter(formatting.money, "money")
blueprint.add_app_template_filter(formatting.countries, "countries")
blueprint.add_app_template_filter(formatting.figure, "figure")
blueprint.add_app_template_filter(formatting.moment, "moment")
blueprint.add_app_template_filter(formatting.day, "day")
blueprint.add_app_template_filter(formatting.percent, "percent")
blueprint.add_app_template_filter(formatting.country, "country")


@dataclass(frozen=True)
class Currency:
    """A price list as a visitor sees it."""

    price_list_id: int
    code: str  # ISO 4217


@dataclass(frozen=True)
class Public:
    """What the frame of every page shows to everybody."""

    name: str
    country: str
    zone: str
    email: str
    categories: tuple[tuple[str, str], ...]  # slug, name
    currencies: tuple[Currency, ...]  # the shop's own first


class NoPrices(CounterfoilError):
    status = 503

    def __init__(self) -> None:
        super().__init__("The shop has no price list yet.")


NOBODY = Public("", "", "UTC", "", (), ())


def version() -> int:
    """The catalogue's version, the same for a whole request."""
    return once("catalogue_version", _version)


def public() -> Public:
    """The public part of the frame. Raises NoSeller on an empty database."""
    return once("public_frame", lambda: fragment(version(), ("public",), _public))


def currency() -> Currency:
    """The price list this visitor chose; the shop's own by default."""
    known = public().currencies
    if not known:
        raise NoPrices
    wish = request.cookies.get(CURRENCY_COOKIE, "")
    return next((item for item in known if item.code == wish), known[0])


def tariff() -> Tariff:
    """All ways of delivery and their rates."""
    return fragment(version(), ("tariff",), _tariff)


def cart_token() -> str | None:
    return request.cookies.get(CART_COOKIE)


def cart_here() -> Cart | None:
    """The cart of this browser, or of the customer who is logged in here, to be changed. Inside a unit."""
    return carts.find(cart_token(), _person_id())


def priced_cart() -> PricedCart:
    """What lies in that cart and costs in the currency chosen. Inside a unit; the frame is spared a look of its own."""
    found = filling.of(cart_token(), _person_id(), currency().code)
    keep("cart_pieces", found.count)
    return found


def keep_cart(response: Response, token: str) -> Response:
    return _keep(response, CART_COOKIE, token, CART_LIFE)


def keep_order(response: Response, order_ref: str) -> Response:
    """Remember the order in the browser that placed it, so that leaving the payment page does not lose it."""
    return _keep(response, ORDER_COOKIE, links.order_token(order_ref), ORDER_KEPT)


def keep_currency(response: Response, code: str) -> Response:
    return _keep(response, CURRENCY_COOKIE, code, CURRENCY_KEPT)


def open_order() -> Order | None:
    """The order this browser placed last, while it can still be paid."""
    order = last_order()
    return order if order and order.state in PAYABLE else None


def last_order() -> Order | None:
    """The order this browser placed last, for a day. Inside a unit."""
    try:
        return orders.by_link(request.cookies.get(ORDER_COOKIE, ""))
    except CounterfoilError:
        return None


def comes_from_us() -> bool:
    """Whether a form was sent from our own pages. For forms without a token, on pages that are the same for everybody:
    browsers say where a request comes from; programs that say nothing have no visitor's cookies either."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    return site in ("same-origin", "none") and origin in (None, request.host_url.rstrip("/"))


def closed() -> str | None:
    """What customers are told while the shop is closed, looked up once per request."""
    return once("closed", maintenance.notice)


@blueprint.before_request
def closed_for_maintenance() -> ResponseReturnValue | None:
    """While the switch is on, nothing of the shop is asked: not the database either."""
    notice = closed() if request.endpoint != "storefront.static" else None
    if notice is None:
        return None
    keep("customer_identity", None)  # Flask-Login asks for every template who is there
    answer = make_response(render_template("shop/maintenance.html", notice=notice), 503)
    answer.headers["Retry-After"] = str(COME_BACK)
    return answer


@blueprint.before_request
def look_ahead() -> None:
    """What every page shows of the shop and of the visitor is looked up before any unit opens: it may ask Redis, and
    nobody waits for a network inside a transaction."""
    if request.endpoint not in ("storefront.static", "storefront.image"):
        with contextlib.suppress(SQLAlchemyError, CounterfoilError):  # the page itself says so
            identity()
            public()


def pieces() -> int:
    """How much is in this visitor's cart, looked up once per request."""
    return once("cart_pieces", _pieces)


def _version() -> int:
    known = catalogue_version.seen()
    if known is None:
        with units.read():
            known = catalogue_version.current()
    return known


def _pieces() -> int:
    if not cart_token() and not identity():
        return 0
    with units.read():
        return carts.pieces(cart_token(), _person_id())


def _tariff() -> Tariff:
    with units.read():
        return methods.tariff()


def _person_id() -> int | None:
    known = identity()
    return known.person_id if known else None


def _public() -> Public:
    with units.read():
        seller = entities.seller()
        return Public(
            name=seller.shop_name,
            country=seller.country,
            zone=seller.zone,
            email=seller.email,
            categories=tuple((item.slug, item.name) for item in shelves.categories()),
            currencies=tuple(Currency(item.id, item.currency) for item in pricing.active_lists()),
        )


def _keep(response: Response, name: str, value: str, seconds: int) -> Response:
    response.set_cookie(
        name, value, max_age=seconds, httponly=True, samesite="Lax", secure=settings().is_https, path="/"
    )
    return response
