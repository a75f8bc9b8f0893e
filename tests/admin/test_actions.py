"""What an operator sets right from the page of a thing: each with a reason, once however often it is pressed, written down."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from backoffice.checkout import service as checkout
from backoffice.collection import service as collection
from backoffice.core import links, units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import session
from backoffice.customers import accounts
from backoffice.models import AuditEntry, Mail, Person, SavedAddress
from tests.support.office import post
from tests.support.shop import hidden, paid


@pytest.fixture
def sale(shop):
    sale = paid(shop, _filled(shop))
    shop.minutes_pass(1)
    return sale


def _filled(shop):
    buyer = shop.buyer()
    buyer.fills_cart()
    return buyer


def sent_to(shop) -> list[tuple[str, str]]:
    return [(mail.template, mail.recipient) for mail in shop.all(select(Mail).order_by(Mail.id))]


def why(shop, tag: str) -> str:
    return shop.all(select(AuditEntry.reason).where(AuditEntry.tag == tag))[-1]


def test_the_confirmation_is_sent_again_once_per_showing_of_the_page(shop, otto, sale):
    address = f"/admin/orders/{sale.order_ref}"
    form = hidden(otto.get(address).text)
    for _ in range(2):
        otto.post(f"{address}/confirm", data={**form, "key": "cnf_1"})
    shop.works()
    assert [name for name in shop.mails() if name == "order_confirmed"] == ["order_confirmed"] * 2
    latest = shop.all(select(Mail).order_by(Mail.id))[-1]
    assert [name for name, _type, _sha in latest.attachments["files"]] == ["S-2026-000001.pdf"]
    assert latest.sent_at is not None


def test_an_unpaid_order_has_no_confirmation_to_send(shop, otto):
    sale = shop.buyer().orders()
    address = f"/admin/orders/{sale.order_ref}"
    assert "Send the confirmation again" not in otto.get(address).text
    assert "no confirmation and no invoice to send" in post(otto, f"{address}/confirm", address)


def test_the_invoice_is_sent_to_the_corrected_address(shop, otto, sale):
    address = f"/admin/orders/{sale.order_ref}"
    page = post(otto, f"{address}/email", address, email="ada@exmaple", reason="she spelled it")
    assert "does not look like an e-mail address" in page
    assert 'value="ada@exmaple"' in page
    post(otto, f"{address}/email", address, email="ada@example.com", reason="she spelled it")
    invoice = f"/admin/invoices/{shop.invoice(sale).ref}"
    assert "is on its way to ada@example.com." in post(otto, f"{invoice}/send", invoice, key="inv_1")
    shop.works()
    assert sent_to(shop)[-1] == ("invoice_sent", "ada@example.com")
    mails = otto.get(invoice).text.partition("Mails with it")[2]
    assert mails.index("to ada@example.com") < mails.index("to ada@example.org"), "the latest first"
    assert why(shop, "order.corrected") == "she spelled it"
    entry = shop.all(select(AuditEntry).where(AuditEntry.tag == "order.corrected"))[-1]
    assert "example.com" not in str(entry.changes), "personal data stands sealed"


def test_links_that_went_to_a_wrong_address_end_when_it_is_corrected(shop, otto, sale):
    """The mail is in a stranger's box: what it leads to is gone, and the new one leads on."""
    old, payment = shop.order_path(sale.order_ref), urlsplit(links.payment_return(sale.payment_ref)).path
    stranger = shop.app.test_client()
    assert stranger.get(old).status_code == 200
    shop.clock.forward(seconds=5)
    address = f"/admin/orders/{sale.order_ref}"
    post(otto, f"{address}/email", address, email="ada@right.example", reason="a slip of the pen")
    assert stranger.get(old).status_code == 404
    token = hidden(stranger.get("/withdraw").text)
    assert stranger.post(f"{old}/cancel", data=token).status_code == 404
    assert stranger.get(f"/withdraw?of={old.rpartition('/')[2]}").status_code == 404
    answer = stranger.get(payment)
    assert answer.location == "/orders/find"
    assert "a link to it is in your mail" in stranger.get(answer.location).text
    assert stranger.get(shop.order_path(sale.order_ref)).status_code == 200, "a link that is made now"
    post(otto, f"{address}/confirm", address, key="cnf_1")
    shop.works()
    mail = shop.all(select(Mail).where(Mail.template == "order_confirmed").order_by(Mail.id.desc()))[0]
    way = re.search(r"http://shop.example(/orders/\S+)", mail.text).group(1)
    assert (mail.recipient, stranger.get(way).status_code) == ("ada@right.example", 200)


def test_of_two_tabs_that_correct_an_address_the_older_is_told(shop, otto, sale):
    address = f"/admin/orders/{sale.order_ref}"
    page = otto.get(address).text
    older = re.search(r'name="seen" value="([^"]*)"', page.partition(f'{address}/address"')[2])[1]
    place = {"name": "Ada", "street": "Way 2", "postcode": "10115", "city": "Berlin", "reason": "mistyped"}
    post(otto, f"{address}/address", address, **place)
    for _ in range(2):  # the same again says nothing new
        assert 'class="flash good"' in post(otto, f"{address}/address", address, **place, seen=older)
    typed = {**place, "street": "Analytical Way 1", "city": "Potsdam"}
    page = post(otto, f"{address}/address", address, **typed, seen=older)
    assert "Somebody changed this since" in page
    assert 'value="Potsdam"' in page
    assert shop.order(sale).destination.street == "Way 2"
    post(otto, f"{address}/address", address, **typed)
    assert shop.order(sale).destination.city == "Potsdam"


