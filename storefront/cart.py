"""The cart: add, change, look."""

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from backoffice.carts import service as carts
from backoffice.catalog import service as catalog
from backoffice.core import links, units
from backoffice.core.errors import CounterfoilError
from backoffice.fulfilment import methods
from backoffice.stock import service as stock
from storefront.blueprint import blueprint, cart_token, comes_from_us, keep_cart, open_order, price_list, public
from storefront.catalogue import product_page
from storefront.forms import QuantityForm


def expired_words() -> str:
    return str(gettext("This page was open for a long time. Nothing is lost: please press the button again."))


@blueprint.post("/cart/add")
def add() -> ResponseReturnValue:
    """Put something in the cart. The form stands on pages that are the same for everybody, so it has no token: a press
    from another site is refused by what the browser says about it."""
    form = QuantityForm(meta={"csrf": False})
    with units.read():
        variant = catalog.variant_for_sale(request.form.get("variant", ""))
        slug, sku = variant.product.slug, variant.sku
        known = carts.find(cart_token())
    if not comes_from_us() or not form.validate():
        typed = request.form.get("quantity", "")[:20]
        return product_page(slug, sku, typed, gettext("Choose a quantity between 1 and 99."), 422)
    token = (cart_token() if known else None) or carts.new_token()  # a token that is not ours is never adopted

    def put_in() -> None:
        carts.add(
            carts.find_or_create(token), catalog.variant_for_sale(str(form.variant.data)), int(form.quantity.data or 0)
        )

    try:
        units.write(put_in)
    except (carts.QuantityOutOfRange, carts.CartFull) as error:
        return product_page(slug, sku, str(form.quantity.data), str(error), 422)
    return keep_cart(make_response(redirect(url_for(".cart"), 303)), token)


@blueprint.post("/cart/change")
def change() -> ResponseReturnValue:
    form = QuantityForm()
    token = cart_token()
    if not form.validate():
        problem = (
            expired_words() if form.has_expired else gettext("Choose a quantity between 1 and 99, or 0 to remove it.")
        )
        return _page(problem), 422

    def set_quantity() -> None:
        cart = carts.find(token)
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
    shop = public()
    with units.read():
        priced = carts.priced(carts.find(cart_token()), price_list())
        order = open_order()
        left = stock.available(list(priced.pieces))
        offers = methods.offers(shop.country, priced.shipped) if priced.needs_delivery else []
        return render_template(
            "shop/cart.html",
            cart=priced,
            left=left,
            short={variant_id for variant_id, wanted in priced.pieces.items() if wanted > left[variant_id]},
            delivery=min(offers, key=lambda offer: offer.price.amount) if offers else None,
            forms={
                line.variant.id: QuantityForm(formdata=None, variant=line.variant.ref, quantity=line.quantity)
                for line in priced.lines
            },
            pictures=catalog.covers([line.variant.product_id for line in priced.lines]),
            problem=problem,
            order=order,
            order_token=links.order_token(order.ref) if order else "",
        )
