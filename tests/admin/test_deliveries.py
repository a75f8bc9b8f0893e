"""Ways of delivery and zones: made in the office, offered to customers, refused with a reason."""

import pytest
from sqlalchemy import select

from backoffice.models import AuditEntry, DeliveryMethod, DeliveryRate, DeliveryZone
from tests.support.office import post, refused

METHOD = {
    "code": "bike", "name": "By bicycle", "promise": "the same afternoon", "carrier": "", "tracking_url": "",
    "vat_class": "standard", "position": "1",
}  # fmt: skip


def test_a_way_of_delivery_is_made_priced_offered_and_chosen(shop, carl):
    assert "give it a price" in post(carl, "/admin/delivery/create", "/admin/delivery/", **METHOD).lower()
    (method,) = shop.all(select(DeliveryMethod).where(DeliveryMethod.code == "bike"))
    address = f"/admin/delivery/{method.ref}"
    buyer = shop.buyer()
    buyer.fills_cart()
    assert "By bicycle" not in buyer.client.get("/checkout").text, "it has no price yet"
    assert "Offer it · it has no price yet" in carl.get(address).text
    zone = shop.all(select(DeliveryZone).where(DeliveryZone.name == "Germany"))[0]
    price = {"zone": zone.ref, "currency": "EUR", "amount": "7.50", "free_from": "", "reason": "we have a bicycle"}
    for _ in range(2):
        assert not refused(post(carl, f"{address}/add", address, **price))
    assert len(shop.all(select(DeliveryRate).where(DeliveryRate.method_id == method.id))) == 1
    assert "change that one" in post(carl, f"{address}/add", address, **{**price, "amount": "8"})
    assert "By bicycle" not in buyer.client.get("/checkout").text, "it is not offered yet"
    post(carl, f"{address}/switch", address, offered="yes", reason="spring")
    page = buyer.client.get("/checkout").text
    assert "By bicycle" in page
    sale = buyer.places({**buyer.checkout_form(), "delivery": "bike", "total": "136.50"})
    assert shop.order(sale).total.amount == 13_650
    (rate,) = shop.all(select(DeliveryRate.id).where(DeliveryRate.method_id == method.id))
    assert "offer it no more instead" in post(carl, f"{address}/drop", address, rate=str(rate), reason="stolen")
    post(carl, f"{address}/switch", address, offered="no", reason="stolen")
    assert not refused(post(carl, f"{address}/drop", address, rate=str(rate), reason="stolen"))
    assert "say first what it costs" in post(carl, f"{address}/switch", address, offered="yes", reason="found")
    buyer.fills_cart()
    assert "By bicycle" not in buyer.client.get("/checkout").text
    assert shop.order(sale).total.amount == 13_650, "an order keeps what it agreed to"
    assert "we have a bicycle" in carl.get(address).text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "Say what it is called"),
        ({"code": "By Bike"}, "small letters"),
        ({"code": "parcel"}, "used already"),
        ({"tracking_url": "http://bike.example/{}"}, "begins with https://"),
        ({"tracking_url": "https://bike.example/"}, "has {} where"),
        ({"vat_class": "none"}, "VAT rates"),
        ({"position": "first"}, "no whole number"),
    ],
)
def test_what_cannot_be_said_of_a_delivery_says_why_and_keeps_what_was_typed(shop, carl, wrong, words):
    page = post(carl, "/admin/delivery/create", "/admin/delivery/", **{**METHOD, **wrong})
    assert refused(page)
    assert words in page
    assert 'value="the same afternoon"' in page
    assert shop.all(select(DeliveryMethod.code).order_by(DeliveryMethod.id)) == ["parcel", "express"]


def test_words_of_a_delivery_are_changed_and_told(shop, carl):
    (method,) = shop.all(select(DeliveryMethod).where(DeliveryMethod.code == "parcel"))
    address = f"/admin/delivery/{method.ref}"
    said = {**METHOD, "name": "Parcel", "promise": "three days", "carrier": "DHL", "reason": "the post is slow"}
    for _ in range(2):
        assert not refused(post(carl, f"{address}/change", address, **said))
    buyer = shop.buyer()
    buyer.fills_cart()
    assert "three days" in buyer.client.get("/checkout").text
    told = shop.all(select(AuditEntry).where(AuditEntry.reason == "the post is slow"))
    assert len(told) == 1, "the same once more changes nothing"
    assert told[0].changes["promise"] == ["2 to 3 working days, carbon-neutral", "three days"]


def test_a_zone_takes_a_country_and_no_country_is_in_two(shop, carl):
    (parcel,) = shop.all(select(DeliveryMethod).where(DeliveryMethod.code == "parcel"))
    zones = {zone.name: zone for zone in shop.all(select(DeliveryZone))}
    address = f"/admin/delivery/{parcel.ref}"
    change = {"zone": zones["Germany"].ref, "reason": "we grow"}
    for countries, words in (
        ("DE DK", "Denmark is in the zone “Neighbours”"),
        ("DE XX", "no country that we know"),
        ("", "at least one country"),
    ):
        assert words in post(carl, f"{address}/zone", address, countries=countries, **change)
    assert not refused(post(carl, f"{address}/zone", address, countries="de, li", **change))
    buyer = shop.buyer()
    buyer.fills_cart()
    assert "Liechtenstein" in buyer.client.get("/checkout").text
    page = post(carl, "/admin/delivery/zones/create", "/admin/delivery/", name="Alps", countries="CH")
    assert not refused(page)
    assert "Switzerland. Not delivered there: add a price." in carl.get(address).text
    assert refused(post(carl, "/admin/delivery/zones/create", "/admin/delivery/", name="Alps", countries="IT"))
