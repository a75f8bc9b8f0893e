"""The demo shop with Stripe's adapter and, behind it, the test server that behaves as Stripe does."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from stripe import HTTPClient

from backoffice.app import create_app
from backoffice.core.actor import Origin, coming_from
from backoffice.core.db import db
from backoffice.tasks import runner
from tests.conftest import DemoRows, settings_for
from tests.support import stripe_server
from tests.support.provider import Provider
from tests.support.shop import Clock, Sale, Shop, Visitor
from tests.support.stripe_server import StripeServer


@pytest.fixture(autouse=True)
def _repeats_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stripe's library repeats what had no answer, and sleeps before: nobody here waits for that."""
    monkeypatch.setattr(HTTPClient, "_sleep_time_seconds", lambda *_args: 0)


@contextmanager
def selling_by_stripe(
    stripe: StripeServer, database_url: str, folder: Path, provider: Provider, clock: Clock, demo_rows: DemoRows
) -> Iterator[Shop]:
    settings = settings_for(
        folder, database_url, payments="stripe", stripe_api_key=stripe_server.KEY, stripe_account=stripe_server.ACCOUNT,
        stripe_api_base=stripe.url, webhook_secrets=(stripe_server.SECRET,),
    )  # fmt: skip
    app = create_app(settings)
    app.test_client_class = Visitor
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with app.app_context(), coming_from(Origin("req_test0000", "code")):
        demo_rows.write()
        yield Shop(app, clock, provider)
        db.engine.dispose()


@pytest.fixture
def stripe(clock) -> Iterator[StripeServer]:
    server = StripeServer(clock)
    yield server
    server.stop()


@pytest.fixture
def shop_on_stripe(database_url, stripe, provider, clock, tmp_path, demo_rows) -> Iterator[Shop]:
    with selling_by_stripe(stripe, database_url, tmp_path, provider, clock, demo_rows) as shop:
        yield shop


def hears(shop: Shop, stripe: StripeServer, event: dict) -> None:
    """One event arrives, signed."""
    raw, headers = stripe.webhook(event)
    assert shop.app.test_client().post("/webhooks/stripe", data=raw, headers=headers).status_code == 200


def delivers(shop: Shop, stripe: StripeServer, *, backwards: bool = False) -> None:
    """Every event so far reaches the shop, and what follows from it is done."""
    for event in stripe.events if backwards else reversed(stripe.events):
        hears(shop, stripe, event)
    for _ in range(5):
        runner.run_due()


def sold(shop: Shop, stripe: StripeServer, email: str = "ada@example.org") -> Sale:
    sale = shop.buyer(email).orders()
    session = shop.payment(sale).provider_ref
    assert sale.page == stripe.sessions[session]["url"]
    shop.clock.forward(seconds=5)
    stripe.pay(session)
    delivers(shop, stripe)
    return sale
