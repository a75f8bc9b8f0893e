"""The way in and out of an account: log in, log out, register, a link by mail, a password."""

from flask import flash, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from backoffice.carts import service as carts
from backoffice.core import units
from backoffice.core.actor import origin
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.core.said import said
from backoffice.core.words import gettext
from backoffice.customers import accounts
from backoffice.customers import service as customers
from storefront.blueprint import CART_COOKIE, ORDER_COOKIE, blueprint, cart_token, comes_from_us, keep_cart
from storefront.customer import drop_session, identity, keep_session, session_token
from storefront.forms import ForgotForm, LoginForm, NewPasswordForm, RegisterForm
from storefront.limits import limited

MAILS_PER_NETWORK = "20 per hour"


@blueprint.get("/account/login")
def login() -> ResponseReturnValue:
    if identity():
        return redirect(url_for(".account"), 303)
    return render_template("shop/account/login.html", form=LoginForm(formdata=None, next=request.args.get("next", "")))


@blueprint.post("/account/login")
def log_in() -> ResponseReturnValue:
    form = LoginForm()
    if not form.validate():
        return render_template("shop/account/login.html", form=form, problem=form.problem), 422
    try:
        token, ref = accounts.log_in(
            str(form.email.data), str(form.password.data), network=origin().network, device=_device()
        )
    except CounterfoilError as error:
        return render_template("shop/account/login.html", form=form, problem=said(error)), error.status
    return _enter(token, ref, _inside(str(form.next.data or "")))


@blueprint.post("/account/logout")
def log_out() -> ResponseReturnValue:
    """No form token is asked for, so that an old page still logs out; other sites cannot press the button."""
    token = session_token()
    if not token or not comes_from_us():
        return redirect(url_for(".home"), 303)
    units.write(lambda: accounts.log_out(token))
    answer = drop_session(make_response(redirect(url_for(".home"), 303)))
    session.clear()  # with it the token of the forms that stood open
    answer.headers["Clear-Site-Data"] = '"storage"'
    for name in (CART_COOKIE, ORDER_COOKIE):  # the next person at this device finds nothing of them
        answer.delete_cookie(name, path="/")
    return answer


@blueprint.get("/account/register")
def register() -> ResponseReturnValue:
    return render_template("shop/account/register.html", form=RegisterForm(formdata=None))


@blueprint.post("/account/register")
@limited(MAILS_PER_NETWORK, keeps_form=True)
def ask_to_register() -> ResponseReturnValue:
    form = RegisterForm()
    if not form.validate():
        return render_template("shop/account/register.html", form=form, problem=form.problem), 422
    units.write(lambda: accounts.register(str(form.email.data), str(form.name.data)))
    return render_template("shop/account/sent.html", email=form.email.data, reset=False)


@blueprint.get("/account/forgot")
def forgot() -> ResponseReturnValue:
    return render_template("shop/account/forgot.html", form=ForgotForm(formdata=None))


@blueprint.post("/account/forgot")
@limited(MAILS_PER_NETWORK, keeps_form=True)
def ask_for_link() -> ResponseReturnValue:
    form = ForgotForm()
    if not form.validate():
        return render_template("shop/account/forgot.html", form=form, problem=form.problem), 422
    units.write(lambda: accounts.forgot(str(form.email.data)))
    return render_template("shop/account/sent.html", email=form.email.data, reset=True)


@blueprint.get("/account/password/<token>")
def new_password(token: str) -> ResponseReturnValue:
    """Where the link in the mail leads. Looking at it uses nothing up: mail programs look at links too."""
    try:
        with units.read():
            email = accounts.by_link(token).email
    except NotFound:
        return _used_up()
    return render_template(
        "shop/account/new_password.html", form=NewPasswordForm(formdata=None), email=email, token=token
    )


@blueprint.post("/account/password/<token>")
def set_password(token: str) -> ResponseReturnValue:
    form = NewPasswordForm()
    try:
        with units.read():
            email = accounts.by_link(token).email
    except NotFound:
        if identity():  # pressed twice: the first press did it
            return redirect(url_for(".account"), 303)
        return _used_up()
    if not form.validate():
        return render_template(
            "shop/account/new_password.html", form=form, email=email, token=token, problem=form.problem
        ), 422
    try:
        session_key, ref = accounts.set_password(
            token, str(form.password.data), network=origin().network, device=_device()
        )
    except CounterfoilError as error:
        return render_template(
            "shop/account/new_password.html", form=form, email=email, token=token, problem=said(error)
        ), error.status
    return _enter(session_key, ref, url_for(".account"))


def _used_up() -> ResponseReturnValue:
    problem = gettext("This link was used already, or its day is over. Log in, or let us send you another one.")
    return render_template("shop/account/forgot.html", form=ForgotForm(formdata=None), problem=problem), 404


def _enter(token: str, person_ref: str, to: str) -> ResponseReturnValue:
    """Logged in: the visitor's cart and the customer's become one, under a new key."""
    visitor = cart_token()
    adopted = units.write(lambda: carts.adopt(visitor, customers.by_ref(person_ref)))
    if adopted.had_more:
        flash(gettext("What lay in your cart from before is in it again: have a look at it before you order."), "")
    if not adopted.is_whole:
        flash(gettext("Your cart was full already: not all of what you had chosen here fitted into it."), "bad")
    return keep_cart(keep_session(make_response(redirect(to, 303)), token), adopted.token)


def _device() -> str:
    return request.headers.get("User-Agent", "")[:255]


def _inside(wish: str) -> str:
    """Only a page of the shop: never another host, never a scheme."""
    fine = wish.startswith("/") and not wish.startswith(("//", "/admin")) and "\\" not in wish and " " not in wish
    return wish if fine and wish.isprintable() else url_for(".account")
