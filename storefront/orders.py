"""The page of an order, by signed link: what it is, what can be done, its papers, parcels, downloads and dates."""

import io
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from flask import Response, flash, make_response, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from backoffice.carts import service as carts
from backoffice.checkout import again, endings
from backoffice.checkout import service as checkout
from backoffice.core import actor, clock, links, units
from backoffice.core.actor import Actor
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.core.said import said
from backoffice.core.words import gettext
from backoffice.customers import service as customers
from backoffice.entities import service as entities
from backoffice.files import service as files
from backoffice.fulfilment import appointments, downloads, parcels
from backoffice.fulfilment import service as fulfilment
from backoffice.invoices import credit_notes
from backoffice.invoices import service as invoices
from backoffice.orders import finding, withdrawals
from backoffice.orders import service as orders
from backoffice.orders.models import PAYABLE, Order, OrderState
from backoffice.payments import service as payments
from backoffice.refunds import service as refunds
from storefront.blueprint import blueprint, cart_here, keep_cart
from storefront.checkout import to_payment
from storefront.customer import identity
from storefront.forms import ButtonForm, FindOrderForm, WishForm, expired_words
from storefront.limits import limited
from storefront.products import leaves

PRINTED_WITHIN = timedelta(minutes=5)  # after that a page does not look for its invoice by itself any more


@blueprint.get("/orders/find")
def find_order() -> ResponseReturnValue:
    known = identity()
    form = FindOrderForm(formdata=None, email=known.email if known else "")
    return render_template("shop/find_order.html", form=form, asked=False)


@blueprint.post("/orders/find")
@limited("20 per hour", keeps_form=True)
def ask_for_order() -> ResponseReturnValue:
    """Mail somebody the way to their order; the answer is the same whether we know it or not."""
    form = FindOrderForm()
    if not form.validate():
        return render_template("shop/find_order.html", form=form, asked=False, problem=form.problem), 422
    units.write(lambda: finding.send_link(str(form.order_number.data), str(form.email.data)))
    return render_template("shop/find_order.html", form=form, asked=True)


@blueprint.get("/orders/<token>")
def order_page(token: str) -> ResponseReturnValue:
    return _page(token)


@blueprint.post("/orders/<token>/pay")
def pay_again(token: str) -> ResponseReturnValue:
    """Try again on the same order: a new attempt, never a second charge."""
    if not ButtonForm().validate():
        return _page(token, expired_words(), 422)
    ref, by = _known(token)
    try:
        return to_payment(checkout.retry(ref, by=by))
    except CounterfoilError as error:
        return _page(token, said(error), error.status)


@blueprint.post("/orders/<token>/cancel")
def cancel(token: str) -> ResponseReturnValue:
    """The customer changed their mind before paying: what was in the order goes back into their cart."""
    if not ButtonForm().validate():
        return _page(token, expired_words(), 422)
    ref, by = _known(token)
    try:
        endings.cancel(ref, by=by, reason="cancelled by the customer before paying")
    except CounterfoilError as error:
        return _page(token, said(error), error.status)
    flash(gettext("The order is cancelled, and nothing was charged. What was in it is in your cart again."), "good")
    return _into_cart(ref)


@blueprint.post("/orders/<token>/again")
def order_again(token: str) -> ResponseReturnValue:
    """What was ordered and never paid, once more."""
    if not ButtonForm().validate():
        return _page(token, expired_words(), 422)
    ref, _by = _known(token)
    return _into_cart(ref)


def _into_cart(order_ref: str) -> ResponseReturnValue:
    def put_in() -> tuple[bool, str]:
        cart = cart_here()
        token = "" if cart else carts.new_token()
        return again.put_back(orders.by_ref(order_ref), cart or carts.create(token)), token

    is_whole, token = units.write(put_in)
    if not is_whole:
        flash(gettext("Something of it is not sold any more, or did not fit into the cart."), "bad")
    answer = make_response(redirect(url_for(".cart"), 303))
    return keep_cart(answer, token) if token else answer


@blueprint.get("/orders/<token>/invoice.pdf")
def invoice_paper(token: str) -> ResponseReturnValue:
    with units.read():
        invoice = invoices.for_order(_order(token).id)
        paper = invoices.paper(invoice)
        if paper is None:
            raise NotFound("paper yet")
        sha256, name = paper.file.sha256, paper.file.name
    return _file(files.read(sha256), "application/pdf", name, "inline")


@blueprint.get("/orders/<token>/credit/<ref>.pdf")
def credit_note_paper(token: str, ref: str) -> ResponseReturnValue:
    with units.read():
        note = credit_notes.by_ref(ref)
        if note.invoice.order_id != _order(token).id:
            raise NotFound("credit note")
        paper = credit_notes.paper(note)
        if paper is None:
            raise NotFound("paper yet")
        sha256, name = paper.file.sha256, paper.file.name
    return _file(files.read(sha256), "application/pdf", name, "inline")


