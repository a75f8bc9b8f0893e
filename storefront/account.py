"""Everything a customer keeps with us: orders, addresses, name, password, devices."""

from collections.abc import Callable
from functools import wraps

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backoffice.core import units
from backoffice.core.actor import origin
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.core.said import said
from backoffice.core.words import gettext
from backoffice.customers import accounts, addresses, moving
from backoffice.customers import service as customers
from backoffice.customers.models import Person
from backoffice.invoices import service as invoices
from backoffice.logins import sessions
from backoffice.logins.models import Holder
from backoffice.orders import service as orders
from backoffice.payment_methods import service as payment_methods
from storefront.blueprint import blueprint, public, tariff
from storefront.customer import CustomerIdentity, identity, session_token, to_login
from storefront.fields import country_choices
from storefront.forms import (
    AddressForm,
    ButtonForm,
    ChangePasswordForm,
    EmailForm,
    NameForm,
    expired_words,
)
from storefront.limits import limited
from storefront.standing import standings

PER_PAGE = 20

View = Callable[..., ResponseReturnValue]


def for_customers(view: View) -> View:
    """The page of somebody who is logged in: gets their identity first; others are asked to log in."""

    @wraps(view)
    def guarded(*args: object, **kwargs: object) -> ResponseReturnValue:
        known = identity()
        return view(known, *args, **kwargs) if known else to_login()

    return guarded


@blueprint.get("/account")
@for_customers
def account(known: CustomerIdentity) -> ResponseReturnValue:
    return _account(known)


@blueprint.get("/account/orders")
@for_customers
def order_history(known: CustomerIdentity) -> ResponseReturnValue:
    before = request.args.get("before", default=0, type=int)
    with units.read():
        rows = orders.of_person(known.person_id, before if 0 < before < 2**62 else None, PER_PAGE + 1)
        papers = invoices.of_orders([order.id for order in rows[:PER_PAGE]])
        return render_template(
            "shop/account/orders.html",
            orders=[(row, papers.get(row.order.id)) for row in standings(rows[:PER_PAGE])],
            next=rows[PER_PAGE - 1].id if len(rows) > PER_PAGE else None,
        )


@blueprint.post("/account/name")
@for_customers
def rename(known: CustomerIdentity) -> ResponseReturnValue:
    form = NameForm()
    if not form.validate():
        return _account(known, name_form=form, problem=form.problem, status=422)
    units.write(lambda: accounts.rename(customers.get(known.person_id), str(form.name.data), by=known.by))
    return _done(gettext("Your name is saved."))


@blueprint.post("/account/email")
@for_customers
@limited("20 per hour", keeps_form=True)
def change_email(known: CustomerIdentity) -> ResponseReturnValue:
    """Let a link be sent to the new address; the answer is the same whether we know it or not."""
    form = EmailForm()
    if not form.validate():
        return _account(known, email_form=form, problem=form.problem, status=422)
    email = str(form.email.data)
    try:
        moving.ask(known.ref, email, str(form.proof.data), network=origin().network)
    except CounterfoilError as error:
        return _account(known, email_form=form, problem=said(error), status=error.status)
    return _done(gettext("We have sent a mail to %(email)s. The link in it works for a day.", email=email))


@blueprint.get("/account/email/<token>")
@for_customers
def new_email(known: CustomerIdentity, token: str) -> ResponseReturnValue:
    """Where the link in the mail leads. Looking at it changes nothing: mail programs look at links too."""
    return _new_email(known, token)


@blueprint.post("/account/email/<token>")
@for_customers
def use_email(known: CustomerIdentity, token: str) -> ResponseReturnValue:
    if not ButtonForm().validate():
        return _new_email(known, token, expired_words()), 422
    if not moving.was_used(token, known.ref):  # pressed twice is pressed once
        units.write(lambda: moving.use(token, known.ref, session_token()))
    return _done(gettext("Your account has its new address, and every other device is logged out."))


@blueprint.post("/account/change-password")
@for_customers
def change_password(known: CustomerIdentity) -> ResponseReturnValue:
    form = ChangePasswordForm()
    if not form.validate():
        return _account(known, password_form=form, problem=form.problem, status=422)
    try:
        accounts.change_password(
            known.ref, str(form.old.data), str(form.password.data), token=session_token(), network=origin().network
        )
    except CounterfoilError as error:
        return _account(known, password_form=form, problem=said(error), status=error.status)
    return _done(gettext("Your password is changed, and every other device is logged out."))


