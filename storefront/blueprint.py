"""The blueprint of the shop, what every page knows, and the cart's cookie."""

import structlog
from flask import Blueprint, Response, request
from flask_babel import gettext
from sqlalchemy.exc import SQLAlchemyError

from backoffice.carts import service as carts
from backoffice.core import formatting, links, units
from backoffice.core.errors import CounterfoilError
from backoffice.core.ports import settings
from backoffice.entities import service as entities
from backoffice.orders import service as orders
from backoffice.orders.models import PAYABLE, Order

CART_COOKIE = "cart"
CART_LIFE = 60 * 24 * 3600  # seconds
ORDER_COOKIE = "order"
ORDER_KEPT = 24 * 3600  # seconds

log = structlog.get_logger(__name__)
blueprint = Blueprint(
    "storefront", __name__, template_folder="templates", static_folder="static", static_url_path="/static/shop"
)

blueprint.add_app_template_filter(formatting.money, "money")
blueprint.add_app_template_filter(formatting.figure, "figure")
blueprint.add_app_template_filter(formatting.moment, "moment")
blueprint.add_app_template_filter(formatting.day, "day")
blueprint.add_app_template_filter(formatting.percent, "percent")
blueprint.add_app_template_filter(formatting.country, "country")


def cart_token() -> str | None:
    return request.cookies.get(CART_COOKIE)


def keep_cart(response: Response, token: str) -> Response:
    response.set_cookie(
        CART_COOKIE, token, max_age=CART_LIFE, httponly=True, samesite="Lax", secure=settings().is_https
    )
    return response


def keep_order(response: Response, order_ref: str) -> Response:
    """Remember the order in the browser that placed it, so that leaving the payment page does not lose it."""
    response.set_cookie(
        ORDER_COOKIE,
        links.order_token(order_ref),
        max_age=ORDER_KEPT,
        httponly=True,
        samesite="Lax",
        secure=settings().is_https,
    )
    return response


def open_order() -> Order | None:
    """The order this browser placed last, while it can still be paid."""
    try:
        order = orders.by_ref(links.unsign("order", request.cookies.get(ORDER_COOKIE, "")))
    except CounterfoilError:
        return None
    return order if order.state in PAYABLE else None


@blueprint.app_context_processor
def every_page() -> dict[str, object]:
    """What the frame of a shop page shows: the shop's name and how much is in the cart."""
    return {"shop": _frame, "_": gettext}


def _frame() -> dict[str, object]:
    """Asked for by the template, so that pages that do not show the frame read nothing. Survives a lost database, so
    that the error page can be shown."""
    try:
        with units.read():
            cart = carts.find(cart_token())
            return {
                "name": entities.seller().shop_name,
                "pieces": sum(line.quantity for line in cart.lines) if cart else 0,
            }
    except (SQLAlchemyError, CounterfoilError) as error:
        log.warning("the frame of the page could not be read", error=type(error).__name__)
        return {"name": "", "pieces": 0}
