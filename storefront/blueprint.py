"""The blueprint of the shop, what every page knows, and the cart's cookie."""

from flask import Blueprint, Response, request
from flask_babel import gettext

from backoffice.carts import service as carts
from backoffice.core import formatting, units
from backoffice.core.ports import settings
from backoffice.entities import service as entities

CART_COOKIE = "cart"
CART_LIFE = 60 * 24 * 3600  # seconds

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
    except Exception:
        return {"name": "", "pieces": 0}
