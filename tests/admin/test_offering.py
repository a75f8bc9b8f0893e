"""Ways of delivery, zones, currencies, files and legal texts: made in the office, seen by customers, refused with a reason."""

import io
import re

import pytest
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from backoffice.catalog import pricing
from backoffice.catalog import service as catalog
from backoffice.core import units
from backoffice.entities import service as entities
from backoffice.entities.models import LegalKind
from backoffice.models import AuditEntry, DeliveryMethod, DeliveryRate, DeliveryZone, DigitalAsset, LegalText, PriceList
from storefront import fragments
from tests.support import staff
from tests.support.shop import LEVEL, hidden


@pytest.fixture
def carl(shop):
    return staff.logged_in(shop, "carl@plumb-and-level.example")


def post(client, path: str, page: str, **form: str) -> str:
    answer = client.post(path, data={**hidden(client.get(page).text), **form}, follow_redirects=True)
    fragments.forget()
    return answer.text


def attached(client, product: str, sent: FileStorage, **form: str) -> str:
    """The page after a file was sent to that of a product."""
    data = {**hidden(client.get(product).text), **form, "file": sent}
    return client.post(f"{product}/file", data=data, follow_redirects=True, content_type="multipart/form-data").text


def refused(page: str) -> bool:
    return 'class="flash bad"' in page


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


@pytest.mark.parametrize(
    ("currency", "price", "shipping", "shown"), [("JPY", "21000", "800", "¥"), ("KWD", "43.255", "1.750", "KWD")]
)
def test_a_currency_is_opened_in_the_office_and_sells_a_parcel(shop, carl, currency, price, shipping, shown):
    """From nothing to a paid, shipped order in a currency with no decimals, and one with three."""
    page = post(carl, "/admin/price_lists/create", "/admin/price_lists/", currency=currency.lower(), code="far")
    assert not refused(page)
    (row,) = shop.all(select(PriceList).where(PriceList.currency == currency))
    address = f"/admin/price_lists/{row.ref}"
    assert f">{currency}</button>" not in shop.app.test_client().get("/").text, "not offered before it has prices"
    with units.read():
        variant, product = catalog.variant(LEVEL).ref, catalog.by_slug("spirit-level-oak").ref
    of_product = f"/admin/products/{product}"
    assert not refused(
        post(carl, f"{of_product}/price", of_product, variant=variant, currency=currency, amount=price, reason="new")
    )
    (parcel,) = shop.all(select(DeliveryMethod).where(DeliveryMethod.code == "parcel"))
    (zone,) = shop.all(select(DeliveryZone).where(DeliveryZone.name == "Germany"))
    delivery = f"/admin/delivery/{parcel.ref}"
    add = {"zone": zone.ref, "currency": currency, "amount": shipping, "free_from": "", "reason": "new"}
    assert not refused(post(carl, f"{delivery}/add", delivery, **add))
    assert not refused(post(carl, f"{address}/change", address, offered="yes", position="3", reason="they asked"))
    buyer = shop.buyer()
    buyer.client.post("/currency", data={"code": currency, "back": "/"})
    buyer.fills_cart()
    page = buyer.client.get("/checkout").text
    assert shown in page
    sale = buyer.places()
    with units.read():
        unit = pricing.current([catalog.variant(LEVEL).id], currency)
    total = shop.order(sale).total
    sent = int(shipping.replace(".", ""))
    assert (total.currency, total.amount) == (currency, next(iter(unit.values())) + sent)
    shop.pays(sale)
    shop.works()
    assert shop.order(sale).state == "paid"
    invoice = shop.invoice(sale)
    assert invoice.net.amount + invoice.vat.amount == total.amount
    assert shop.payment(sale).captured == total
    shop.refunds(sale, sent)
    shop.works()
    assert "Refunds" in buyer.client.get(shop.order_path(sale.order_ref)).text
    assert shop.open_cases() == []


def test_the_last_currency_stays_and_nonsense_is_none(shop, carl):
    rows = {row.currency: row for row in shop.all(select(PriceList))}
    for currency, wrong in (("DKK", False), ("EUR", True)):
        address = f"/admin/price_lists/{rows[currency].ref}"
        page = post(carl, f"{address}/change", address, offered="no", position="1", reason="tidy")
        assert refused(page) == wrong, currency
    assert "last price list" in page
    assert "DKK" not in shop.app.test_client().get("/").text
    for form in (
        {"currency": "XYZ", "code": "x"},
        {"currency": "EUR", "code": "x"},
        {"currency": "USD", "code": "krone"},
    ):
        assert refused(post(carl, "/admin/price_lists/create", "/admin/price_lists/", **form)), form


