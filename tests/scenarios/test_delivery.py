"""What was paid comes to people: parcels in parts, downloads that are counted, visits that are agreed. Told in the words of
the business."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from backoffice.catalog import pricing
from backoffice.catalog import service as catalog
from backoffice.catalog.models import ProductKind
from backoffice.catalog.service import ProductData, VariantData
from backoffice.core import units
from backoffice.core.actor import staff
from backoffice.core.db import session
from backoffice.core.money import Money
from backoffice.demo import pictures
from backoffice.fulfilment import appointments, downloads, parcels
from backoffice.fulfilment import service as fulfilment
from backoffice.fulfilment.models import Fulfilment
from backoffice.models import DownloadGrant, Mail, Shipment
from backoffice.orders import service as orders
from backoffice.refunds.wishes import Pieces
from backoffice.staff.roles import Role
from tests.support.accounts import registers
from tests.support.sending import send
from tests.support.shop import LEVEL, hidden, paid
from tests.support.staff import colleague

OLIVE = staff("stf_olive")


def ship(sale, pieces: dict[str, int], key: str, tracking: str = ""):
    def act():
        order = orders.by_ref(sale.order_ref)
        by_sku = {line.sku: line.id for line in order.lines}
        wanted = {by_sku[sku]: count for sku, count in pieces.items()}
        return send(order, wanted, key, tracking or f"JD014600003-{key}", by=OLIVE).ref

    return units.write(act)


def delivery_state(sale) -> str:
    with units.read():
        order = orders.by_ref(sale.order_ref)
        return session.scalars(select(Fulfilment.state).where(Fulfilment.order_id == order.id)).one().value


def test_a_parcel_goes_with_another_carrier_and_its_number_is_put_right(shop):
    buyer = shop.buyer()
    buyer.fills_cart()
    sale = paid(shop, buyer)
    order = f"/admin/orders/{sale.order_ref}"
    otto = colleague(shop, Role.OPERATIONS)
    page = otto.get(order).text
    assert 'name="carrier" type="text" maxlength="120" value="DHL"' in page
    line = re.search(r'name="(line\d+)"', page).group(1)
    form = {**hidden(page), "key": "shk_1", line: "1", "carrier": "Bike courier", "tracking": ""}
    otto.post(f"{order}/ship", data=form)
    shop.works()
    (parcel,) = shop.all(select(Shipment))
    assert (parcel.carrier, parcel.tracking, parcel.tracking_url) == ("Bike courier", "", "")
    place = f"/admin/shipments/{parcel.ref}"
    known = hidden(otto.get(place).text, "seen")
    right = {**known, "carrier": "DHL Express", "tracking": "JD 7", "reason": "the courier was ill"}
    for _ in range(2):  # pressed twice, told once
        otto.post(f"{place}/correct", data=right)
    shop.works()
    (parcel,) = shop.all(select(Shipment))
    assert (parcel.carrier, parcel.tracking) == ("DHL Express", "JD 7")
    assert parcel.tracking_url.endswith("JD%207")
    assert shop.tags(parcel.ref) == ["shipment.sent", "shipment.corrected"]
    first, second = [
        mail.text for mail in shop.all(select(Mail).where(Mail.template == "parcel_sent").order_by(Mail.id))
    ]
    assert "we have handed a parcel to Bike courier" in first
    assert "was not right. This is: we have handed it to DHL Express" in second
    assert "JD 7" in buyer.client.get(shop.order_path(sale.order_ref)).text


def test_the_account_says_what_was_bought_and_how_far_it_is(shop):
    buyer = shop.buyer()
    registers(shop, buyer.client, "ada@example.org")
    buyer.fills_cart(2)
    buyer.fills_cart(3, "SR-300")
    sale = paid(shop, buyer)
    for act, words in (
        (lambda: None, "paid"),
        (lambda: ship(sale, {LEVEL: 1}, "first"), "partly sent"),
        (lambda: ship(sale, {LEVEL: 1, "SR-300": 3}, "second"), "sent"),
    ):
        act()
        for page in ("/account", "/account/orders"):
            text = buyer.client.get(page).text
            assert "Spirit level, oak, 60 cm and 1 more" in text
            assert f'<span class="soft">{words}</span>' in text


def test_an_order_is_shipped_in_two_parcels(shop):
    buyer = shop.buyer()
    buyer.fills_cart(2)
    buyer.fills_cart(3, "SR-300")
    sale = paid(shop, buyer)
    assert delivery_state(sale) == "open"
    ship(sale, {LEVEL: 1, "SR-300": 3}, "first")
    shop.works()
    assert delivery_state(sale) == "partly"
    page = buyer.client.get(shop.order_path(sale.order_ref)).text
    assert "Still to come: 1 piece." in page
    assert "JD014600003" in page
    ship(sale, {LEVEL: 1}, "second", "JD014600004")
    shop.works()
    assert delivery_state(sale) == "done"
    assert shop.mails() == ["order_confirmed", "parcel_sent", "parcel_sent"]
    texts = [mail.text for mail in shop.all(select(Mail).where(Mail.template == "parcel_sent").order_by(Mail.id))]
    assert "Still to come: 1 piece. We write again when it leaves" in texts[0]
    assert "Still to come" not in texts[1]


def test_pressing_twice_ships_once_and_too_much_ships_nothing(shop):
    buyer = shop.buyer()
    buyer.fills_cart(2)
    sale = paid(shop, buyer)
    assert ship(sale, {LEVEL: 1}, "key") == ship(sale, {LEVEL: 1}, "key")
    assert shop.count(Shipment) == 1
    with pytest.raises(parcels.TooMany):
        ship(sale, {LEVEL: 2}, "another")
    with pytest.raises(parcels.NothingPacked):
        ship(sale, {LEVEL: 0}, "empty")
    assert shop.count(Shipment) == 1


def test_nothing_is_shipped_before_it_is_paid(shop):
    sale = shop.buyer().orders()
    with pytest.raises(fulfilment.NotDeliverable):
        ship(sale, {LEVEL: 1}, "early")


def test_a_download_opens_with_the_payment_is_counted_and_closes_when_the_delivery_is_withdrawn(shop):
    pictures.attach()
    buyer = shop.buyer()
    buyer.fills_cart(1, "HB-PDF")
    assert 'name="delivery"' not in buyer.client.get("/checkout").text, "nothing is shipped"
    sale = paid(shop, buyer)
    assert delivery_state(sale) == "done"
    path = shop.order_path(sale.order_ref)
    (grant,) = shop.all(select(DownloadGrant))
    form = hidden(buyer.client.get(path).text)
    for _ in range(grant.most):
        shop.clock.forward(hours=1)
        answer = buyer.client.post(f"{path}/downloads/{grant.ref}", data=form)
        assert answer.data.startswith(b"%PDF")
        assert "no-store" in answer.headers["Cache-Control"]
    for _ in range(downloads.MOST_ANEW):
        assert buyer.client.post(f"{path}/downloads/{grant.ref}", data=form).status_code == 200, "the connection broke"
    assert f"0 of {grant.most} downloads left" in buyer.client.get(path).text
    assert "used up: write to us" in buyer.client.get(path).text
    assert buyer.client.post(f"{path}/downloads/{grant.ref}", data=form).status_code == 409, "not for ever"
    shop.clock.forward(hours=1)
    answer = buyer.client.post(f"{path}/downloads/{grant.ref}", data=form)
    assert (answer.status_code, "as often as a purchase allows" in answer.text) == (409, True)
    units.write(
        lambda: downloads.allow_more(orders.by_ref(sale.order_ref), grant.ref, by=OLIVE, reason="the disk broke")
    )
    assert buyer.client.post(f"{path}/downloads/{grant.ref}", data=form).status_code == 200
    units.write(lambda: downloads.allow_more(orders.by_ref(sale.order_ref), grant.ref, by=OLIVE, reason="once more"))
    units.write(lambda: fulfilment.withdraw(orders.by_ref(sale.order_ref), by=OLIVE, reason="refunded in full"))
    assert buyer.client.post(f"{path}/downloads/{grant.ref}", data=form).status_code == 404
    assert "Nothing more will be delivered" in buyer.client.get(path).text


def test_a_download_ends_with_the_refund_of_its_order(shop):
    pictures.attach()
    buyer = shop.buyer()
    buyer.fills_cart(1, "HB-PDF")
    sale = paid(shop, buyer)
    (grant,) = shop.all(select(DownloadGrant))
    path = shop.order_path(sale.order_ref)
    page = buyer.client.get(path).text
    address, form = f"{path}/downloads/{grant.ref}", hidden(page)
    assert grant.ref in page
    assert buyer.client.post(address, data=form).data.startswith(b"%PDF")
    shop.refunds(sale)
    shop.works()
    assert buyer.client.post(address, data=form).status_code == 404
    page = buyer.client.get(path).text
    assert "Nothing more will be delivered" in page
    assert grant.ref not in page


def test_a_download_is_open_to_nobody_elses_order(shop):
    pictures.attach()
    buyer, other = shop.buyer(), shop.buyer("eve@example.org")
    buyer.fills_cart(1, "HB-PDF")
    paid(shop, buyer)
    other.fills_cart()
    sale = paid(shop, other)
    (grant,) = shop.all(select(DownloadGrant))
    path = shop.order_path(sale.order_ref)
    form = hidden(other.client.get("/withdraw").text)
    assert other.client.post(f"{path}/downloads/{grant.ref}", data=form).status_code == 404
    assert shop.all(select(DownloadGrant.used)) == [0]


@pytest.mark.parametrize("by_line", [False, True])
@pytest.mark.parametrize("declined", [False, True])
def test_who_was_told_a_date_is_told_that_it_does_not_stand(shop, by_line, declined):
    buyer = shop.buyer()
    buyer.fills_cart(1, "SV-HANG")
    sale = paid(shop, buyer)
    with units.read():
        order = orders.by_ref(sale.order_ref)
        (visit,), (line,) = appointments.of(order), order.lines
        ref, pieces = visit.ref, [Pieces(line.id, 1)]
    when = shop.clock() + timedelta(days=3)
    units.write(lambda: appointments.propose(orders.by_ref(sale.order_ref), ref, when, by=OLIVE))
    shop.works()
    if declined:
        units.write(lambda: appointments.decline(orders.by_ref(sale.order_ref), ref, when, by=OLIVE, wish="never"))
        assert shop.open_cases() == ["date_declined"]
    if by_line:
        shop.refunds(sale, pieces=pieces)
    else:
        units.write(lambda: fulfilment.withdraw(orders.by_ref(sale.order_ref), by=OLIVE, reason="the customer is ill"))
    shop.works()
    assert shop.open_cases() == []
    if declined:  # there is no date that could stand
        assert "date_called_off" not in shop.mails()
        return
    (mail,) = shop.all(select(Mail).where(Mail.template == "date_called_off"))
    assert "Our visit does not take place" in mail.subject_line
    assert "25 November 2026" in mail.text


def test_the_page_of_an_order_promises_the_day_on_which_its_parcel_leaves_and_no_later_one(shop):
    bought = shop.buyer()
    bought.fills_cart()
    sale = paid(shop, bought)
    page = shop.order_path(sale.order_ref)
    told = []
    for _ in range(3):
        told.append(
            re.search(
                r"(The parcel leaves our workshop [^.]+|We are packing the parcel[^.]+)\.", bought.client.get(page).text
            )[1]
        )
        shop.clock.forward(days=1)
    assert told == [
        "The parcel leaves our workshop tomorrow", "The parcel leaves our workshop today",
        "We are packing the parcel, and write when it leaves",
    ]  # fmt: skip


def test_two_visits_of_one_order_have_a_field_each_and_keep_what_was_typed_apart(shop):
    def offer() -> None:
        data = ProductData(
            slug="levelling", name="Levelling", summary="We come and level.", vat_class="standard", kind=ProductKind.SERVICE,
            variants=[VariantData("SV-LEVEL")],
        )  # fmt: skip
        product = catalog.create(catalog.by_slug("hanging-and-setting").category, data, by=OLIVE)
        pricing.set_price(product.variants[0], pricing.list_in("EUR"), Money(9_000, "EUR"), by=OLIVE)
        catalog.publish(product, by=OLIVE)

    units.write(offer)
    buyer = shop.buyer()
    buyer.fills_cart(1, "SV-HANG")
    form = hidden(buyer.client.get("/products/levelling").text, "variant")
    buyer.client.post("/cart/add", data={**form, "quantity": "1"})
    sale = paid(shop, buyer)
    with units.read():
        refs = [visit.ref for visit in appointments.of(orders.by_ref(sale.order_ref))]
    when = shop.clock() + timedelta(days=3)
    for ref in refs:
        units.write(lambda ref=ref: appointments.propose(orders.by_ref(sale.order_ref), ref, when, by=OLIVE))
    path = shop.order_path(sale.order_ref)
    page = buyer.client.get(path).text
    assert [page.count(f'id="wish-{ref}"') for ref in refs] == [1, 1]
    assert [page.count(f'for="wish-{ref}"') for ref in refs] == [1, 1]
    for ref in refs:
        units.write(
            lambda ref=ref: appointments.decline(orders.by_ref(sale.order_ref), ref, when, by=OLIVE, wish="Friday")
        )
    for left, ref in ((["date_declined"], refs[0]), ([], refs[1])):
        units.write(lambda ref=ref: appointments.propose(orders.by_ref(sale.order_ref), ref, when, by=OLIVE))
        assert shop.open_cases() == left
    page = buyer.client.get(path).text
    form = {**hidden(page, "starts_at"), "decline": "1", "wish": "x" * 300}
    refused = buyer.client.post(f"{path}/appointments/{refs[1]}", data=form)
    assert refused.status_code == 422
    assert refused.text.count("x" * 300) == 1
    assert "x" * 300 in refused.text.partition(f'id="wish-{refs[1]}"')[2]


def test_a_visit_is_proposed_declined_proposed_again_agreed_and_done(shop):
    buyer = shop.buyer()
    buyer.fills_cart(1, "SV-HANG")
    sale = paid(shop, buyer)
    path = shop.order_path(sale.order_ref)
    with units.read():
        (visit,) = appointments.of(orders.by_ref(sale.order_ref))
        ref = visit.ref
    first, second = (shop.clock() + timedelta(days=days) for days in (3, 5))

    def propose(when):
        return units.write(lambda: appointments.propose(orders.by_ref(sale.order_ref), ref, when, by=OLIVE))

    with pytest.raises(appointments.DateInThePast):
        propose(shop.clock() - timedelta(days=1))
    with pytest.raises(appointments.NotNow):
        units.write(lambda: appointments.finish(orders.by_ref(sale.order_ref), ref, by=OLIVE))
    propose(first)
    shop.works()
    page = buyer.client.get(path).text
    assert "We propose 25 November 2026" in page
    form = {**hidden(page, "starts_at"), "decline": "1", "wish": "Friday would be better"}
    assert buyer.client.post(f"{path}/appointments/{ref}", data={**form, "wish": ""}).status_code == 422
    assert buyer.client.post(f"{path}/appointments/{ref}", data=form).status_code == 303
    assert shop.open_cases() == ["date_declined"]
    propose(second)
    assert shop.open_cases() == []
    shop.works()
    propose(second)  # pressed twice: nobody is written to again
    shop.works()
    stale = buyer.client.post(f"{path}/appointments/{ref}", data=hidden(page, "starts_at"))
    assert stale.status_code == 409, "the date on an old page is not the date proposed now"
    page = buyer.client.get(path).text
    assert buyer.client.post(f"{path}/appointments/{ref}", data=hidden(page, "starts_at")).status_code == 303
    assert "Agreed for 27 November 2026" in buyer.client.get(path).text
    assert delivery_state(sale) == "open"
    shop.works()
    assert shop.mails() == ["order_confirmed", "date_proposed", "date_proposed", "date_agreed"]
    (agreed,) = shop.all(select(Mail).where(Mail.template == "date_agreed"))
    assert "27 November 2026" in agreed.text
    assert "Analytical Way 1, 10115 Berlin" in agreed.text
    units.write(lambda: appointments.finish(orders.by_ref(sale.order_ref), ref, by=OLIVE))
    assert delivery_state(sale) == "done"
