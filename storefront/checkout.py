"""Checkout, and the way to the payment page and back."""

from datetime import timedelta

from flask import flash, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backoffice.carts.filling import PricedCart
from backoffice.checkout import quotes
from backoffice.checkout import service as checkout
from backoffice.checkout.quotes import Quote
from backoffice.checkout.service import Placed, Wish
from backoffice.collection import service as collection
from backoffice.core import actor, clock, links, units
from backoffice.core.errors import CounterfoilError
from backoffice.core.formatting import countries, country, money
from backoffice.core.money import Money
from backoffice.core.said import said
from backoffice.core.words import gettext
from backoffice.customers import addresses
from backoffice.customers import service as customers
from backoffice.entities import service as entities
from backoffice.entities.models import LegalKind
from backoffice.invoices import service as invoices
from backoffice.orders import service as orders
from backoffice.orders.models import Order, OrderState
from backoffice.payments import service as payments
from backoffice.payments.models import Payment
from storefront.blueprint import (
    ORDER_COOKIE,
    blueprint,
    cart_token,
    keep_order,
    last_order,
    priced_cart,
    public,
    tariff,
)
from storefront.customer import CustomerIdentity, identity
from storefront.fields import country_choices
from storefront.forms import ButtonForm, CheckoutForm

ASK_EVERY = timedelta(seconds=2)  # however many waiting pages look, the provider is asked at most this often


@blueprint.get("/checkout")
def checkout_page() -> ResponseReturnValue:
    known = identity()
    form = CheckoutForm(formdata=None, country=public().country, to_country=public().country)
    if known:
        _fill_in(form, known)
    if ORDER_COOKIE in request.cookies:
        _fill_from_last(form)
    return _checkout_page(form)


@blueprint.post("/checkout")
def order_and_pay() -> ResponseReturnValue:
    """Place the order and send the customer to the payment page. A second press finds the first order."""
    form = CheckoutForm()
    _offer_countries(form)  # before the countries are checked
    known = identity()
    if known and (chosen := [name for name in ("address", "to_address") if name in request.form]):
        _fill_address(form, known, request.form[chosen[0]], chosen[0].removesuffix("address"))
        return _checkout_page(form)
    if "refresh" in request.form:  # without JavaScript: show the prices of another country or delivery
        return _checkout_page(form)
    if not form.validate():
        return _checkout_page(form, form.problem, 422)
    try:
        placed = checkout.place(cart_token() or "", _wish(form, known))
    except checkout.CartChanged as error:
        return _checkout_page(form, _what_changed(form) or said(error), error.status)
    except CounterfoilError as error:
        return _checkout_page(form, said(error), error.status)
    if known and form.keep_address.data:
        _keep_address(form, known)
    if not placed.as_wished:
        order_page = redirect(url_for(".order_page", token=links.order_token(placed.order_ref)), 303)
        return keep_order(make_response(order_page), placed.order_ref)
    return keep_order(make_response(to_payment(placed)), placed.order_ref)


@blueprint.get("/checkout/quote")
def quote() -> ResponseReturnValue:
    """For the open form: what delivery costs to another country or in another way."""
    chosen = request.args.get("delivery") or None
    with units.read():
        cart = priced_cart()
    where = request.args.get("country", "")[:2]
    found = quotes.of(cart, tariff(), where, chosen)
    if chosen and found.chosen is None:
        found = quotes.of(cart, tariff(), where, None)
    return jsonify(
        offers=[{"code": item.code, "price": _price_words(item.price)} for item in found.offers],
        chosen=found.chosen.code if found.chosen else "",
        delivery=_price_words(found.chosen.price) if found.chosen else "",
        total=money(found.total),
        plain=found.total.plain(),
        possible=found.can_be_ordered,
    )


@blueprint.get("/pay/<token>")
def come_back(token: str) -> ResponseReturnValue:
    """Where the provider sends the customer back to: asks what became of the payment, and tells the truth."""
    payment_ref, made_at = links.of_an_order("payment", token)
    _ask(payment_ref, timedelta(0))
    with units.read():
        payment = payments.by_ref(payment_ref)
        order = orders.get(invoices.get(payment.invoice_id).order_id)
        if orders.is_old_link(order, made_at):  # whoever pays at this moment finds the new link in their mail
            flash(gettext("The address of this order was corrected meanwhile: a link to it is in your mail."), "")
            return redirect(url_for(".find_order"), 303)
        if order.state != OrderState.PLACED:
            return redirect(_order_address(order), 303)
        return render_template(
            "shop/payment.html",
            order=order,
            payment=payment,
            token=token,
            order_token=links.order_token(order.ref),
            form=ButtonForm(),
            zone=entities.get(order.entity_id).zone,
        )


@blueprint.get("/pay/<token>/state")
def payment_state(token: str) -> ResponseReturnValue:
    """For the waiting page: what is known now. The page loads itself anew when this differs from what it shows."""
    payment_ref = links.unsign("payment", token)
    _ask(payment_ref, ASK_EVERY)
    with units.read():
        return jsonify(state=payments.by_ref(payment_ref).state)


def to_payment(placed: Placed) -> ResponseReturnValue:
    """The provider's page where it is open; else our own page, which waits for it and tells why."""
    if placed.page_url:
        return redirect(placed.page_url, 303)
    return redirect(url_for(".come_back", token=links.payment_token(placed.payment_ref)), 303)