@blueprint.post("/orders/<token>/downloads/<ref>")
def download(token: str, ref: str) -> ResponseReturnValue:
    """One of the files that were bought; counted, so it is asked for by a button and not by a link that programs follow."""
    if not ButtonForm().validate():
        return _page(token, expired_words(), 422)
    order_ref, by = _known(token)

    def take() -> tuple[str, str, str]:
        asset = downloads.take(orders.by_ref(order_ref), ref, by=by)
        return asset.file.sha256, asset.media_type, asset.name

    try:
        sha256, media_type, name = units.write(take)
    except downloads.UsedUp as error:
        return _page(token, said(error), error.status)
    return _file(files.read(sha256), media_type, name, "attachment")


@blueprint.post("/orders/<token>/appointments/<ref>")
def answer_date(token: str, ref: str) -> ResponseReturnValue:
    """Yes to the date that was shown, or no and what would suit."""
    form = WishForm() if "decline" in request.form else ButtonForm()
    if not form.validate():
        sent = {ref: form} if isinstance(form, WishForm) else {}
        return _page(token, form.problem or str(form.wish.errors[0]), 422, sent)
    order_ref, by = _known(token)
    try:
        starts_at = clock.read(request.form.get("starts_at", ""))
    except ValueError:
        raise NotFound("date") from None

    def answer() -> None:
        order = orders.by_ref(order_ref)
        if isinstance(form, WishForm):
            appointments.decline(order, ref, starts_at, by=by, wish=str(form.wish.data))
        else:
            appointments.agree(order, ref, starts_at, by=by)

    try:
        units.write(answer)
    except CounterfoilError as error:
        return _page(token, said(error), error.status)
    return redirect(url_for(".order_page", token=token), 303)


def _page(
    token: str, problem: str = "", status: int = 200, sent: Mapping[str, WishForm] = MappingProxyType({})
) -> ResponseReturnValue:
    """The order as it stands; ``sent`` is the form that was refused, by the date that it is about: what was typed stays."""
    with units.read():
        ref, made_at = links.of_an_order("order", token)
        order, invoice, entity = invoices.with_order(ref)
        orders.refuse_old_link(order, made_at)
        attempts = payments.for_invoice(invoice)
        payment = attempts[-1]
        returned = refunds.of(attempts)
        # What came back and was sent once more is told once.
        repeated = {item.owed.id for item in returned if item.owed and not item.is_refused}
        repeated |= {
            item.id for item in returned if item.twice == item.money and not item.is_gone
        }  # nothing is owed of those
        is_paid = order.state == OrderState.PAID
        delivery = fulfilment.find(order.id) if is_paid else None
        dates = appointments.of(order) if delivery else []
        paper = invoices.paper(invoice) if is_paid else None
        printing = order.paid_at is not None and paper is None and clock.now() < order.paid_at + PRINTED_WITHIN
        page = render_template(
            "shop/order.html",
            order=order,
            invoice=invoice,
            paper=paper,
            is_being_printed=printing,
            may_have_account=is_paid and not identity() and not customers.get(order.person_id).has_account,
            token=token,
            payment=payment,
            payment_token=links.payment_token(payment.ref),
            on_its_way=payment.is_under_way,
            can_cancel=order.state in PAYABLE,
            delivery=delivery,
            declared=withdrawals.of(order) if is_paid else [],
            refunds=[item for item in returned if item.accepted_at and item.id not in repeated],
            methods={item.id: item.method for item in attempts},
            credit_notes=credit_notes.of(invoice) if returned else [],
            terms=entities.text_of(order.terms_id) if is_paid else None,
            parcels=parcels.of(order) if delivery else [],
            to_ship=fulfilment.to_ship(order) if delivery else [],
            downloads=downloads.of(order) if delivery else [],
            can_begin_anew=downloads.can_begin_anew,
            appointments=dates,
            entity=entity,
            leaves=leaves(clock.today(entity.zone), since=clock.day_of(order.paid_at, entity.zone))
            if order.paid_at
            else "",
            form=ButtonForm(),
            wishes={date.ref: _wish_form(date.ref, sent) for date in dates},
            problem=problem,
        )
    return page, status


def _wish_form(ref: str, sent: Mapping[str, WishForm]) -> WishForm:
    """One of perhaps several on the page, its field told apart by its id."""
    form = sent.get(ref) or WishForm(formdata=None)
    form.wish.id = f"wish-{ref}"
    return form


def _known(token: str) -> tuple[str, Actor]:
    with units.read():
        order = _order(token)
        return order.ref, actor.customer(customers.get(order.person_id).ref)


def _order(token: str) -> Order:
    return orders.by_link(token)


def _file(content: bytes, media_type: str, name: str, disposition: str) -> Response:
    answer = send_file(
        io.BytesIO(content), media_type, disposition == "attachment", name, conditional=False, etag=False
    )  # fmt: skip
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
