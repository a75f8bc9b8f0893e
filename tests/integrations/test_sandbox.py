"""The sandbox provider as a program: its page, its control page, its webhooks, its independence."""

import ast
import itertools
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from integrations.payments.port import PageRequest
from integrations.payments.sandbox import SandboxPayments
from integrations.sandbox import faults
from integrations.sandbox.program import setup_from
from tests.support.provider import API_KEY, SECRET


@pytest.fixture
def page(provider, clock):
    port = SandboxPayments(provider.url, API_KEY, (SECRET,))
    request = PageRequest(
        "k", 12_900, "EUR", "pay_1", "order", "http://shop.example/back", clock() + timedelta(minutes=30)
    )
    return port.open_page(request).page_url


def test_it_imports_nothing_of_ours():
    for path in Path("integrations/sandbox").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [item.name for item in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.split(".")[0] in ("backoffice", "storefront", "jobs", "config")]


def test_it_refuses_to_run_in_production_or_half_configured():
    with pytest.raises(SystemExit, match="production"):
        setup_from({"COUNTERFOIL_ENV": "production"})
    with pytest.raises(SystemExit, match="SANDBOX_API_KEY"):
        setup_from({"SANDBOX_DB": "x", "SANDBOX_PORT": "1", "SANDBOX_WEBHOOK_URL": "u", "SANDBOX_WEBHOOK_SECRET": "s"})


@pytest.mark.parametrize(
    ("card", "status"),
    [
        ("good", "paid"),
        ("declined", "declined"),
        ("poor", "declined"),
        ("slow", "processing"),
        ("secure", "requires_action"),
    ],
)
def test_every_card_behaves_as_it_says(provider, page, card, status):
    answer = requests.post(page, data={"card": card}, allow_redirects=False, timeout=5)
    assert answer.status_code == 303
    assert provider.payments()[0]["status"] == status


@pytest.mark.parametrize(("answer", "status"), [("approve", "paid"), ("refuse", "declined")])
def test_the_bank_asks_and_the_customer_answers(provider, page, answer, status):
    requests.post(page, data={"card": "secure"}, timeout=5, allow_redirects=False)
    assert "Your bank asks" in requests.get(page, timeout=5).text
    back = requests.post(page + "/approve", data={"answer": answer}, timeout=5, allow_redirects=False)
    assert back.headers["Location"] == "http://shop.example/back"
    assert provider.payments()[0]["status"] == status


def test_a_double_click_charges_once(provider, page):
    for _ in range(2):
        requests.post(page, data={"card": "good"}, allow_redirects=False, timeout=5)
    assert provider.captured() == [12_900]
    assert "This payment is done" in requests.get(page, timeout=5).text


def test_no_card_chosen_is_said_and_nothing_happens(provider, page):
    answer = requests.post(page, timeout=5)
    assert answer.status_code == 422
    assert "Choose a way to pay" in answer.text
    assert provider.payments()[0]["status"] == "open"


def test_the_page_expires_by_the_clock_given_to_it(provider, page, clock):
    clock.forward(minutes=31)
    assert "expired" in requests.get(page, timeout=5).text
    assert provider.payments()[0]["status"] == "expired"


def test_control_sets_reads_and_resets_every_switch(provider):
    api = provider.url + "/control/api/faults"
    wishes = {"decline": "lost_card", "webhooks": "late", "latency_ms": 1, "lose_pay": 2}
    assert wishes.items() <= requests.put(api, json=wishes, timeout=5).json().items()
    assert requests.put(api, json={"nonsense": 1}, timeout=5).status_code == 400
    assert requests.put(api, json={"webhooks": "sideways"}, timeout=5).status_code == 400
    requests.post(provider.url + "/control/reset", timeout=5)
    assert set(requests.get(api, timeout=5).json().values()) == {0, "", "normal"}
    assert (
        requests.post(provider.url + "/control/reset", headers={"Sec-Fetch-Site": "cross-site"}, timeout=5).status_code
        == 403
    )


def test_webhooks_are_tried_again_with_growing_pauses_until_accepted(provider, page, clock):
    answers = [500, 500, 200]
    tried = []

    def send(url, body, headers):
        tried.append(clock())
        return answers.pop(0)

    provider.delivers_to(send)
    for _ in range(40):
        provider.courier.round()
        clock.forward(seconds=1)
    pauses = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(tried)]
    assert pauses == [4, 8]
    assert answers == []


@pytest.mark.parametrize(("mode", "deliveries"), [("normal", 1), ("twice", 2), ("never", 0)])
def test_webhooks_come_as_often_as_the_switch_says(provider, clock, mode, deliveries):
    provider.switch(webhooks=mode)
    got = []
    provider.delivers_to(lambda url, body, headers: got.append(body) or 200)
    port = SandboxPayments(provider.url, API_KEY, (SECRET,))
    port.open_page(PageRequest("k", 100, "EUR", "pay_1", "o", "http://x/", clock() + timedelta(minutes=30)))
    provider.courier.round()
    assert len(got) == deliveries


def test_webhooks_out_of_order_come_newest_first(provider, page, clock):
    provider.switch(webhooks="reversed")
    got = []
    provider.delivers_to(lambda url, body, headers: got.append(body) or 200)
    provider.books.pay(provider.payments()[0]["id"], "Visa")
    clock.forward(seconds=7)
    provider.courier.round()
    assert b"payment.paid" in got[0]


def test_a_counter_counts_down_by_itself(provider):
    provider.switch(throttle=1)
    headers = {"Authorization": f"Bearer {API_KEY}"}
    codes = [requests.get(provider.url + "/v1/payments", headers=headers, timeout=5).status_code for _ in range(2)]
    assert codes == [429, 200]
    assert faults.state(provider.books)["throttle"] == 0


@pytest.mark.parametrize(
    "change",
    [{"amount": 0}, {"amount": "5"}, {"currency": None}, {"extra": 1}, {"expires_at": "2020-01-01T00:00:00+00:00"}],
)
def test_bad_parameters_are_refused_and_the_key_stays_free(provider, clock, change):
    good = {
        "reference": "r", "amount": 5, "currency": "EUR", "description": "d", "return_url": "http://x/",
        "expires_at": (clock() + timedelta(minutes=5)).isoformat(),
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {API_KEY}", "Idempotency-Key": "k"}
    url = provider.url + "/v1/payments"
    assert requests.post(url, json={**good, **change}, headers=headers, timeout=5).status_code == 400
    assert requests.post(url, json=good, headers=headers, timeout=5).status_code == 201
    assert requests.post(url, json=good, headers=headers, timeout=5).headers["Idempotent-Replayed"] == "true"
    assert (
        requests.post(url, json=good, headers={"Authorization": headers["Authorization"]}, timeout=5).status_code == 400
    )


def test_a_refund_is_moved_on_once_though_two_let_time_pass(provider, page):
    requests.post(page, data={"card": "good"}, timeout=5, allow_redirects=False)
    (payment,) = provider.payments()
    refund = provider.books.refunds.create(payment["id"], 1_000)
    for _ in range(2):
        provider.books.refunds.finish(refund["id"], "failed", "expired_or_canceled_card")
    lines = provider.books.balance.lines(since="", until="", after="", payout="", limit=10)
    assert [line["kind"] for line in lines].count("refund_returned") == 1