def test_the_address_is_corrected_until_everything_has_left_and_the_invoice_stays(shop, otto, sale):
    address = f"/admin/orders/{sale.order_ref}"
    before = shop.invoice(sale).buyer
    new = {"name": "Ada Lovelace", "street": "Way 2", "postcode": "10117", "city": "Berlin", "reason": "moved"}
    page = post(otto, f"{address}/address", address, **{**new, "street": " "})
    assert "Name, street, postcode and town are needed" in page
    page = post(otto, f"{address}/address", address, **{**new, "postcode": "ABC"})
    assert "This is not a postcode of that country" in page
    assert 'value="ABC"' in page
    assert "Way 2" in post(otto, f"{address}/address", address, **new)
    assert shop.order(sale).destination.street == "Way 2"
    assert shop.invoice(sale).buyer == before
    from_page = otto.get(address).text
    pieces = dict.fromkeys(re.findall(r'name="(line\d+)"', from_page), "1")
    page = post(otto, f"{address}/ship", address, key="shk_1", tracking="", **pieces)
    assert "Parcels with DHL have a number" in page
    post(otto, f"{address}/ship", address, key="shk_1", tracking="", unnumbered="y", **pieces)
    assert "nothing is to come any more" in otto.get(address).text
    assert "Withdraw delivery · everything was delivered" in otto.get(address).text
    assert "there is nothing to keep back" in post(otto, f"{address}/withdraw", address, reason="?")
    assert "there is nothing to send any more" in post(otto, f"{address}/address", address, **new)


def extend(shop, client, sale, reason):
    address = f"/admin/orders/{sale.order_ref}"
    shown = shop.order(sale).payable_until.isoformat()
    return post(client, f"{address}/extend", address, reason=reason, shown=shown)


def test_an_invoice_that_came_without_its_paper_is_typeset_once(shop, otto, monkeypatch):
    with monkeypatch.context() as history:  # as one that was taken over from another system
        history.setattr("backoffice.invoices.service.order_paper", lambda _invoice: None)
        sale = paid(shop, _filled(shop))
    invoice = shop.invoice(sale)
    address = f"/admin/invoices/{invoice.ref}"
    assert "Make the PDF" in otto.get(address).text
    assert "has no PDF yet" in post(otto, f"{address}/send", address)
    for _ in range(2):
        post(otto, f"{address}/typeset", address)
    assert "a worker has been told" in otto.get(address).text
    shop.works()
    assert otto.get(f"{address}/paper.pdf").data.startswith(b"%PDF")
    assert shop.tags(invoice.ref).count("document.ordered") == 1
    assert "Make the PDF" not in otto.get(address).text


def test_a_draft_is_not_typeset(shop, otto):
    sale = shop.buyer().orders()
    address = f"/admin/invoices/{shop.invoice(sale).ref}"
    assert "Make the PDF" not in otto.get(address).text
    assert "The invoice was not issued" in post(otto, f"{address}/typeset", address)


def test_an_hour_more_holds_the_pieces_and_lets_the_customer_try_again(shop, otto):
    sale = shop.buyer().orders()
    shop.clock.forward(minutes=40)
    assert "an hour more to pay" in extend(shop, otto, sale, reason="her bank calls back")
    shop.minutes_pass(30)
    assert shop.order(sale).state == "placed"
    shop.minutes_pass(45)
    assert shop.order(sale).state == "expired"
    assert "more time" in extend(shop, otto, sale, reason="once more")


def test_of_two_that_press_at_once_one_gives_the_hour(shop, otto):
    sale = shop.buyer().orders()
    address = f"/admin/orders/{sale.order_ref}"
    form = {"reason": "her bank calls back", "shown": shop.order(sale).payable_until.isoformat()}
    post(otto, f"{address}/extend", address, **form)
    until = shop.order(sale).payable_until
    post(otto, f"{address}/extend", address, **form)
    assert shop.order(sale).payable_until == until
    assert shop.tags(sale.order_ref).count("order.prolonged") == 1


def test_nobody_holds_pieces_for_longer_than_a_day(shop, otto):
    sale = shop.buyer().orders()
    for _ in range(24):
        extend(shop, otto, sale, reason="again")
    order = shop.order(sale)
    assert order.payable_until - order.placed_at <= timedelta(days=1)
    assert checkout.retry(sale.order_ref, by=SYSTEM).payment_ref == sale.payment_ref


def test_a_closed_account_keeps_its_orders_and_nothing_else(shop, sale):
    person = shop.all(select(Person))[0]

    def open_account():
        known = session.get_one(Person, person.id)
        accounts.forgot(known.email)
        accounts.ask_to_delete(known, by=SYSTEM)
        known.password_hash = "x"
        known.verified_at = shop.clock()
        accounts.audit.record(accounts.Tag.ACCOUNT_OPENED, known, by=SYSTEM)

    units.write(open_account)
    assert shop.open_cases() == ["account_deletion"]
    assert units.write(lambda: accounts.close(session.get_one(Person, person.id), by=SYSTEM, reason="she asked"))
    assert shop.open_cases() == []
    assert shop.count(SavedAddress) == 0
    assert shop.all(select(Person.password_hash)) == [None]
    assert shop.order(sale).person_id == person.id
    assert not units.write(lambda: accounts.close(session.get_one(Person, person.id), by=SYSTEM, reason="again"))
    assert shop.mails().count("account_closed") == 1


def test_collection_is_not_disturbed_by_an_extension_of_a_paid_order(shop, otto, sale):
    address = f"/admin/orders/{sale.order_ref}"
    assert "Only an unpaid order can get more time" in post(otto, f"{address}/extend", address, reason="?")
    assert collection.learn(shop.payment(sale).id, by=SYSTEM) == "settled"
