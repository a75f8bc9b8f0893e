"""The inbox over HTTP: what it answers to whatever comes, and that pages have nothing to do with it."""

from io import BytesIO
from types import SimpleNamespace

import pytest
from prometheus_client import REGISTRY

from backoffice.app import inbox
from backoffice.webhooks import service as webhooks
from tests.support.provider import SECRET
from tests.webhooks.test_inbox import URL, event, send, signature, stored


def counted(status: int) -> float:
    labels = {"route": "/webhooks/<provider>", "status": str(status)}
    return REGISTRY.get_sample_value("counterfoil_request_seconds_count", labels) or 0


def test_an_answer_is_empty_never_kept_and_says_its_request(shop, clock):
    raw = event(clock)
    before = counted(200)
    answer = shop.app.test_client().post(URL, data=raw, headers={"Sandbox-Signature": signature(raw, SECRET, clock())})
    assert (answer.status, answer.data) == ("200 OK", b"")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["X-Request-Id"] == stored(shop)[0].request_id
    assert counted(200) == before + 1


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_only_posts_are_taken(shop, method):
    answer = shop.app.test_client().open(URL, method=method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/webhooks/", "/webhooks/another", "/webhooks/sandbox/more", "/webhooks/%00"])
def test_no_other_address_is_known(shop, clock, path):
    assert send(shop, event(clock), path) == 404
    assert stored(shop) == []


def test_a_body_without_a_length_is_read_up_to_the_limit(shop, clock):
    def chunked(raw: bytes) -> int:
        client = shop.app.test_client()
        environ = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}
        headers = {"Sandbox-Signature": signature(raw, SECRET, clock())}
        return client.post(URL, input_stream=BytesIO(raw), environ_overrides=environ, headers=headers).status_code

    assert chunked(event(clock)) == 200
    assert chunked(b"x" * (webhooks.LARGEST + 1)) == 413
    assert len(stored(shop)) == 1


def test_what_cannot_be_stored_is_told_to_the_provider_and_to_the_log(shop, clock, monkeypatch):
    def fails(*_args: object) -> bool:
        raise RuntimeError("the database is gone")

    said: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(inbox, "log", SimpleNamespace(exception=lambda text, **_more: said.append(text)))
        patch.setattr(webhooks.alone, "write_row", fails)
        assert send(shop, event(clock)) == 500
    assert said == ["an event was not taken in"]
    assert stored(shop) == []
    assert send(shop, event(clock)) == 200
    assert len(stored(shop)) == 1
