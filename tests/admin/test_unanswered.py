"""What the provider was asked in vain, and how: what an operator reads who has a customer on the phone."""

import pytest
from sqlalchemy import select

from backoffice.audit.models import AuditEntry
from tests.support import staff
from tests.support.refunds import bought
from tests.support.shop import hidden

NBSP = "\N{NO-BREAK SPACE}"

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"])


def vain(shop, ref: str) -> list[tuple[str, int | None]]:
    """How the provider was asked about something in vain, as its story tells; the second and later times with their number."""
    query = select(AuditEntry).where(
        AuditEntry.subject_ref == ref, AuditEntry.tag.in_(["payment.unknown", "refund.unknown"])
    )
    rows = shop.all(query.order_by(AuditEntry.id))
    return [(row.reason.partition(":")[0], row.changes.get("asks", [None, None])[1]) for row in rows]


def asks_now(shop, place: str) -> str:
    """An operator presses the button; the page they see then."""
    olive = staff.logged_in(shop)
    return olive.post(f"{place}/ask", data=hidden(olive.get(place).text), follow_redirects=True).text


def test_a_story_tells_what_was_asked_in_vain_whenever_it_differs_and_whoever_asked(shop):
    shop.provider.switch(outage=True, webhooks="never")
    sale = shop.buyer().orders()
    shop.minutes_pass(6)
    assert vain(shop, sale.payment_ref) == [("asked with the same key", None)]  # the same answer again is only counted
    before = shop.payment(sale).unanswered
    assert before > 2
    page = asks_now(shop, f"/admin/payments/{sale.payment_ref}")
    assert vain(shop, sale.payment_ref)[1:] == [("asked with the same key", before + 1)]
    assert page.count("asked with the same key: ") == 2
    assert "Olive" in page
    shop.minutes_pass(24 * 60)
    assert [way for way, _asks in vain(shop, sale.payment_ref)][2:] == ["asked by our number"]
    olive = staff.logged_in(shop)
    assert "whether it arrived, by our number" in olive.get("/admin/payments/?state=unknown").text


def test_so_does_the_story_of_a_refund_and_of_a_payment_that_has_a_number(shop):
    sale, open_one = bought(shop.buyer()), shop.buyer().orders()
    shop.provider.switch(outage=True, webhooks="never")
    refund = shop.refunds(sale)
    shop.minutes_pass(4)
    assert vain(shop, refund.ref) == [("asked with the same key", None)]
    asks_now(shop, f"/admin/refunds/{refund.ref}")
    assert vain(shop, refund.ref)[1:] == [("asked with the same key", shop.refund(refund.ref).unanswered)]
    assert {way for way, _asks in vain(shop, open_one.payment_ref)} == {"asked by its number"}


def test_nobody_is_told_that_money_went_back_before_the_provider_said_so(shop):
    sale = bought(shop.buyer())
    olive = staff.logged_in(shop)
    shop.provider.switch(lose_refund=1, webhooks="never")
    shop.refunds(sale, 1_000)
    page = olive.get(f"/admin/orders/{sale.order_ref}").text
    assert f"whether €{NBSP}10.00 goes back is not known" in page
    assert "given back" not in page
    assert (
        f"€{NBSP}10.00 was asked back at" in olive.get(f"/admin/refunds/of/{sale.payment_ref}?what=sum&amount=10").text
    )
    assert "Refunds whose outcome is unknown" in olive.get("/admin/").text
    shop.minutes_pass(5)
    page = olive.get(f"/admin/orders/{sale.order_ref}").text
    assert f"given back €{NBSP}10.00" in page
    assert "is not known" not in page
    shop.provider.switch(refunds="pending")
    shop.refunds(sale, 2_000)
    assert f"given back €{NBSP}10.00, €{NBSP}20.00 on its way back" in olive.get(f"/admin/orders/{sale.order_ref}").text


def test_the_last_answer_stays_in_sight_while_the_provider_is_silent(shop):
    sale = shop.buyer().orders()
    olive = staff.logged_in(shop)
    place = f"/admin/payments/{sale.payment_ref}"
    shop.provider.switch(outage=True, webhooks="never")
    page = asks_now(shop, place)
    asks_now(shop, place)
    kept = shop.payment(sale).last_answer
    assert kept["status"] == "open"
    assert kept["asked"] == "by its number"
    page = olive.get(place).text
    assert "how it stands, by its number" in page
    assert "2 times in a row" in page
    assert "Asked again by itself" in page
    raw = page.partition("What the provider said last")[2].partition("</details>")[0]
    assert "open" in raw
    assert "by its number" not in raw
    shop.provider.switch(outage=False)
    asks_now(shop, place)
    assert "unanswered" not in shop.payment(sale).last_answer


def test_an_operator_reads_why_a_bank_said_no(shop):
    sale = shop.buyer().orders()
    shop.is_declined(sale, "insufficient_funds")
    shop.works()
    olive = staff.logged_in(shop)
    for place in (f"/admin/payments/{sale.payment_ref}", f"/admin/orders/{sale.order_ref}"):
        assert "insufficient funds: the account does not hold enough" in olive.get(place).text
