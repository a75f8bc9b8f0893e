"""The cart: add, change, look."""

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from backoffice.carts import service as carts
from backoffice.catalog import service as catalog
from backoffice.core import links, units
from backoffice.core.errors import CounterfoilError
from backoffice.entities import service as entities
from backoffice.stock import service as stock
from storefront.blueprint import blueprint, cart_token, keep_cart, open_order
from storefront.forms import QuantityForm
from storefront.pages import product_page


def expired_words() -> str:
    return str(gettext("This page was open for a long time. Nothing is lost: please press the button again."))


@blueprint.post("/cart/add")
def add() -> ResponseReturnValue:
    form = QuantityForm()
    if not form.validate():
        problem = expired_words() if form.has_expired else gettext("Choose a quantity between 1 and 99.")
        return product_page(form, problem, 422)
    with units.read():
        known = carts.find(cart_token())
    token = (cart_token() if known else None) or carts.new_token()  # a token that is not ours is never adopted

    def put_in() -> None:
        carts.add(carts.find_or_create(token), catalog.by_ref(str(form.product.data)), int(form.quantity.data or 0))

    try:
        units.write(put_in)
    except carts.QuantityOutOfRange as error:
        return product_page(form, str(error), 422)
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
                cart, str(form.product.data), 0 if "remove" in request.form else int(form.quantity.data or 0)
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
    with units.read():
        filled = carts.find(cart_token())
        lines = filled.lines if filled else []
        seller = entities.seller()
        order = open_order()
        left = stock.available([line.product_id for line in lines])
        return render_template(
            "shop/cart.html",
            lines=lines,
            left=left,
            short=[line for line in lines if line.quantity > left[line.product_id]],
            total=carts.sum_of(filled, seller.currency) if filled else None,
            forms={
                line.id: QuantityForm(formdata=None, product=line.product.ref, quantity=line.quantity) for line in lines
            },
            problem=problem,
            order=order,
            order_token=links.order_token(order.ref) if order else "",
        )