@blueprint.post("/account/sessions/<int(max=999999999999999999):number>/end")
@for_customers
def end_session(known: CustomerIdentity, number: int) -> ResponseReturnValue:
    if not ButtonForm().validate():
        return _account(known, problem=expired_words(), status=422)
    units.write(lambda: accounts.end_session(customers.get(known.person_id), number, by=known.by))
    return _done(gettext("That device is logged out."))


@blueprint.post("/account/delete")
@for_customers
def delete_account(known: CustomerIdentity) -> ResponseReturnValue:
    if not ButtonForm().validate():
        return _account(known, problem=expired_words(), status=422)
    units.write(lambda: accounts.ask_to_delete(customers.get(known.person_id), by=known.by))
    return _done(gettext("We have your request, and answer within a month. Until then everything stays as it is."))


@blueprint.get("/account/addresses/new")
@for_customers
def new_address(known: CustomerIdentity) -> ResponseReturnValue:
    return _address_page(AddressForm(formdata=None, name=known.name, country=public().country), "")


@blueprint.post("/account/addresses/new")
@for_customers
def add_address(known: CustomerIdentity) -> ResponseReturnValue:
    form = _address_form(AddressForm())
    if not form.validate():
        return _address_page(form, "", form.problem, 422)
    try:
        units.write(lambda: addresses.keep(customers.get(known.person_id), form.address(), by=known.by))
    except CounterfoilError as error:
        return _address_page(form, "", said(error), error.status)
    return _done(gettext("The address is saved."))


@blueprint.get("/account/addresses/<ref>")
@for_customers
def edit_address(known: CustomerIdentity, ref: str) -> ResponseReturnValue:
    with units.read():
        row = addresses.one(customers.get(known.person_id), ref)
        return _address_page(AddressForm(formdata=None, obj=row), ref)


@blueprint.post("/account/addresses/<ref>")
@for_customers
def change_address(known: CustomerIdentity, ref: str) -> ResponseReturnValue:
    """Save, prefer or remove: three buttons of one form."""
    form = _address_form(AddressForm())

    def person() -> Person:
        return customers.get(known.person_id)

    if "remove" in request.form or "prefer" in request.form:
        if not ButtonForm().validate():
            return _account(known, problem=expired_words(), status=422)
        act = addresses.remove if "remove" in request.form else addresses.prefer
        units.write(lambda: act(person(), ref, by=known.by))
        return _done(
            gettext("The address is removed.") if "remove" in request.form else gettext("This address comes first now.")
        )
    if not form.validate():
        return _address_page(form, ref, form.problem, 422)
    units.write(lambda: addresses.change(person(), ref, form.address(), by=known.by))
    return _done(gettext("The address is saved."))


def _new_email(known: CustomerIdentity, token: str, problem: str = "") -> str:
    with units.read():
        person, email = moving.by_link(token)
        if person.ref != known.ref:  # asked for by somebody else: this click is not to give them an address
            raise NotFound("link any more")
        return render_template(
            "shop/account/new_email.html",
            present=person.email,
            email=email,
            token=token,
            form=ButtonForm(),
            problem=problem,
        )


def _account(
    known: CustomerIdentity,
    *,
    name_form: NameForm | None = None,
    password_form: ChangePasswordForm | None = None,
    email_form: EmailForm | None = None,
    problem: str = "",
    status: int = 200,
) -> ResponseReturnValue:
    with units.read():
        person = customers.get(known.person_id)
        recent = orders.of_person(person.id, None, 3)
        page = render_template(
            "shop/account/account.html",
            person=person,
            orders=standings(recent),
            addresses=addresses.of(person),
            methods=payment_methods.of(person.id),
            sessions=[
                (row, sessions.is_of(row, session_token())) for row in sessions.living(Holder.CUSTOMER, person.id)
            ],
            wants_deletion=accounts.wants_deletion(person),
            name_form=name_form or NameForm(formdata=None, name=person.name),
            password_form=password_form or ChangePasswordForm(formdata=None),
            email_form=email_form or EmailForm(formdata=None),
            form=ButtonForm(),
            problem=problem,
            zone=public().zone,
        )
    return page, status


def _address_form(form: AddressForm) -> AddressForm:
    form.country.choices = country_choices(tariff().countries)
    return form


def _address_page(form: AddressForm, ref: str, problem: str = "", status: int = 200) -> ResponseReturnValue:
    return render_template("shop/account/address.html", form=_address_form(form), ref=ref, problem=problem), status


def _done(words: str) -> ResponseReturnValue:
    flash(words, "good")
    return redirect(url_for(".account"), 303)
