"""The cart: add, change, look."""

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from backoffice.carts import service as carts
from backoffice.catalog import display
from backoffice.catalog import service as catalog
from backoffice.core import links, units
from backoffice.core.errors import CounterfoilError
from backoffice.stock import service as stock
from storefront.blueprint import (
    blueprint,
    cart_here,
    comes_from_us,
    keep_cart,
    open_order,
    priced_cart,
    public,
    tariff,
    version,
)
from storefront.forms import ButtonForm, QuantityForm
from storefront.fragments import fragment
from storefront.pictures import Picture, pictured
from storefront.products import product_page


def expired_words() -> str:
    return str(gettext("This page was open for a long time. Nothing is lost: please press the button again."))


@blueprint.post("/cart/add")
def add() -> ResponseReturnValue:
    """Put something in the cart. The form stands on pages that are the same for everybody, so it has no token: a press
    from another site is refused by what the browser says about it."""
    form = QuantityForm(meta={"csrf": False})
    ref = request.form.get("variant", "")
    if not comes_from_us() or not form.validate():
        return _again(ref, gettext("Choose a quantity between 1 and 99."))

    def put_in() -> str:
        variant = catalog.variant_for_sale(ref)
        cart = cart_here()
        token = "" if cart else carts.new_token()  # a token that is not ours is never adopted
        carts.add(cart or carts.create(token), variant, int(form.quantity.data or 0))
        return token

    try:
        token = units.write(put_in)
    except (carts.QuantityOutOfRange, carts.CartFull) as error:
        return _again(ref, str(error))
    answer = make_response(redirect(url_for(".cart"), 303))
    return keep_cart(answer, token) if token else answer


def _again(variant_ref: str, problem: str) -> ResponseReturnValue:
    """The product's page with what was typed, and what is wrong with it."""
    with units.read():
        variant = catalog.variant_for_sale(variant_ref)
        slug, sku = variant.product.slug, variant.sku
    return product_page(slug, sku, request.form.get("quantity", "")[:20], problem, 422)


@blueprint.post("/cart/change")
def change() -> ResponseReturnValue:
    form = QuantityForm()
    if not form.validate():
        problem = (
            expired_words() if form.has_expired else gettext("Choose a quantity between 1 and 99, or 0 to remove it.")
        )
        return _page(problem), 422

    def set_quantity() -> None:
        cart = cart_here()
        if cart:
            carts.set_quantity(
                cart, str(form.variant.data), 0 if "remove" in request.form else int(form.quantity.data or 0)
            )

    try:
        units.write(set_quantity)
    except CounterfoilError as error:
        return _page(str(error)), error.status
    return redirect(url_for(".cart"), 303)


@blueprint.get("/cart")
def cart() -> ResponseReturnValue:
    return _page()


def _page(problem: str = "") -> str:
    shop, ways = public(), tariff()
    with units.read():
        priced = priced_cart()
        order = open_order()
        left = stock.available(list(priced.pieces))
    offers = ways.offers(shop.country, priced.shipped) if priced.needs_delivery else []
    return render_template(
        "shop/cart.html",
        cart=priced,
        left=left,
        short={variant_id for variant_id, wanted in priced.pieces.items() if wanted > left[variant_id]},
        delivery=min(offers, key=lambda offer: offer.price.amount) if offers else None,
        form=ButtonForm(),
        pictures=_covers([line.ware.product_id for line in priced.lines]),
        problem=problem,
        order=order,
        order_token=links.order_token(order.ref) if order else "",
    )


def _covers(product_ids: list[int]) -> dict[int, Picture]:
    """The first picture of each product that has one, as it stood when the catalogue changed last."""

    def look() -> dict[int, Picture]:
        with units.read():
            return {key: pictured(display.picture(image)) for key, image in catalog.covers(product_ids).items()}

    return fragment(version(), ("covers", *sorted(set(product_ids))), look, shared=False) if product_ids else {}
