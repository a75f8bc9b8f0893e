"""Forms of a page that stood open while something happened: what was decided on it is decided anew."""

import html
import re

import pytest
from sqlalchemy import select

from backoffice.core import units
from backoffice.disputes import evidence
from backoffice.invoices import service as invoices
from backoffice.models import (
    Case,
    Category,
    DeliveryMethod,
    Note,
    Product,
    Refund,
    Shipment,
    StaffMember,
    StockMovement,
)
from backoffice.orders import service as orders
from backoffice.payments import service as payments
from backoffice.staff.roles import Role
from integrations.payments.disputes import EvidenceField
from tests.support.office import all_fields, fields
from tests.support.refunds import bought
from tests.support.shop import LEVEL, hidden, paid
from tests.support.staff import colleague

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"])


@pytest.fixture
def sold(shop):
    return bought(shop.buyer())


def packed(otto, sale) -> dict[str, str]:
    """The form to note a parcel, with one piece in it."""
    address = f"/admin/orders/{sale.order_ref}"
    form = fields(otto.get(address).text, f"{address}/ship")
    line = next(name for name in form if name.startswith("line"))
    return {**form, line: "1", "tracking": "JD1"}


def test_a_refund_form_from_before_the_parcel_left_gives_nothing_back(shop, otto, fiona, sold):
    place = f"/admin/refunds/of/{sold.payment_ref}?what=all"
    old = {**fields(fiona.get(place).text), "reason": "returned"}
    assert any(name.startswith("shelve") for name in old), "what was not sent stays here"
    on_hand = shop.stock()
    otto.post(f"/admin/orders/{sold.order_ref}/ship", data=packed(otto, sold))
    page = fiona.post(place, data=old, follow_redirects=True).text
    assert "have left since this page was opened" in page
    assert (shop.all(select(Refund)), shop.stock()) == ([], on_hand)
    new = {**fields(fiona.get(place).text), "reason": "returned"}
    assert not any(name.startswith("shelve") for name in new)
    assert "on its way back" in fiona.post(place, data=new, follow_redirects=True).text


def test_a_form_for_a_parcel_from_before_the_dispute_sends_nothing(shop, otto, sold):
    old = packed(otto, sold)
    shop.is_disputed(sold)
    shop.works()
    place = f"/admin/orders/{sold.order_ref}"
    assert "disputes the payment since" in otto.post(f"{place}/ship", data=old, follow_redirects=True).text
    assert shop.all(select(Shipment)) == []
    assert "The parcel is noted" in otto.post(f"{place}/ship", data=packed(otto, sold), follow_redirects=True).text


MINE = select(StaffMember.ref).where(StaffMember.role == Role.FINANCE)
CATALOGUE = {  # where, by which form, with what typed: first by one colleague, then on the older page of another
    "products:texts": ({"name": "Level of oak"}, {"name": "Oak level"}),
    "products:price": ({"amount": "140.00"}, {"amount": "131.00"}),
    "categories:change": ({"name": "Levels and such"}, {"name": "Spirit levels"}),
    "delivery:change": ({"name": "By parcel"}, {"name": "As a parcel"}),
    "delivery:rate": ({"amount": "5.90"}, {"amount": "4.50"}),
    "delivery:zone": ({"countries": "DE US"}, {"countries": "DE CA"}),
}
ROWS = {"products": Product, "categories": Category, "delivery": DeliveryMethod}


