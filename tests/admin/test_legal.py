"""Legal texts: published with versions, read and accepted."""

from sqlalchemy import select

from backoffice.entities import service as entities
from backoffice.entities.models import LegalKind
from backoffice.models import LegalText
from tests.support import staff
from tests.support.office import post


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
