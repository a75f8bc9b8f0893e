"""The switch for maintenance: customers are told kindly, machines that bring news are still heard."""

import pytest
from sqlalchemy import event

from backoffice.core import maintenance
from backoffice.core.db import db


@pytest.fixture
def closed(shop):
    with shop.app.app_context():
        maintenance.begin("We open again at 14:30.")
        yield shop
        maintenance.end()


def test_every_page_of_the_shop_says_when_it_opens_again(closed):
    client = closed.app.test_client()
    for ask, path in ((client.get, "/"), (client.get, "/products/any"), (client.post, "/checkout"), (client.get, "/x")):
        answer = ask(path)
        assert answer.status_code == (404 if path == "/x" else 503), path
        assert path == "/x" or "We open again at 14:30." in answer.text
    assert answer.text.count("<h1>") == 1
    assert client.get("/").headers["Retry-After"] == "300"
    assert client.get("/").headers["Cache-Control"] == "no-store"


def test_nothing_asks_the_database_meanwhile(closed):
    asked: list[str] = []
    note = lambda *found: asked.append(found[2])  # noqa: E731
    client = closed.app.test_client()
    client.set_cookie("account", "somebody")
    client.set_cookie("cart", "something")
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert client.get("/").status_code == 503
        assert client.get("/nothing-here").status_code == 404
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert asked == []


def test_machines_and_the_office_are_still_heard(closed):
    client = closed.app.test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200
    assert client.get("/admin/login").status_code == 200
    assert client.post("/webhooks/sandbox", data=b"{}").status_code == 400  # not signed, but read
    with client.get("/static/shop/shop.css") as sheet:
        assert sheet.status_code == 200


def test_the_commands_close_and_open(shop):
    run = shop.app.test_cli_runner().invoke
    assert "closed" in run(args=["maintenance", "on", "Back at noon."]).output
    assert "Back at noon." in shop.app.test_client().get("/").text
    assert run(args=["maintenance", "off"]).output == "The shop is open.\n"
    assert run(args=["maintenance", "off"]).output == "The shop was open.\n"
    assert shop.app.test_client().get("/").status_code == 200
