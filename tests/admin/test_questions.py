"""Money whose outcome is not known: the list says what was asked and answered, and asks again."""

import pytest

from tests.support.batches import results, start
from tests.support.office import taken
from tests.support.shop import paid

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"])
UNKNOWN = "state=unknown"


def shown(client, path: str) -> list[str]:
    page = client.get(path).text
    head = page.split("<thead>")[1].split("</thead>")[0]
    return [cell.split(">")[-1] for cell in head.split("</th>")[:-1]]


@pytest.fixture
def silent(shop):
    """Two payments about which the provider says nothing: one has a page there, the request of the other may be lost."""
    known = shop.buyer("ada@example.org").orders()
    shop.provider.switch(outage=True, webhooks="never")
    shop.pays(known)
    lost = shop.buyer("eve@example.org").orders()
    shop.minutes_pass(3)
    assert {shop.payment(sale).state for sale in (known, lost)} == {"unknown"}
    return known, lost


def test_unknown_payments_say_what_was_asked_and_answered_and_are_asked_again(shop, fiona, silent):
    known, lost = (shop.payment(sale) for sale in silent)
    page = fiona.get(f"/admin/payments/?{UNKNOWN}").text
    for words in ("how it stands", "whether it arrived", "none: ", "not known"):
        assert words in page
    names = "&".join(f"show={name}" for name in ("asked_at", "question", "answer", "unanswered"))
    head, *rows = taken(fiona, f"/admin/payments/export.csv?{UNKNOWN}&{names}")
    assert head == ["Asked last", "Question", "Answer", "In vain"]
    assert [(what, tries) for _when, what, _answer, tries in rows] == [
        ("how it stands, by its number", str(known.unanswered)),
        ("whether it arrived, with the same key", str(lost.unanswered)),
    ]
    assert all(when and answer.startswith("none: ") for when, _what, answer, _tries in rows)
    shop.provider.switch(outage=False)
    start(fiona, "/admin/payments/", action="payments.ask", ref=[known.ref, lost.ref])
    shop.works()
    assert [state for _ref, state, _words in results(shop)] == ["done", "done"]
    assert "No payment fits." in fiona.get(f"/admin/payments/?{UNKNOWN}").text


def test_an_unknown_refund_says_what_was_asked_and_answered(shop, fiona):
    buyer = shop.buyer()
    buyer.fills_cart(3)
    sale = paid(shop, buyer)
    shop.provider.switch(lose_refund=1)
    shop.refunds(sale, 1_000)
    page = fiona.get(f"/admin/refunds/?{UNKNOWN}").text
    assert "whether it arrived" in page
    assert "none: " in page


def test_a_list_shows_what_its_filter_is_about_unless_columns_were_chosen(shop, fiona, silent):
    usual = shown(fiona, "/admin/payments/")
    unknown = shown(fiona, f"/admin/payments/?{UNKNOWN}")
    assert "With" in usual
    assert "Asked last" in unknown
    sent_along = "&".join(
        f"show={name}" for name in ("ref", "created_at", "state", "method", "decline_code", "asked_for", "captured")
    )
    assert shown(fiona, f"/admin/payments/?{UNKNOWN}&{sent_along}") == unknown
    back = "&".join(
        f"show={name}"
        for name in ("ref", "created_at", "asked_for", "captured", "asked_at", "question", "answer", "unanswered")
    )
    assert shown(fiona, f"/admin/payments/?from=2026-01-01&{back}") == usual
    assert shown(fiona, f"/admin/payments/?{UNKNOWN}&show=ref&show=provider")[-2:] == ["Payment", "Provider"]
    page = fiona.get(f"/admin/payments/?{UNKNOWN}").text
    assert 'value="question" checked' in page
    assert 'value="method" checked' not in page
