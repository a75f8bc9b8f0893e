"""What stands beside a product, and the files that its buyers download."""

import io
import re

import pytest
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from backoffice.catalog import service as catalog
from backoffice.core import units
from backoffice.models import AuditEntry, DigitalAsset
from tests.support.office import post, refused
from tests.support.shop import hidden


def attached(client, product: str, sent: FileStorage, **form: str) -> str:
    """The page after a file was sent to that of a product."""
    data = {**hidden(client.get(product).text), **form, "file": sent}
    return client.post(f"{product}/file", data=data, follow_redirects=True, content_type="multipart/form-data").text


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
