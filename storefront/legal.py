"""Legal pages: the texts with their versions, the imprint, and the function to withdraw from a contract."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backoffice.core import references, units
from backoffice.core.errors import NotFound
from backoffice.core.words import gettext
from backoffice.entities import service as entities
from backoffice.entities.models import TITLES, LegalKind
from backoffice.orders import service as orders
from backoffice.orders import withdrawals
from backoffice.orders.withdrawals import Declaration
from storefront.blueprint import blueprint
from storefront.customer import identity
from storefront.forms import WithdrawalForm
from storefront.limits import limited

QUOTED = 300  # characters of a declaration that the page repeats: they travel in a cookie


@blueprint.get("/terms")
@blueprint.get("/terms/<int(max=99999):version>")
def terms(version: int | None = None) -> ResponseReturnValue:
    return _text(LegalKind.TERMS, version)


@blueprint.get("/privacy")
@blueprint.get("/privacy/<int(max=99999):version>")
def privacy(version: int | None = None) -> ResponseReturnValue:
    return _text(LegalKind.PRIVACY, version)


@blueprint.get("/withdrawal")
@blueprint.get("/withdrawal/<int(max=99999):version>")
def withdrawal(version: int | None = None) -> ResponseReturnValue:
    return _text(LegalKind.WITHDRAWAL, version)


@blueprint.get("/imprint")
@blueprint.get("/imprint/<int(max=99999):version>")
def imprint(version: int | None = None) -> ResponseReturnValue:
    return _text(LegalKind.IMPRINT, version)


@blueprint.get("/withdraw")
def withdraw() -> ResponseReturnValue:
    """Filled in with what the link of an order (``of``) tells, where somebody comes from its page; with its number where they
    come from a mail."""
    number = request.args.get("order", "")[:20]
    form = WithdrawalForm(
        formdata=None, request_key=references.new("wdk"), order_number=number if number.isdigit() else ""
    )
    if "of" in request.args:
        with units.read():
            order = orders.by_link(request.args["of"])
            form.order_number.data, form.name.data, form.email.data = str(order.number), order.name, order.email
    elif known := identity():
        form.name.data, form.email.data = known.name, known.email
    return render_template("shop/withdraw.html", form=form)


@blueprint.post("/withdraw")
@limited("30 per hour", keeps_form=True)
def declare() -> ResponseReturnValue:
    """Take the declaration; the answer is the same whether we know the order or not."""
    form = WithdrawalForm()
    if not form.validate():
        return render_template("shop/withdraw.html", form=form, problem=form.problem), 422
    declaration = Declaration(
        order_number=str(form.order_number.data),
        email=str(form.email.data),
        name=str(form.name.data),
        words=str(form.words.data or ""),
    )
    units.write(lambda: withdrawals.receive(declaration, request_key=str(form.request_key.data)))
    flash(
        gettext(
            "Received for order %(number)s; the confirmation goes to %(email)s.",
            number=declaration.order_number,
            email=declaration.email,
        ),
        "good",
    )
    if declaration.words:
        flash(gettext("You wrote: “%(words)s”", words=declaration.words[:QUOTED]), "good")
    return redirect(url_for(".withdrawn"), 303)


@blueprint.get("/withdraw/received")
def withdrawn() -> ResponseReturnValue:
    return render_template("shop/withdrawn.html")


def _text(kind: LegalKind, version: int | None) -> ResponseReturnValue:
    with units.read():
        seller = entities.seller()
        newest = entities.newest(seller, kind)
        if newest is None and kind != LegalKind.IMPRINT:  # of that, name and address are there without a text
            raise NotFound("text yet")
        return render_template(
            "shop/legal.html",
            kind=kind,
            text=entities.version(seller, kind, version) if version else newest,
            title=TITLES[kind],
            seller=seller,
            newest=newest.version if newest else 0,
            route=f"storefront.{kind.value}",
        )
