"""The customer who is logged in: the cookie, and who stands behind it. Flask-Login asks here for all but the office."""

from dataclasses import dataclass

from flask import Request, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import UserMixin, current_user

from backoffice.core import actor, units
from backoffice.core.actor import Actor
from backoffice.core.once import once
from backoffice.core.ports import settings
from backoffice.customers import accounts
from backoffice.logins import sessions

COOKIE = "account"


@dataclass(frozen=True)
class CustomerIdentity(UserMixin):
    """Copied out of the row: ids begin with ``c:``, so the office never takes one."""

    person_id: int
    ref: str
    name: str
    email: str

    def get_id(self) -> str:
        return f"c:{self.ref}"

    @property
    def by(self) -> Actor:
        return actor.customer(self.ref)


def identity() -> CustomerIdentity | None:
    """Who is logged in to the shop."""
    if COOKIE not in request.cookies:
        return None
    known = current_user._get_current_object()
    return known if isinstance(known, CustomerIdentity) else None


def load(sent: Request) -> CustomerIdentity | None:
    """The customer of a request's cookie, looked up once per request."""
    return once("customer_identity", lambda: _look_up(sent.cookies.get(COOKIE, "")))


def session_token() -> str:
    return request.cookies.get(COOKIE, "")


def keep_session(response: Response, token: str) -> Response:
    seconds = int(accounts.SESSION_LIFE.total_seconds())
    response.set_cookie(
        COOKIE, token, max_age=seconds, httponly=True, samesite="Lax", secure=settings().is_https, path="/"
    )
    return response


def drop_session(response: Response) -> Response:
    response.delete_cookie(COOKIE, path="/")
    return response


def to_login() -> ResponseReturnValue:
    wish = request.full_path.rstrip("?") if request.method == "GET" else ""
    return redirect(url_for("storefront.login", next=wish or None), 303)


def _look_up(token: str) -> CustomerIdentity | None:
    if not token:
        return None
    with units.read():
        found = accounts.by_token(token)
        if found is None:
            return None
        *person, seen_at = found
        known = CustomerIdentity(*person)
        stale = sessions.needs_touch(seen_at)
    if stale and not units.is_open():
        units.write(lambda: accounts.touch(token))
    return known
