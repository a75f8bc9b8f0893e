"""The application: settings, ports, database, programs and handlers, put together."""

import os
from importlib import import_module
from urllib.parse import urlsplit

from flask import Flask
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

import jobs.tasks
import storefront
from backoffice import admin, models, wiring
from backoffice.app import edge, health, identities
from backoffice.app.inbox import Inbox
from backoffice.app.program import Program
from backoffice.app.sessions import Sessions
from backoffice.audit import service as audit
from backoffice.core import borders, clock, logs, units
from backoffice.core.db import connect
from backoffice.core.ports import EXTENSION, Ports, Runtime
from backoffice.ledger import service as ledger
from backoffice.tasks import feeds
from backoffice.tasks import service as tasks
from backoffice.webhooks import relay
from config import ROOT, Settings, load

CSRF_LIFE = 8 * 3600  # seconds

__all__ = ["create_app", "jobs", "models"]


def create_app(settings: Settings | None = None, ports: Ports | None = None) -> Flask:
    """Build the application. Raises ConfigurationError when the environment does not make one.

    ``ports`` replaces the configured adapters (tests, the simulator)."""
    settings = settings or load()
    logs.configure(settings.log_level, settings.log_format)
    app = Program("counterfoil", root_path=str(ROOT), static_folder=None)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="shop",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_https,
        MAX_CONTENT_LENGTH=2 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=CSRF_LIFE,
        WTF_I18N_ENABLED=False,  # our forms bring their own words; WTForms' would be read from disk for every request
    )
    if settings.is_production:
        app.config["TRUSTED_HOSTS"] = [urlsplit(settings.base_url).hostname]
    app.session_interface = Sessions(app)
    app.extensions[EXTENSION] = Runtime(settings, ports or wiring.build(settings))
    app.wsgi_app = edge.Introduced(Inbox(app, app.wsgi_app), is_behind_proxy=bool(settings.proxies))  # type: ignore[method-assign]
    if settings.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=settings.proxies
        )
    connect(app, settings.database_url)
    edge.let_pictures_in(app)  # before the token is looked for in the form
    csrf = CSRFProtect(app)
    units.finish_with(tasks.LEFT, tasks.write_out)
    units.finish_with(ledger.LEFT, ledger.write_out)
    units.finish_with(audit.LEFT, audit.write_out)
    feeds.feed_from(relay.NAME, relay.FEED)
    units.before_commit(audit.guard)
    if settings.kill_at:
        borders.kill_at(settings.kill_at)
    if settings.clock_ahead:
        clock.run_ahead(settings.clock_ahead)

    csrf.exempt(storefront.blueprint)  # its forms carry and check their own token, and keep what was typed
    app.register_blueprint(storefront.blueprint)
    app.register_blueprint(health.blueprint)
    mailbox = wiring.development_mailbox(settings)
    if mailbox:
        app.register_blueprint(mailbox)
    admin.install(app)
    identities.install(app)
    edge.install(app, settings)
    if os.environ.get("FLASK_RUN_FROM_CLI") == "true":  # set by ``flask``
        import_module("backoffice.app.commanding").install(app)
    return app
