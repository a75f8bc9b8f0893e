"""Checkout, the way to the payment page and back, and the order's page."""

from datetime import timedelta

from flask import Response, jsonify, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from backoffice.carts import service as carts
from backoffice.checkout import service as checkout
from backoffice.checkout.service import Placed, Wish
from backoffice.collection import service as collection
from backoffice.core import actor, clock, links, units
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.core.money import Money
from backoffice.customers import service as customers
from backoffice.entities import service as entities
from backoffice.files import service as files
from backoffice.invoices import service as invoices
from backoffice.orders import service as orders
from backoffice.orders.models import Order, OrderState
from backoffice.payments import service as payments
from backoffice.payments.models import Payment, PaymentState
from storefront.blueprint import blueprint, cart_token, keep_order
from storefront.cart import expired_words
from storefront.forms import ButtonForm, CheckoutForm

ASK_EVERY = timedelta(seconds=2)  # however many waiting pages look, the provider is asked at most this often


@blueprint.get("/checkout")
def checkout_page() -> ResponseReturnValue:
    return _checkout_page(CheckoutForm(formdata=None))


@blueprint.post("/checkout")
def order_and_pay() -> ResponseReturnValue:
    """Place the order and send the customer to the payment page. A second press finds the first order."""
    form = CheckoutForm()
    if not form.validate():
        return _checkout_page(form, expired_words() if form.has_expired else "", 422)
    try:
        placed = checkout.place(cart_token() or "", _wish(form))
    except CounterfoilError as error:
        return _checkout_page(form, str(error), error.status)
    if not placed.as_wished:
        order_page = redirect(url_for(".order_page", token=links.order_token(placed.order_ref)), 303)
        return keep_order(make_response(order_page), placed.order_ref)
    return keep_order(make_response(_to_payment(placed)), placed.order_ref)


@blueprint.get("/pay/<token>")
def come_back(token: str) -> ResponseReturnValue:
    """Where the provider sends the customer back to: asks what became of the payment, and tells the truth."""
    payment_ref = links.unsign("payment", token)
    _ask(payment_ref, timedelta(0))
    with units.read():
        payment = payments.by_ref(payment_ref)
        order = orders.get(invoices.get(payment.invoice_id).order_id)
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


@blueprint.get("/orders/<token>")
def order_page(token: str) -> ResponseReturnValue:
    with units.read():
        order = _order(token)
        invoice = invoices.for_order(order.id)
        payment = payments.for_invoice(invoice)[-1]
        return render_template(
            "shop/order.html",
            order=order,
            invoice=invoice,
            paper=invoices.paper(invoice),
            token=token,
            payment=payment,
            payment_token=links.payment_token(payment.ref),
            on_its_way=payment.is_open and payment.state != PaymentState.SENT,
            entity=entities.get(order.entity_id),
            form=ButtonForm(),
        )


@blueprint.post("/orders/<token>/pay")
def pay_again(token: str) -> ResponseReturnValue:
    """Try again on the same order: a new attempt, never a second charge."""
    if not ButtonForm().validate():
        return redirect(url_for(".order_page", token=token), 303)
    with units.read():
        order = _order(token)
        by = actor.customer(customers.get(order.person_id).ref)
        order_ref = order.ref
    try:
        return _to_payment(checkout.retry(order_ref, by=by))
    except CounterfoilError:
        return redirect(url_for(".order_page", token=token), 303)


@blueprint.get("/orders/<token>/invoice.pdf")
def invoice_paper(token: str) -> ResponseReturnValue:
    with units.read():
        invoice = invoices.for_order(_order(token).id)
        paper = invoices.paper(invoice)
        if paper is None:
            raise NotFound("paper yet")
        sha256, name = paper.file.sha256, paper.file.name
    answer = Response(files.read(sha256), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="{name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _checkout_page(form: CheckoutForm, problem: str = "", status: int = 200) -> ResponseReturnValue:
    """The checkout form as it stands: what was typed stays; what is agreed to (filling, total, terms) is shown anew."""
    with units.read():
        seller = entities.seller()
        cart = carts.find(cart_token())
        if cart is None or not cart.lines:
            return redirect(url_for(".cart"), 303)
        total = carts.sum_of(cart, seller.currency)
        terms = entities.current_terms(seller)
        form.checkout_key.data = cart.checkout_key
        form.total.data = total.plain()
        form.terms_version.data = str(terms.version)
        page = render_template(
            "shop/checkout.html", form=form, lines=cart.lines, total=total, terms=terms, problem=problem
        )
    return page, status


def _wish(form: CheckoutForm) -> Wish:
    with units.read():
        currency = entities.seller().currency
    version = str(form.terms_version.data)
    return Wish(
        checkout_key=str(form.checkout_key.data),
        total=Money.parse(str(form.total.data), currency),
        terms_version=int(version) if version.isascii() and version.isdigit() and len(version) < 9 else 0,
        terms_accepted=bool(form.terms.data),
        contact=form.contact(),
    )


def _to_payment(placed: Placed) -> ResponseReturnValue:
    """The provider's page where it is open; else our own page, which waits for it and tells why."""
    with units.read():
        payment = payments.by_ref(placed.payment_ref)
        if payment.state in (PaymentState.SENT, PaymentState.REQUIRES_ACTION):
            return redirect(payment.page_url, 303)
    return redirect(url_for(".come_back", token=links.payment_token(placed.payment_ref)), 303)


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


def _order(token: str) -> Order:
    return orders.by_ref(links.unsign("order", token))
