"""Variants and VAT at the catalogue desk: what was written wrongly is corrected, and papers keep what they said."""

import pytest
from sqlalchemy import select

from backoffice.models import AuditEntry, InvoiceLine, OrderLine, Product, Variant
from storefront import fragments
from tests.support.office import all_fields, level, post
from tests.support.shop import LEVEL


@pytest.fixture
def first(shop) -> Variant:
    return shop.all(select(Variant).where(Variant.sku == LEVEL))[0]


def test_a_variant_is_called_otherwise_and_what_was_sold_keeps_its_name(shop, carl, operator, first):
    sale = shop.buyer().orders()
    address = f"/admin/products/{level(shop).ref}"
    place = f"{address}/variant/{first.ref}"
    form = all_fields(carl.get(address).text, place)
    assert form["sku"] == LEVEL
    assert "Say in a few words why" in post(carl, place, address, **{**form, "sku": "LEVEL-61"})
    form |= {"sku": "level-61", "choice0": "61 cm", "reason": "measured again"}
    assert "The variant is corrected" in post(carl, place, address, **form)
    row = shop.all(select(Variant).where(Variant.id == first.id))[0]
    assert (row.sku, row.label.partition(",")[0], row.choices["values"][0]) == ("LEVEL-61", "61 cm", "61 cm")
    entry = shop.all(select(AuditEntry).where(AuditEntry.tag == "variant.changed"))[-1]
    assert set(entry.changes) == {"sku", "label"}
    assert entry.changes["sku"] == [LEVEL, "LEVEL-61"]
    fragments.forget()
    page = shop.app.test_client().get(f"/products/{level(shop, 'LEVEL-61').slug}").text
    assert "61 cm" in page
    assert "LEVEL-61" in shop.app.test_client().get("/search?q=LEVEL-61").text
    line = shop.all(select(OrderLine).where(OrderLine.order_id == shop.order(sale).id))[0]
    assert line.sku == LEVEL, "what was ordered is called what it was called then"
    assert f">{shop.order(sale).number}<" in operator.get("/admin/orders/?article=LEVEL-61").text, "and is still found"
    before = shop.count(AuditEntry)
    post(carl, place, address, **{**all_fields(carl.get(address).text, place), "reason": "again"})
    assert shop.count(AuditEntry) == before, "nothing was different"


def test_a_number_or_a_label_of_another_is_refused_and_what_was_typed_stays(shop, carl, first):
    address = f"/admin/products/{level(shop).ref}"
    place = f"{address}/variant/{first.ref}"
    form = {**all_fields(carl.get(address).text, place), "reason": "a slip"}
    siblings = shop.all(select(Variant).where(Variant.product_id == first.product_id, Variant.id != first.id))
    taken = shop.all(select(Variant.sku).where(Variant.product_id != first.product_id))[0]
    wrong = [({"sku": taken}, "used already"), ({"sku": "no good"}, "An article number holds")]
    wrong += [({"choice0": " "}, "Name a value for each of")]
    if siblings:
        values = {f"choice{number}": value for number, value in enumerate(siblings[0].choices["values"])}
        wrong.append(({name: value.upper() for name, value in values.items()}, "used already"))
    for typed, words in wrong:
        page = post(carl, place, address, **{**form, **typed})
        assert words in page, typed
    assert all_fields(page, place)["reason"] == "a slip"
    assert shop.all(select(Variant.sku).where(Variant.id == first.id)) == [LEVEL]


def test_of_two_who_correct_one_variant_the_second_is_told(shop, carl, first):
    address = f"/admin/products/{level(shop).ref}"
    place = f"{address}/variant/{first.ref}"
    form = {**all_fields(carl.get(address).text, place), "reason": "measured"}
    post(carl, place, address, **{**form, "sku": "LEVEL-61"})
    assert "Somebody changed this" in post(carl, place, address, **{**form, "sku": "LEVEL-62"})
    assert shop.all(select(Variant.sku).where(Variant.id == first.id)) == ["LEVEL-61"]


def test_a_variant_of_another_product_is_not_corrected_from_this_page(shop, carl, first):
    other = shop.all(select(Product.ref).where(Product.id != first.product_id))[0]
    said = post(
        carl, f"/admin/products/{other}/variant/{first.ref}", f"/admin/products/{other}", sku="X", reason="a slip"
    )
    assert "variant of this product" in said
    assert shop.all(select(Variant.sku).where(Variant.id == first.id)) == [LEVEL]


def test_vat_is_changed_for_what_is_ordered_from_then_on_at_the_same_price(shop, carl):
    before = shop.buyer().orders()
    address = f"/admin/products/{level(shop).ref}"
    form = all_fields(carl.get(address).text, f"{address}/tax")
    assert form["vat_class"] == "standard"
    old = {**form, "vat_class": "reduced", "reason": "it is a book of levels"}
    assert "taxed so" in post(carl, f"{address}/tax", address, **old)
    assert "Choose one of the VAT rates" in post(carl, f"{address}/tax", address, **{**old, "vat_class": "none"})
    assert "Somebody changed this" in post(carl, f"{address}/tax", address, **{**old, "vat_class": "standard"})
    after = shop.buyer("eve@example.org").orders()
    told = [shop.all(select(OrderLine).where(OrderLine.order_id == shop.order(sale).id))[0] for sale in (before, after)]
    assert [line.vat_hundredths for line in told] == [1900, 700]
    assert told[0].unit_amount == told[1].unit_amount
    papers = [
        shop.all(select(InvoiceLine).where(InvoiceLine.invoice_id == shop.invoice(sale).id))[0]
        for sale in (before, after)
    ]
    assert [line.vat_hundredths for line in papers] == [1900, 700]
    entry = shop.all(select(AuditEntry).where(AuditEntry.tag == "product.changed"))[-1]
    assert (entry.changes, entry.reason) == ({"vat_class": ["standard", "reduced"]}, "it is a book of levels")
