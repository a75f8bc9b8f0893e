"""Whether the program lives, can work, and how it fares; and the development mailbox."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from backoffice.app import create_app
from backoffice.core.db import db
from tests.conftest import settings_for


def test_alive_and_ready(shop):
    client = shop.app.test_client()
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ok"}


def test_not_ready_when_no_table_can_be_read(app):
    with db.engine.begin() as connection:
        for table in (
            "legal_texts",
            "number_counters",
            "number_register",
            "invoice_papers",
            "invoice_lines",
            "invoice_taxes",
        ):
            connection.execute(text(f"ALTER TABLE {table} RENAME TO gone_{table}"))
        connection.execute(text("ALTER TABLE entities RENAME TO gone"))
    try:
        assert app.test_client().get("/readyz").status_code == 503
        assert app.test_client().get("/healthz").status_code == 200
    finally:
        with db.engine.begin() as connection:
            connection.execute(text("ALTER TABLE gone RENAME TO entities"))
            for table in (
                "legal_texts",
                "number_counters",
                "number_register",
                "invoice_papers",
                "invoice_lines",
                "invoice_taxes",
            ):
                connection.execute(text(f"ALTER TABLE gone_{table} RENAME TO {table}"))


def test_metrics_are_for_this_machine_or_the_token(shop):
    client = shop.app.test_client()
    shop.buyer().orders()
    text_ = client.get("/metrics").text
    assert "counterfoil_request_seconds_count" in text_
    assert "counterfoil_payments_unknown 0.0" in text_
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 404
    runtime = shop.app.extensions["counterfoil"]
    shop.app.extensions["counterfoil"] = replace(runtime, settings=replace(runtime.settings, metrics_token="secret"))
    assert client.get("/metrics").status_code == 404
    good = client.get(
        "/metrics", headers={"Authorization": "Bearer secret"}, environ_base={"REMOTE_ADDR": "203.0.113.9"}
    )
    assert good.status_code == 200


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_the_mailbox_shows_mails_in_development_and_does_not_exist_otherwise(shop, tmp_path):
    sale = shop.buyer().orders()
    shop.pays(sale)
    shop.minutes_pass(1)
    client = shop.app.test_client()
    page = client.get("/dev/mail/").text
    assert "Your order 10001 is confirmed" in page
    name = page.split("/dev/mail/mai_")[1].split('"')[0]
    assert "S-2026-000001.pdf" in client.get(f"/dev/mail/mai_{name}").text
    assert "Thank you, Ada" in client.get(f"/dev/mail/mai_{name}/html").text
    assert client.get(f"/dev/mail/mai_{name}/0").data.startswith(b"%PDF")
    for path in ("/dev/mail/..%2f..%2fsecrets", "/dev/mail/nothing", f"/dev/mail/mai_{name}/9"):
        assert client.get(path).status_code == 404
    live = create_app(settings_for(tmp_path, "sqlite://", mail="smtp://localhost"))
    assert "/dev/mail/" not in {rule.rule for rule in live.url_map.iter_rules()}
