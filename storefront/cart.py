"""The cart: add, change, look."""

from collections.abc import Mapping

from flask import Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backoffice.carts import service as carts
from backoffice.catalog import display
from backoffice.core import links, units
from backoffice.core.formatting import country
from backoffice.core.said import said
from backoffice.core.words import gettext
from backoffice.invoices import service as invoices
from backoffice.orders.models import Order
from backoffice.payments import service as payments
from backoffice.stock import service as stock
from storefront.blueprint import (
    blueprint,
    cart_here,
    cart_token,
    comes_from_us,
    keep_cart,
    open_order,
    priced_cart,
    public,
    tariff,
    version,
)
from storefront.forms import ButtonForm, QuantityForm, expired_words
from storefront.fragments import fragment
from storefront.pictures import Picture, pictured
from storefront.products import product_page

FIELD = "q-"  # before the reference of a variant: its quantity


@blueprint.post("/cart/add")
def add() -> ResponseReturnValue:
    """Put something in the cart. The form stands on pages that are the same for everybody, so it has no token: a press
    from another site is refused by what the browser says about it."""
    form = QuantityForm(meta={"csrf": False})
    ref = request.form.get("variant", "")
    if not comes_from_us() or not form.validate():
        return _again(ref, gettext("Choose a quantity between 1 and 99."))

    def put_in() -> str:
        variant = display.for_sale(ref)
        cart = cart_here()
        token = "" if cart else carts.new_token()  # a token that is not ours is never adopted
        carts.add(cart or carts.create(token), variant.id, int(form.quantity.data or 0))
        return token

    try:
        token = units.write(put_in)
    except (carts.QuantityOutOfRange, carts.CartFull) as error:
        return _again(ref, said(error))
    return _keep_on(make_response(redirect(url_for(".cart"), 303)), token)


def _keep_on(answer: Response, token: str | None) -> Response:
    """The browser keeps its cart for as long again, from its last use and not its first."""
    token = token or cart_token()
    return keep_cart(answer, token) if token else answer


def _again(variant_ref: str, problem: str) -> ResponseReturnValue:
    """The product's page with what was typed, and what is wrong with it."""
    with units.read():
        variant = display.for_sale(variant_ref)
    return product_page(variant.slug, variant.sku, request.form.get("quantity", "")[:20], problem, 422)


@blueprint.post("/cart/change")
def change() -> ResponseReturnValue:
    """All quantities as they stand in the fields, whichever button was pressed: *To checkout* takes them over, too."""
    form = ButtonForm()
    typed = {name[len(FIELD) :]: text.strip() for name, text in request.form.items() if name.startswith(FIELD)}
    if not form.validate():
        return _page(expired_words(), typed), 422
    if "remove" in request.form:
        typed[request.form["remove"]] = "0"
    if "take" in request.form:  # what is left, offered beside a line that wants more
        taken, _, typed[taken] = request.form["take"].partition(":")
    wanted = {ref: int(text) for ref, text in typed.items() if text.isascii() and text.isdigit() and len(text) < 10}
    if wanted.keys() != typed.keys() or any(count > carts.MOST for count in wanted.values()):
        return _page(gettext("Choose a quantity between 1 and 99, or 0 to remove it."), typed), 422

    def set_quantities() -> None:
        cart = cart_here()
        if cart:
            carts.set_quantities(cart, wanted)

    units.write(set_quantities)
    where = ".checkout_page" if request.form.get("then") == "checkout" else ".cart"
    return _keep_on(make_response(redirect(url_for(where), 303)), None)


@blueprint.get("/cart")
def cart() -> ResponseReturnValue:
    return _page()


def _page(problem: str = "", typed: Mapping[str, str] | None = None) -> str:
    shop, ways = public(), tariff()
    with units.read():
        priced = priced_cart()
        order = open_order()
        left = stock.available(list(priced.pieces))
        on_its_way = order is not None and not priced.lines and _is_being_paid(order)
    offers = ways.offers(shop.country, priced.shipped) if priced.needs_delivery else []
    return render_template(
        "shop/cart.html",
        cart=priced,
        left=left,
        short={variant_id for variant_id, wanted in priced.pieces.items() if wanted > left[variant_id]},
        delivery=min(offers, key=lambda offer: offer.price.amount) if offers else None,
        home=country(shop.country),
        form=ButtonForm(),
        typed=typed or {},
        pictures=_covers([(line.ware.product_id, line.ware.id) for line in priced.lines]),
        problem=problem,
        order=order,
        on_its_way=on_its_way,
        order_token=links.order_token(order.ref) if order else "",
    )


def _is_being_paid(order: Order) -> bool:
    return payments.for_invoice(invoices.for_order(order.id))[-1].is_under_way


def _covers(wares: list[tuple[int, int]]) -> dict[int, Picture]:
    """A picture of each variant, as it stood when the catalogue changed last."""

    def look() -> dict[int, Picture]:
        with units.read():
            return {key: pictured(image) for key, image in display.covers(wares).items()}

    return fragment(version(), ("covers", *sorted(wares)), look, shared=False) if wares else {}
