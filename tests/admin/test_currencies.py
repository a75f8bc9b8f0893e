"""Currencies: opened in the office, and sold in."""

import pytest
from sqlalchemy import select

from backoffice.catalog import pricing
from backoffice.catalog import service as catalog
from backoffice.core import units
from backoffice.models import DeliveryMethod, DeliveryZone, PriceList
from tests.support.office import post, refused
from tests.support.shop import LEVEL


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