def _checkout_page(form: CheckoutForm, problem: str = "", status: int = 200) -> ResponseReturnValue:
    """The checkout form as it stands: what was typed stays; what is agreed to (filling, total, terms) is shown anew."""
    known = identity()
    _offer_countries(form)
    with units.read():
        cart = priced_cart()
        if not cart.lines:
            return redirect(url_for(".cart"), 303)
        shown = _quoted(form, cart)
        _seller, terms = entities.selling(LegalKind.TERMS)
        form.checkout_key.data = cart.checkout_key
        form.total.data = shown.total.plain()
        form.currency.data = shown.total.currency
        form.delivery.data = shown.chosen.code if shown.chosen else ""
        form.terms_version.data = str(terms.version)
        page = render_template(
            "shop/checkout.html",
            form=form,
            quote=shown,
            terms=terms,
            problem=problem,
            customer=known,
            saved=addresses.of(customers.get(known.person_id)) if known else [],
        )
    return page, status


def _quoted(form: CheckoutForm, priced: PricedCart) -> Quote:
    """What the form as it stands would cost; a way of delivery that the country has not gives way to the first."""
    where = form.destination_country() or public().country
    wished = quotes.of(priced, tariff(), where, form.delivery.data or None)
    return wished if wished.chosen or not form.delivery.data else quotes.of(priced, tariff(), where, None)


def _wish(form: CheckoutForm, known: CustomerIdentity | None) -> Wish:
    version = str(form.terms_version.data)
    code = str(form.currency.data)
    if not any(item.code == code for item in public().currencies):
        raise checkout.CartChanged
    return Wish(
        checkout_key=str(form.checkout_key.data),
        total=Money.parse(str(form.total.data), code),
        terms_version=int(version) if version.isascii() and version.isdigit() and len(version) < 9 else 0,
        terms_accepted=bool(form.terms.data),
        contact=form.contact(),
        delivery_code=str(form.delivery.data or ""),
        deliver_to=form.deliver_to(),
        gift_note=str(form.gift_note.data or "") if form.elsewhere.data else "",
        person_ref=known.ref if known else "",
        keeps_card=known is not None and bool(form.keep_card.data),
    )


def _what_changed(form: CheckoutForm) -> str:
    """Why the button was not taken, as far as it is about the price: the sentence names the new total."""
    with units.read():
        shown = _quoted(form, priced_cart())
        if not shown.cart.is_for_sale:
            return ""
        if shown.kept_back:
            ware = shown.kept_back[0]
            words = gettext(
                "“%(name)s” is offered in %(countries)s only.",
                name=ware.full_name,
                countries=countries(ware.sold_in),
            )
            return str(words)
        if not shown.can_be_ordered:
            return str(gettext("We do not deliver there. Please choose another country."))
        if shown.total.plain() == form.total.data and shown.total.currency == form.currency.data:
            return ""
        if shown.chosen:
            words = gettext(
                "With delivery to %(country)s the total is %(total)s now. Check it and order again.",
                country=country(form.destination_country()),
                total=money(shown.total),
            )
        else:
            words = gettext("The total is %(total)s now. Check it and order again.", total=money(shown.total))
        return str(words)


def _offer_countries(form: CheckoutForm) -> None:
    choices = country_choices(tariff().countries)
    form.country.choices = form.to_country.choices = choices


def _fill_in(form: CheckoutForm, known: CustomerIdentity) -> None:
    """What we know of a customer who is logged in, with the address they prefer."""
    form.email.data, form.name.data = known.email, known.name
    _fill_address(form, known)


def _fill_address(form: CheckoutForm, known: CustomerIdentity, wish: str = "", place: str = "") -> None:
    """Put a saved address into the form, the first where none is wished for; ``place`` is ``to_`` for where it goes. What else
    was typed stays."""
    with units.read():
        saved = addresses.of(customers.get(known.person_id))
        chosen = next((row for row in saved if row.ref == wish), saved[0] if saved else None)
        if chosen:
            for name in ("name", "street", "postcode", "city", "country"):
                form[place + name].data = getattr(chosen, name)


def _fill_from_last(form: CheckoutForm) -> None:
    """What stood in the order that was cancelled here to be changed, or ran out of time: nobody types it twice."""
    with units.read():
        order = last_order()
        if order is None or order.state not in (OrderState.CANCELLED, OrderState.EXPIRED):
            return
        for name in ("email", "name", "street", "postcode", "city", "country", "phone", "gift_note"):
            form[name].data = getattr(order, name)
        form.delivery.data = order.delivery_code
        if order.deliver_to:
            form.elsewhere.data = True
            for name, value in order.deliver_to.items():
                form[f"to_{name}"].data = value


def _keep_address(form: CheckoutForm, known: CustomerIdentity) -> None:
    def keep() -> None:
        addresses.keep(customers.get(known.person_id), form.contact().address, by=known.by)

    try:
        units.write(keep)
    except addresses.TooManyAddresses:
        return  # the order is placed; a full address book does not stop it


def _price_words(price: Money) -> str:
    return money(price) if price else str(gettext("free"))


def _order_address(order: Order) -> str:
    return url_for(".order_page", token=links.order_token(order.ref))


def _ask(payment_ref: str, at_most_every: timedelta) -> None:
    """Ask the provider, unless the answer is known or somebody asked a moment ago."""
    with units.read():
        payment = payments.by_ref(payment_ref)
        payment_id = payment.id
        by = actor.customer(_person_of(payment))
        fresh = payment.asked_at is not None and payment.asked_at > clock.now() - at_most_every
        if not payment.is_open or fresh:
            return
    collection.learn(payment_id, by=by)


def _person_of(payment: Payment) -> str:
    order = orders.get(invoices.get(payment.invoice_id).order_id)
    return customers.get(order.person_id).ref