def test_what_is_shown_beside_a_product_is_chosen_in_the_office(shop, carl):
    with units.read():
        ref = catalog.by_slug("spirit-level-oak").ref
    address = f"/admin/products/{ref}"
    for wrong in ("no-such-thing", "spirit-level-oak"):
        assert refused(post(carl, f"{address}/beside", address, products=wrong))
    wanted = "theodolite\nbarometer"
    for _ in range(2):
        assert not refused(post(carl, f"{address}/beside", address, products=wanted))
    page = shop.app.test_client().get("/products/spirit-level-oak").text.partition("Often measured together")[2]
    assert re.findall(r'href="/products/([^"]+)"', page) == ["theodolite", "barometer"]
    told = shop.all(select(AuditEntry).where(AuditEntry.tag == "product.changed"))
    assert len([entry for entry in told if "related" in entry.changes and entry.actor_kind == "staff"]) == 1
    assert not refused(post(carl, f"{address}/beside", address, products=""))
    assert "Often measured together" not in shop.app.test_client().get("/products/spirit-level-oak").text


def test_a_download_gets_its_file_in_the_office_and_a_buyer_gets_it(shop, carl):
    with units.read():
        record = catalog.by_slug("spring-in-leipzig")
        ref, variant = record.ref, record.variants[0].ref
    address = f"/admin/products/{ref}"

    def attach(content: bytes = b"RIFF rain", **form: str) -> str:
        filled = {"variant": variant, "name": "Rain.wav", "most": "3", **form}
        return attached(
            carl, address, FileStorage(io.BytesIO(content), "C:\\sounds\\rain.wav", "file", "audio/wav"), **filled
        )

    for wrong in ({"most": "0"}, {"most": "1000"}, {"content": b""}, {"variant": "var_none"}):
        assert refused(attach(**wrong)), wrong
    assert shop.all(select(DigitalAsset.name)) == []
    for _ in range(2):
        assert not refused(attach())
    assert shop.all(select(DigitalAsset.name)) == ["Rain.wav"]
    assert "used already" in attach(content=b"another")
    with units.read():
        bench = catalog.by_slug("pocket-level")
        physical, other = f"/admin/products/{bench.ref}", bench.variants[0].ref
    page = attached(carl, physical, FileStorage(io.BytesIO(b"x"), "x.pdf"), variant=other, most="3")
    assert "Only what is downloaded" in page
    buyer = shop.buyer()
    buyer.fills_cart(1, "RC-LEJ")
    sale = buyer.places()
    shop.pays(sale)
    shop.works()
    place = shop.order_path(sale.order_ref)
    page = buyer.client.get(place).text
    assert "Rain.wav" in page
    grant = re.search(r'action="(/orders/[^"]+/downloads?/[^"]+)"', page).group(1)
    assert buyer.client.post(grant, data=hidden(page)).data == b"RIFF rain"


