"""Ways to pay that a customer keeps: entered on the provider's page, charged first, replaced, removed."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backoffice.core import clock, references, units
from backoffice.core.errors import CounterfoilError
from backoffice.core.said import said
from backoffice.core.words import gettext
from backoffice.customers import service as customers
from backoffice.disputes import service as disputes
from backoffice.payment_methods import bars, setups
from backoffice.payment_methods import service as methods
from backoffice.payment_methods.models import SHOWN, WAITING, MethodState, PaymentMethod, SetupState
from storefront.account import for_customers
from storefront.blueprint import blueprint, currency
from storefront.customer import CustomerIdentity
from storefront.forms import ButtonForm, SetupForm, expired_words
from storefront.limits import limited

SOON = 60  # days before a card is over, in which its owner is told


@blueprint.get("/account/payment-methods")
@for_customers
def payment_methods(known: CustomerIdentity) -> ResponseReturnValue:
    return _page(known)


@blueprint.post("/account/payment-methods/add")
@for_customers
@limited("20 per hour")
def add_method(known: CustomerIdentity) -> ResponseReturnValue:
    """To the provider's page, which alone learns the card's number."""
    return _enter(known, None)


@blueprint.post("/account/payment-methods/<ref>")
@for_customers
@limited("60 per hour")
def change_method(known: CustomerIdentity, ref: str) -> ResponseReturnValue:
    """Charge first, replace or remove: three buttons of one form."""
    if "replace" in request.form:
        return _enter(known, ref)
    if not ButtonForm().validate():
        return _page(known, expired_words(), 422)
    act = methods.remove if "remove" in request.form else methods.prefer
    units.write(lambda: act(methods.one(known.person_id, ref), by=known.by))
    return _done(gettext("It is removed.") if "remove" in request.form else gettext("It comes first now."))


@blueprint.get("/account/payment-methods/<ref>")
@for_customers
def kept_method(known: CustomerIdentity, ref: str) -> ResponseReturnValue:
    """Where the provider's page leads back to. What was entered there is asked for; the address proves nothing."""
    with units.read():
        setup_id = setups.one(known.person_id, ref).id
    state = setups.learn(setup_id, by=known.by)
    if state == SetupState.DONE:
        with units.read():
            kept = setups.kept_by(setup_id)
        if kept.state not in SHOWN:
            return _done(gettext("%(card)s was removed again, so it is not kept.", card=kept.name), "")
        return _done(gettext("%(card)s is kept.", card=kept.name))
    if state == SetupState.OPEN:
        return _done(gettext("Nothing was entered, so nothing is kept."), "")
    if state == SetupState.CREATED:
        return _done(
            gettext("We have no answer from our payment provider yet. What you entered appears here once we do."), ""
        )
    return _done(gettext("That page is over. Please begin again."), "bad")


def _enter(known: CustomerIdentity, replaces: str | None) -> ResponseReturnValue:
    form = SetupForm()
    if not form.validate():
        return _page(known, expired_words(), 422)

    def begin() -> int:
        old = methods.one(known.person_id, replaces) if replaces else None
        return setups.begin(
            customers.get(known.person_id), request_key=str(form.request_key.data), replaces=old,
            currency=currency().code, by=known.by,
        ).id  # fmt: skip

    try:
        setup_id = units.write(begin)
    except CounterfoilError as error:
        return _page(known, said(error), error.status)
    addresses: list[str] = []
    state = setups.learn(setup_id, by=known.by, then=lambda setup: addresses.append(setup.page_url))
    if state not in WAITING:  # the button of an old page was pressed again
        return _done(gettext("That page is over. Please begin again."), "bad")
    if addresses and addresses[-1]:
        return redirect(addresses[-1], 303)
    return _page(known, gettext("Our payment provider does not answer just now. Please try again in a moment."), 503)


def _page(known: CustomerIdentity, problem: str = "", status: int = 200) -> ResponseReturnValue:
    with units.read():
        rows = methods.of(known.person_id)
        page = render_template(
            "shop/account/payment_methods.html",
            methods=[(row, _remark(row)) for row in rows],
            may_add=len(rows) < setups.MOST,
            form=ButtonForm(),
            key=references.new("mtk"),
            problem=problem,
        )
    return page, status


def _remark(row: PaymentMethod) -> str:
    """What its owner should know of a card; empty where all is well."""
    if row.state == MethodState.BARRED:
        found = bars.standing(row.card)
        if disputes.has_any(row.person_id, [bar.source for bar in found]):
            return str(
                gettext(
                    "We do not charge this card: a payment with it was disputed at the bank. Keep another, or write to us."
                )
            )
        if any(bar.reason in (bars.DISPUTED, bars.BY_STAFF) for bar in found):  # by whom, nobody else is told
            return str(gettext("We do not charge this card any more. Keep another, or write to us."))
        return str(gettext("We do not charge this card any more. Please replace it, or ask your bank."))
    if row.good_until is not None:
        days = (row.good_until - clock.now().date()).days
        if days < 0:
            return str(gettext("This card is over. Please replace it."))
        if days <= SOON:
            return str(gettext("This card is over soon. Your bank sends a new one; replace it here when it comes."))
    return ""


def _done(words: str, tone: str = "good") -> ResponseReturnValue:
    flash(words, tone)
    return redirect(url_for(".payment_methods"), 303)
