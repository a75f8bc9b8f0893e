"""What handling an event once more would change: asked, worked out, and taken back whole."""

import pytest
from sqlalchemy import select

from backoffice.models import AuditEntry, Mail, Task, WebhookEvent
from backoffice.webhooks import foreseeing
from backoffice.webhooks.service import NotOurs
from tests.support import staff
from tests.support.consistency import problems
from tests.support.shop import hidden
from tests.webhooks.test_inbox import event, send


@pytest.fixture
def sale(shop):
    """Paid at the provider, and we have not looked at its event yet."""
    sale = shop.buyer().orders()
    shop.pays(sale)
    shop.provider.courier.round()
    return sale


def paid_event(shop) -> WebhookEvent:
    (event,) = shop.all(select(WebhookEvent).where(WebhookEvent.type == "payment.paid"))
    return event


def test_it_says_what_would_be_written_and_writes_nothing(shop, sale):
    before = [len(shop.all(select(model.id))) for model in (AuditEntry, Task, Mail)]
    foreseen = foreseeing.foresee(paid_event(shop).id)
    tags = [entry.tag for entry in foreseen.changes]
    assert {"payment.settled", "order.paid", "invoice.issued", "stock.taken"} <= set(tags)
    assert "notices.confirmed" in foreseen.tasks
    assert [len(shop.all(select(model.id))) for model in (AuditEntry, Task, Mail)] == before
    assert (shop.order(sale).state, paid_event(shop).state) == ("placed", "arrived")
    assert shop.invoice(sale).number is None
    shop.works()
    assert shop.order(sale).state == "paid"
    assert shop.invoice(sale).number == "S-2026-000001"  # the number that was foreseen was not used up
    assert problems() == []


def test_what_is_known_would_change_nothing(shop, sale):
    shop.works()
    foreseen = foreseeing.foresee(paid_event(shop).id)
    assert (list(foreseen.changes), list(foreseen.tasks)) == ([], [])


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_what_is_not_for_us_is_not_even_tried(shop, sale):
    assert send(shop, event(shop.clock, id="evt_foreign", account="acct_other")) == 200
    (rejected,) = shop.all(select(WebhookEvent).where(WebhookEvent.state == "rejected"))
    with pytest.raises(NotOurs):
        foreseeing.foresee(rejected.id)


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_the_office_shows_it_before_it_is_handled(shop, sale):
    office = staff.logged_in(shop)
    address = f"/admin/webhooks/{paid_event(shop).ref}"
    token = hidden(office.get(address).text)
    page = office.post(f"{address}/preview", data=token).text
    for words in (
        "What it would change",
        "Payment settled",
        "Order paid",
        "Invoice issued: S-2026-000001",
        "notices.confirmed",
    ):
        assert words in page, words
    assert shop.order(sale).state == "placed"
    done = office.post(f"{address}/replay", data={**token, "reason": "it never came"}, follow_redirects=True)
    assert "handled once more" in done.text
    shop.works()
    assert "Nothing: what the provider says is what we know." in office.post(f"{address}/preview", data=token).text