@pytest.mark.parametrize(
    ("name", "media_type", "told", "kept"),
    [
        (
            "Übersicht – Teil 1.pdf",
            "application/pdf",
            "filename*=UTF-8''%C3%9Cbersicht%20%E2%80%93%20Teil%201.pdf",
            None,
        ),
        ("invoice\u202efdp.exe", "text/snow\u2603man", "filename=invoicefdp.exe", "application/octet-stream"),
        ("plain.pdf", "application/pdf", "filename=plain.pdf", None),
    ],
)
def test_a_file_of_any_name_reaches_its_buyer_and_can_be_taken_away(shop, carl, name, media_type, told, kept):
    with units.read():
        record = catalog.by_slug("spring-in-leipzig")
        ref, variant = record.ref, record.variants[0].ref
    address = f"/admin/products/{ref}"

    def attach(content: bytes, named: str, kind: str) -> str:
        sent = FileStorage(io.BytesIO(content), named, "file", kind)
        return attached(carl, address, sent, variant=variant, name="", most="9")

    for bad in ("/", "4242 4242 4242 4242.pdf"):
        assert refused(attach(b"x", bad, "application/pdf")), bad
    assert not refused(attach(b"one", name, media_type))
    assert not refused(attach(b"one", "again.txt", "text/plain"))
    buyer = shop.buyer()
    buyer.fills_cart(1, "RC-LEJ")
    sale = buyer.places()
    shop.pays(sale)
    shop.works()
    place = shop.order_path(sale.order_ref)
    page = buyer.client.get(place).text
    grants = re.findall(r'action="(/orders/[^"]+/downloads?/[^"]+)"', page)
    answers = [buyer.client.post(grant, data=hidden(page)) for grant in grants]
    assert [answer.status_code for answer in answers] == [200, 200]
    first, again = answers
    first.headers["Content-Disposition"].encode("ascii")
    assert told in first.headers["Content-Disposition"]
    assert first.mimetype == (kept or media_type)
    assert (again.mimetype, "filename=again.txt" in again.headers["Content-Disposition"]) == ("text/plain", True)
    (asset, other) = shop.all(select(DigitalAsset.id).order_by(DigitalAsset.id))
    waiting = shop.buyer("bob@example.org")
    waiting.fills_cart(1, "RC-LEJ")
    ordered = waiting.places()
    shop.clock.forward(minutes=1)
    for _ in range(2):
        post(carl, f"{address}/detach", address, file=str(other), reason="the wrong one")
    assert refused(post(carl, f"{address}/detach", address, file=str(asset), reason="all of them")), "it is sold"
    second = shop.buyer("eve@example.org")
    second.fills_cart(1, "RC-LEJ")
    later = second.places()
    shop.pays(later)
    shop.works()
    assert "again.txt" not in second.client.get(shop.order_path(later.order_ref)).text
    assert "again.txt" in buyer.client.get(place).text, "who bought it keeps it"
    shop.pays(ordered)
    shop.works()
    assert "again.txt" in waiting.client.get(shop.order_path(ordered.order_ref)).text, "and so does who had ordered it"
    assert not refused(attach(b"one", "again.txt", "text/plain")), "it can be offered again"
    assert shop.all(select(DigitalAsset.taken_away_at)) == [None, None]


def test_a_new_version_of_the_terms_is_published_read_and_accepted(shop, carl):
    olive = staff.logged_in(shop)
    buyer = shop.buyer()
    buyer.fills_cart()
    old = buyer.checkout_form()
    page = olive.get("/admin/legal/terms").text
    assert "Publish version 2" in page
    assert 'name="after" value="1"' in page
    text = "Contract\r\nNew words.\r\n\r\nPayment\r\nAt once."
    assert "Say in a few words why" in post(
        olive, "/admin/legal/terms/publish", "/admin/legal/terms", text=text, after="1", reason=""
    )
    assert shop.all(select(LegalText.version).where(LegalText.kind == LegalKind.TERMS)) == [1]
    assert "New words." in post(
        olive, "/admin/legal/terms/publish", "/admin/legal/terms", text=text, after="1", reason=""
    )
    for _ in range(2):
        page = post(
            olive, "/admin/legal/terms/publish", "/admin/legal/terms", text=text, after="1", reason="the lawyer says so"
        )
    assert "Version 2, since" in page
    assert "nothing changed" in page, "the second press published nothing, and says so"
    assert shop.all(select(LegalText.version).where(LegalText.kind == LegalKind.TERMS)) == [1, 2]
    late = post(olive, "/admin/legal/terms/publish", "/admin/legal/terms", text="Other words", after="1", reason="typo")
    assert "A colleague published version 2 since you opened this page" in late
    assert "Other words" in late
    assert shop.all(select(LegalText.version).where(LegalText.kind == LegalKind.TERMS)) == [1, 2]
    shown = shop.app.test_client().get("/terms").text
    assert "<h2>Payment</h2><p>At once.</p>" in shown
    assert "New words." not in shop.app.test_client().get("/terms/1").text
    assert buyer.client.post("/checkout", data=old).status_code == 409, "nobody agrees to what they did not see"
    buyer.places()
    assert "Version 2" in olive.get("/admin/legal/").text
    assert "the lawyer says so" in olive.get("/admin/legal/").text
    assert carl.get("/admin/legal/terms").status_code == 200
    assert "Publish version" not in carl.get("/admin/legal/terms").text


def test_an_imprint_has_its_versions_and_names_the_company_without_any(shop, monkeypatch):
    page = shop.app.test_client().get("/imprint").text
    assert "Version 1, published" in page
    assert "DE136695976" in page
    assert "Represented by" in page
    assert shop.app.test_client().get("/imprint/2").status_code == 404
    monkeypatch.setattr(entities, "newest", lambda *_: None)  # a shop from before there were texts of it
    page = shop.app.test_client().get("/imprint").text
    assert "DE136695976" in page
    assert "Version" not in page
