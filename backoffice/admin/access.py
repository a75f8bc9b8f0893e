"""Who may enter the office: login, logout, and the session cookie. Sessions are rows; the cookie holds a token."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import (
    Blueprint,
    Flask,
    Request,
    Response,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import UserMixin, current_user
from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField
from wtforms.validators import EqualTo, InputRequired

from backoffice.admin.actions import inside
from backoffice.core import actor, formatting, units
from backoffice.core.actor import Actor, origin
from backoffice.core.errors import CounterfoilError
from backoffice.core.once import once
from backoffice.core.ports import settings
from backoffice.core.tracking import Subject
from backoffice.logins import sessions
from backoffice.logins.passwords import WeakPassword
from backoffice.staff import accounts
from backoffice.staff import service as staff
from backoffice.staff.roles import NotAllowed, Right, Role, may
from backoffice.staff.saved_views import View
from backoffice.staff.service import Entered

COOKIE = "office"
blueprint = Blueprint(
    "office",
    __name__,
    url_prefix="/admin",
    template_folder="templates",
    static_folder="static",
    static_url_path="/static",
)


class Identity(UserMixin):
    """The person behind a request: ids begin with ``s:``, so a customer's can never pass."""

    def __init__(self, known: Entered) -> None:
        self.subject, self.name, self.role, self.openings = known.subject, known.name, known.role, known.openings
        self.views = known.views
        self.ref = known.subject.ref

    def get_id(self) -> str:
        return f"s:{self.ref}"


class LoginForm(FlaskForm):
    email = EmailField("E-mail", validators=[InputRequired("Which address?")], render_kw={"autocomplete": "username"})
    password = PasswordField(
        "Password",
        validators=[InputRequired("The password is missing.")],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()


class PasswordForm(FlaskForm):
    password = PasswordField(
        "Password",
        validators=[InputRequired("The password is missing.")],
        render_kw={"autocomplete": "new-password", "minlength": accounts.SHORTEST_PASSWORD},
    )
    again = PasswordField(
        "The same once more",
        validators=[InputRequired("Type it a second time."), EqualTo("password", "The two are not the same.")],
        render_kw={"autocomplete": "new-password"},
    )


def install(app: Flask) -> None:
    app.extensions["csrf"].exempt(blueprint)  # the login form checks its own token and keeps the address
    app.register_blueprint(blueprint)
    blueprint_filters(app)
    app.context_processor(lambda: {"current_user": current_user} if request.path.startswith("/admin") else {})


def blueprint_filters(app: Flask) -> None:
    app.add_template_filter(formatting.short_moment, "short_moment")
    app.add_template_filter(formatting.clock_time, "clock_time")
    app.add_template_filter(formatting.exact_time, "exact_time")


def by() -> Actor:
    """The staff member who acts now."""
    return actor.staff(current_user.ref)


def me() -> Subject:
    """The staff member who asks, as the audit log knows them."""
    known: Subject = current_user.subject
    return known


def my_role() -> Role:
    known: Role = current_user.role
    return known


def my_openings() -> Mapping[str, str]:
    """Desk → the query I chose that it opens with."""
    chosen: Mapping[str, str] = current_user.openings
    return chosen


def views_here() -> Sequence[View]:
    """The saved views of the desk whose address was asked for: mine, and those that others share."""
    known: Sequence[View] = current_user.views
    return known


def is_staff() -> bool:
    return identity_of(request) is not None


def has(right: Right) -> bool:
    """Whether the staff member who asks may do or see this."""
    known = identity_of(request)
    return known is not None and may(known.role, right)


def demand(right: Right) -> None:
    """Raises NotAllowed."""
    if not has(right):
        raise NotAllowed(right)


def to_login() -> ResponseReturnValue:
    wish = request.full_path.rstrip("?") if request.method == "GET" else ""
    return redirect(url_for("office.login", next=wish or None), 303)


@blueprint.get("/login")
def login() -> ResponseReturnValue:
    form = LoginForm(formdata=None, next=request.args.get("next", ""))
    return render_template("office/login.html", form=form, problem="")


@blueprint.post("/login")
def log_in() -> ResponseReturnValue:
    form = LoginForm()
    if not form.validate():
        problem = "This page was open for a long time. Please log in once more." if "csrf_token" in form.errors else ""
        return render_template("office/login.html", form=form, problem=problem), 422
    try:
        token = staff.log_in(
            str(form.email.data), str(form.password.data), origin().network, request.headers.get("User-Agent", "")
        )
    except CounterfoilError as error:
        return render_template("office/login.html", form=form, problem=str(error)), error.status
    return _enter(inside(str(form.next.data or "")) or "/admin/", token)


@blueprint.post("/logout")
def log_out() -> ResponseReturnValue:
    token = request.cookies.get(COOKIE, "")
    if (
        token
    ):  # no form token is asked for: the cookie is not sent along by other sites, and a refusal would keep it alive
        units.write(lambda: staff.log_out(token))
    session.clear()  # with it the token of the forms that stood open
    answer = make_response(redirect(url_for(".login"), 303))
    answer.delete_cookie(COOKIE, path="/admin")
    return answer


@blueprint.get("/welcome/<token>")
def welcome(token: str) -> ResponseReturnValue:
    """Where a colleague who was invited, or forgot, chooses a password."""
    with units.read():
        member = accounts.by_link(token)
        return render_template("office/welcome.html", form=PasswordForm(formdata=None), member=member, problem="")


@blueprint.post("/welcome/<token>")
def choose_password(token: str) -> ResponseReturnValue:
    form = PasswordForm()
    problem, status = "", 422
    if form.validate():
        try:
            opened = accounts.set_password(
                token, str(form.password.data), network=origin().network, device=request.headers.get("User-Agent", "")
            )
        except WeakPassword as error:
            problem, status = str(error), error.status
        else:
            return _enter("/admin/", opened)
    elif "csrf_token" in form.errors:
        problem = "This page was open for a long time. Please type the password once more."
    with units.read():
        member = accounts.by_link(token)
        return render_template("office/welcome.html", form=form, member=member, problem=problem), status


def _enter(address: str, token: str) -> Response:
    answer = make_response(redirect(address, 303))
    answer.set_cookie(COOKIE, token, httponly=True, samesite="Lax", secure=settings().is_https, path="/admin")
    return answer


def identity_of(sent: Request) -> Identity | None:
    """The staff member of a request to the office, looked up once."""
    known: Any = once("office_identity", lambda: _look_up(sent.cookies.get(COOKIE, "")))
    return known if isinstance(known, Identity) else None


def _desk() -> str:
    """The desk that the address of this request names: ``/admin/<desk>/…``."""
    return request.path.removeprefix("/admin/").partition("/")[0]


def _look_up(token: str) -> Identity | None:
    if not token:
        return None
    with units.read():
        found = staff.by_token(token, _desk())
    if found is None:
        return None
    if sessions.needs_touch(found.seen_at):
        units.write(lambda: staff.touch(token))
    return Identity(found)