@pytest.mark.parametrize("what", CATALOGUE)
def test_an_older_page_of_the_catalogue_takes_nothing_back(shop, what):
    desk, verb = what.split(":")
    carl, olive = colleague(shop, Role.CATALOGUE), colleague(shop, Role.ADMINISTRATOR)
    place = f"/admin/{desk}/{shop.all(select(ROWS[desk].ref).order_by(ROWS[desk].id))[0]}"
    shop.clock.forward(minutes=1)
    old = all_fields(carl.get(place).text, f"{place}/{verb}")
    first, second = CATALOGUE[what]
    hers = all_fields(olive.get(place).text, f"{place}/{verb}")
    for who, form in ((olive, hers), (olive, hers), (carl, old)):  # pressed twice, or by two, is well
        answer = who.post(f"{place}/{verb}", data={**form, "reason": "decided", **first}, follow_redirects=True)
        assert (answer.status_code, 'class="flash bad"' in answer.text) == (200, False)
    shop.clock.forward(minutes=1)
    page = carl.post(f"{place}/{verb}", data={**old, "reason": "decided", **second}, follow_redirects=True).text
    assert "Somebody changed this since the page was opened" in page
    assert next(iter(second.values())) in page, "what was typed is kept"
    new = {**all_fields(page, f"{place}/{verb}"), "reason": "decided", **second}
    assert 'class="flash bad"' not in carl.post(f"{place}/{verb}", data=new, follow_redirects=True).text


def test_a_form_that_was_refused_for_something_else_still_says_what_had_been_seen(shop):
    """A colleague changes the summary; then a fact without a colon is mended on the older page, and sent again."""
    carl, olive = colleague(shop, Role.CATALOGUE), colleague(shop, Role.ADMINISTRATOR)
    place = f"/admin/products/{shop.all(select(Product.ref).order_by(Product.id))[0]}"
    old = all_fields(carl.get(place).text, f"{place}/texts")
    olive.post(
        f"{place}/texts", data={**all_fields(olive.get(place).text, f"{place}/texts"), "summary": "Of oak, and level."}
    )
    page = carl.post(f"{place}/texts", data={**old, "facts": "no colon"}).text
    assert "is not of the form" in page
    again = {**all_fields(page, f"{place}/texts"), "facts": old["facts"]}
    page = carl.post(f"{place}/texts", data={name: text.replace("\n", "\r\n") for name, text in again.items()}).text
    assert "Somebody changed this since" in page
    assert "It says now: Of oak, and level." in page
    assert page.count("It says now") == 1, "lines that a browser ends by two signs are the same"
    carl.post(f"{place}/texts", data=all_fields(page, f"{place}/texts"))
    assert shop.all(select(Product.summary).where(Product.ref == place.rpartition("/")[2])) == [old["summary"]], (
        "decided"
    )
    place = f"/admin/categories/{shop.all(select(Category.ref).order_by(Category.id))[0]}"
    old = all_fields(carl.get(place).text, f"{place}/change")
    hers = all_fields(olive.get(place).text, f"{place}/change")
    olive.post(f"{place}/change", data={**hers, "lead": "All that is level."})
    page = carl.post(f"{place}/change", data={**old, "position": "first"}, follow_redirects=True).text
    assert 'class="flash bad"' in page
    again = {**all_fields(page, f"{place}/change"), "position": "1", "name": "Level things"}
    assert "Somebody changed this since" in carl.post(f"{place}/change", data=again, follow_redirects=True).text


def test_an_older_page_takes_no_case_from_a_colleague(shop, otto, fiona, sold):
    shop.is_disputed(sold)
    shop.works()
    (case,) = shop.all(select(Case))
    place = f"/admin/cases/{case.ref}"
    old, hers = all_fields(fiona.get(place).text, f"{place}/assign"), hidden(fiona.get(place).text)
    otto.post(f"{place}/take", data=hidden(otto.get(place).text))
    for verb, form in (
        ("take", hers),
        ("assign", {**old, "owner": ""}),
        ("assign", {**old, "owner": shop.all(MINE)[0]}),
    ):
        page = fiona.post(f"{place}/{verb}", data=form, follow_redirects=True).text
        assert "Otto Orders has it since this page was opened" in page, verb
    assert "Take it over" in page
    address = re.search(rf'action="({place}/take[^"]*)"', page)[1]
    assert "The case is yours" in fiona.post(html.unescape(address), data=hers, follow_redirects=True).text


