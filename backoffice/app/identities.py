"""One login manager for both kinds of people: staff behind /admin, customers everywhere else. Their cookies, their
sessions and their ids (``s:``, ``c:``) never meet."""

from flask import Flask, Request
from flask_login import LoginManager, UserMixin

from backoffice.admin import access
from storefront import customer


def install(app: Flask) -> None:
    manager = LoginManager()
    manager.init_app(app, add_context_processor=False)  # templates ask for what they show, not for whoever looks
    manager.request_loader(_identity)


def _identity(sent: Request) -> UserMixin | None:
    return access.identity_of(sent) if sent.path.startswith("/admin") else customer.load(sent)