def test_a_parcel_is_noted_once_though_two_packed_it(shop, otto, sold):
    """Both had the form open; what tells parcels apart is their number."""
    buyer = shop.buyer("two@example.org")
    buyer.fills_cart(2)
    sale = paid(shop, buyer)
    first, second = packed(otto, sale), packed(otto, sale)
    assert first["key"] != second["key"]
    place = f"/admin/orders/{sale.order_ref}/ship"
    assert "The parcel is noted" in otto.post(place, data=first, follow_redirects=True).text
    assert "is noted already" in otto.post(place, data=second, follow_redirects=True).text
    assert "The parcel is noted" in otto.post(place, data={**second, "tracking": "JD2"}, follow_redirects=True).text


def test_a_parcel_went_where_it_went(shop, otto):
    """An address that is corrected after a parcel left is that of the next one."""
    buyer = shop.buyer("two@example.org")
    buyer.fills_cart(2)
    sale = paid(shop, buyer)
    place = f"/admin/orders/{sale.order_ref}"
    otto.post(f"{place}/ship", data=packed(otto, sale))
    form = all_fields(otto.get(place).text, f"{place}/address")
    otto.post(f"{place}/address", data={**form, "street": "New Way 9", "reason": "moved"})
    parcel = f"/admin/shipments/{shop.all(select(Shipment.ref))[0]}"
    page = otto.get(parcel).text
    assert "Analytical Way 1" in page
    assert "New Way 9" not in page
    shop.is_disputed(sale)
    shop.works()
    with units.read():
        order, payment = orders.by_ref(sale.order_ref), payments.by_ref(sale.payment_ref)
        found = evidence.held(order, invoices.get(payment.invoice_id), payment)
    assert "Analytical Way 1" in found[EvidenceField.SHIPPING]
    assert "New Way 9" not in found[EvidenceField.SHIPPING]
    assert "tracking number JD1: 1 × Spirit level, oak" in found[EvidenceField.TEXT]


def test_an_older_page_of_a_parcel_corrects_neither_its_number_nor_its_carrier(shop, otto, sold):
    otto.post(f"/admin/orders/{sold.order_ref}/ship", data=packed(otto, sold))
    place = f"/admin/shipments/{shop.all(select(Shipment.ref))[0]}"
    old = all_fields(otto.get(place).text, f"{place}/correct")
    for typed in ({"carrier": "Cyclist"}, {"carrier": "Cyclist"}):
        page = otto.post(f"{place}/correct", data={**old, "reason": "decided", **typed}, follow_redirects=True).text
        assert 'class="flash bad"' not in page
    page = otto.post(
        f"{place}/correct", data={**old, "reason": "decided", "tracking": "JD2"}, follow_redirects=True
    ).text
    assert "Somebody changed this since" in page
    (parcel,) = shop.all(select(Shipment))
    assert (parcel.carrier, parcel.tracking) == ("Cyclist", "JD1")


def test_a_key_does_one_thing_and_never_says_that_it_did_another(shop, otto, sold):
    carl = colleague(shop, Role.CATALOGUE)
    place, stock = f"/admin/orders/{sold.order_ref}", "/admin/stock/"
    ship, receive = (
        packed(otto, sold),
        {**hidden(carl.get(stock).text), "sku": LEVEL, "reason": "bought", "key": "shk_x"},
    )
    note = {**hidden(otto.get(place).text), "text": "Called them.", "key": "nok_x"}
    for client, address, first, second, done in (
        (otto, f"{place}/ship", ship, {**ship, "tracking": "JD2"}, "The parcel is noted"),
        (carl, f"{stock}receive", {**receive, "pieces": "1"}, {**receive, "pieces": "50"}, "on the shelf"),
        (otto, f"{place}/note", note, {**note, "text": "Wrote to them."}, "The note is written"),
    ):
        for _ in range(2):
            assert done in client.post(address, data=first, follow_redirects=True).text
        page = client.post(address, data=second, follow_redirects=True).text
        assert "with something else in it" in page
    assert [len(shop.all(select(kind))) for kind in (Shipment, Note)] == [1, 1]
    assert len(shop.all(select(StockMovement).where(StockMovement.request_key == "shk_x"))) == 1
